/** Assertions, groups and prints: what they check, when they fail, and with which words. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { summarize } from '../../runtime/host/control.ts';
import { Graph, type Operation, type Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/ops/checks.ts';
import { constant } from '../../src/ops/constants.ts';
import { Assert, group, noOp, Print, tuple, withDependencies } from '../../src/ops/control.ts';
import { identity } from '../../src/ops/identity.ts';
import { placeholder, placeholderWithDefault } from '../../src/ops/placeholders.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { bool, float32, float64, int32, string } from '../../src/util/dtype.ts';
import { InvalidArgumentError, TypeError, ValueError } from '../../src/util/errors.ts';
import { evaluate, interpret } from '../support/interpret.ts';

function inGraph(name: string, body: (graph: Graph) => void): void {
  test(name, () => {
    const graph = new Graph();
    graph.asDefault(() => body(graph));
  });
}

function run(op: Operation, feeds?: ReadonlyMap<Tensor, ReturnType<typeof toNdArray>>): void {
  interpret(op.graph.snapshot(), [], { targets: [op], feeds });
}

function failure(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('The call was expected to fail.');
}

inGraph('assertEqual: the message and the name of TensorFlow', () => {
  const x = placeholderWithDefault(constant([1, 2], int32), [2]);
  const y = placeholderWithDefault(constant([1, 3], int32), [2]);
  const op = tf.assertEqual(x, y, { message: 'my message' });
  assert.is(op.name, 'assert_equal_1/Assert/Assert');
  const error = failure(() => run(op));
  assert.instance(error, InvalidArgumentError);
  assert.is(
    error.message,
    'assertion failed: [my message] [Condition x == y did not hold element-wise:] [x (PlaceholderWithDefault:0) = ] [1 2] [y (PlaceholderWithDefault_1:0) = ] [1 3]',
  );
  assert.is(tf.assertEqual(x, x).type, 'NoOp');
});

inGraph('assertPositive: the message and the name of TensorFlow', () => {
  const x = placeholderWithDefault(constant([1, -2], int32), [2]);
  const op = tf.assertPositive(x);
  assert.is(op.name, 'assert_positive/assert_less/Assert/Assert');
  assert.is(
    failure(() => run(op)).message,
    'assertion failed: [] [Condition x > 0 did not hold element-wise:] [x (PlaceholderWithDefault:0) = ] [1 -2]',
  );
});

inGraph('assertRank: the message and the name of TensorFlow', (graph) => {
  const x = placeholderWithDefault(constant([1, 2]), null);
  const op = tf.assertRank(x, 2);
  assert.is(op.name, 'assert_rank/Assert/Assert');
  assert.is(
    failure(() => run(op)).message,
    'assertion failed: [] [Tensor PlaceholderWithDefault:0 must have rank] [2] [Received shape: ] [2]',
  );
  run(tf.assertRank(x, 1));
  run(tf.assertRankAtLeast(x, 1));
  run(tf.assertRankIn(x, [0, 1]));
  assert.throws(() => run(tf.assertRankIn(x, [0, 2])), /must have rank in/);
  const known = placeholder(float32, [2, 3], { name: 'known' });
  const { size } = graph;
  const message = (call: () => unknown) => {
    const error = failure(call);
    assert.instance(error, ValueError);
    assert.is(graph.size, size);
    return error.message;
  };
  assert.is(
    message(() => tf.assertRank(known, 1, { message: 'Bad' })),
    'Bad.  Tensor known:0 must have rank 1.  Received rank 2, shape (2, 3)',
  );
  assert.is(
    message(() => tf.assertRankAtLeast(known, 3)),
    'Tensor known:0 must have rank at least 3.  Received rank 2, shape (2, 3)',
  );
  assert.is(
    message(() => tf.assertRankIn(known, [1, 3])),
    'Tensor known:0 must have rank in (1, 3).  Received rank 2, shape (2, 3)',
  );
  assert.is(tf.assertRank(known, 2).type, 'NoOp');
  assert.throws(() => tf.assertRank(known, constant([2], int32)), /Rank must be a scalar/);
});

inGraph('each relation, as it holds and as it does not', () => {
  const x = placeholder(float32, [null]);
  const table: [typeof tf.assertLess, number[], number[]][] = [
    [tf.assertLess, [1], [2]],
    [tf.assertLessEqual, [2], [3]],
    [tf.assertGreater, [3], [2]],
    [tf.assertGreaterEqual, [2], [1]],
    [tf.assertNoneEqual, [1], [2]],
    [tf.assertEqual, [2], [1]],
  ];
  for (const [check, good, bad] of table) {
    const op = check(x, constant([2]));
    run(op, new Map([[x, toNdArray(good)]]));
    const worse = bad[0] === 2 && check === tf.assertNoneEqual ? [2] : check === tf.assertLess ? [2] : bad;
    assert.throws(() => run(op, new Map([[x, toNdArray(worse)]])), /did not hold element-wise/);
  }
  const signs: [typeof tf.assertPositive, number, number][] = [
    [tf.assertPositive, 1, 0],
    [tf.assertNonNegative, 0, -1],
    [tf.assertNegative, -1, 0],
    [tf.assertNonPositive, 0, 1],
  ];
  for (const [check, good, bad] of signs) {
    const op = check(x);
    run(op, new Map([[x, toNdArray([good])]]));
    assert.throws(() => run(op, new Map([[x, toNdArray([bad])]])), /did not hold element-wise/);
  }
});

inGraph('what is known while the graph is built fails then, and adds nothing', (graph) => {
  const error = failure(() => tf.assertLess(constant([1, 5], { name: 'a' }), 3, { message: 'too large' }));
  assert.instance(error, InvalidArgumentError);
  assert.match(error.message, /^too large\nCondition x < y did not hold element-wise:\nx \(a:0\) = \n\[1\. 5\.\]\ny/);
  assert.equal(
    graph.getOperations().map((op) => op.name),
    ['a'],
  );
  tf.assertLess(constant([1, 2]), 3);
});

inGraph('types', () => {
  const x = placeholder(float32, [], { name: 'x' });
  const i = placeholder(int32, [2], { name: 'i' });
  const wrong = failure(() => tf.assertInteger(x));
  assert.instance(wrong, TypeError);
  assert.is(wrong.message, `Expected "x" to be integer type.  Found: x:0 of dtype <dtype: 'float32'>`);
  assert.is(tf.assertInteger(i).type, 'NoOp');
  assert.is(failure(() => tf.assertType(x, int32)).message, 'x:0 must be of type tf.int32; got tf.float32');
  assert.is(tf.assertType(x, float32).type, 'NoOp');
  assert.is(tf.assertScalar(x), x);
  assert.is(failure(() => tf.assertScalar(i)).message, 'Expected scalar shape for i:0, saw shape: (2,).');
  assert.ok(tf.isNumericTensor(x));
  assert.not(tf.isNumericTensor(constant('text')));
  assert.not(tf.isNumericTensor(3));
});

inGraph('isNonDecreasing and isStrictlyIncreasing', () => {
  const x = placeholder(int32, [null]);
  const [flat, strict] = [tf.isNonDecreasing(x), tf.isStrictlyIncreasing(x)];
  const cases: [number[], boolean, boolean][] = [
    [[], true, true],
    [[3], true, true],
    [[1, 2, 3], true, true],
    [[1, 2, 2], true, false],
    [[1, 3, 2], false, false],
  ];
  for (const [values, a, b] of cases) {
    const feeds = new Map([[x, toNdArray({ data: Int32Array.from(values), shape: [values.length] })]]);
    assert.is(evaluate(flat, { feeds }).item(), a);
    assert.is(evaluate(strict, { feeds }).item(), b);
  }
  assert.throws(() => tf.isNonDecreasing(constant(['a'])), /Expected x to be numeric/);
});

inGraph('Assert takes the whole data with summarize', () => {
  const data = constant([1, 2, 3, 4, 5], int32);
  const no = placeholderWithDefault(constant(false, bool), []);
  const message = (summary?: number) => failure(() => run(Assert(no, [data], summary ?? null))).message;
  assert.is(message(), 'assertion failed: [1 2 3...]');
  assert.is(message(-1), 'assertion failed: [1 2 3 4 5]');
  run(Assert(constant(true), [data]));
});

inGraph('Print shows the data and passes the input on', () => {
  const x = constant([
    [1.5, 2],
    [3, 4],
  ]);
  const y = Print(x, [x, constant('a "b"')], 'x: ', { firstN: 2 });
  const lines: string[] = [];
  const streams = new Map();
  for (let i = 0; i < 3; i++) {
    const value = evaluate(y, { print: (line) => lines.push(line), streams });
    assert.equal(value.array(), [
      [1.5, 2],
      [3, 4],
    ]);
  }
  assert.equal(lines, ['x: [[1.5 2][3...]...][a \\"b\\"]', 'x: [[1.5 2][3...]...][a \\"b\\"]']);
});

test('numbers and nested rows as TensorFlow shows them', () => {
  assert.is(summarize(toNdArray([0.1, 1e-7, 123456789, Number.NaN]), 4), '0.1 1e-07 123456792 nan');
  assert.is(summarize(toNdArray([1 / 3], float64), 3), '0.33333333333333331');
  assert.is(
    summarize(
      toNdArray(
        [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
        int32,
      ),
      3,
    ),
    '[[1 2][3...]]...',
  );
  assert.is(
    summarize(
      toNdArray(
        [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
        int32,
      ),
      -1,
    ),
    '[[1 2][3 4]][[5 6][7 8]]',
  );
  assert.is(summarize(toNdArray(7, int32), 3), '7');
  assert.is(summarize(toNdArray([true, false]), 3), '1 0');
  assert.is(summarize(toNdArray(['x', 'y'], string), 3), 'x y');
  assert.is(summarize(toNdArray({ data: new Float32Array(0), shape: [0, 2] }), 3), '');
});

inGraph('group and tuple: names, order, devices', (graph) => {
  const [a, b] = [constant(1, { name: 'a' }), constant(2, { name: 'b' })];
  const all = group(a, [b, noOp('n')], { name: 'all' });
  assert.is(all.name, 'all');
  assert.equal(
    all.controlInputs.map((op) => op.name),
    ['a', 'b', 'n'],
  );
  assert.is(group().name, 'group_deps');
  const far = graph.device('/device:CPU:1', () => constant(3, { name: 'far' }));
  const two = group(a, far, { name: 'two' });
  assert.equal(
    two.controlInputs.map((op) => [op.name, op.device]),
    [
      ['two/NoOp', ''],
      ['two/NoOp_1', '/device:CPU:1'],
    ],
  );
  const [x, none, y] = tuple([a, null, b]);
  assert.is(x?.name, 'tuple/control_dependency:0');
  assert.is(none, null);
  assert.equal(
    y?.op.controlInputs.map((op) => op.name),
    ['tuple/group_deps'],
  );
  assert.throws(() => tuple([null]), /must have at least one Tensor/);
  assert.throws(
    () => group(3 as never),
    (e: Error) => e instanceof TypeError,
  );
  const after = withDependencies([all], a);
  assert.equal(
    after.op.controlInputs.map((op) => op.name),
    ['all'],
  );
  assert.equal(evaluate(identity(after)).item(), 1);
});

test.run();
