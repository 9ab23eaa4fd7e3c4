/**
 * `MultiHeadAttention` and `EinsumDense` against Keras in graph mode, on masks, axes and equations that the goldens of all
 * layers leave out; failures, and a fit.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import type { Layer } from '../../src/keras/engine/layer.ts';
import { flat, type TensorNest } from '../../src/keras/engine/nest.ts';
import * as layers from '../../src/keras/layers/index.ts';
import { constant } from '../../src/ops/constants.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

interface Case {
  readonly name: string;
  readonly inputs: readonly GoldenArray[];
  readonly weights: readonly GoldenArray[];
  readonly weight_names: readonly string[];
  readonly static_shapes: readonly (readonly (number | null)[])[];
  readonly outputs: readonly GoldenArray[];
}

const path = new URL('../goldens/keras/multi-head-attention.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { readonly cases: readonly Case[] };

type Called = readonly [layer: Layer<TensorNest>, outputs: TensorNest];

const { EinsumDense, Masking, MultiHeadAttention } = layers;
const SEEN = [
  [
    [true, false],
    [true, true],
    [false, true],
  ],
];

const dense = (layer: Layer<TensorNest>, x: Tensor): Called => [layer, layer.apply(x)];

const CALLS: Readonly<Record<string, (...inputs: Tensor[]) => Called>> = {
  'scores and causal': (q, v) => {
    const layer = new MultiHeadAttention(2, 2, { valueDim: 3 });
    return [layer, layer.apply([q, v], { returnAttentionScores: true, useCausalMask: true })];
  },
  'a key and an attention mask': (q, v, k) => {
    const layer = new MultiHeadAttention(2, 2, { outputShape: 2, useBias: false });
    return [layer, layer.apply([q, v, k], { attentionMask: SEEN })];
  },
  'two axes': (x) => {
    const layer = new MultiHeadAttention(1, 2, { attentionAxes: [1, 2] });
    return [layer, layer.apply([x, x])];
  },
  'two of three axes': (x) => {
    const layer = new MultiHeadAttention(1, 2, { attentionAxes: [2, 3] });
    return [layer, layer.apply([x, x])];
  },
  'one of two axes': (x) => {
    const layer = new MultiHeadAttention(2, 1, { attentionAxes: 2 });
    return [layer, layer.apply([x, x])];
  },
  masked: (q, v) => {
    const layer = new MultiHeadAttention(1, 2);
    return [layer, layer.apply([new Masking().apply(q), new Masking().apply(v)])];
  },
  left: (x) => dense(new EinsumDense('...x,xy->...y', 3, { biasAxes: 'y' }), x),
  right: (x) => dense(new EinsumDense('ab...,bc->ac...', 3, { biasAxes: 'c' }), x),
  middle: (x) => dense(new EinsumDense('abc,cd->abd', [2, 3], { biasAxes: 'b', activation: 'tanh' }), x),
};

const test = suite('MultiHeadAttention and EinsumDense');
const check = leakChecked(test);

for (const backend of ['wasm', 'cpu']) {
  for (const c of cases) {
    check(`${c.name}: as in Keras (${backend})`, async () => {
      const graph = new Graph();
      const inputs = graph.asDefault(() => c.inputs.map(({ shape }) => layers.Input(shape.slice(1))));
      const [layer, made] = graph.asDefault(() => CALLS[c.name](...inputs));
      const outputs = flat(made as Tensor | readonly Tensor[]);
      assert.equal(
        layer.weights.map(({ name }) => name),
        c.weight_names,
      );
      assert.equal(
        outputs.map(({ shape }) => shape),
        c.static_shapes,
      );
      using sess = new Session({ graph, config: { backend } });
      for (const [i, weight] of layer.weights.entries()) await weight.load(fromGolden(c.weights[i]), sess);
      const feedDict = inputs.map((tensor, i) => [tensor, fromGolden(c.inputs[i])] as const);
      const values = (await sess.run([...outputs], { feedDict })) as NdArray[];
      const problems = values.map((value, i) => difference(value, fromGolden(c.outputs[i]), FORWARD));
      assert.equal(problems.filter(Boolean), []);
    });
  }
}

/** The message of the `ValueError` that a call gives. */
function refused(call: () => unknown): string {
  try {
    new Graph().asDefault(call);
  } catch (error) {
    assert.is((error as Error).constructor.name, 'ValueError');
    return (error as Error).message;
  }
  return 'no error';
}

test('EinsumDense refuses equations and shapes with the words of Keras', () => {
  const on = (equation: string, outputShape: number | readonly (number | null)[], biasAxes: string | null = null) =>
    refused(() => {
      const x = layers.Input(equation.startsWith('abc') ? [4, 2] : [2]);
      new EinsumDense(equation, outputShape, { biasAxes }).apply(x);
    });
  assert.is(
    on('ab,bc', 3),
    "Invalid einsum equation 'ab,bc'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or [X]...,[Y]->[Z]....",
  );
  assert.is(
    on('ab,bc->cd', [3]),
    "Dimension 'd' was specified in the output 'cd' but has no corresponding dim in the input spec 'ab' or weight spec 'cd'",
  );
  assert.is(
    on('abc,cd->abd', [5, 3]),
    "Input shape and output shape do not match at shared dimension 'b'. Input shape is 4, and output shape is 5.",
  );
  assert.is(
    on('ab,bcz->ac', 3),
    "Weight dimension 'z' did not have a match in either the input spec 'ab' or the output spec 'ac'. For this layer, the weight must be fully specified.",
  );
  assert.is(on('ab,bc->ac', 3, 'z'), "Bias dimension 'z' was requested, but is not part of the output spec 'ac'");
});

test('EinsumDense takes masked inputs and passes no mask on', () => {
  new Graph().asDefault(() => {
    const layer = new EinsumDense('abc,cd->abd', [null, 3]);
    const y = layer.apply(new Masking().apply(layers.Input([4, 2])));
    assert.equal(layer.computeOutputShape([null, 4, 2]), [null, null, 3]);
    assert.is(layer.outputMask, null);
    assert.equal(y.shape, [null, 4, 3]);
  });
});

test('MultiHeadAttention says in its configuration what it was built for', () => {
  new Graph().asDefault(() => {
    const layer = new MultiHeadAttention(2, 3);
    assert.is(layer.getConfig().queryShape, null);
    layer.apply([layers.Input([3, 4]), layers.Input([2, 5])]);
    const { attentionAxes, valueDim, queryShape, keyShape, valueShape } = layer.getConfig();
    assert.equal([attentionAxes, valueDim], [[1], 3]);
    assert.equal(
      [queryShape, keyShape, valueShape],
      [
        [null, 3, 4],
        [null, 2, 5],
        [null, 2, 5],
      ],
    );
    const again = MultiHeadAttention.fromConfig(layer.getConfig());
    again.apply([layers.Input([3, 4]), layers.Input([2, 5])]);
    assert.equal(again.getConfig(), layer.getConfig());
    assert.equal(
      layer.computeOutputShape([
        [null, 3, 4],
        [null, 2, 5],
      ]),
      [null, 3, 4],
    );
  });
});

test('MultiHeadAttention refuses a single input', () => {
  assert.match(
    refused(() => new MultiHeadAttention(1, 1).apply(layers.Input([3, 2]) as never)),
    /^MultiHeadAttention layer must be called on a list of inputs/,
  );
});

check('a model computes the attention mask from its inputs, also when it is called again', async () => {
  const graph = new Graph();
  const [model, x, seen, first, again] = graph.asDefault(() => {
    const x = layers.Input([2, 2]);
    const seen = layers.Input({ shape: [2, 2], dtype: 'bool' });
    const layer = new MultiHeadAttention(1, 2);
    const model = new tf.keras.Model([x, seen], layer.apply([x, x], { attentionMask: seen }));
    const none = constant([
      [
        [true, false],
        [true, false],
      ],
    ]);
    return [model, x, seen, model.output as Tensor, model.apply([x, none]) as Tensor] as const;
  });
  using sess = new Session({ graph });
  await sess.run(graph.asDefault(() => tf.globalVariablesInitializer()));
  const values = [
    [
      [1, 2],
      [3, -4],
    ],
  ];
  const under = async (y: Tensor, mask: boolean[][]) =>
    (await sess.run(y, {
      feedDict: [
        [x, values],
        [seen, [mask]],
      ] as never,
    })) as NdArray;
  const [one, both, fixed] = [
    await under(first, [
      [true, false],
      [true, false],
    ]),
    await under(first, [
      [true, true],
      [true, true],
    ]),
    await under(again, [
      [true, true],
      [true, true],
    ]),
  ];
  assert.equal(model.inputs.length, 2);
  assert.is(difference(fixed, one, FORWARD), null);
  assert.is.not(difference(both, one, FORWARD), null);
});

check('a model of both layers is fitted', async () => {
  tf.keras.backend.clearSession();
  const x = layers.Input([4, 3]);
  const attended = new MultiHeadAttention(2, 4, { dropout: 0.1, seed: 1 }).apply([x, x], { useCausalMask: true });
  const y = new EinsumDense('abc,cd->abd', [null, 1], { biasAxes: 'd' }).apply(attended);
  const model = new tf.keras.Model(x, y);
  model.compile({ optimizer: new tf.keras.optimizers.Adam(0.01), loss: 'mse' });
  const numbers = (count: number, features: number) =>
    Array.from({ length: count }, (_, i) =>
      Array.from({ length: 4 }, (_, t) => Array.from({ length: features }, (_, k) => Math.sin(i * 7 + t * 3 + k))),
    );
  const { history } = await model.fit(numbers(16, 3), numbers(16, 1), { epochs: 20, batchSize: 8, verbose: 0 });
  const losses = history.loss as number[];
  tf.keras.backend.clearSession();
  assert.ok(losses[19] < losses[0] * 0.9, String(losses));
});

test.run();
