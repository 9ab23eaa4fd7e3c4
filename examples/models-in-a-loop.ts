/**
 * Memory while models are built and trained in a loop: without `clearSession`, every model stays in the default graph and
 * in Keras's session; with it, each iteration begins with nothing. `npx tsx examples/models-in-a-loop.ts`
 */
import * as tf from '../src/index.ts';

const { layers, backend } = tf.keras;
const MODELS = 10;
const x = { data: new Float32Array(32 * 64).fill(0.5), shape: [32, 64] };
const y = { data: new Float32Array(32), shape: [32, 1] };

async function trainOne(): Promise<tf.keras.Sequential> {
  const hidden = Array.from({ length: 5 }, (_, i) => new layers.Dense(64, i === 0 ? { inputShape: [64] } : {}));
  const model = new tf.keras.Sequential([...hidden, new layers.Dense(1)]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  await model.fit(x, y, { verbose: 0 });
  return model;
}

async function loop(clear: boolean): Promise<void> {
  console.log(clear ? '\nwith clearSession() before each model' : 'without clearSession()');
  console.log('model   first layer   graph nodes   variables   plans   buffers   KiB');
  for (let i = 1; i <= MODELS; i++) {
    if (clear) backend.clearSession();
    const model = await trainOne();
    // A turn of the event loop, so that what nobody holds can be collected.
    await new Promise((resolve) => setImmediate(resolve));
    const { totals } = tf.stateReport();
    const cells = [
      [i, 5],
      [model.layers[0].name, 14],
      [model.graph.size, 14],
      [totals.variables, 12],
      [totals.plans, 8],
      [totals.buffers, 10],
      [Math.round(totals.bytes / 1024), 6],
    ] as const;
    console.log(cells.map(([cell, width]) => String(cell).padStart(width)).join(''));
  }
}

await loop(false);
await loop(true);
const { sessions, graph } = tf.resetAll();
console.log(`\nresetAll(): ${sessions.length} session closed, a graph of ${graph.nodes} operations let go`);
