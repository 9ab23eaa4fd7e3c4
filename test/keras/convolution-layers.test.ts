/**
 * Layers that convolve, pool, pad, crop and enlarge, against Keras in graph mode: every case and error of
 * `test/goldens/keras/convolution-layers.json`, which `convolution-layers.py` beside it makes; gradients against finite
 * differences too. Further cases of the same layers are in `layers.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { setImageDataFormat } from '../../src/keras/config.ts';
import { Input } from '../../src/keras/engine/input-layer.ts';
import type { Layer } from '../../src/keras/engine/layer.ts';
import type { LayerShape } from '../../src/keras/engine/nest.ts';
import * as layers from '../../src/keras/layers/index.ts';
import { deserializeLayer, knownLayers } from '../../src/keras/layers/registry.ts';
import { fromPythonKeys, type Serialized, toPythonKeys } from '../../src/keras/serialization.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { reduceSum } from '../../src/ops/reductions.ts';
import { bool, float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

interface Case {
  readonly layer: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly static_input: LayerShape;
  readonly weight_names: readonly string[];
  readonly weights: readonly GoldenArray[];
  readonly input: GoldenArray;
  readonly mask?: GoldenArray;
  readonly by: string;
  readonly output: GoldenArray;
  readonly static_shape: LayerShape;
  readonly computed_shape: LayerShape;
  readonly flow: GoldenArray;
  /** By the input and by each weight. */
  readonly gradients: readonly GoldenArray[];
  readonly nodes: readonly (readonly [name: string, type: string])[];
}

interface Failure {
  readonly layer: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly input: LayerShape | null;
  readonly class: string;
  readonly message: string;
}

const golden = JSON.parse(
  readFileSync(new URL('../goldens/keras/convolution-layers.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Case[]; readonly errors: readonly Failure[] };

const test = suite('Keras layers of windows');
const check = leakChecked(test);

interface Built {
  readonly graph: Graph;
  readonly layer: Layer;
  readonly x: Tensor;
  readonly mask: Tensor | null;
  readonly flow: Tensor;
  readonly output: Tensor;
  readonly nodes: readonly (readonly [string, string])[];
  readonly slopes: readonly Tensor[];
}

/** As the goldens leave out: constants, reads, and what weights are made of. */
const SKIPPED = new Set([
  'Const',
  'VarHandleOp',
  'AssignVariableOp',
  'VarIsInitializedOp',
  'NoOp',
  'ReadVariableOp',
  'Placeholder',
]);

function build(c: Case): Built {
  const graph = new Graph();
  return graph.asDefault(() => {
    const layer = deserializeLayer({ className: c.layer, config: fromPythonKeys(c.config) } as Serialized) as Layer;
    const x = placeholder(float32, c.static_input);
    const mask = c.mask ? placeholder(bool, c.mask.shape) : null;
    const output = layer.apply(x, mask ? { mask } : {});
    const nodes = graph
      .getOperations()
      .filter(({ name, type }) => name.startsWith(`${layer.name}/`) && !SKIPPED.has(type) && !/nitializer/.test(name))
      .map(({ name, type }) => [name, type] as const);
    const flow = placeholder(float32, null);
    const slopes = gradients(reduceSum(output.mul(flow)), [x, ...layer.trainableWeights]) as Tensor[];
    return { graph, layer, x, mask, flow, output, nodes, slopes };
  });
}

type Feeds = (readonly [Tensor, NdArray])[];

function feedsOf(c: Case, { x, mask, flow }: Built): Feeds {
  const feeds: Feeds = [
    [x, fromGolden(c.input)],
    [flow, fromGolden(c.flow)],
  ];
  if (mask) feeds.push([mask, fromGolden(c.mask as GoldenArray)]);
  return feeds;
}

async function load({ layer }: Built, values: readonly NdArray[], sess: Session): Promise<void> {
  for (const [i, weight] of layer.weights.entries()) await weight.load(values[i], sess);
}

async function compare(c: Case, backend: string): Promise<string[]> {
  const problems: string[] = [];
  const same = (actual: unknown, expected: unknown, what: string) => {
    const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (a !== e) problems.push(`${what}: ${a}, expected ${e}`);
  };
  const built = build(c);
  const { graph, layer, output, slopes } = built;
  // Text, so that the order of keys counts.
  same(toPythonKeys(layer.getConfig()), c.config, 'config');
  same(
    layer.weights.map(({ name }) => name),
    c.weight_names,
    'weight names',
  );
  same(output.shape, c.static_shape, 'static shape');
  same(layer.computeOutputShape(c.static_input), c.computed_shape, 'computed shape');
  using sess = new Session({ graph, config: { backend } });
  await load(built, c.weights.map(fromGolden), sess);
  const feedDict = feedsOf(c, built) as never;
  const [value, ...slopeValues] = (await sess.run([output, ...slopes], { feedDict })) as NdArray[];
  const expected = [c.output, ...c.gradients];
  [value, ...slopeValues].forEach((actual, i) => {
    const text = difference(actual, fromGolden(expected[i]), GRADIENT);
    if (text) problems.push(`${i === 0 ? 'output' : `gradient ${i - 1}`}: ${text}`);
  });
  return problems;
}

const described = (c: Case): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(c.config).filter(
        ([key, value]) => /size|strid|padd|crop|dil|group|form|keep|impl/.test(key) && value,
      ),
    ),
  );

for (const backend of ['wasm', 'cpu']) {
  for (const name of new Set(golden.cases.map(({ layer }) => layer))) {
    check(`${name} and its gradients are as in Keras (${backend})`, async () => {
      const problems: string[] = [];
      for (const c of golden.cases.filter(({ layer }) => layer === name)) {
        const found = await compare(c, backend).catch((error) => [String(error?.stack).slice(0, 600)]);
        problems.push(...found.map((text) => `${described(c)}: ${text}`));
      }
      assert.equal(problems, []);
    });
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Graphs

/**
 * Where the graph is not node for node that of Keras: what TensorFlow splits into several ops is one here, or shapes
 * that are known beforehand are not computed.
 */
const OTHER_GRAPHS: readonly ((c: Case) => boolean)[] = [
  // Dilation is an attribute of the op.
  ({ config }) => [config.dilation_rate ?? []].flat().some((d) => d !== 1),
  ({ by }) => by === 'groups',
  // Several batch axes are merged once.
  ({ layer, static_input: { length } }) => (layer === 'Conv1D' && length > 3) || (layer === 'Conv2D' && length > 4),
  // Keras slices the input to see its type.
  ({ mask }) => mask !== undefined,
  ({ layer }) => /Transpose$|^LocallyConnected|^UpSampling2D/.test(layer),
  // The same nodes in another order.
  ({ layer, static_input: [, steps] }) => layer === 'UpSampling1D' && steps === null,
];

test('the nodes of a call are those of Keras', () => {
  const problems: string[] = [];
  for (const c of golden.cases) {
    if (OTHER_GRAPHS.some((applies) => applies(c))) continue;
    const [actual, expected] = [JSON.stringify(build(c).nodes), JSON.stringify(c.nodes)];
    if (actual !== expected) problems.push(`${c.layer} ${described(c)}: ${actual}, expected ${expected}`);
  }
  assert.equal(problems, []);
});

test('a call of Conv2D builds two reads, the convolution, the bias and the activation', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const layer = new layers.Conv2D(2, 3, { activation: 'relu' });
    layer.apply(placeholder(float32, [null, 8, 8, 3]));
    const before = graph.size;
    layer.apply(placeholder(float32, [null, 8, 8, 3]));
    assert.equal(
      graph
        .getOperations()
        .slice(before)
        .map(({ name }) => name),
      [
        'Placeholder_1',
        'conv2d_1/Conv2D/ReadVariableOp',
        'conv2d_1/Conv2D',
        'conv2d_1/BiasAdd/ReadVariableOp',
        'conv2d_1/BiasAdd',
        'conv2d_1/Relu',
      ],
    );
  });
});

// ---------------------------------------------------------------------------------------------------------------------
// Finite differences

const STEP = 2e-3;

/** Numbers in [-1, 1) that are the same in every run. */
function direction(size: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233));
}

function moved(array: NdArray, by: Float32Array, step: number): NdArray {
  return new NdArray(
    float32,
    array.shape,
    (array.data as Float32Array).map((value, i) => value + step * by[i]),
  );
}

/** The slope of the loss along a direction of each tensor, by the gradient and by differences. */
async function slopeProblems(c: Case): Promise<string[]> {
  const built = build(c);
  const { graph, output, slopes } = built;
  using sess = new Session({ graph, config: { backend: 'cpu' } });
  const flow = c.flow.data as readonly number[];
  const values = [c.input, ...c.weights].map(fromGolden);
  const feeds = feedsOf(c, built);
  const loss = async (tensors: readonly NdArray[]): Promise<number> => {
    await load(built, tensors.slice(1), sess);
    const feedDict = feeds.map(([tensor, value]) => [tensor, tensor === built.x ? tensors[0] : value]) as never;
    const y = (await sess.run(output, { feedDict })) as NdArray;
    return flow.reduce((sum, weight, i) => sum + weight * Number(y.data[i]), 0);
  };
  await load(built, values.slice(1), sess);
  const given = (await sess.run([...slopes], { feedDict: feeds as never })) as NdArray[];
  const problems: string[] = [];
  for (const [k, slope] of given.entries()) {
    const along = direction(slope.size, k);
    const at = (step: number) => loss(values.map((value, i) => (i === k ? moved(value, along, step) : value)));
    const expected = ((await at(STEP)) - (await at(-STEP))) / (2 * STEP);
    const actual = along.reduce((sum, d, i) => sum + d * Number(slope.data[i]), 0);
    if (Math.abs(actual - expected) > 2e-3 + 2e-3 * Math.abs(expected)) {
      problems.push(`${described(c)} by ${k}: ${actual}, by differences ${expected}`);
    }
  }
  return problems;
}

/** Kinks disturb differences. */
const smooth = ({ layer, config }: Case): boolean => !/^Max/.test(layer) && config.activation !== 'relu';

for (const name of new Set(golden.cases.filter(smooth).map(({ layer }) => layer))) {
  check(`the gradients of ${name} are those of finite differences`, async () => {
    const problems: string[] = [];
    for (const c of golden.cases) if (c.layer === name && smooth(c)) problems.push(...(await slopeProblems(c)));
    assert.equal(problems, []);
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Arguments

type LayerClass = new (options: unknown) => Layer;

for (const [i, e] of golden.errors.entries()) {
  test(`${e.layer} fails as in Keras (error ${i})`, () => {
    const graph = new Graph();
    graph.asDefault(() => {
      const make = knownLayers.get(e.layer) as unknown as LayerClass;
      let built = 0;
      try {
        const layer = new make(fromPythonKeys(e.options));
        const x = placeholder(float32, e.input);
        built = graph.size;
        layer.apply(x);
        assert.unreachable();
      } catch (error) {
        assert.is((error as Error).message, e.message);
        // There is no class for what is not implemented.
        assert.is((error as Error).constructor.name, e.class.replace('NotImplementedError', 'ValueError'));
        if (e.input) assert.is(graph.size, built);
      }
    });
  });
}

test('required arguments are asked for by name', () => {
  const message = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.is(
    message(() => new layers.Conv2D()),
    "Conv2D.__init__() missing 1 required positional argument: 'filters'",
  );
  assert.is(
    message(() => new layers.DepthwiseConv2D()),
    "DepthwiseConv2D.__init__() missing 1 required positional argument: 'kernel_size'",
  );
});

check('arguments come by position and by keyword', () => {
  const config = (layer: Layer) => ({ ...layer.getConfig(), name: '' });
  assert.equal(
    config(new layers.Conv2D(32, [3, 3], 2, 'same', 'channels_first', 1, 1, 'relu', false)),
    config(
      new layers.Conv2D({
        filters: 32,
        kernelSize: 3,
        strides: [2, 2],
        padding: 'same',
        dataFormat: 'channels_first',
        activation: 'relu',
        useBias: false,
      }),
    ),
  );
  assert.equal(
    config(new layers.Conv2DTranspose(4, 3, 2, 'same', 1, 'channels_last', 1, 'relu')),
    config(
      new layers.Conv2DTranspose({
        filters: 4,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        outputPadding: 1,
        activation: 'relu',
      }),
    ),
  );
  assert.equal(
    config(new layers.DepthwiseConv2D(3, 2, 'same', 4)),
    config(new layers.DepthwiseConv2D(3, { strides: 2, padding: 'same', depthMultiplier: 4 })),
  );
  assert.equal(
    config(new layers.SeparableConv1D(8, 3, 1, 'valid', 'channels_last', 2, 3)),
    config(new layers.SeparableConv1D(8, 3, { dilationRate: 2, depthMultiplier: 3 })),
  );
  assert.equal(
    config(new layers.MaxPooling2D([2, 3], 1, 'same')),
    config(new layers.MaxPooling2D({ poolSize: [2, 3], strides: 1, padding: 'same' })),
  );
  assert.equal(
    config(
      new layers.ZeroPadding2D([
        [1, 2],
        [3, 4],
      ]),
    ),
    config(
      new layers.ZeroPadding2D({
        padding: [
          [1, 2],
          [3, 4],
        ],
      }),
    ),
  );
});

check('initializers, regularizers and constraints reach the weights, and configurations come back as layers', () => {
  const penalties = { biasRegularizer: 'l2', activityRegularizer: 'l1', biasConstraint: 'non_neg' };
  const plain = { kernelRegularizer: 'l2', kernelConstraint: 'max_norm', kernelInitializer: 'ones', ...penalties };
  const deep = {
    depthwiseRegularizer: 'l2',
    depthwiseConstraint: 'max_norm',
    depthwiseInitializer: 'ones',
    ...penalties,
  };
  const pointwise = { pointwiseRegularizer: 'l2', pointwiseConstraint: 'max_norm', pointwiseInitializer: 'zeros' };
  const cases: readonly (readonly [Layer, shape: LayerShape, losses: number])[] = [
    [new layers.Conv2D(2, 2, plain), [null, 4, 4, 2], 3],
    [new layers.Conv1DTranspose(2, 2, plain), [null, 4, 2], 3],
    [new layers.Conv3DTranspose(2, 2, plain), [null, 4, 4, 4, 2], 3],
    [new layers.LocallyConnected1D(2, 2, plain), [null, 4, 2], 3],
    [new layers.DepthwiseConv2D(2, deep), [null, 4, 4, 2], 3],
    [new layers.SeparableConv1D(2, 2, { ...deep, ...pointwise }), [null, 4, 2], 4],
  ];
  for (const [layer, shape, losses] of cases) {
    layer.apply(placeholder(float32, shape));
    assert.is(layer.losses.length, losses, layer.name);
    const config = layer.getConfig();
    const again = deserializeLayer({
      className: (layer.constructor as never as { className: string }).className,
      config,
    });
    assert.equal(again.getConfig(), config);
    assert.ok(JSON.stringify(config).includes('MaxNorm'), layer.name);
    assert.ok(JSON.stringify(config).includes('"Ones"'), layer.name);
  }
});

test('other names stand for the same classes', () => {
  assert.is(layers.Convolution2D, layers.Conv2D);
  assert.is(layers.Convolution3DTranspose, layers.Conv3DTranspose);
  assert.is(layers.SeparableConvolution1D, layers.SeparableConv1D);
  assert.is(layers.MaxPool1D, layers.MaxPooling1D);
  assert.is(layers.AvgPool3D, layers.AveragePooling3D);
  assert.is(layers.GlobalAvgPool2D, layers.GlobalAveragePooling2D);
  assert.is(layers.GlobalMaxPool3D, layers.GlobalMaxPooling3D);
});

test('transposed convolutions are convolutions, as in Keras', () => {
  assert.ok(new layers.Conv2DTranspose(2, 3) instanceof layers.Conv2D);
  assert.ok(new layers.Conv1DTranspose(2, 3) instanceof layers.Conv1D);
});

test('the layout of the settings counts, but not for sequences', () => {
  setImageDataFormat('channels_first');
  try {
    assert.is(new layers.Conv2D(2, 3).dataFormat, 'channels_first');
    assert.is(new layers.MaxPooling2D().dataFormat, 'channels_first');
    assert.is(new layers.Conv1DTranspose(2, 3).dataFormat, 'channels_first');
    assert.is(new layers.Conv1D(2, 3).dataFormat, 'channels_last');
    assert.is(new layers.GlobalMaxPooling1D().dataFormat, 'channels_last');
    assert.is(new layers.AveragePooling1D().dataFormat, 'channels_last');
  } finally {
    setImageDataFormat('channels_last');
  }
});

check('a convolution that is too small for its input leaves the graph as it was', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const x = Input({ shape: [2, 2, 1] });
    const before = graph.size;
    const layer = new layers.Conv2D(2, 5);
    assert.throws(() => layer.apply(x), /One of the dimensions in the output is <= 0/);
    assert.is(graph.size, before);
    assert.equal(layer.weights, []);
    assert.not(layer.built);
  });
});

test.run();
