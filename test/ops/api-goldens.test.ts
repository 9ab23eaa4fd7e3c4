/**
 * The public functions and operators against real TensorFlow: the cases of `api.json`, value and gradients, in sessions.
 * How each is called is said in `runners/api-functions.ts`.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { functions } from '../runners/api-functions.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

interface GoldenSlices {
  readonly indexed_slices: Readonly<Record<'values' | 'indices' | 'dense_shape', GoldenArray>>;
}

interface ApiCase {
  readonly id: string;
  readonly api: string;
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: readonly (GoldenArray & { readonly arg: string })[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly (GoldenArray | null)[];
  readonly grads?: readonly { readonly arg: string; readonly grad: GoldenArray | GoldenSlices | null }[];
  readonly grad_error?: { readonly class: string; readonly message: string };
}

const text = readFileSync(new URL('../goldens/ops/api.json', import.meta.url), 'utf8');
const { cases } = JSON.parse(text) as { cases: readonly ApiCase[] };

test('every case is built', () => {
  const wanted = new Set(cases.map((c) => c.api));
  const known = Object.keys(functions).filter((name) => wanted.has(name));
  assert.is(new Set(known).size, known.length);
  assert.equal(known.sort(), [...wanted].sort());
});

/** The parts of a gradient, under the names of the golden. */
function parts(found: tf.Tensor | tf.IndexedSlices, golden: GoldenArray | GoldenSlices): [tf.Tensor, GoldenArray][] {
  if (!('indexed_slices' in golden)) return [[tf.convertToTensor(found), golden]];
  assert.instance(found, tf.IndexedSlices);
  const { values, indices, denseShape } = found as tf.IndexedSlices;
  const slices = golden.indexed_slices;
  return [
    [values, slices.values],
    [indices, slices.indices],
    [denseShape as tf.Tensor, slices.dense_shape],
  ];
}

/** What a golden lists of an output: a tensor, or the three of a sparse one. */
function partsOf(output: tf.Tensor | tf.SparseTensor): tf.Tensor[] {
  return output instanceof tf.SparseTensor ? [output.indices, output.values, output.denseShape] : [output];
}

for (const c of cases.filter(({ api }) => functions[api])) {
  test(`${c.id} ${c.api} ${JSON.stringify(c.args)}`, async () => {
    const feedDict: [tf.Tensor, tf.NdArray][] = c.inputs.map((golden) => {
      const value = fromGolden(golden);
      return [tf.placeholder(value.dtype, value.shape), value];
    });
    const inputs = feedDict.map(([tensor]) => tensor);
    const built = functions[c.api](inputs, c.args as Record<string, never>);
    const outputs = (Array.isArray(built) ? built : [built]).flatMap(partsOf);
    assert.is(outputs.length, c.outputs.length);
    const expected = outputs.map((output, i): [tf.Tensor, GoldenArray] => [output, c.outputs[i]]);
    const floats = inputs.filter((t) => t.dtype.isFloating);
    const gradients = () => {
      const ys = outputs.filter((t) => t.dtype.isFloating);
      const weights = c.grad_weights?.filter((golden) => golden !== null);
      const gradYs = weights?.map((golden) => tf.constant(fromGolden(golden)));
      return tf.gradients(ys, floats, { gradYs });
    };
    if (c.grad_error) {
      const error = await failure(gradients);
      assert.is(error.name, c.grad_error.class);
      assert.ok(error.message.startsWith(c.grad_error.message), error.message);
    }
    const exact = expected.length;
    if (c.grads) {
      const found = gradients();
      const args = c.inputs.map(({ arg }) => arg);
      const names = inputs.flatMap((t, i) => (floats.includes(t) ? [args[i]] : []));
      for (const { arg, grad } of c.grads) {
        const gradient = found[names.indexOf(arg)];
        if (grad === null || gradient === null) assert.is(gradient, grad as null, `gradient of ${arg}`);
        else expected.push(...parts(gradient, grad));
      }
    }
    for (const backend of ['wasm', 'cpu']) {
      using sess = new tf.Session({ config: { backend } });
      const values = await sess.run(
        expected.map(([tensor]) => tensor),
        feedDict,
      );
      values.forEach((value, i) => {
        const problem = difference(value, fromGolden(expected[i][1]), i < exact ? FORWARD : GRADIENT);
        assert.is(problem, null, `${backend}, value ${i}`);
      });
    }
  });
}

suite.run();
