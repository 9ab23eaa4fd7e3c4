/** Compiling: a chain of ops that nothing folds, with gradients, at several sizes. */
import * as tf from '../src/index.ts';
import { duration, heading, row } from './harness.ts';

function compileChain(count: number): { nodes: number; us: number; passes: [string, number][] } {
  const graph = new tf.Graph();
  return graph.asDefault(() => {
    const x = tf.placeholder(tf.float32, [4], { name: 'x' });
    let y: tf.Tensor = x;
    for (let i = 0; i < count; i++) y = i % 2 === 0 ? tf.tanh(y) : tf.multiply(y, x);
    const start = performance.now();
    const compiled = tf.compile(y, { feeds: [[x, [4]]], target: 'wasm' });
    const us = (performance.now() - start) * 1000;
    return { nodes: graph.size, us, passes: compiled.stages.map((s) => [s.pass, s.ms * 1000]) };
  });
}

export function benchCompile(): void {
  heading('Compiling a chain (target: 10,000 nodes in at most 1 s, linear to 100,000)');
  row('nodes', 'time', 'a node');
  compileChain(1_000);
  for (const count of [1_000, 10_000, 100_000]) {
    const times = Array.from({ length: count > 10_000 ? 3 : 7 }, () => compileChain(count).us).sort((a, b) => a - b);
    const us = times[times.length >> 1];
    row(count.toLocaleString('en'), duration(us), duration(us / count));
  }
}
