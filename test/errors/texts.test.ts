/**
 * The table of error texts: a row each, word for word as TensorFlow 2.21 says it (1.15 where 2.21 says the same). The row
 * on uninitialised reference variables is left out: they come with the import of graphs.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { OpError } from '../../src/util/errors.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

/** The call must fail so, and leave the default graph as it was. */
async function fails(call: () => unknown, name: string, message: string): Promise<void> {
  const { size } = tf.getDefaultGraph();
  const error = await failure(call);
  assert.is(`${error.name}: ${error instanceof OpError ? error.detail : error.message}`, `${name}: ${message}`);
  assert.is(tf.getDefaultGraph().size, size);
}

/** Runs `body` in a session on the default graph. */
async function inSession(body: (session: tf.Session) => Promise<void>): Promise<void> {
  using session = new tf.Session();
  await body(session);
}

/** A tensor of another graph, and how it prints. */
const foreign = () => new tf.Graph().asDefault(() => tf.placeholder('float32', [2], 'y'));
const FOREIGN = 'Tensor("y:0", shape=(2,), dtype=float32)';

test('nested reset', async () => {
  using _ = new tf.Graph().asDefault();
  await fails(
    tf.resetDefaultGraph,
    'AssertionError',
    'Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting and create a new graph.',
  );
});

test('closed session', async () => {
  const c = tf.constant(1);
  const session = new tf.Session();
  session.close();
  await fails(() => session.run(c), 'RuntimeError', 'Attempted to use a closed Session.');
});

test('empty graph', () =>
  inSession((session) =>
    fails(
      () => session.run([]),
      'RuntimeError',
      'The Session graph is empty. Add operations to the graph before calling run().',
    ),
  ));

test('foreign fetch', () => {
  tf.constant(1);
  return inSession((session) =>
    fails(
      () => session.run(foreign()),
      'ValueError',
      `Argument \`fetch\` = ${FOREIGN} cannot be interpreted as a Tensor. (Tensor ${FOREIGN} is not an element of this graph.)`,
    ),
  );
});

test('fetch None', () => {
  tf.constant(1);
  return inSession((session) =>
    fails(
      () => session.run(null as never),
      'TypeError',
      'Argument `fetch` = None has invalid type "NoneType". Cannot be None',
    ),
  );
});

test('fetch 3', () => {
  tf.constant(1);
  return inSession((session) =>
    fails(
      () => session.run(3 as never),
      'TypeError',
      'Argument `fetch` = 3 has invalid type "int" must be a string or Tensor. (Can not convert a int into a Tensor or Operation.)',
    ),
  );
});

test('name not found: a tensor, an operation', () => {
  tf.constant(1, { name: 'b' });
  const text = (name: string, inner: string) =>
    `Argument \`fetch\` = ${name} cannot be interpreted as a Tensor. ("${inner}")`;
  return inSession(async (session) => {
    const tensor =
      "The name 'c:0' refers to a Tensor which does not exist. The operation, 'c', does not exist in the graph.";
    await fails(() => session.run('c:0'), 'ValueError', text('c:0', tensor));
    const operation = "The name 'zzz' refers to an Operation not in the graph.";
    await fails(() => session.run('zzz'), 'ValueError', text('zzz', operation));
  });
});

test('unfetchable', () => {
  const c = tf.constant(1, { name: 'c' });
  tf.getDefaultGraph().preventFetching(c.op);
  return inSession(async (session) => {
    const error = await failure(() => session.run(c));
    assert.is(error.name, 'InaccessibleTensorError');
    assert.ok(error.message.startsWith('Operation c has been marked as not fetchable. '), error.message);
  });
});

test('foreign feed key', () => {
  const c = tf.constant(1);
  return inSession((session) =>
    fails(
      () => session.run(c, [[foreign(), [1, 2]]]),
      'TypeError',
      `Cannot interpret feed_dict key as Tensor: Tensor ${FOREIGN} is not an element of this graph.`,
    ),
  );
});

test('feed key an op name', () => {
  const x = tf.placeholder('float32', [], 'x');
  return inSession((session) =>
    fails(
      () => session.run(x, { x: 1 }),
      'TypeError',
      'Cannot interpret feed_dict key as Tensor: The name \'x\' refers to an Operation, not a Tensor. Tensor names must be of the form "<op_name>:<output_index>".',
    ),
  );
});

test('feed a tensor', () => {
  const x = tf.placeholder('float32', [], 'x');
  const c = tf.constant(1);
  return inSession(async (session) => {
    const error = await failure(() => session.run(x, [[x, c as never]]));
    assert.is(error.name, 'TypeError');
    const text = 'The value of a feed cannot be a tf.Tensor object. Acceptable feed values include ';
    assert.ok(error.message.startsWith(text), error.message);
  });
});

test('feed int overflow', () => {
  const x = tf.placeholder('int32', [], 'x');
  return inSession((session) =>
    fails(
      () => session.run(x, [[x, 3000000000]]),
      'TypeError',
      "Type of feed value 3000000000 with type <class 'int'> is not compatible with Tensor type <class 'numpy.int32'>. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64).",
    ),
  );
});

test('feed shape', () => {
  const x = tf.placeholder('float32', [null, 2], 'x');
  const value = [[1, 2, 3], [4, 5, 6]]; // biome-ignore format: a matrix
  return inSession((session) =>
    fails(
      () => session.run(x, [[x, value]]),
      'ValueError',
      'Cannot feed value of shape (2, 3) for Tensor x:0, which has shape (?, 2)',
    ),
  );
});

test('not feedable', () => {
  const x = tf.placeholder('float32', [], 'x');
  tf.getDefaultGraph().preventFeeding(x);
  return inSession((session) => fails(() => session.run(x, [[x, 1]]), 'ValueError', 'Tensor x:0 may not be fed.'));
});

test('placeholder unfed: with a shape, of rank 0, of unknown rank', () => {
  const text = (name: string, rest: string) =>
    `You must feed a value for placeholder tensor '${name}' with dtype ${rest}`;
  const x = tf.placeholder('float32', [null, 2], 'x');
  const scalar = tf.placeholder('int32', [], 's');
  const unknown = tf.placeholder('float64', { name: 'u' });
  return inSession(async (session) => {
    await fails(() => session.run(x), 'InvalidArgumentError', text('x', 'float and shape [?,2]'));
    await fails(() => session.run(scalar), 'InvalidArgumentError', text('s', 'int32'));
    await fails(() => session.run(unknown), 'InvalidArgumentError', text('u', 'double'));
  });
});

test('uninitialised resource variable', () => {
  const v = new tf.Variable(1, { name: 'r' });
  return inSession(async (session) => {
    const error = await failure(() => session.run(v));
    assert.is(error.name, 'FailedPreconditionError');
    const text =
      'Could not find variable r. This could mean that the variable has been deleted. In TF1, it can also mean the variable is uninitialized. ';
    assert.ok((error as unknown as OpError).detail.startsWith(text), error.message);
  });
});

test('finalized', async () => {
  tf.getDefaultGraph().finalize();
  await fails(() => tf.constant(1), 'RuntimeError', 'Graph is finalized and cannot be modified.');
});

test('mixed graphs', async () => {
  const a = tf.placeholder('float32', [2], 'x');
  const b = foreign();
  const text = `${FOREIGN} must be from the same graph as Tensor("x:0", shape=(2,), dtype=float32) (graphs are ${b.graph} and ${a.graph}).`;
  await fails(() => tf.add(a, b), 'ValueError', text);
  await fails(() => tf.concat([a, b], 0), 'ValueError', text);
});

test('eval() without session', async () => {
  const c = tf.constant(1);
  await fails(
    () => c.eval(),
    'ValueError',
    'Cannot evaluate tensor using `eval()`: No default session is registered. Use `with sess.as_default()` or pass an explicit session to `eval(session=sess)`',
  );
});

test('eval() in wrong session', async () => {
  const c = foreign();
  using session = new tf.Session();
  using _ = session.asDefault();
  await fails(
    () => c.eval(),
    'ValueError',
    "Cannot use the default session to evaluate tensor: the tensor's graph is different from the session's graph. Pass an explicit session to `eval(session=sess)`.",
  );
});

test('variable exists', async () => {
  tf.variableScope('v', () => tf.getVariable('w', [1]));
  await fails(
    () => tf.variableScope('v', () => tf.getVariable('w', [1])),
    'ValueError',
    'Variable v/w already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?',
  );
});

test('variable missing', () =>
  fails(
    () => tf.variableScope('v', { reuse: true }, () => tf.getVariable('n', [1])),
    'ValueError',
    'Variable v/n does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?',
  ));

test('shared shape and dtype', async () => {
  tf.variableScope('v', () => tf.getVariable('w', [1]));
  const again = (shape: number[], dtype: tf.DTypeLike) => () =>
    tf.variableScope('v', { reuse: true }, () => tf.getVariable('w', shape, dtype));
  const trying = 'Trying to share variable v/w, but specified';
  await fails(again([2], 'float32'), 'ValueError', `${trying} shape (2,) and found shape (1,).`);
  await fails(again([1], 'float64'), 'ValueError', `${trying} dtype float64 and found dtype float32.`);
});

suite.run();
