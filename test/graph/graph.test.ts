/**
 * Graphs, handles, scopes and collections: sections B, D and F of TensorFlow's cases. Case 105 (control edges in a cycle)
 * cannot be built: an op can only depend on what was there before it. It belongs to the import of graphs.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { getDefaultGraph, resetDefaultGraph } from '../../src/graph/default-graph.ts';
import { Graph, type Operation, type Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { convertToTensor, emitOne } from '../../src/ops/emit.ts';
import { IndexedSlices, ones, zeros } from '../../src/ops/index.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32, int32, int64 } from '../../src/util/dtype.ts';
import {
  AssertionError,
  KeyError,
  OperatorNotAllowedInGraphError,
  RuntimeError,
  TypeError,
  ValueError,
} from '../../src/util/errors.ts';

const test = suite('graph/graph');
test.before.each(() => void resetDefaultGraph());

const throws = (body: () => unknown, type: new (...args: never[]) => Error, text: string | RegExp) =>
  assert.throws(body, (e: Error) => {
    assert.instance(e, type);
    return typeof text === 'string' ? e.message.includes(text) : text.test(e.message);
  });

function identity(x: Tensor, name?: string): Tensor {
  return emitOne('Identity', [x], {}, name);
}

test('case 65: asDefault changes the default graph only while it is open', () => {
  const original = getDefaultGraph();
  const [g0, g1] = [new Graph(), new Graph()];
  {
    using _outer = g0.asDefault();
    assert.is(getDefaultGraph(), g0);
    g1.asDefault(() => assert.is(getDefaultGraph(), g1));
    assert.is(getDefaultGraph(), g0);
  }
  assert.is(getDefaultGraph(), original);
});

test('case 67 / row 1, A: resetDefaultGraph inside a graph context is refused and changes nothing', () => {
  const g0 = new Graph();
  g0.asDefault(() => {
    throws(resetDefaultGraph, AssertionError, 'Do not use tf.reset_default_graph() to clear nested graphs');
    assert.is(getDefaultGraph(), g0);
  });
});

test('row 2, A: inside nameScope and device only, resetDefaultGraph is allowed', () => {
  const old = getDefaultGraph();
  old.nameScope('a', () => old.device('/cpu:0', () => resetDefaultGraph()));
  assert.is.not(getDefaultGraph(), old);
  assert.is(getDefaultGraph().size, 0);
});

test('rows 3 and 5 to 10, A: the new graph is empty, the old one stays as it was', () => {
  const old = getDefaultGraph();
  const c = constant(1, { name: 'c' });
  old.seed = 3;
  old.addToCollection('k', c);
  old.finalize();
  resetDefaultGraph();
  const fresh = getDefaultGraph();
  assert.is(fresh.size, 0);
  assert.is(fresh.seed, null);
  assert.is(fresh.finalized, false);
  assert.equal(fresh.getAllCollectionKeys(), []);
  assert.is(constant(1, { name: 'c' }).name, 'c:0');
  assert.is(c.graph, old);
  assert.is(old.getTensorByName('c:0'), c);
});

test('row 10, A: an op built on an old tensor lands in the old graph', () => {
  const x = placeholder(float32, [2]);
  const old = getDefaultGraph();
  resetDefaultGraph();
  assert.is(identity(x).graph, old);
  assert.is(getDefaultGraph().size, 0);
});

test('case 107 / row 11, A: mixing tensors of two graphs is refused', () => {
  const x = placeholder(float32, [2], { name: 'x' });
  resetDefaultGraph();
  const y = placeholder(float32, [2], { name: 'y' });
  throws(() => x.add(y), ValueError, 'must be from the same graph as');
});

test('a callback that returns a promise is refused, and the stack is as before', () => {
  const before = getDefaultGraph();
  const g = new Graph();
  throws(() => g.asDefault(async () => 1), TypeError, 'synchronous');
  assert.is(getDefaultGraph(), before);
});

test('closing graph contexts out of order is an error that names both', () => {
  const [a, b] = [new Graph(), new Graph()];
  const outer = a.asDefault();
  const inner = b.asDefault();
  throws(() => outer[Symbol.dispose](), AssertionError, new RegExp(`Nesting violated.*${a}.*${b}`));
  assert.is(getDefaultGraph(), b);
  inner[Symbol.dispose]();
  outer[Symbol.dispose]();
});

test('case 71: a failed op leaves the graph usable', () => {
  const g = getDefaultGraph();
  const [x, y] = [placeholder(float32, [2]), placeholder(float32, [3])];
  const size = g.size;
  throws(() => x.add(y), ValueError, 'Dimensions must be equal, but are 2 and 3');
  assert.is(g.size, size);
  assert.is(constant(1).name, 'Const:0');
});

test('case 87: setShape narrows an unknown shape; a contradiction is refused', () => {
  const x = placeholder(float32);
  assert.is(x.shape, null);
  x.setShape([1, null, 3]);
  x.setShape([null, 2, 3]);
  assert.equal(x.getShape().asList(), [1, 2, 3]);
  const text = 'Dimension 0 in both shapes must be equal, but are 1 and 2. Shapes are [1,2,3] and [2,2,3].';
  throws(() => x.setShape([2, 2, 3]), ValueError, text);
  throws(() => x.setShape([1, 2]), ValueError, 'Shapes must be equal rank, but are 3 and 2');
  assert.equal(x.shape, [1, 2, 3]);
});

test('case 89: the shape of a sum is known while it is built', () => {
  assert.equal(
    zeros([2, 3])
      .add(ones([1, 3]))
      .getShape()
      .asList(),
    [2, 3],
  );
});

test('case 91: the shape of a sum with what is unknown is unknown', () => {
  const sum = placeholder(float32).add(ones([1, 3]));
  assert.is(sum.shape, null);
  assert.is(sum.getShape().ndims, null);
});

test('case 93: slices become a tensor', async () => {
  const values = constant([[2, 3], [5, 7]]); // biome-ignore format: a matrix
  const slices = new IndexedSlices(values, constant([0, 2], int32), constant([3, 2], int32));
  const dense = convertToTensor(slices);
  using sess = new Session();
  assert.equal((await sess.run(dense)).array(), [[2, 3], [0, 0], [5, 7]]); // biome-ignore format: a matrix
});

test('case 95: outputs are named by index', () => {
  const parts = getDefaultGraph().createOp({
    type: 'Two',
    inputs: [],
    attrs: {},
    outputs: [
      { dtype: float32, shape: [] },
      { dtype: float32, shape: [] },
    ],
    name: 'myop',
  });
  assert.equal(
    parts.outputs.map((t) => t.name),
    ['myop:0', 'myop:1'],
  );
  assert.is(getDefaultGraph().getTensorByName('myop:1'), parts.outputs[1]);
});

test('case 99: a preferred type that cannot hold is dropped', () => {
  assert.is(convertToTensor([2, 3, 5, 7], { preferredDtype: float32 }).dtype, float32);
  assert.is(convertToTensor([], { preferredDtype: int64 }).dtype, int64);
  assert.is(convertToTensor([1.23], { preferredDtype: int64 }).dtype, float32);
});

test('case 101: an operation does not convert to a tensor', () => {
  const { op } = constant(1);
  throws(() => convertToTensor(op as unknown as Tensor), TypeError, `Can't convert Operation '${op.name}' to Tensor`);
});

test('case 103: getAttr tells what is missing', () => {
  const { op } = constant(1, { name: 'c' });
  assert.is(op.getAttr('dtype'), float32);
  throws(() => op.getAttr('FakeAttr'), ValueError, "Operation 'c' has no attr named 'FakeAttr'.");
  throws(() => op.getAttr('constructor'), ValueError, "has no attr named 'constructor'");
  // Attributes come with their types.
  const attrs = {
    bytes: 'text',
    int: 2,
    float: 0.5,
    bool: true,
    dtype: int64,
    shape: [1, null],
    ints: [1, 2],
    bools: [true, false],
    types: [int32, int64],
    empty: [],
  };
  const typed = getDefaultGraph().createOp({ type: 'Any', inputs: [], attrs, outputs: [], name: 'any' });
  for (const [name, value] of Object.entries(attrs)) assert.equal(typed.getAttr(name), value);
  assert.is(typed.getAttr('dtype'), int64);
});

test('case 109: only ops built inside a device scope have the device', () => {
  const g = getDefaultGraph();
  const a = constant(1);
  const b = g.device('/device:GPU:0', () => constant(1));
  const c = constant(1);
  assert.equal([a.device, b.device, c.device], ['', '/device:GPU:0', '']);
});

test('devices merge field by field, the innermost winning; null clears; a function decides per op', () => {
  const g = getDefaultGraph();
  g.device('/job:ps/task:1', () => {
    g.device('/gpu:2', () => assert.is(constant(1).device, '/job:ps/task:1/device:GPU:2'));
    g.device('/task:3', () => assert.is(constant(1).device, '/job:ps/task:3'));
    g.device(null, () => assert.is(constant(1).device, ''));
    g.device(
      (op) => (op.type === 'Const' ? '/cpu:0' : null),
      () => {
        assert.is(constant(1).device, '/job:ps/task:1/device:CPU:0');
        assert.is(placeholder(float32).device, '/job:ps/task:1');
      },
    );
  });
  throws(() => g.device('/job:a/b/c'), ValueError, 'Unknown attribute');
});

test('colocateWith records the op and leaves the outer devices out', () => {
  const g = getDefaultGraph();
  const a = constant(1, { name: 'a' });
  g.device('/gpu:0', () => {
    const b = g.colocateWith(a, false, () => constant(2));
    assert.equal(b.op.getAttr('_class'), ['loc:@a']);
    assert.is(b.device, '');
  });
  throws(() => g.colocateWith(null), ValueError, 'ignore_existing is not True');
});

test('gradientOverrideMap marks ops of the type', () => {
  const g = getDefaultGraph();
  const x = placeholder(float32);
  const y = g.gradientOverrideMap({ Identity: 'Custom' }, () => identity(x));
  assert.is(y.op.getAttr('_gradient_op_type'), 'Custom');
  throws(() => identity(x).op.getAttr('_gradient_op_type'), ValueError, 'no attr');
});

test('case 111: preventFeeding and preventFetching', () => {
  const g = getDefaultGraph();
  const a = constant(1);
  assert.ok(g.isFeedable(a) && g.isFetchable(a.op));
  g.preventFeeding(a);
  g.preventFetching(a.op);
  assert.not(g.isFeedable(a));
  assert.not(g.isFetchable(a.op));
});

test('case 133: control dependencies, without those an input implies', () => {
  const g = getDefaultGraph();
  const [a, b] = [constant(1, { name: 'a' }), constant(2, { name: 'b' })];
  g.controlDependencies([a], () => {
    const c = constant(3);
    const d = identity(b);
    const e = identity(c);
    assert.equal(c.op.controlInputs, [a.op]);
    assert.equal(d.op.controlInputs, [a.op]);
    assert.equal(e.op.controlInputs, []);
  });
});

test('case 135: null clears control dependencies for the time of the scope', () => {
  const g = getDefaultGraph();
  const [a, b] = [constant(1), constant(2)];
  g.controlDependencies([a], () => {
    g.controlDependencies(null, () => {
      assert.equal(constant(3).op.controlInputs, []);
      g.controlDependencies([b], () => assert.equal(constant(4).op.controlInputs, [b.op]));
    });
    assert.equal(constant(5).op.controlInputs, [a.op]);
  });
});

test('case 137: a data input is no control input', () => {
  const a = constant(1);
  getDefaultGraph().controlDependencies([a], () => assert.equal(identity(a).op.controlInputs, []));
});

test('case 139: getCollection copies, getCollectionRef is live and stays attached', () => {
  const g = getDefaultGraph();
  g.addToCollection('key', 'first');
  const copy = g.getCollection('key');
  const ref = g.getCollectionRef('key');
  g.addToCollection('key', 'second');
  assert.equal(copy, ['first']);
  assert.equal(ref, ['first', 'second']);
  const fresh = g.getCollectionRef('unknown');
  assert.equal(fresh, []);
  fresh.push('x');
  assert.equal(g.getCollection('unknown'), ['x']);
  assert.equal(g.snapshot().collections.get('unknown'), ['x']);
});

test('case 141: a string is one collection name', () => {
  const g = getDefaultGraph();
  g.addToCollections('abc', 'key');
  assert.equal(g.getCollection('abc'), ['key']);
  assert.equal(g.getCollection('a'), []);
  g.addToCollections(['x', 'y', 'x'], 1);
  assert.equal(g.getCollection('x'), [1]);
});

test('a collection filtered by scope: an expression anchored at the start of the name', () => {
  const g = getDefaultGraph();
  const [a, b] = [constant(1, { name: 'scope_1/a' }), constant(1, { name: 'scope_2/a' })];
  g.addToCollection('k', a);
  g.addToCollection('k', b);
  g.addToCollection('k', 'nameless');
  assert.equal(g.getCollection('k', 'scope_1'), [a]);
  assert.equal(g.getCollection('k', 'a'), []);
});

test('a finalized graph refuses ops and collections, and still takes a seed', () => {
  const g = getDefaultGraph();
  const ref = g.getCollectionRef('k');
  g.finalize();
  throws(() => constant(1), RuntimeError, 'Graph is finalized and cannot be modified.');
  throws(() => g.addToCollection('k', 1), RuntimeError, 'Graph is finalized');
  g.seed = 1;
  ref.push(1);
  assert.equal(g.getCollection('k'), [1]);
});

test('handles are the same object every time', () => {
  const g = getDefaultGraph();
  const x = constant(1, { name: 'x' });
  assert.is(g.getOperationByName('x'), x.op);
  assert.is(g.getTensorByName('x:0'), x);
  assert.is(g.asGraphElement('x:0'), x);
  assert.is(g.asGraphElement('x'), x.op);
  assert.is((g.asGraphElement(x.op) as Operation).outputs[0], x);
});

test('names that are not there, or of the other kind', () => {
  const g = getDefaultGraph();
  constant(1, { name: 'c' });
  throws(() => g.getOperationByName('zzz'), KeyError, "The name 'zzz' refers to an Operation not in the graph.");
  throws(
    () => g.getTensorByName('d:0'),
    KeyError,
    "The name 'd:0' refers to a Tensor which does not exist. The operation, 'd', does not exist in the graph.",
  );
  throws(() => g.getTensorByName('c:1'), KeyError, 'exists but only has 1 outputs.');
  throws(() => g.getTensorByName('c'), ValueError, "The name 'c' refers to an Operation, not a Tensor.");
  throws(() => g.getOperationByName('c:0'), ValueError, 'appears to refer to a Tensor, not a Operation.');
  throws(() => g.asGraphElement(3 as never), TypeError, 'Can not convert a int into a Tensor or Operation.');
});

test('consumers are found, also of ops built later', () => {
  const x = constant(1);
  assert.equal(x.consumers(), []);
  const y = identity(x);
  const z = x.add(x);
  assert.equal(x.consumers(), [y.op, z.op]);
});

test('a tensor prints as in TensorFlow', () => {
  assert.is(String(placeholder(float32, [null, 2], { name: 'x' })), 'Tensor("x:0", shape=(?, 2), dtype=float32)');
  assert.is(String(placeholder(int32, { name: 'y' })), 'Tensor("y:0", dtype=int32)');
  assert.is(String(constant(1, { name: 'z' }).op), "<tf.Operation 'z' type=Const>");
});

test('a tensor is no JavaScript number and cannot be iterated', () => {
  const x = constant([1, 2]);
  throws(() => (x as unknown as number) + 1, OperatorNotAllowedInGraphError, 'not allowed');
  throws(() => [...(x as unknown as Iterable<unknown>)], OperatorNotAllowedInGraphError, 'Iterating over');
});

test.run();
