/**
 * Recurrent layers against Keras 2.15 in graph mode (`test/goldens/keras/recurrent.py`): outputs, gradients by inputs, states and
 * weights, shapes, masks, names, configurations, and what stateful layers keep.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../../src/graph/graph.ts';
import * as tf from '../../../src/index.ts';
import type { Bidirectional } from '../../../src/keras/layers/recurrent/bidirectional.ts';
import type { RNN } from '../../../src/keras/layers/recurrent/rnn.ts';
import { deserializeLayer } from '../../../src/keras/layers/registry.ts';
import { fromPythonKeys, toPythonKeys } from '../../../src/keras/serialization.ts';
import type { NdArray } from '../../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../../support/compare.ts';
import { leakChecked } from '../../support/leaks.ts';
import { goldens, type LayerCase, WithConstants } from './support.ts';

const test = suite('recurrent layers');
const check = leakChecked(test);

/** What is said of a case in its title, beside the class. */
function titleOf({ config, mask, states, constants, static: shape }: LayerCase, i: number): string {
  const inner = (config.layer as { class_name?: string } | undefined)?.class_name;
  const flags = Object.entries(config).filter(([key, value]) => value === true && !key.includes('use_bias'));
  const words = flags.map(([key]) => key).filter((key) => key !== 'trainable' && key !== 'unit_forget_bias');
  if (inner) words.push(inner);
  if (mask) words.push('masked');
  if (states.length > 0) words.push('initial states');
  if (constants.length > 0) words.push('constants');
  if (shape[0] === null) words.push('unknown lengths');
  return `case ${i}: ${words.join(', ')}`;
}

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

async function compare(c: LayerCase, backend: string): Promise<string[]> {
  const problems: string[] = [];
  const same = (actual: unknown, expected: unknown, what: string) => {
    try {
      assert.equal(actual, expected);
    } catch {
      problems.push(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
    }
  };
  const close = (values: readonly NdArray[], expected: readonly GoldenArray[], what: string, tolerance = FORWARD) => {
    same(values.length, expected.length, `${what}, how many`);
    expected.forEach((wanted, i) => {
      const text = values[i] && difference(values[i], fromGolden(wanted), tolerance);
      if (text) problems.push(`${what} ${i}: ${text}`);
    });
  };
  const graph = new tf.Graph();
  using _ = graph.asDefault();
  const layer = tf.keras.utils.customObjectScope({ WithConstants }, () =>
    deserializeLayer({ className: c.layer, config: fromPythonKeys(c.config) as never }),
  ) as unknown as RNN<boolean>;
  const x = tf.placeholder(tf.float32, c.static);
  const mask = c.mask ? tf.placeholder(tf.bool, c.mask.shape) : null;
  const feedsOf = (arrays: readonly GoldenArray[]) => arrays.map(({ shape }) => tf.placeholder(tf.float32, shape));
  const [states, constants] = [feedsOf(c.states), feedsOf(c.constants)];
  const outputs = list(
    layer.apply(x, {
      ...(mask ? { mask } : {}),
      ...(states.length > 0 ? { initialState: states } : {}),
      ...(constants.length > 0 ? { constants } : {}),
    }) as Tensor | readonly Tensor[],
  );
  same(toPythonKeys(layer.getConfig()), c.config, 'config');
  if (c.weight_names) {
    same(
      layer.weights.map(({ name }) => name),
      c.weight_names,
      'weight names',
    );
  }
  same(
    outputs.map(({ shape }) => shape),
    c.output_shapes,
    'static shapes',
  );
  const computed = layer.computeOutputShape(c.static);
  same(outputs.length === 1 ? [computed] : computed, c.output_shapes, 'computed shapes');

  const feedDict: [Tensor, NdArray][] = [
    [x, fromGolden(c.x)],
    ...states.map((tensor, i): [Tensor, NdArray] => [tensor, fromGolden(c.states[i])]),
    ...constants.map((tensor, i): [Tensor, NdArray] => [tensor, fromGolden(c.constants[i])]),
  ];
  if (mask && c.mask) feedDict.push([mask, fromGolden(c.mask)]);
  const init = tf.globalVariablesInitializer();
  let found: readonly Tensor[] = [];
  if (c.gradients && c.flows) {
    const terms = outputs.map((output, i) => tf.reduceSum(output.mul(fromGolden((c.flows as GoldenArray[])[i]))));
    const wanted = [x, ...states, ...constants, ...layer.trainableWeights];
    const gradients = tf.gradients(tf.addN(terms), wanted as never) as (Tensor | null)[];
    same(
      gradients.map((gradient) => gradient !== null),
      c.gradients.map((gradient) => gradient !== null),
      'which gradients there are',
    );
    found = gradients.filter((gradient) => gradient !== null).map((gradient) => tf.convertToTensor(gradient));
  }
  using sess = new tf.Session({ graph, config: { backend } });
  await sess.run(init);
  for (const [i, variable] of layer.weights.entries()) await variable.load(fromGolden(c.weights[i]), sess);
  const [values, slopes] = (await sess.run([outputs, found], { feedDict })) as unknown as NdArray[][];
  close(values, c.outputs, 'output');
  const expected = (c.gradients ?? []).filter((gradient) => gradient !== null);
  close(slopes, expected, 'gradient', GRADIENT);
  if (c.output_masks) {
    const masks = list(layer.computeMask(x, mask));
    const own = masks.map((item) => item && tf.identity(item as Tensor));
    for (const [i, wanted] of c.output_masks.entries()) {
      same(own[i] !== null, wanted !== null, `mask ${i}`);
      const item = own[i];
      if (item && wanted) close([(await sess.run(item, { feedDict })) as NdArray], [wanted], `mask ${i}`);
    }
  }
  for (const [i, expected] of (c.runs ?? []).entries()) {
    const [values] = (await sess.run([outputs, layer.updates], { feedDict })) as [NdArray[], unknown];
    close(values, expected, `run ${i}`);
  }
  if (c.kept && c.state_names) {
    const { forwardLayer, backwardLayer } = layer as unknown as Bidirectional;
    const parts = forwardLayer ? [forwardLayer, backwardLayer] : [layer];
    const kept = (parts as unknown as RNN[]).flatMap((part) => part.states ?? []);
    same(
      kept.map(({ name }) => name),
      c.state_names,
      'names of states',
    );
    close((await sess.run(kept)) as NdArray[], c.kept, 'kept state');
  }
  return problems;
}

goldens.cases.forEach((c, i) => {
  check(`${c.layer} is as in Keras (${titleOf(c, i)})`, async () => {
    assert.equal(await compare(c, i % 3 === 0 ? 'cpu' : 'wasm'), []);
  });
});

test('layers without options have those of the first API', () => {
  for (const [name, config] of Object.entries(goldens.defaults)) {
    const make = Reflect.get(tf.keras.layers, name) as new (...args: number[]) => { getConfig(): object };
    const layer = name.startsWith('Conv') ? new make(2, 3) : new make(2);
    const own = toPythonKeys(layer.getConfig()) as Record<string, unknown>;
    assert.equal({ ...own, name: config.name }, config, name);
  }
});

test.run();
