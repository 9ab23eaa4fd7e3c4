/** `tf.mapFn`, `tf.scan`, `tf.foldl`, `tf.foldr` against real TensorFlow: names, shapes, values, errors, gradients. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('ops/map-fn');
const checked = leakChecked(test);
const i32 = tf.int32;

async function run(fetches: unknown, feedDict: unknown = undefined): Promise<unknown> {
  const results: unknown[] = [];
  for (const backend of ['cpu', 'wasm']) {
    using session = new tf.Session({ config: { backend } });
    results.push(plain(await session.run(fetches as tf.Tensor, { feedDict: feedDict as never })));
  }
  assert.equal(results[0], results[1]);
  return results[0];
}

function plain(value: unknown): unknown {
  if (value instanceof tf.NdArray) return value.array();
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value as object).map(([key, part]) => [key, plain(part)]));
}

function values(name: string, build: () => unknown, expected: unknown): void {
  checked(name, async () => assert.equal(await run(build()), expected));
}

function buildFails(name: string, build: () => unknown, kind: string, message: string): void {
  checked(`${name} fails when it is built`, async () => {
    const error = await failure(build);
    assert.is(error.name, kind);
    assert.ok(error.message.startsWith(message), error.message);
  });
}

function runFails(name: string, build: () => tf.Tensor, message: string): void {
  checked(`${name} fails in the run`, async () => {
    const fetch = build();
    using session = new tf.Session();
    const error = await failure(() => session.run(fetch));
    assert.is(error.name, 'InvalidArgumentError');
    assert.ok(error.message.startsWith(message), error.message);
  });
}

/** The ops around the loop, without constants. */
function names(build: (x: tf.Tensor) => unknown, rows: number | null): string[] {
  build(tf.placeholder(tf.float32, [rows, 2], { name: 'x' }));
  return tf
    .getDefaultGraph()
    .getOperations()
    .filter(({ name, type }) => type !== 'Const' && !name.includes('/while'))
    .map(({ name, outputs: [{ shape }] }) => `${name} ${new tf.TensorShape(shape)}`);
}

const X = (): tf.Tensor => tf.placeholder(tf.float32, [null, 2]);
const c = tf.constant;

checked('names and static shapes of mapFn', () => {
  assert.equal(
    names((x) => tf.mapFn((r) => r.mul(2), x, { name: 'mine' }), null),
    [
      'x (?, 2)',
      'mine/Shape (2,)',
      'mine/strided_slice ()',
      'mine/TensorArrayV2 ()',
      'mine/TensorArrayUnstack/TensorListFromTensor ()',
      'mine/TensorArrayV2_1 ()',
      'mine/TensorArrayV2Stack/TensorListStack (?, 2)',
    ],
  );
});
checked('names and static shapes of scan', () => {
  assert.equal(
    names((x) => tf.scan((a, r) => a.add(r), x, { reverse: true }), null),
    [
      'x (?, 2)',
      'scan/Shape (2,)',
      'scan/strided_slice ()',
      'scan/TensorArrayV2 ()',
      'scan/TensorArrayUnstack/TensorListFromTensor ()',
      'scan/sub ()',
      'scan/TensorArrayV2Read/TensorListGetItem (2,)',
      'scan/TensorArrayV2_1 ()',
      'scan/sub_1 ()',
      'scan/TensorArrayV2Write/TensorListSetItem ()',
      'scan/sub_2 ()',
      'scan/sub_3 ()',
      'scan/TensorArrayV2Stack/TensorListStack (?, 2)',
    ],
  );
});
checked('names and static shapes of foldr', () => {
  assert.equal(
    names((x) => tf.foldr((a, r) => a.add(r), x), 3),
    [
      'x (3, 2)',
      'foldr/TensorArrayV2 ()',
      'foldr/TensorArrayUnstack/TensorListFromTensor ()',
      'foldr/TensorArrayV2Read/TensorListGetItem (2,)',
    ],
  );
});
checked('static shapes of results', () => {
  assert.equal(tf.mapFn((r) => tf.reduceSum(r), X()).shape, [null]);
  assert.equal(tf.mapFn((r) => tf.stack([r, r]), tf.zeros([3, 2])).shape, [3, 2, 2]);
  assert.equal(tf.mapFn((r) => r, tf.placeholder(tf.float32)).shape, null);
  assert.equal(tf.scan((a, r) => a.add(r), X()).shape, [null, 2]);
  assert.equal(tf.scan((a, r) => a.add(tf.reduceSum(r)), X(), { initializer: 0 }).shape, [null]);
  assert.equal(tf.foldl((a, r) => a.add(r), X()).shape, [2]);
  assert.equal(tf.foldr((a, r) => a.add(tf.reduceSum(r)), X(), { initializer: 0 }).shape, []);
});

// mapFn

const scalars = 'Elements in elems must be 1+ dimensional Tensors, not scalars';
buildFails('mapping over a scalar', () => tf.mapFn((x) => x, c(1)), 'ValueError', scalars);
buildFails('mapping over a list of scalars', () => tf.mapFn((x) => x, [c(1), c(2)]), 'ValueError', scalars);
buildFails('mapping over a list of numbers', () => tf.mapFn((x) => x, [1, 2]), 'ValueError', scalars);
buildFails(
  'mapping over nothing',
  () => tf.mapFn((x) => x, []),
  'ValueError',
  'elems must be a Tensor or (possibly nested) sequence of Tensors. Got [], which does not contain any Tensors.',
);
buildFails('mapping what is no function', () => tf.mapFn(1 as never, c([1])), 'TypeError', '1 is not callable.');
buildFails(
  'mapping over different lengths',
  () => tf.mapFn((x) => x[0], [c([1]), c([1, 2])], { dtype: tf.float32 }),
  'ValueError',
  'Dimensions 1 and 2 are not compatible',
);
const nested = "The two structures don't have the same nested structure.";
buildFails('a result of another structure', () => tf.mapFn((x) => [x, x], c([1])), 'ValueError', nested);
buildFails(
  'a result of another structure than was said',
  () => tf.mapFn((x) => x, c([1]), { dtype: [tf.float32, tf.float32] }),
  'ValueError',
  nested,
);
buildFails('a result that is nothing', () => tf.mapFn(() => null, c([1])), 'ValueError', 'None values not supported.');
buildFails(
  'a result of another shape than was said',
  () => tf.mapFn((x) => x.greater(1), c([1]), { fnOutputSignature: { shape: [2], dtype: tf.bool } }),
  'ValueError',
  'Inconsistent shapes: saw () but expected (2,) ',
);
buildFails(
  'a bad number of parallel iterations',
  () => tf.mapFn((x) => x, c([1]), { parallelIterations: -1 }),
  'TypeError',
  "'parallel_iterations' must be a positive integer.",
);
runFails(
  'a result of another type than was said',
  () => tf.mapFn((x) => tf.cast(x, i32), c([1])),
  'Invalid data types; op elements int32 but list elements float',
);

values(
  'an object of tensors gives another one',
  () =>
    tf.mapFn(
      (x) => ({ s: x.a.add(x.b), d: x.a }),
      { a: c([1, 2]), b: c([3, 4]) },
      { dtype: { s: tf.float32, d: tf.float32 } },
    ),
  { s: [4, 6], d: [1, 2] },
);
values(
  'a result of another type',
  () => tf.mapFn((x) => x.greater(1), c([1, 2]), { fnOutputSignature: { shape: [], dtype: tf.bool } }),
  [false, true],
);
values('a constant result', () => tf.mapFn(() => 1, c([1, 2])), [1, 1]);
values('a constant result of a type', () => tf.mapFn(() => 1, c([1, 2]), { dtype: i32 }), [1, 1]);
values('no rows', () => tf.shape(tf.mapFn((x) => x, tf.zeros([0, 2]))), [0, 2]);
values(
  'maps in maps',
  () =>
    tf.mapFn(
      (r) => tf.mapFn((x) => x.mul(x), r),
      c([
        [1, 2],
        [3, 4],
      ]),
    ),
  [
    [1, 4],
    [9, 16],
  ],
);
values('strings', () => tf.mapFn((s) => tf.strings.join([s, '!']), c(['a', 'b'])), ['a!', 'b!']);
values('no parallel iterations', () => tf.mapFn((r) => r, c([1, 2]), { parallelIterations: 0 }), [1, 2]);
checked('an unknown number of rows', async () => {
  const x = X();
  const y = tf.mapFn((r) => r.mul(2), x);
  assert.equal(
    await run(y, [
      [
        x,
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
    ]),
    [
      [2, 4],
      [6, 8],
      [10, 12],
    ],
  );
});
checked('the gradient of x²·p, to both', async () => {
  const x = c([1, 2, 3, 4, 5, 6]);
  const p = c(2);
  const y = tf.mapFn((e) => e.square().mul(p), x);
  const [dp] = tf.gradients(y, p);
  const [dx] = tf.gradients(y, x);
  assert.equal(await run([dp, dx]), [91, [4, 8, 12, 16, 20, 24]]);
});
checked('nested maps with a variable learn one step of Adam', async () => {
  const v = tf.getVariable('v', [], { initializer: tf.constantInitializer(3) });
  const outer = (n: tf.Tensor) => tf.mapFn((x) => x.mul(v).mul(tf.cast(n, tf.float32)), c([1, 2]));
  const loss = tf.reduceSum(tf.mapFn(outer, tf.constant([1, 2], i32), { dtype: tf.float32 }));
  const step = new tf.train.AdamOptimizer(0.001).minimize(loss);
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  await session.run(step);
  const value = (await session.run(v.readValue())).item() as number;
  assert.ok(Math.abs(value - 2.999) < 1e-6, String(value));
});

// scan

const product = (a: tf.Tensor, x: tf.Tensor) => a.mul(x);
const six = () => c([1, 2, 3, 4, 5, 6]);
values('a scan', () => tf.scan(product, six()), [1, 2, 6, 24, 120, 720]);
values('a scan from an initial value', () => tf.scan(product, six(), { initializer: c(2) }), [2, 4, 12, 48, 240, 1440]);
values('a scan from the end', () => tf.scan(product, six(), { reverse: true }), [720, 720, 360, 120, 30, 6]);
values(
  'a scan from the end from an initial value',
  () => tf.scan(product, six(), { initializer: c(2), reverse: true }),
  [1440, 1440, 720, 240, 60, 12],
);
values(
  'a scan with an accumulator of another type',
  () => tf.scan((a, x) => a.add(tf.cast(x, i32)), c([1]), { initializer: tf.constant(1, i32) }),
  [2],
);
values('a scan over a list', () => tf.scan((a, x) => [a[1], a[0].add(x)], c([1, 2, 3]), { initializer: [0, 1] }), [
  [1, 1, 3],
  [1, 3, 4],
]);
values(
  'a scan over an object',
  () => tf.scan((a, x) => ({ a: a.a.add(x.a), b: a.b.mul(x.b) }), { a: c([1, 2]), b: c([3, 4]) }),
  { a: [1, 3], b: [3, 12] },
);
values(
  'a scan of no rows',
  () => tf.shape(tf.scan((a, x) => a.add(x), tf.zeros([0, 2]), { initializer: tf.ones([2]) })),
  [0, 2],
);
buildFails(
  'a scan over different lengths',
  () => tf.scan((a, x) => a.add(x[0]).add(x[1]), [c([1]), c([1, 2])], { initializer: c(0) }),
  'ValueError',
  'Dimensions 1 and 2 are not compatible',
);
buildFails('a scan that changes its structure', () => tf.scan((_, x) => [x, x], c([1])), 'ValueError', nested);
buildFails(
  'a scan that changes its type',
  () => tf.scan((_, x) => tf.cast(x, i32), c([1])),
  'TypeError',
  "Loop var scan/TensorArrayV2Read/TensorListGetItem:0 enters the loop with type <dtype: 'float32'> but has type <dtype: 'int32'> after 1 iteration.",
);
buildFails(
  'a scan that changes its shape',
  () => tf.scan((a, x) => tf.concat([a, x], 0), tf.zeros([3, 2])),
  'ValueError',
  'Inconsistent shapes: saw (4,) but expected (2,) ',
);
runFails(
  'a scan of no rows without an initial value',
  () => tf.scan((a, x) => a.add(x), tf.zeros([0, 2])),
  'Trying to access element 0 in a list with 0 elements.',
);

// Folds

for (const [name, fold] of [
  ['foldl', tf.foldl],
  ['foldr', tf.foldr],
] as const) {
  values(
    `${name} with an accumulator of another type`,
    () => fold((a, x) => a.add(tf.cast(x, i32)), c([1]), { initializer: tf.constant(1, i32) }),
    2,
  );
  values(
    `${name} over a list`,
    () => fold((a, x) => [a[1], a[0].add(x)], c([1, 2, 3]), { initializer: [0, 1] }),
    [3, 4],
  );
  values(
    `${name} over an object`,
    () => fold((a, x) => ({ a: a.a.add(x.a), b: a.b.mul(x.b) }), { a: c([1, 2]), b: c([3, 4]) }),
    { a: 3, b: 12 },
  );
  values(`${name} of no rows`, () => fold((a, x) => a.add(x), tf.zeros([0, 2]), { initializer: tf.ones([2]) }), [1, 1]);
  values(`the gradient of ${name} to the initial value`, () => {
    const v = c(2);
    return tf.gradients(fold(product, six(), { initializer: v }), v);
  }, [720]);
  buildFails(
    `${name} that changes its shape`,
    () => fold((a, x) => tf.concat([a, x], 0), tf.zeros([3, 2])),
    'ValueError',
    `Input tensor '${name}/TensorArrayV2Read/TensorListGetItem:0' enters the loop with shape (2,), but has shape (4,) after one iteration.`,
  );
  buildFails(`${name} that changes its structure`, () => fold((_, x) => [x, x], c([1])), 'ValueError', nested);
  buildFails(`${name} of what is no function`, () => fold(1 as never, c([1])), 'TypeError', '1 is not callable.');
  runFails(
    `${name} over different lengths`,
    () => fold((a, x) => a.add(x[0]).add(x[1]), [c([1, 2]), c([1])], { initializer: c(0) }),
    'Trying to access element 1 in a list with 1 elements.',
  );
}
values('foldl goes from the start', () => tf.foldl((a, x) => a.mul(2).add(x), c([1, 2, 3])), 11);
values('foldr goes from the end', () => tf.foldr((a, x) => a.mul(2).add(x), c([1, 2, 3])), 17);

test.run();
