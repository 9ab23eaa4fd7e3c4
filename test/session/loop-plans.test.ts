/** What loops keep for their gradients, and that bodies are compiled once: not in each round, and not in each run. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { bufferCounts, leakChecked } from '../support/leaks.ts';

const plans = suite('session/loop-plans');
const test = leakChecked(plans);

type T = tf.Tensor;
const int = (value: number) => tf.constant(value, tf.int32);
const rounds = (body: (y: T, i: T) => T, x: T, count: T | number = 5) =>
  tf.whileLoop(
    (i, _y) => i.less(count),
    (i, y) => [i.add(1), body(y, i)],
    [int(0), x],
  )[1];

const ROUNDS = 5;

/** How many tensors of a round a run keeps for the gradient: those that it pushes on lists. */
async function kept(body: (y: T, i: T, x: T) => T, dims: readonly (number | null)[] = [3]): Promise<number> {
  const graph = new tf.Graph();
  const [x, dx] = graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, dims);
    const y = rounds((y, i) => body(y, i, x), x, ROUNDS);
    return [x, tf.gradients(y, x)[0] as T];
  });
  using session = new tf.Session({ graph });
  const options = new tf.RunOptions({ traceLevel: tf.RunOptions.FULL_TRACE });
  const runMetadata = new tf.RunMetadata();
  await session.run(dx, { feedDict: [[x, [1, 2, 3]]], options, runMetadata });
  const names = (runMetadata.stepStats?.devStats ?? []).flatMap(({ nodeStats }) =>
    nodeStats.map(({ nodeName }) => nodeName),
  );
  const pushed = names.filter((name) => name.includes('TensorListPushBack')).length;
  assert.is(names.filter((name) => name.includes('TensorListPopBack')).length, pushed);
  return pushed / ROUNDS;
}

test('a loop keeps what its gradient needs, and nothing that is cheap to compute again', async () => {
  const w = () => tf.constant([2, 3, 4]);
  assert.is(await kept((y) => y.mul(2).add(1)), 0, 'a linear body');
  assert.is(await kept((y) => y.mul(2).add(1), [null]), 0, 'a linear body, on a shape that is fed');
  assert.is(await kept((y, i) => y.mul(tf.cast(i, tf.float32))), 0, 'what follows from the number of the round');
  assert.is(await kept((y, i, x) => y.add(tf.gather(x, tf.floormod(i, 3)))), 0, 'an index that follows from it');
  assert.is(await kept((y) => y.mul(tf.sin(w()))), 0, 'what is the same in all rounds');
  assert.is(await kept((y) => tf.tanh(y)), 1, 'the result of tanh, not what it is of');
  assert.is(await kept((y) => tf.sin(tf.cos(y))), 2, 'both arguments');
});

test('bodies are compiled once, whatever the number of rounds and runs', async () => {
  const n = tf.placeholder(tf.int32, []);
  const x = tf.constant([0.1, 0.2, 0.3, 0.4]);
  const inner = (y: T) => rounds((z) => tf.tanh(z).mul(x), y, 2);
  const y = rounds(
    (y, i) =>
      tf.cond(
        tf.equal(tf.floormod(i, 2), 0),
        () => inner(y),
        () => tf.nn.softmax(y),
      ),
    x,
    n,
  );
  const [dx] = tf.gradients(y, x) as T[];
  using session = new tf.Session({ config: { backend: 'wasm' } });
  const run = (count: number) => session.run([y, dx], { feedDict: [[n, count]] });
  await run(3);
  const before = bufferCounts();
  const { Module, Instance } = WebAssembly;
  let compiled = 0;
  const counting = <C extends typeof Module | typeof Instance>(made: C): C =>
    new Proxy(made, {
      construct(target, args) {
        compiled++;
        return Reflect.construct(target, args);
      },
    });
  Object.assign(WebAssembly, { Module: counting(Module), Instance: counting(Instance) });
  try {
    const started = performance.now();
    for (let k = 0; k < 3; k++) await run(2000);
    // A body is compiled in more than a tenth of a millisecond, so that 30,000 of them would take seconds.
    assert.ok(performance.now() - started < 15_000);
  } finally {
    Object.assign(WebAssembly, { Module, Instance });
  }
  assert.is(compiled, 0);
  assert.equal(bufferCounts(), before);
});

plans.run();
