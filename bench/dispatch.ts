/** Dispatch: what a run and a node cost beyond their arithmetic, beside TensorFlow.js eager. */
import * as tfjs from '@tensorflow/tfjs';
import * as tf from '../src/index.ts';
import { duration, heading, race, results, row, time } from './harness.ts';

const CHAIN = 1_000;

export async function benchDispatch(): Promise<void> {
  const graph = new tf.Graph();
  const session = new tf.Session({ graph });
  const { sum, end, a, b, x } = graph.asDefault(() => {
    const [a, b] = [tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])];
    const x = tf.placeholder(tf.float32, []);
    let end: tf.Tensor = x;
    for (let i = 0; i < CHAIN; i++) end = tf.add(end, x);
    return { sum: tf.add(a, b), end, a, b, x };
  });
  const add = session.makeCallable(sum, [a, b]);
  const chain = session.makeCallable(end, [x]);

  heading('A run of one scalar add, fed and fetched');
  const run = await time(() =>
    session.run(sum, {
      feedDict: [
        [a, 1],
        [b, 2],
      ],
    }),
  );
  const callable = await time(() => add(1, 2));
  row('session.run', duration(run.median));
  row('makeCallable', duration(callable.median));

  heading(`A chain of ${CHAIN.toLocaleString('en')} scalar adds`);
  const scalar = tfjs.scalar(1);
  const timings = await race({
    'tfjs-graph': () => chain(1),
    'tfjs eager': () =>
      tfjs.tidy(() => {
        let y: tfjs.Tensor = scalar;
        for (let i = 0; i < CHAIN; i++) y = tfjs.add(y, scalar);
        return y.dataSync()[0];
      }),
  });
  results(timings);
  row('a node', duration((timings.get('tfjs-graph')?.median ?? 0) / CHAIN));
  session.close();
}
