/**
 * Branches and loops in TF1's own form, as graphs that are read: cases 49, 201 and 203 of the list that
 * `control-flow-cases.test.ts` names.
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
    assert.equal((await session.run('m:0', { feedDict })).array(), expected);
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
  assert.is((await session.run('exit:0')).item(), 10);
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

cases.run();
