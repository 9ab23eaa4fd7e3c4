/** Datasets that call functions, and those of files. The expected values are those of TensorFlow for the same programs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const { Dataset, makeInitializableIterator } = tf.data;

const test = suite('data/functions');
const check = leakChecked(test);

const encoder = new TextEncoder();

/** All elements of a pass, as numbers, texts and lists of them; a second pass must give the same. */
async function elements(dataset: tf.data.Dataset<unknown>, backend = 'cpu'): Promise<unknown[]> {
  const iterator = makeInitializableIterator(dataset);
  const next = iterator.getNext();
  using sess = new tf.Session({ config: { backend } });
  const pass = async (): Promise<unknown[]> => {
    const found: unknown[] = [];
    await sess.run(iterator.initializer);
    const end = await failure(async () => {
      for (;;) found.push(plain(await sess.run(next as tf.Tensor)));
    });
    assert.is(end.name, 'OutOfRangeError', end.message);
    return found;
  };
  const first = await pass();
  assert.equal(await pass(), first);
  return first;
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  const array = (value as tf.NdArray).array();
  return JSON.parse(JSON.stringify(array, (_, item) => (typeof item === 'bigint' ? Number(item) : item)));
}

async function withFile<R>(path: string, content: string, body: () => Promise<R>): Promise<R> {
  const files = new tf.io.MemoryFileSystem();
  const before = tf.io.setFileSystem(files);
  try {
    const file = await files.write(path);
    await file.write(encoder.encode(content));
    await file.close();
    return await body();
  } finally {
    tf.io.setFileSystem(before);
  }
}

for (const backend of ['cpu', 'wasm']) {
  check(`map, filter, flatMap and interleave, on ${backend}`, async () => {
    const { range } = Dataset;
    assert.equal(
      await elements(
        range(5).map((x) => x.mul(2n)),
        backend,
      ),
      [0, 2, 4, 6, 8],
    );
    const even = range(10).filter((x) => tf.equal(tf.mod(x, 2n), 0n));
    assert.equal(await elements(even, backend), [0, 2, 4, 6, 8]);
    assert.equal(
      await elements(
        range(4).flatMap((x) => range(x)),
        backend,
      ),
      [0, 0, 1, 0, 1, 2],
    );
    const turns = range(4).interleave((x) => range(x, 6), 2, 2);
    assert.equal(await elements(turns, backend), [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 2, 3, 3, 4, 4, 5, 5]);
    assert.equal(
      await elements(
        range(10).takeWhile((x) => tf.less(x, 4n)),
        backend,
      ),
      [0, 1, 2, 3],
    );
  });

  check(
    `seeded draws go on from pass to pass of a repeated dataset, and start anew with the iterator, on ${backend}`,
    async () => {
      const drawn = await elements(
        Dataset.range(3)
          .map(() => tf.randomUniform([], { seed: 3 }))
          .repeat(2),
        backend,
      );
      const wanted = [0.3869294, 0.6633445, 0.19575107, 0.9421699, 0.9180825, 0.47964334];
      assert.equal(drawn, wanted.map(Math.fround));
    },
  );
}

check('a function reads variables anew for each element', async () => {
  const scale = new tf.Variable(3, { name: 'scale' });
  const iterator = makeInitializableIterator(Dataset.fromTensorSlices([1, 2, 3]).map((x) => tf.multiply(x, scale)));
  const next = iterator.getNext();
  const change = scale.assign(10);
  using sess = new tf.Session();
  await sess.run(tf.globalVariablesInitializer());
  await sess.run(iterator.initializer);
  assert.is((await sess.run(next)).item(), 3);
  await sess.run(change);
  assert.is((await sess.run(next)).item(), 20);
});

check('generators give elements, at once and later, and are ended', async () => {
  const pairs = Dataset.fromGenerator(
    function* () {
      for (let i = 0; i < 2; i++) yield [i, `n${i}`];
    },
    [tf.int32, tf.string],
    [[], []],
  );
  assert.equal(await elements(pairs.repeat(2)), [
    [0, 'n0'],
    [1, 'n1'],
    [0, 'n0'],
    [1, 'n1'],
  ]);

  let ended = 0;
  const numbers = Dataset.fromGenerator<tf.Tensor>(
    async function* () {
      try {
        for (let i = 0; ; i++) {
          await Promise.resolve();
          yield i;
        }
      } finally {
        ended++;
      }
    },
    tf.float32,
    [],
  );
  const iterator = makeInitializableIterator(numbers.map((x) => x.mul(2)).batch(2));
  const next = iterator.getNext();
  const sess = new tf.Session();
  await sess.run(iterator.initializer);
  assert.equal((await sess.run(next)).array(), [0, 2]);
  assert.equal((await sess.run(next)).array(), [4, 6]);
  sess.close();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.is(ended, 1);
});

check('reduce and scan carry a state', async () => {
  const zero = tf.constant(0n, { dtype: tf.int64 });
  using sess = new tf.Session();
  const sum = Dataset.range(5).reduce(zero, (state, x) => state.add(x));
  assert.is(Number((await sess.run(sum)).item()), 10);
  const sums = Dataset.range(5).scan(zero, (state, x) => [state.add(x), state.add(x)]);
  assert.equal(await elements(sums), [0, 1, 3, 6, 10]);
});

check('lines and pieces of files', async () => {
  await withFile('a.txt', 'a\nbb\r\n\nccc', async () => {
    const lines = new tf.data.TextLineDataset(['a.txt', 'a.txt']).take(5);
    assert.equal(await elements(lines), ['a', 'bb', '', 'ccc', 'a']);
    assert.equal(await elements(new tf.data.FixedLengthRecordDataset('a.txt', 3, 1)), ['\nbb', '\r\n\n', 'ccc']);
    const next = makeInitializableIterator(new tf.data.FixedLengthRecordDataset('a.txt', 2, 1));
    const missing = makeInitializableIterator(new tf.data.TextLineDataset('none.txt'));
    using sess = new tf.Session();
    await sess.run([next.initializer, missing.initializer]);
    const [uneven, absent] = [
      await failure(() => sess.run(next.getNext())),
      await failure(() => sess.run(missing.getNext())),
    ];
    assert.is(uneven.name, 'InvalidArgumentError');
    assert.match(
      uneven.message,
      'Excluding the header (1 bytes) and footer (0 bytes), input file "a.txt" has body length 9 bytes, which is not an exact multiple of the record length (2 bytes).',
    );
    assert.is(absent.name, 'NotFoundError');
    assert.match(absent.message, 'none.txt; No such file or directory');
  });
});

check('what a function may not give, in the words of TensorFlow', async () => {
  const { range } = Dataset;
  assert.throws(
    () => range(3).filter((x) => x),
    'Invalid `predicate`. `predicate` must return a `tf.bool` scalar tensor, but its return type is TensorSpec(shape=(), dtype=tf.int64, name=None).',
  );
  const over = async (dataset: tf.data.Dataset<unknown>): Promise<string> => {
    const iterator = makeInitializableIterator(dataset);
    const next = iterator.getNext() as tf.Tensor;
    using sess = new tf.Session();
    const { name, message } = await failure(async () => {
      await sess.run(iterator.initializer);
      await sess.run(next);
      await sess.run(next);
    });
    return `${name}: ${message.split('\n')[0]}`;
  };
  assert.is(
    await over(range(3).shard(2, 2)),
    'InvalidArgumentError: Index must be between 0 and 1 (currently index = 2).',
  );
  const grown = range(2, 5).map((x) => tf.fill(tf.reshape(x, [1]), x));
  assert.is(
    await over(grown.paddedBatch(2, [2])),
    'DataLossError: Attempted to pad to a smaller size than the input element.',
  );
});

test.run();
