/** Building: microseconds a node, with and without snapshots. */
import * as tf from '../src/index.ts';
import { heading, row } from './harness.ts';

/** Microseconds a node for a chain of `count` ops on one placeholder; the median of 7 graphs. */
function build(count: number, snapshotEvery: number): number {
  const times: number[] = [];
  for (let run = 0; run < 8; run++) {
    const graph = new tf.Graph();
    graph.asDefault(() => {
      const x = tf.placeholder(tf.float32, [32, 10]);
      let y = x;
      const start = performance.now();
      for (let i = 0; i < count; i++) {
        y = i % 2 === 0 ? tf.add(y, x) : tf.negative(y);
        if (snapshotEvery > 0 && i % snapshotEvery === 0) graph.snapshot();
      }
      graph.snapshot();
      if (run > 0) times.push(((performance.now() - start) / count) * 1000);
    });
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

export function benchGraph(): void {
  heading('Graph building, µs a node (target: at most 3, linear to 100,000)');
  build(100_000, 50); // Warm-up: the first nodes of a process are built by code that is not compiled yet.
  row('nodes', 'plain', 'snapshot / 50');
  for (const count of [1_000, 10_000, 100_000]) {
    row(count.toLocaleString('en'), build(count, 0).toFixed(2), build(count, 50).toFixed(2));
  }
}
