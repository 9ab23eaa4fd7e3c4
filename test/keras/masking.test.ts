/**
 * Masks on their way through layers: every case of `test/goldens/keras/layer-masks.json`, values and masks as Keras gave
 * them, and what happens at layers that do not support masks.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { maskOf } from '../../src/keras/engine/history.ts';
import * as layers from '../../src/keras/layers/index.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { globalVariablesInitializer } from '../../src/variables/collections.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

interface Case {
  readonly name: string;
  readonly inputs: readonly GoldenArray[];
  readonly output: GoldenArray;
  readonly mask: GoldenArray | null;
}

const { cases, weights } = JSON.parse(
  readFileSync(new URL('../goldens/keras/layer-masks.json', import.meta.url), 'utf8'),
) as { cases: Case[]; weights: { embeddings: number[][]; kernel: number[][]; bias: number[] } };

const embedding = (name: string) => new layers.Embedding(5, 2, { maskZero: true, weights: [weights.embeddings], name });
const dense = () => new layers.Dense(3, { weights: [weights.kernel, weights.bias] });
const both = (a: Tensor, b: Tensor): Tensor[] => [embedding('e').apply(a), embedding('f').apply(b)];

/** What each case builds of its inputs. */
const BUILDS: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  Embedding: (a) => embedding('e').apply(a),
  'Embedding of floats': (a) => embedding('e').apply(a),
  'TimeDistributed(Dense)': (a) => new layers.TimeDistributed(dense()).apply(embedding('e').apply(a)),
  'Masking, Dense': (a) => dense().apply(new layers.Masking().apply(a)),
  'TimeDistributed(Masking)': (a) => new layers.TimeDistributed(new layers.Masking()).apply(a),
  Add: (a, b) => layers.add(both(a, b)),
  'Add with an unmasked input': (a, b) => layers.add([embedding('e').apply(a), b]),
  'Concatenate along time': (a, b) => layers.concatenate(both(a, b), { axis: 1 }),
  'Concatenate along features': (a, b) => layers.concatenate(both(a, b)),
  'Concatenate with an unmasked input': (a, b) => layers.concatenate([embedding('e').apply(a), b], -1),
  Dot: (a, b) => layers.dot(both(a, b), 2),
  Attention: (a, b) => new layers.Attention().apply(both(a, b)),
  AdditiveAttention: (a, b) => new layers.AdditiveAttention({ useScale: false }).apply(both(a, b)),
  'Attention with a causal mask': (a, b) => new layers.Attention().apply(both(a, b), { useCausalMask: true }),
  BatchNormalization: (a) => new layers.BatchNormalization().apply(embedding('e').apply(a), { training: true }),
  Softmax: (a, b) => new layers.Softmax().apply(a, { mask: b }),
  ReLU: (a) => new layers.ReLU().apply(embedding('e').apply(a)),
  GroupNormalization: (a) => new layers.GroupNormalization({ groups: 1 }).apply(a),
};

const test = suite('Keras masks');
const check = leakChecked(test);

test('every case of the goldens has its layers here', () => {
  assert.equal(
    cases.map(({ name }) => name),
    Object.keys(BUILDS),
  );
});

for (const c of cases) {
  check(`${c.name}: output and mask are as in Keras`, async () => {
    const graph = new Graph();
    const [inputs, output, init] = graph.asDefault(() => {
      const given = c.inputs.map(({ dtype, shape }) =>
        layers.Input({ shape: shape.slice(1), dtype: dtype as 'int32' }),
      );
      return [given, BUILDS[c.name](given[0], given[1]), globalVariablesInitializer()] as const;
    });
    const mask = maskOf(output);
    assert.is(mask === null, c.mask === null, `mask ${mask}`);
    using sess = new Session({ graph });
    await sess.run(init);
    const feedDict = inputs.map((tensor, i) => [tensor, fromGolden(c.inputs[i])] as const);
    const [value, counts] = (await sess.run(mask ? [output, mask] : [output], { feedDict })) as NdArray[];
    assert.is(difference(value, fromGolden(c.output), /Norm/.test(c.name) ? GRADIENT : FORWARD), null);
    if (c.mask) assert.is(difference(counts, fromGolden(c.mask)), null);
  });
}

check('a layer that does not support masks refuses one, and leaves the graph as it was', async () => {
  const masked = new layers.Masking().apply(layers.Input([4, 2]));
  const flatten = new layers.Flatten();
  const before = masked.graph.size;
  const error = await failure(() => flatten.apply(masked));
  assert.is(error.constructor.name, 'TypeError');
  assert.match(error.message, /^Layer flatten does not support masking, but was passed an input_mask: /);
  assert.is(masked.graph.size, before);
  assert.equal(flatten.inboundNodes, []);
});

check('an input without a mask counts in full where it is joined along time', async () => {
  const [a, b] = [layers.Input([2, 2]), layers.Input([1, 2])];
  const mask = maskOf(layers.concatenate([new layers.Masking().apply(a), b], 1)) as Tensor;
  using sess = new Session();
  const feedDict = [
    [
      a,
      [
        [
          [1, 0],
          [0, 0],
        ],
      ],
    ] as const,
    [b, [[[0, 0]]]] as const,
  ];
  const counts = (await sess.run(mask, { feedDict })) as NdArray;
  assert.equal([...counts.data].map(Number), [1, 0, 1]);
});

check('a mask given to the call counts instead of that of the inputs', () => {
  const x = layers.Input([4, 2]);
  const masked = new layers.Masking().apply(x);
  const other = layers.Input({ shape: [4], dtype: 'bool' });
  assert.is(maskOf(new layers.Activation('relu').apply(masked, { mask: other })), other);
  assert.is(maskOf(new layers.Activation('relu').apply(masked)), maskOf(masked));
  assert.is(maskOf(new layers.Activation('relu').apply(x)), null);
});

check('merging layers refuse masks that do not fit their inputs', async () => {
  const [a, b] = [layers.Input([4, 2]), layers.Input([4, 2])];
  const mask = layers.Input({ shape: [4], dtype: 'bool' });
  const one = await failure(() => new layers.Add().apply([a, b], { mask: mask }));
  assert.match(one.message, /^`mask` should be a list. Received: mask=/);
  const three = await failure(() => new layers.Add().apply([a, b], { mask: [mask, null, null] }));
  assert.match(three.message, /^The lists `inputs` and `mask` should have the same length\./);
});

check('a Lambda gives the mask that it was made with', () => {
  const masked = new layers.Masking().apply(layers.Input([4, 2]));
  const kept = new layers.Lambda((x: Tensor) => x.mul(2), { mask: (_, mask) => mask });
  assert.is(maskOf(kept.apply(masked)), maskOf(masked));
});

test.run();
