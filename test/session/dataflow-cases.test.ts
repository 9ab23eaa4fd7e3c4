/**
 * Branches and loops in TF1's own form, as graphs that are read: cases 49, 201, 203, 301 and 303 of the list
 * that `control-flow-cases.test.ts` names; and variables that are made in branches: case 149.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const cases = suite('dataflow control flow, cases');
const test = leakChecked(cases);

/** A graph in TF1's form: a line is `name op inputs… | attributes`. */
function imported(lines: readonly string[]): tf.Graph {
  const text = lines.map((line) => {
    const [head, attrs = ''] = line.split(' | ');
    const [name, op, ...inputs] = head.split(' ');
    const given = inputs.map((input) => `input: "${input}"`).join(' ');
    const list = attrs.split(';').filter((attr) => attr.trim() !== '');
    const shown = list.map((attr) => {
      const [key, ...rest] = attr.trim().split('=');
      return `attr { key: "${key}" value { ${rest.join('=')} } }`;
    });
    return `node { name: "${name}" op: "${op}" ${given} ${shown.join(' ')} }`;
  });
  const graph = new tf.Graph();
  graph.asDefault(() => tf.importGraphDef(tf.GraphDef.fromText(text.join('\n')), { name: '' }));
  return graph;
}
const INT = 'T=type: DT_INT32';
const scalar = (n: number) => `dtype=type: DT_INT32; value=tensor { dtype: DT_INT32 tensor_shape { } int_val: ${n} }`;

for (const [taken, expected] of [
  [false, [2, 3, 4, 5, 6, 7]],
  [true, [5, 10, 15, 20, 25, 30]],
] as const) {
  test(`case 201: switch, a sum on one side, a product on the other, merge: ${taken}`, async () => {
    const graph = imported([
      'data Placeholder | dtype=type: DT_INT32; shape=shape { dim { size: 6 } }',
      'p Placeholder | dtype=type: DT_BOOL; shape=shape { }',
      `one Const | ${scalar(1)}`,
      `five Const | ${scalar(5)}`,
      `s Switch data p | ${INT}`,
      `add Add s one | ${INT}`,
      `mul Mul s:1 five | ${INT}`,
      `m Merge add mul | ${INT}; N=i: 2`,
    ]);
    using session = new tf.Session({ graph });
    const feedDict = { 'data:0': [1, 2, 3, 4, 5, 6], 'p:0': taken };
    assert.equal(((await session.run('m:0', { feedDict })) as tf.NdArray).array(), expected);
  });
}

const frame = (name: string) => `frame_name=s: "${name}"; is_constant=b: false; parallel_iterations=i: 10`;
test('case 203: a loop by hand whose condition is false at once gives what entered', async () => {
  const graph = imported([
    `n Const | ${scalar(10)}`,
    `enter Enter n | ${INT}; ${frame('foo')}`,
    `merge Merge enter next | ${INT}; N=i: 2`,
    `limit Const ^merge | ${scalar(10)}`,
    `less Less merge limit | ${INT}`,
    'cond LoopCond less',
    `s Switch merge cond | ${INT}`,
    `one Const ^s | ${scalar(1)}`,
    `add Add s:1 one | ${INT}`,
    `next NextIteration add | ${INT}`,
    `exit Exit s | ${INT}`,
  ]);
  using session = new tf.Session({ graph });
  assert.is(((await session.run('exit:0')) as tf.NdArray).item(), 10);
});

test('case 49: tensors of different frames are not added; the error names the frames', async () => {
  const error = await failure(async () => {
    const graph = imported([
      `n Const | ${scalar(1)}`,
      `a Enter n | ${INT}; ${frame('foo_1')}`,
      `b Enter n | ${INT}; ${frame('foo_2')}`,
      `sum Add a b | ${INT}`,
    ]);
    using session = new tf.Session({ graph });
    await session.run('sum:0');
  });
  assert.match(error.message, /foo_1|foo_2/);
});

/** An array of 1, 2 and 3, from which `reads` take. */
const array = (clears: boolean, reads: readonly string[]) =>
  imported([
    `size Const | ${scalar(3)}`,
    `zero Const | ${scalar(0)}`,
    `x Const | dtype=type: DT_FLOAT; value=tensor { dtype: DT_FLOAT tensor_shape { dim { size: 3 } } float_val: [1, 2, 3] }`,
    `places Const | dtype=type: DT_INT32; value=tensor { dtype: DT_INT32 tensor_shape { dim { size: 3 } } int_val: [0, 1, 2] }`,
    `a TensorArrayV3 size | dtype=type: DT_FLOAT; clear_after_read=b: ${clears}; tensor_array_name=s: "foo"`,
    'written TensorArrayScatterV3 a places x a:1 | T=type: DT_FLOAT',
    ...reads.map((read) => `${read} | dtype=type: DT_FLOAT`),
  ]);

test('case 301: an array is read where it ends', async () => {
  using session = new tf.Session({ graph: array(true, ['r TensorArrayReadV3 a size written']) });
  const error = await failure(() => session.run('r:0'));
  assert.instance(error, tf.errors.OpError);
  assert.match(error.message, /Tried to read from index 3 but array size is: 3/);
});

test('case 303: an element is read twice', async () => {
  const twice = ['r0 TensorArrayReadV3 a zero written', 'r1 TensorArrayReadV3 a zero written ^r0'];
  using clearing = new tf.Session({ graph: array(true, twice) });
  const error = await failure(() => clearing.run(['r0:0', 'r1:0']));
  assert.instance(error, tf.errors.OpError);
  assert.match(error.message, /Could not read index 0 twice because it was cleared after a previous read/);
  using keeping = new tf.Session({ graph: array(false, twice) });
  assert.equal(
    (await keeping.run(['r0:0', 'r1:0'])).map((item) => (item as tf.NdArray).item()),
    [1, 1],
  );
});

test('case 149: variables that branches make are initialized outside, each alone', async () => {
  const v0 = new tf.Variable(0, { name: 'v0' });
  const made: tf.Variable[] = [];
  const branch = (value: number) => () => {
    const v = new tf.Variable(value, { name: `v${value}` });
    made.push(v);
    return tf.add(v, v0);
  };
  const sum = tf.cond(tf.less(v0, 10), branch(1), branch(2));
  const [v1, v2] = made;
  using session = new tf.Session();
  for (const v of [v1, v2]) await session.run(v.initializer);
  assert.equal([(await session.run(v1)).item(), (await session.run(v2)).item()], [1, 2]);
  const error = await failure(() => session.run(sum));
  assert.instance(error, tf.errors.OpError);
  assert.match(error.message, /uninitialized/);
  await session.run(v0.initializer);
  assert.is((await session.run(sum)).item(), 1);
  await session.run(v0.assign(11));
  assert.is((await session.run(sum)).item(), 13);
});

cases.run();
