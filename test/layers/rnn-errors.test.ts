/**
 * What cells and the functions that run them refuse, in TensorFlow's words, and what they leave behind then: nothing. With the
 * cases of TensorFlow's own tests that are no goldens.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('recurrent networks: errors and cases');
const check = leakChecked(test);
const { rnnCell: rc } = tf.nn;

const input = (...shape: (number | null)[]): Tensor => tf.placeholder(tf.float32, shape, { name: 'x' });
const basic = () => new rc.BasicRNNCell(2);
const dtype = tf.float32;
const state = () => tf.zeros([1, 2]);
const unlike = (name: string) =>
  `The argument '${name}' (3) is not an RNNCell: 'output_size' property is missing, 'state_size' property is missing, either 'zero_state' or 'get_initial_state' method is required, is not callable.`;
const saver = { state: (name: string) => tf.zeros([1, 2], dtype, name), saveState: (_: string, x: Tensor) => x };

type Failure = readonly [title: string, body: () => unknown, type: string, message: string];

const failures: readonly Failure[] = [
  [
    'a cell of integers',
    () => new rc.BasicRNNCell(2, { dtype: tf.int32 }),
    'ValueError',
    "RNN cell only supports floating point inputs, but received dtype: <dtype: 'int32'>",
  ],
  [
    'integers as inputs',
    () => basic().apply(tf.placeholder(tf.int32, [1, 2]), state()),
    'ValueError',
    "RNN cell only supports floating point inputs, but received dtype: <dtype: 'int32'>",
  ],
  [
    'an unknown depth',
    () => basic().apply(input(1, null), state()),
    'ValueError',
    'Expected inputs.shape[-1] to be known, received shape: (1, None)',
  ],
  [
    'inputs of rank 3',
    () => new rc.BasicRNNCell(2, { name: 'cell' }).apply(input(1, 2, 2), state()),
    'ValueError',
    'Input 0 of layer "cell" is incompatible with the layer: expected ndim=2, found ndim=3. Full shape received: (1, 2, 2)',
  ],
  ['no cells', () => new rc.MultiRNNCell([]), 'ValueError', 'Must specify at least one cell for MultiRNNCell.'],
  [
    'tuples as one tensor',
    () => new rc.MultiRNNCell([new rc.BasicLSTMCell(2)] as never, false),
    'ValueError',
    'Some cells return tuples of states, but the flag state_is_tuple is not set. State sizes are: [LSTMStateTuple(c=2, h=2)]',
  ],
  [
    'one tensor for a tuple',
    () => new rc.MultiRNNCell([basic()] as never).apply(input(1, 2), tf.zeros([1, 2]) as never),
    'ValueError',
    'Expected state to be a tuple of length 1, but received: Tensor("zeros:0", shape=(1, 2), dtype=float32)',
  ],
  ...(['input', 'state', 'output'] as const).map(
    (part): Failure => [
      `a share of ${part}s beyond 1`,
      () => new rc.DropoutWrapper(basic(), { [`${part}KeepProb`]: 1.5 }),
      'ValueError',
      `Parameter ${part}_keep_prob must be between 0 and 1. Received 1.5`,
    ],
  ),
  [
    'variational dropout without a type',
    () => new rc.DropoutWrapper(basic(), { variationalRecurrent: true }),
    'ValueError',
    'When variational_recurrent=True, dtype must be provided',
  ],
  [
    'variational dropout without a size',
    () => new rc.DropoutWrapper(basic(), { inputKeepProb: 0.5, variationalRecurrent: true, dtype }),
    'ValueError',
    'When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be provided',
  ],
  [
    'a filter that is no function',
    () => new rc.DropoutWrapper(basic(), { dropoutStateFilterVisitor: 3 as never }),
    'TypeError',
    'dropout_state_filter_visitor must be callable. Received: 3',
  ],
  ['a wrapper of no cell', () => new rc.DropoutWrapper(3 as never), 'TypeError', unlike('cell')],
  [
    'residuals of other shapes',
    () => new rc.ResidualWrapper(new rc.BasicRNNCell(3)).apply(input(1, 2), tf.zeros([1, 3])),
    'ValueError',
    'Shapes (1, 2) and (1, 3) are incompatible',
  ],
  ['a cell without sizes', () => new rc.RNNCell().zeroState(1, dtype), 'Error', 'Abstract method'],
  [
    'no batch size',
    () => basic().getInitialState(),
    'ValueError',
    'batch_size and dtype cannot be None while constructing initial state: batch_size=None, dtype=None',
  ],
  [
    'another batch size',
    () => basic().getInitialState({ inputs: input(3, 2), batchSize: 2 }),
    'ValueError',
    'batch size from input tensor is different from the input param. Input tensor batch: 3, batch_size: 2',
  ],
  [
    'another type',
    () => basic().getInitialState({ inputs: input(3, 2), dtype: tf.float64 }),
    'ValueError',
    "dtype from input tensor is different from the input param. Input tensor dtype: <dtype: 'float32'>, dtype: <dtype: 'float64'>",
  ],
  [
    'a batch size of null',
    () => basic().zeroState(null as never, dtype),
    'ValueError',
    "Prefix or suffix can't be None. Received prefix = None and suffix = 2",
  ],
  [
    'weights that are not there',
    () => new rc.BasicRNNCell(2, { reuse: true, name: 'foo' }).apply(input(1, 2), state()),
    'ValueError',
    'Variable foo/kernel does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?',
  ],
  [
    'parts of two types',
    () => new rc.LSTMStateTuple(tf.zeros([1]), tf.zeros([1], tf.float64)).dtype,
    'TypeError',
    "Inconsistent dtypes for internal state: <dtype: 'float32'> vs <dtype: 'float64'>",
  ],
  [
    'no list of inputs',
    () => tf.nn.staticRnn(basic(), input(1, 2) as never, { dtype }),
    'TypeError',
    'Argument `inputs` must be a sequence. Received: Tensor("x:0", shape=(1, 2), dtype=float32)',
  ],
  ['no inputs', () => tf.nn.staticRnn(basic(), [], { dtype }), 'ValueError', 'Argument `inputs` must not be empty.'],
  ['no cell (static)', () => tf.nn.staticRnn(3 as never, [input(1, 2)], { dtype }), 'TypeError', unlike('cell')],
  [
    'no type (static)',
    () => tf.nn.staticRnn(basic(), [input(1, 2)]),
    'ValueError',
    'If no initial_state is provided, argument `dtype` must be specified',
  ],
  [
    'an unknown depth (static)',
    () => tf.nn.staticRnn(basic(), [input(1, null)], { dtype }),
    'ValueError',
    'Input size (dimension 0 of input Tensor("x:0", shape=(1, ?), dtype=float32)) must be accessible via shape inference, but saw value None.',
  ],
  [
    'batches of two sizes (static)',
    () => tf.nn.staticRnn(basic(), [input(1, 2), input(2, 2)], { dtype }),
    'ValueError',
    'Dimensions 1 and 2 are not compatible',
  ],
  [
    'scalars (static)',
    () => tf.nn.staticRnn(basic(), [input()], { dtype }),
    'ValueError',
    'Shape () must have rank at least 2',
  ],
  [
    'a scalar of lengths (static)',
    () => tf.nn.staticRnn(basic(), [input(1, 2)], { dtype, sequenceLength: 3 }),
    'ValueError',
    'Argument `sequence_length` must be a vector of length 1. Received sequence_length=Tensor("rnn/sequence_length:0", shape=(), dtype=int32).',
  ],
  ['no cell (dynamic)', () => tf.nn.dynamicRnn(3 as never, input(1, 2, 2), { dtype }), 'TypeError', unlike('cell')],
  [
    'no type (dynamic)',
    () => tf.nn.dynamicRnn(basic(), input(1, 2, 2)),
    'ValueError',
    'If no initial_state is provided, argument `dtype` must be specified',
  ],
  [
    'matrices (dynamic)',
    () => tf.nn.dynamicRnn(basic(), input(1, 2), { dtype }),
    'ValueError',
    'Shape (2, 1) must have rank at least 3',
  ],
  [
    'vectors (dynamic)',
    () => tf.nn.dynamicRnn(basic(), input(1), { dtype }),
    'ValueError',
    'Input tensor should have rank >= 2. Received input=Tensor("x:0", shape=(1,), dtype=float32) of rank 1',
  ],
  [
    'an unknown depth (dynamic)',
    () => tf.nn.dynamicRnn(basic(), input(1, 2, null), { dtype }),
    'ValueError',
    'Input size (depth of inputs) must be accessible via shape inference, but saw value None for input=Tensor("rnn/transpose:0", shape=(2, 1, ?), dtype=float32).',
  ],
  [
    'a scalar of lengths (dynamic)',
    () => tf.nn.dynamicRnn(basic(), input(1, 2, 2), { dtype, sequenceLength: 3 }),
    'ValueError',
    'Argument sequence_length must be a vector of length batch_size. Received sequence_length=Tensor("rnn/Cast/x:0", shape=(), dtype=int32) of shape: ()',
  ],
  [
    'inputs of two lengths (dynamic)',
    () => tf.nn.dynamicRnn(basic(), [input(1, 2, 2), input(1, 3, 2)], { dtype }),
    'ValueError',
    'Time steps is not the same for all the elements in the input in a batch. Received time steps=3 for input=Tensor("rnn/transpose_1:0", shape=(3, 1, 2), dtype=float32).',
  ],
  [
    'batches of two sizes (dynamic)',
    () => tf.nn.dynamicRnn(basic(), [input(1, 2, 2), input(2, 2, 2)], { dtype }),
    'ValueError',
    'Batch_size is not the same for all the elements in the input. Received batch size=2 for input=Tensor("rnn/transpose_1:0", shape=(2, 2, 2), dtype=float32).',
  ],
  [
    'no function',
    () => tf.nn.rawRnn(basic(), 3 as never),
    'TypeError',
    'Argument `loop_fn` must be a callable. Received: 3.',
  ],
  ['no cell (raw)', () => tf.nn.rawRnn(3 as never, 3 as never), 'TypeError', unlike('cell')],
  [
    'no second cell (dynamic)',
    () => tf.nn.bidirectionalDynamicRnn(basic(), 3 as never, input(1, 2, 2), { dtype }),
    'TypeError',
    unlike('cell_bw'),
  ],
  [
    'no second cell (static)',
    () => tf.nn.staticBidirectionalRnn(basic(), 3 as never, [input(1, 2)], { dtype }),
    'TypeError',
    unlike('cell_bw'),
  ],
  [
    'names of a tuple for one state',
    () => tf.nn.staticStateSavingRnn(basic(), [input(1, 2)], saver, ['a', 'b']),
    'ValueError',
    "Argument `state_name` should be the same type as `cell.state_size`. Received: state_name=('a', 'b'), cell.state_size=2.",
  ],
  [
    'more names than states',
    () => tf.nn.staticStateSavingRnn(new rc.BasicLSTMCell(2), [input(1, 2)], saver, ['a', 'b', 'c']),
    'ValueError',
    "Number of elements in argument `state_name` and `cell.state_size` are mismatched. Received state_name=('a', 'b', 'c') with 3 elements and cell.state_size=LSTMStateTuple(c=2, h=2) with 2 elements.",
  ],
  [
    'weights that are there',
    () => {
      tf.nn.dynamicRnn(basic(), input(1, 2, 2), { dtype });
      tf.nn.dynamicRnn(basic(), input(1, 2, 2), { dtype });
    },
    'ValueError',
    'Variable rnn/basic_rnn_cell/kernel already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?',
  ],
];

for (const [title, body, type, message] of failures) {
  test(`refused: ${title}`, () => {
    tf.resetDefaultGraph();
    try {
      body();
    } catch (error) {
      assert.is((error as Error).message.split('\n')[0], message);
      assert.is((error as Error).constructor.name, type);
      return;
    }
    assert.unreachable(title);
  });
}

test('a network that fails leaves the graph as it was', () => {
  tf.resetDefaultGraph();
  const x = input(1, 2, 2);
  const { size } = tf.getDefaultGraph();
  class Failing extends rc.BasicRNNCell {
    override call(): never {
      throw new Error('no');
    }
  }
  assert.throws(() => tf.nn.dynamicRnn(new Failing(2), x, { dtype }), 'no');
  assert.is(tf.getDefaultGraph().size, size);
  assert.equal(tf.globalVariables(), []);
});

check('lengths that are not one for each row fail in the run', async () => {
  const lengths = tf.placeholder(tf.int32, [null]);
  const [outputs] = tf.nn.dynamicRnn(basic(), tf.ones([2, 3, 2]), { dtype, sequenceLength: lengths });
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  try {
    await session.run(outputs, { feedDict: [[lengths, [1, 2, 3]]] });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, tf.errors.InvalidArgumentError);
    assert.match((error as Error).message, /Expected shape for Tensor rnn\/sequence_length:0 is /);
  }
});

// Cases of TensorFlow's own tests

test('the weights of a cell are in the scope around', () => {
  tf.resetDefaultGraph();
  tf.variableScope('root', () => basic().apply(input(1, 2), state()));
  assert.equal(
    tf.globalVariables().map(({ name }) => name),
    ['root/basic_rnn_cell/kernel:0', 'root/basic_rnn_cell/bias:0'],
  );
});

check('two LSTMs on top of each other, all weights one half', async () => {
  const cell = tf.variableScope('root', { initializer: tf.constantInitializer(0.5) }, () => {
    const cells = [0, 1].map(() => new rc.BasicLSTMCell<Tensor>(2, { stateIsTuple: false }));
    const multi = new rc.MultiRNNCell<Tensor>(cells as never, { stateIsTuple: false });
    return multi.apply(tf.constant([[1, 1]]), tf.fill([1, 8], 0.1));
  });
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const [output, memory] = (await session.run(cell as never)) as unknown as tf.NdArray[];
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a} ${b}`);
  [0.24024698, 0.24024698].forEach((value, i) => {
    near(Number(output.data[i]), value);
  });
  [0.68967271, 0.68967271, 0.44848421, 0.44848421, 0.39897051, 0.39897051, 0.24024698, 0.24024698].forEach(
    (value, i) => {
      near(Number(memory.data[i]), value);
    },
  );
});

check('states of tuples of cells are lists of pairs, which come back from a run', async () => {
  const zero = new rc.MultiRNNCell([0, 1].map(() => new rc.BasicLSTMCell(2)) as never).zeroState(1, dtype);
  assert.is(zero.length, 2);
  for (const part of zero) assert.instance(part, rc.LSTMStateTuple);
  using session = new tf.Session();
  const [first] = (await session.run(zero as never)) as unknown as readonly tf.nn.rnnCell.LSTMStateTuple<tf.NdArray>[];
  assert.instance(first, rc.LSTMStateTuple);
  assert.equal([first.c.array(), first.h.array()], [[[0, 0]], [[0, 0]]]);
  assert.is(String(new rc.LSTMStateTuple(1, 2)), 'LSTMStateTuple(c=1, h=2)');
});

check('an array may be a state', async () => {
  class Noting extends rc.RNNCell {
    override get stateSize() {
      return [new tf.TensorShape([]), new tf.TensorShape([])];
    }
    override get outputSize() {
      return 1;
    }
    override zeroState() {
      const array = new tf.TensorArray(tf.int32, { size: 0, dynamicSize: true });
      return [tf.constant(0, tf.int32), array] as never;
    }
    override call(inputs: Tensor, state: never) {
      const [i, array] = state as readonly [Tensor, tf.TensorArray];
      return [inputs, [i.add(1), array.write(i, i)]] as never;
    }
  }
  const [outputs, last] = tf.nn.dynamicRnn(new Noting() as tf.nn.rnnCell.RNNCell, tf.constant([[[1], [2], [3], [4]]]), {
    dtype,
    sequenceLength: [4],
  });
  const [count, array] = last as unknown as readonly [Tensor, tf.TensorArray];
  using session = new tf.Session();
  const [values, steps, noted] = await session.run([outputs as Tensor, count, array.stack()]);
  assert.equal(values.array(), [[[1], [2], [3], [4]]]);
  assert.is(steps.item(), 4);
  assert.equal(noted.array(), [0, 1, 2, 3]);
});

check('a network over sequences learns what ctcLoss asks for, and the decoders read it', async () => {
  tf.setRandomSeed(1);
  const [batch, time, classes] = [2, 6, 4];
  const x = tf.constant(
    Array.from({ length: batch }, (_, b) =>
      Array.from({ length: time }, (_, t) => Array.from({ length: 3 }, (_, k) => Math.sin(1 + b * 5 + t * 2 + k * 3))),
    ),
  );
  const lengths = tf.constant([6, 5], tf.int32);
  const [outputs] = tf.nn.dynamicRnn(new rc.LSTMCell(16), x, { dtype, sequenceLength: lengths });
  const logits = tf.transpose(tf.layers.dense(outputs, classes), [1, 0, 2]);
  const labels = new tf.SparseTensor(
    tf.constant(
      [
        [0, 0],
        [0, 1],
        [0, 2],
        [1, 0],
        [1, 1],
      ],
      tf.int64,
    ),
    tf.constant([2, 0, 1, 1, 1], tf.int32),
    tf.constant([2, 3], tf.int64),
  );
  const loss = tf.reduceMean(tf.nn.ctcLoss(labels, logits, lengths));
  const step = new tf.train.AdamOptimizer(0.05).minimize(loss);
  const [[greedy]] = tf.nn.ctcGreedyDecoder(logits, lengths);
  const [[beam]] = tf.nn.ctcBeamSearchDecoder(logits, lengths, { beamWidth: 8, mergeRepeated: false });
  using session = new tf.Session();
  await session.run(tf.globalVariablesInitializer());
  const before = Number((await session.run(loss)).item());
  for (let i = 0; i < 60; i++) await session.run(step as never);
  assert.ok(Number((await session.run(loss)).item()) < before / 10);
  for (const found of [greedy, beam]) {
    const values = await session.run(tf.sparseTensorToDense(found, -1) as Tensor);
    assert.equal(
      (values.array() as unknown[][]).map((row) => row.map(Number)),
      [
        [2, 0, 1],
        [1, 1, -1],
      ],
    );
  }
});

test.run();
