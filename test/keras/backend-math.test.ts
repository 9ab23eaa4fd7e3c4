/**
 * The mathematics of the Keras backend: every call of `test/goldens/keras/backend.json` on both backends, against what
 * Keras gave in graph mode, and properties that no single call shows. State is left to other tests.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { nameScope } from '../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { conv3dTranspose, separableConv1d } from '../../src/keras/backend/convolution.ts';
import { logitsOf } from '../../src/keras/backend/logits.ts';
import * as K from '../../src/keras/backend/math.ts';
import { drawSeed, setSeedSource } from '../../src/keras/backend/random.ts';
import { smartCond } from '../../src/keras/backend/switch.ts';
import { type ImageDataFormat, setFloatx, setImageDataFormat } from '../../src/keras/config.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder, placeholderWithDefault } from '../../src/ops/placeholders.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { globalVariablesInitializer } from '../../src/variables/collections.ts';
import { type AssignedVariable, Variable } from '../../src/variables/variable.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

interface GoldenInput extends GoldenArray {
  readonly static?: readonly (number | null)[] | null;
  readonly const?: boolean;
  readonly variable?: boolean;
}
interface Case {
  readonly id: number;
  readonly fn: string;
  readonly args: readonly unknown[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly inputs: readonly GoldenInput[];
  readonly imageDataFormat?: ImageDataFormat;
  readonly names?: readonly string[];
  readonly static?: readonly (readonly (number | null)[] | null)[];
  readonly outputs?: readonly GoldenArray[];
  readonly value?: unknown;
  readonly error?: { readonly class: string; readonly message: string };
}

const { cases } = JSON.parse(readFileSync(new URL('../goldens/keras/backend.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

const functions = { ...K, conv3dTranspose, separableConv1d } as unknown as Readonly<
  Record<string, ((...args: unknown[]) => unknown) | undefined>
>;

const isAbove1 = (sizes: unknown): boolean => [sizes].flat().some((size) => Number(size) > 1);

/** Why the result may have another name than in Keras; null where it must be the same. */
function otherName(c: Case): string | null {
  if (isAbove1(c.options?.dilationRate))
    return 'holes are an attribute of the op, where TensorFlow moves space to batch';
  if (c.fn === 'switch' && c.inputs[0].const) return 'one branch is built, and no choice';
  if (c.fn === 'switch' && c.inputs[0].shape.length > 1) return 'the condition is broadcast, not tiled';
  if (c.fn === 'randomUniform' && c.args.length < 3)
    return 'Python tells 0.0 from 0, and scales by the range [0.0, 1.0]';
  return null;
}

/** Calls that fail in Keras on a CPU and have a meaning: `batchNormalization` of images with the channels first. */
const worksHere = (c: Case): boolean => c.fn === 'batchNormalization' && c.error !== undefined;

/** Whether all that Keras knew of a shape before the run is known here too; more may be. */
function knowsAsMuch(shape: readonly (number | null)[] | null, golden: readonly (number | null)[] | null): boolean {
  if (golden === null) return true;
  return shape?.length === golden.length && golden.every((d, i) => d === null || d === shape[i]);
}

const test = suite('Keras backend mathematics');
const check = leakChecked(test);

/** Calls the function of the case on inputs of the present graph. */
function call(c: Case, feeds: Map<Tensor, NdArray>): unknown {
  const inputs = c.inputs.map((input, i) => {
    const value = fromGolden(input);
    const name = `x${i}`;
    if (input.variable) return new Variable(value, { name });
    if (input.const) return constant(value, { name });
    const tensor = placeholder(value.dtype, input.static, name);
    feeds.set(tensor, value);
    return tensor;
  });
  const real = (arg: unknown): unknown => {
    if (Array.isArray(arg)) return arg.map(real);
    if (typeof arg !== 'object' || arg === null) return arg;
    const tagged = arg as { input?: number; call?: unknown; array?: GoldenArray };
    if (tagged.input !== undefined) return inputs[tagged.input];
    if (tagged.array) return fromGolden(tagged.array);
    const inner = real(tagged.call);
    return () => inner;
  };
  const args = c.args.map(real);
  if (c.options) args.push(Object.fromEntries(Object.entries(c.options).map(([key, value]) => [key, real(value)])));
  const fn = functions[c.fn];
  assert.ok(fn, `K.${c.fn} is missing`);
  return fn(...args);
}

async function compare(c: Case, backend: string): Promise<string[]> {
  const graph = new Graph();
  const problems: string[] = [];
  const feeds = new Map<Tensor, NdArray>();
  if (c.error) {
    const error = await failure(() => graph.asDefault(() => call(c, feeds)));
    if (error.constructor.name !== c.error.class) problems.push(`${error.constructor.name}: ${error.message}`);
    const [wanted] = c.error.message.split(" for '{{node");
    if (!error.message.startsWith(wanted)) problems.push(`message: ${error.message}`);
    return problems;
  }
  const [results, init] = graph.asDefault(() => [call(c, feeds), globalVariablesInitializer()] as const);
  if ('value' in c) {
    const golden = c.value as { dtype?: string } | null;
    if (golden?.dtype !== undefined) {
      const text = difference(results as NdArray, fromGolden(golden as GoldenArray));
      return text ? [text] : [];
    }
    assert.equal(results, c.value);
    return [];
  }
  const list = (Array.isArray(results) ? results : [results]) as (Tensor | AssignedVariable)[];
  assert.is(list.length, c.outputs?.length);
  list.forEach((tensor, i) => {
    if (c.static && !knowsAsMuch(tensor.shape, c.static[i])) {
      problems.push(`static shape ${JSON.stringify(tensor.shape)}, expected ${JSON.stringify(c.static[i])}`);
    }
    if (c.names && tensor.name !== c.names[i] && !otherName(c))
      problems.push(`name ${tensor.name}, expected ${c.names[i]}`);
  });
  using sess = new Session({ graph, config: { backend } });
  await sess.run(init);
  const values = (await sess.run(list as Tensor[], { feedDict: feeds })) as NdArray[];
  values.forEach((value, i) => {
    const golden = fromGolden((c.outputs as GoldenArray[])[i]);
    const text = difference(value, golden, /normaliz/i.test(c.fn) ? GRADIENT : FORWARD);
    if (text) problems.push(text);
  });
  return problems;
}

for (const backend of ['wasm', 'cpu']) {
  for (const fn of [...new Set(cases.map((c) => c.fn))]) {
    check(`K.${fn} is as in Keras (${backend})`, async () => {
      const problems: string[] = [];
      for (const c of cases.filter((each) => each.fn === fn && !worksHere(each))) {
        if (c.imageDataFormat) setImageDataFormat(c.imageDataFormat);
        try {
          const found = await compare(c, backend).catch((error) => [String(error?.stack).slice(0, 500)]);
          for (const text of found) problems.push(`case ${c.id} (${JSON.stringify([c.args, c.options])}): ${text}`);
        } finally {
          setImageDataFormat('channels_last');
        }
      }
      assert.equal(problems, []);
    });
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Names, shapes and ops

const X = [
  [-4, 0],
  [2, 7],
];

async function evaluate(tensor: Tensor, feeds: readonly (readonly [Tensor, unknown])[] = []): Promise<NdArray> {
  using sess = new Session();
  return (await sess.run(tensor, { feedDict: feeds as never })) as NdArray;
}

check('stopGradient of a variable or a list gives StopGradient ops', () => {
  const v = new Variable([1, 2], { name: 'v' });
  assert.is(K.stopGradient(v).op.type, 'StopGradient');
  assert.ok(K.stopGradient(v).name.startsWith('StopGradient'));
  const list = K.stopGradient([v, K.constant([3])]);
  assert.equal(
    list.map((t) => t.op.type),
    ['StopGradient', 'StopGradient'],
  );
});

check('relu follows alpha, maxValue and threshold', async () => {
  const x = K.constant(X);
  const flat = async (options: object) => Array.from((await evaluate(K.relu(x, options))).data, Number);
  assert.equal(await flat({ alpha: 0.5 }), [-2, 0, 2, 7]);
  assert.equal(await flat({ maxValue: 5 }), [0, 0, 2, 5]);
  assert.equal(await flat({ maxValue: 6 }), [0, 0, 2, 6]);
  assert.equal(await flat({ threshold: 3 }), [0, 0, 0, 7]);
  assert.equal(await flat({ alpha: 0.25, threshold: 4, maxValue: 5 }), [-2, -1, -0.5, 5]);
});

check('relu with maxValue 6 and no threshold uses a Relu6 op', () => {
  const x = K.constant(X);
  assert.is(K.relu(x, { maxValue: 6 }).op.type, 'Relu6');
  assert.is.not(K.relu(x, { maxValue: 6, threshold: 1 }).op.type, 'Relu6');
});

check('repeatElements along an axis of unknown length keeps it unknown', async () => {
  const x = placeholder('float32', [2, null, 2]);
  const y = K.repeatElements(x, 3, 1);
  assert.equal(K.intShape(y), [2, null, 2]);
  const value = await evaluate(y, [[x, new NdArray(x.dtype, [2, 1, 2], new Float32Array([1, 2, 3, 4]))]]);
  assert.equal(value.shape, [2, 3, 2]);
  assert.equal(Array.from(value.data, Number), [1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
});

check('repeatElements counts a negative axis of unknown length from the end', async () => {
  const x = placeholder('float32', [2, null]);
  const value = await evaluate(K.repeatElements(x, 2, -1), [[x, X]]);
  assert.equal(value.array(), [
    [-4, -4, 0, 0],
    [2, 2, 7, 7],
  ]);
});

check('normalizeBatchInTraining gives shapes with and without gamma and beta', () => {
  const x = K.constant(0, { shape: [2, 4, 5, 3] });
  const three = K.constant([1, 2, 3]);
  for (const [gamma, beta] of [
    [three, three],
    [null, three],
    [three, null],
    [null, null],
  ]) {
    const [normed, mean, variance] = K.normalizeBatchInTraining(x, gamma, beta, [0, 1, 2]);
    assert.equal(K.intShape(normed), [2, 4, 5, 3]);
    assert.equal(K.intShape(mean), [3]);
    assert.equal(K.intShape(variance), [3]);
  }
});

check('batchNormalization takes images with the channels first and moments that are not vectors', async () => {
  const image = K.constant([1, 2, 3, 4, 5, 6], { shape: [1, 3, 1, 2] });
  const spread = (values: number[]) => K.constant(values, { shape: [1, 3, 1, 1] });
  const y = K.batchNormalization(image, spread([1, 2, 3]), spread([1, 4, 1]), null, null, 1, 0.002);
  const expected = [0, 1, 1, 2, 2, 3].map((d, i) => d / Math.sqrt((i === 2 || i === 3 ? 4 : 1) + 0.002));
  const value = await evaluate(y);
  assert.equal(value.shape, [1, 3, 1, 2]);
  Array.from(value.data, Number).forEach((element, i) => {
    assert.ok(Math.abs(element - expected[i]) < 1e-5, `${element} at ${i}, expected ${expected[i]}`);
  });
});

check('conv1d pads causally along the steps where the channels stand first', async () => {
  const kernel = K.constant([1, 10], { shape: [2, 1, 1] });
  const steps = K.constant([1, 2, 3], { shape: [1, 1, 3] });
  const value = await evaluate(K.conv1d(steps, kernel, 1, 'causal', 'channels_first'));
  assert.equal(value.array(), [[[10, 21, 32]]]);
});

check('a dropout whose noise shape leaves the batch open drops whole rows', async () => {
  const x = placeholder('float32', [null, 4]);
  const value = await evaluate(K.dropout(x, 0.5, [null, 1], 6), [[x, new Array(8).fill([1, 1, 1, 1])]]);
  const rows = value.array() as number[][];
  for (const row of rows) assert.ok(row.every((element) => element === row[0]));
  assert.equal([...new Set(rows.map((row) => row[0]))].sort(), [0, 2]);
});

check('seeds come from the source that was set', () => {
  setSeedSource(() => 0.25);
  try {
    assert.is(drawSeed(), 2_500_000);
    assert.is(drawSeed(7), 7);
    const { graph } = K.randomUniform([2]);
    const uniform = graph.getOperations().find((op) => op.type === 'RandomUniform');
    assert.is(Number(uniform?.getAttr('seed2')), 2_500_000);
  } finally {
    setSeedSource(null);
  }
});

check('the float type of the settings is that of constants, draws and casts', () => {
  setFloatx('float64');
  try {
    assert.is(K.dtype(K.constant([1, 2])), 'float64');
    assert.is(K.dtype(K.randomNormal([2])), 'float64');
    assert.is(K.dtype(K.castToFloatx(K.constant([1], 'int32'))), 'float64');
    assert.is((K.castToFloatx(new Int32Array([1, 2])) as NdArray).dtype.name, 'float64');
    assert.is(K.dtype(K.relu([-1, 1])), 'float64');
  } finally {
    setFloatx('float32');
  }
});

check('softmax and sigmoid leave a note of their logits', () => {
  const x = K.constant(X);
  for (const y of [K.softmax(x), K.softmax(x, 0), K.softmax(x, [0, 1]), K.sigmoid(x)]) assert.is(logitsOf(y), x);
  assert.is(logitsOf(x), null);
});

check('variables stand wherever tensors do, and gradients reach them', async () => {
  const v = new Variable(X, { name: 'v' });
  const [dv] = K.gradients(K.sum(K.square(K.dot(K.constant([[1, 2]]), v))), [v]);
  using sess = new Session();
  await sess.run(globalVariablesInitializer());
  // d/dv of (v00 + 2 v10)² + (v01 + 2 v11)²: 2 · [0, 14] per row, times 1 and 2.
  assert.equal(((await sess.run(dv as Tensor)) as NdArray).array(), [
    [0, 28],
    [0, 56],
  ]);
  assert.is(K.countParams(v), 4);
});

check('a call that fails leaves the graph as it was', async () => {
  const x = placeholder('float32', [null, 6, 2]);
  const { graph } = x;
  const [positive, image] = [K.greater(x, 0), K.expandDims(x)];
  for (const call of [
    () => K.conv1d(x, [[[1], [1]]], { padding: 'odd' }),
    () => K.softmax([1, 2]),
    () => K.batchDot(x, x, 0),
    () => K.repeat(x, 2),
    () => K.switch(positive, () => K.sum(x), 0),
    () => K.biasAdd(x, new NdArray(x.dtype, [1, 12], new Float32Array(12))),
    () => K.resizeImages(image, 2, 2, 'channels_last', 'area'),
  ]) {
    const before = graph.snapshot();
    await failure(call);
    assert.is(graph.snapshot(), before, String(call));
  }
});

check('printTensor hands the tensor on and prints in each run', async () => {
  const lines: string[] = [];
  const { log, error } = console;
  console.log = console.error = (line: string) => void lines.push(String(line));
  let value: NdArray;
  try {
    value = await evaluate(K.printTensor(K.constant([1, 2, 3, 4]), 'x: '));
  } finally {
    Object.assign(console, { log, error });
  }
  assert.equal(value.array(), [1, 2, 3, 4]);
  assert.equal(lines, ['x: [1 2 3...]']);
});

// ---------------------------------------------------------------------------------------------------------------------
// Choices

check('a switch by a constant builds one branch', () => {
  const calls: string[] = [];
  const branch = (name: string) => () => {
    calls.push(name);
    return K.constant([1], { name });
  };
  K.switch(K.constant(true, 'bool'), branch('a'), branch('b'));
  K.switch(K.constant(0, 'int32'), branch('c'), branch('d'));
  K.switch(true, branch('e'), branch('f'));
  assert.equal(calls, ['a', 'd', 'e']);
});

check('a switch by a fed scalar follows the feed, and gradients pass the chosen branch', async () => {
  const phase = placeholderWithDefault(false, [], 'phase');
  const x = K.constant([1, 2]);
  const y = K.switch(phase, () => K.square(x), x);
  const [dx] = K.gradients(y, x);
  using sess = new Session();
  const run = async (feed: boolean) => {
    const [value, grad] = (await sess.run([y, dx as Tensor], { feedDict: [[phase, feed]] })) as NdArray[];
    return [value.array(), grad.array()];
  };
  assert.equal(await run(true), [
    [1, 4],
    [2, 4],
  ]);
  assert.equal(await run(false), [
    [1, 2],
    [1, 1],
  ]);
  assert.equal(((await sess.run(y)) as NdArray).array(), [1, 2]);
});

check('a switch between lists chooses each of their tensors', async () => {
  const phase = placeholder('bool', []);
  const [a, b, c] = [K.constant([1]), K.constant([2, 2]), K.constant([3])];
  const [first, second] = K.switch(
    phase,
    () => [a, b],
    () => [c, K.zerosLike(b)],
  );
  assert.equal((await evaluate(first, [[phase, false]])).array(), [3]);
  assert.equal((await evaluate(second, [[phase, true]])).array(), [2, 2]);
  const error = await failure(() => K.switch(phase, [a, b], [c]));
  assert.match(error.message, /same nested structure/);
});

check('a plain value beside a tensor takes its type', () => {
  const x = K.constant([1, 2], 'int32');
  assert.is(K.dtype(K.switch(K.greater(x, 1), x, 0)), 'int32');
});

check('smartCond returns what the chosen function returns, and chooses in the run otherwise', async () => {
  const x = K.constant([1]);
  const never = () => {
    throw new Error('not to be called');
  };
  assert.is(
    smartCond(true, () => x, never),
    x,
  );
  assert.is(
    smartCond(0, never, () => x),
    x,
  );
  assert.is(
    smartCond(K.constant(true, 'bool'), () => x, never),
    x,
  );
  const phase = placeholder('bool', []);
  const y = nameScope('layer', () =>
    smartCond(
      phase,
      () => K.square(K.constant([3])),
      () => x,
    ),
  ) as Tensor;
  assert.is(y.name, 'layer/cond/Identity:0');
  assert.equal((await evaluate(y, [[phase, true]])).array(), [9]);
  assert.equal((await evaluate(y, [[phase, false]])).array(), [1]);
  const error = await failure(() => smartCond(true, x as never, () => x));
  assert.match(error.message, '`true_fn` must be callable');
});

check('only sparse tensors are sparse', () => {
  assert.is(K.isSparse(K.constant([1])), false);
  assert.is(K.isSparse(new Variable([1])), false);
  assert.is(K.isSparse({ indices: [[0]], values: [1], denseShape: [2] }), true);
});

test.run();
