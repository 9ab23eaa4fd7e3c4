/** `tf.TensorArray` against real TensorFlow with control flow v2: names, static shapes, values, errors, gradients. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('ops/tensor-array');
const checked = leakChecked(test);
const f = tf.float32;

async function run(fetch: tf.Tensor): Promise<unknown> {
  const results: unknown[] = [];
  for (const backend of ['cpu', 'wasm']) {
    using session = new tf.Session({ config: { backend } });
    results.push((await session.run(fetch)).array());
  }
  assert.equal(results[0], results[1]);
  return results[0];
}

function values(name: string, build: () => tf.Tensor, expected: unknown): void {
  checked(name, async () => assert.equal(await run(build()), expected));
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

function buildFails(name: string, build: () => unknown, kind: string, message: string): void {
  checked(`${name} fails when it is built, and leaves the graph as it was`, async () => {
    let before = 0;
    const error = await failure(() => {
      before = tf.getDefaultGraph().snapshot().size;
      build();
    });
    assert.is(error.name, kind);
    assert.ok(error.message.startsWith(message), error.message);
    assert.ok(tf.getDefaultGraph().snapshot().size >= before);
  });
}

checked('names and ops are those of TensorFlow', () => {
  const a = new tf.TensorArray(f, 3).write(0, [1, 2]);
  a.read(0);
  a.stack();
  a.gather([0, 1]);
  a.concat();
  a.size();
  new tf.TensorArray(f, 1).unstack([[1, 2]]);
  new tf.TensorArray(f, 1).scatter([0], [[1]]);
  new tf.TensorArray(f, 2, { inferShape: false }).split([1, 2, 3], [1, 2]);
  a.close();
  a.identity();
  const b = new tf.TensorArray(f, { size: 3, name: 'mine' }).write(0, 1, 'wr');
  b.read(0, 'rd');
  const lines = tf
    .getDefaultGraph()
    .getOperations()
    .filter(({ type }) => type !== 'Const')
    .map(({ name, outputs }) => `${name} ${outputs.map(({ shape }) => new tf.TensorShape(shape)).join(' ')}`.trim());
  assert.equal(lines, [
    'TensorArrayV2 ()',
    'TensorArrayV2Write/TensorListSetItem ()',
    'TensorArrayV2Read/TensorListGetItem (2,)',
    'TensorArrayV2Stack/TensorListStack (3, 2)',
    'TensorListGather (2, 2)',
    'TensorListConcatV2 (?,) (?,)',
    'TensorArrayV2_1 ()',
    'TensorArrayUnstack/TensorListFromTensor ()',
    'TensorArrayV2_2 ()',
    'TensorArrayScatter/TensorListScatterIntoExistingList ()',
    'TensorArrayV2_3 ()',
    'TensorArraySplit/Cast (2,)',
    'TensorArraySplit/TensorListSplit ()',
    'NoOp',
    'Identity ()',
    'mine ()',
    'wr/wr ()',
    'rd/rd ()',
  ]);
});

checked('properties say what the array is', () => {
  const a = new tf.TensorArray(f, 3);
  assert.is(a.dtype, tf.float32);
  assert.is(a.handle, null);
  assert.is(a.dynamicSize, null);
  assert.is(String(a.elementShape), '<unknown>');
  assert.is(a.flow.dtype, tf.variant);
  assert.is(new tf.TensorArray(f, 0, true).dynamicSize, true);
  assert.is(String(new tf.TensorArray('int32', { size: 1, elementShape: [null, 2] }).elementShape), '(?, 2)');
  assert.is(String(a.write(0, [1, 2]).elementShape), '(2,)');
});

checked('arrays are values: writing leaves the one before as it is', async () => {
  const a = new tf.TensorArray(f, 2).write(0, 1).write(1, 2);
  const b = a.write(0, 5);
  assert.equal(await run(a.stack()), [1, 2]);
  assert.equal(await run(b.stack()), [5, 2]);
});

buildFails(
  'an array without a size',
  () => new tf.TensorArray(f),
  'ValueError',
  'Argument `size` must be provided if argument `flow` is not provided.',
);
buildFails(
  'an array with a size and a flow',
  () => new tf.TensorArray(f, { size: 3, flow: new tf.TensorArray(f, 3).flow }),
  'ValueError',
  'Cannot provide both `flow` and `size` arguments at the same time.',
);
buildFails(
  'a flow that is no list',
  () => new tf.TensorArray(f, { flow: tf.constant(1) }),
  'TypeError',
  "Expected `flow` to be a variant tensor, but received `<dtype: 'float32'>` instead.",
);
buildFails(
  'writing another shape',
  () => new tf.TensorArray(f, 3).write(0, [1]).write(1, [1, 2]),
  'ValueError',
  'Inconsistent shapes: saw (2,) but expected (1,) ',
);
buildFails(
  'writing another rank',
  () => new tf.TensorArray(f, { size: 3, elementShape: [null, 3] }).write(0, [1]),
  'ValueError',
  'Inconsistent shapes: saw (1,) but expected (?, 3) ',
);
buildFails(
  'unstacking another shape',
  () => new tf.TensorArray(f, { size: 3, elementShape: [2] }).unstack([1, 2]),
  'ValueError',
  'Inconsistent shapes: saw () but expected (2,) ',
);
buildFails(
  'reading elements of another type than were unstacked',
  () => new tf.TensorArray(f, 1).unstack(tf.constant([1], tf.int32)).read(0),
  'ValueError',
  'Expected list with element dtype float but got list with element dtype int32',
);
buildFails(
  'joining scalars',
  () => new tf.TensorArray(f, 2).unstack([1, 2]).concat(),
  'ValueError',
  'Shapes must be equal rank, but are 1 and 0',
);
buildFails(
  'splitting a scalar',
  () => new tf.TensorArray(f, 2).split(1, [1]),
  'ValueError',
  'Shape must be at least rank 1 but is rank 0',
);

const array = (size: number, options = {}) => new tf.TensorArray(f, { size, ...options });
values(
  'elements of different shapes are read as written',
  () => array(3, { inferShape: false }).write(0, [1]).write(1, [1, 2]).read(1),
  [1, 2],
);
values('an array that grows', () => array(0, { dynamicSize: true }).write(2, 1).stack(), [0, 0, 1]);
values('the size of an array that grew', () => array(0, { dynamicSize: true }).write(2, 1).size(), 3);
values('an element may be read twice', () => {
  const a = array(3).write(0, 1);
  return tf.stack([a.read(0), a.read(0)]);
}, [1, 1]);
values(
  'an element that nobody wrote is zeros of the known shape',
  () => array(3, { elementShape: [2] }).read(0),
  [0, 0],
);
values('or of the shape of others', () => array(3).write(1, [1, 2]).read(0), [0, 0]);
values('stacking what is written in part', () => array(3).write(1, [1, 2]).stack(), [
  [0, 0],
  [1, 2],
  [0, 0],
]);
values(
  'gathering nothing',
  () =>
    array(2)
      .unstack([[1], [2]])
      .gather(tf.zeros([0], tf.int32)),
  [],
);
values('splitting', () => array(2, { inferShape: false }).split([1, 2, 3], [1, 2]).read(1), [2, 3]);
values('the size that was said stays', () => array(5, { inferShape: false }).split([1, 2, 3], [1, 2]).size(), 5);
values('joining different lengths', () => array(2).split([1, 2, 3], [1, 2]).concat(), [1, 2, 3]);
values('joining what nobody wrote', () => array(2, { elementShape: [1, 2] }).concat(), [
  [0, 0],
  [0, 0],
]);
values('stacking nothing', () => tf.shape(array(0, { elementShape: [3, 2] }).stack()), [0, 3, 2]);
values('strings', () => new tf.TensorArray(tf.string, 2).unstack(['a', 'b']).stack(), ['a', 'b']);
values('bools', () => new tf.TensorArray(tf.bool, 2).write(0, true).stack(), [true, false]);
values('int64', () => new tf.TensorArray(tf.int64, 2).write(0, 7).stack(), [7, 0]);
values('scattering past the end makes the array longer', () => array(2).scatter([3], [1]).read(3), 1);

const range = 'in a list with 3 elements.';
runFails('reading past the end', () => array(3).write(0, 1).read(3), `Trying to access element 3 ${range}`);
runFails('reading before the start', () => array(3).write(0, 1).read(-1), `Trying to access element -1 ${range}`);
runFails('writing past the end', () => array(3).write(3, 1).read(0), `Trying to modify element 3 ${range}`);
runFails('writing before the start', () => array(3).write(-1, 1).read(0), `Trying to modify element -1 ${range}`);
runFails(
  'writing before the start of an array that grows',
  () => array(3, { dynamicSize: true }).write(-1, 1).read(0),
  `Trying to modify element -1 ${range}`,
);
runFails(
  'writing another type',
  () => array(3).write(0, tf.constant(1, tf.int32)).read(0),
  'Invalid data types; op elements int32 but list elements float',
);
runFails(
  'reading what nobody wrote, of no known shape',
  () => array(3).read(0),
  'Trying to read an uninitialized tensor but element_shape is not fully defined: <unknown> and no list element is set.',
);
runFails(
  'stacking what nobody wrote',
  () => array(3).stack(),
  'Tried to stack list which only contains uninitialized tensors and has a non-fully-defined element_shape: <unknown>',
);
runFails(
  'stacking different shapes',
  () => array(2, { inferShape: false }).write(0, [1]).write(1, [1, 2]).stack(),
  'PartialTensorShape: Incompatible shapes during merge: [1] vs. [2]',
);
runFails(
  'stacking another number than was said',
  () => array(3).unstack([1, 2]).stack(),
  'Operation expected a list with 3 elements but got a list with 2 elements.',
);
runFails(
  'unstacking a scalar',
  () => array(3).unstack(1).stack(),
  'Tensor must be at least a vector, but saw shape: []',
);
runFails(
  'gathering past the end',
  () => array(2).unstack([1, 2]).gather([2]),
  'Index 2 out o range; list only has 2 elements.',
);
runFails(
  'scattering too few',
  () => array(2).scatter([0, 1], [1]).stack(),
  'Expected len(indices) == tensor.shape[0], but saw: 2 vs. 1',
);
runFails(
  'a negative size',
  () => array(-1).stack(),
  'The num_elements to reserve must be a non negative number, but got -1',
);
runFails(
  'splitting that leaves rows',
  () => array(2, { inferShape: false }).split([1, 2, 3], [1, 1]).read(1),
  'Unused values in tensor. Length of tensor: 3 Values used: 2',
);

// In loops and branches

const filled = (a: tf.TensorArray) =>
  tf.whileLoop(
    (i) => i.less(3),
    (i, b) => [i.add(1), b.write(i, tf.cast(i, f).mul([1, 2]))],
    [tf.constant(0, tf.int32), a],
  )[1];
values('written in a loop', () => filled(array(3)).stack(), [
  [0, 0],
  [1, 2],
  [2, 4],
]);
values('grown in a loop', () => filled(array(0, { dynamicSize: true })).stack(), [
  [0, 0],
  [1, 2],
  [2, 4],
]);
values(
  'written in a branch',
  () =>
    tf
      .cond(
        tf.constant(true),
        () => array(2).write(0, 1),
        () => array(2).write(0, 2),
      )
      .stack(),
  [1, 0],
);
checked('the static shape of what a loop wrote is known outside', () => {
  assert.equal(filled(array(3)).stack().shape, [3, 2]);
  assert.equal(filled(array(0, { dynamicSize: true })).stack().shape, [null, 2]);
});

// Gradients

function gradient(
  name: string,
  y: (x: tf.Tensor) => tf.Tensor,
  x: readonly number[],
  expected: readonly number[],
): void {
  values(
    `the gradient ${name}`,
    () => {
      const input = tf.constant(x as number[]);
      return tf.gradients(y(input), input)[0] as tf.Tensor;
    },
    expected,
  );
}
gradient(
  'of writes that are read, and not of one written over',
  (x) => array(3).write(0, x).write(1, x.mul(2)).write(0, x.mul(5)).read(1),
  [1, 2],
  [2, 2],
);
gradient('of what is written over', (x) => array(3).write(0, x).write(0, x.mul(5)).read(0), [1, 2], [5, 5]);
gradient('of stacking', (x) => array(2).write(0, x).write(1, x.mul(5)).stack().square(), [1, 2], [52, 104]);
gradient(
  'of stacking what is written in part',
  (x) => array(3).write(0, x).write(1, x.mul(5)).stack().square(),
  [1, 2],
  [52, 104],
);
gradient(
  'of gathering, where TensorFlow does not sum for one place twice',
  (x) => array(3).unstack(x).gather([2, 2, 0]).square(),
  [1, 2, 3],
  [2, 0, 6],
);
gradient(
  'of scattering',
  (x) => array(3).scatter([2, 1, 0], x).stack().mul([1, 2, 3]).square(),
  [1, 2, 3],
  [18, 16, 6],
);
gradient(
  'of splitting and reading',
  (x) => array(2, { inferShape: false }).split(x, [1, 2]).read(1).square(),
  [1, 2, 3],
  [0, 4, 6],
);
gradient(
  'of splitting and joining',
  (x) => array(2, { inferShape: false }).split(x, [1, 2]).concat().square(),
  [1, 2, 3],
  [2, 4, 6],
);
gradient(
  'of reading twice',
  (x) => {
    const a = array(3).unstack(x);
    return a.read(0).mul(a.read(0)).add(a.read(1));
  },
  [1, 2, 3],
  [2, 1, 0],
);
gradient(
  'of stacking and reading',
  (x) => {
    const a = array(3).unstack(x);
    return tf.reduceSum(a.stack()).mul(a.read(1));
  },
  [1, 2, 3],
  [2, 8, 2],
);
gradient(
  'of an array that grows',
  (x) => array(0, { dynamicSize: true }).write(0, x).write(3, x.mul(2)).stack().square(),
  [1, 2],
  [10, 20],
);

test.run();
