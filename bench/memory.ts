/**
 * Peak memory of a training step: bytes of live buffers on the wasm heap, counted where the backend allocates them. What
 * kernels of TensorFlow.js allocate inside wasm, such as packed weights, is not seen and favours the peer.
 */
import * as tfjs from '@tensorflow/tfjs';
import { heading, row } from './harness.ts';
import { eagerLenet, lenet } from './lenet.ts';
import { lstm, lstmInputs, lstmWeights } from './native.ts';
import { agree, eagerTrainer, type Trainer } from './support.ts';

const STEPS = 4;

interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Bytes allocated on the wasm heap, now and at most. */
class Meter {
  live = 0;
  peak = 0;

  constructor() {
    const { wasm } = tfjs.backend() as unknown as { wasm: Allocator };
    // The first call of each replaces the function itself.
    wasm._free(wasm._malloc(8));
    const { _malloc, _free } = wasm;
    const sizes = new Map<number, number>();
    wasm._malloc = (bytes) => {
      const address = _malloc(bytes);
      sizes.set(address >>> 0, bytes);
      this.live += bytes;
      this.peak = Math.max(this.peak, this.live);
      return address;
    };
    wasm._free = (address) => {
      this.live -= sizes.get(address >>> 0) ?? 0;
      sizes.delete(address >>> 0);
      _free(address);
    };
  }
}

interface Measured {
  readonly trainer: Trainer;
  /** Bytes held when a step begins: weights, the optimizer's slots, the batch where it stays. */
  readonly held: number;
  readonly peak: number;
}

async function onHeap(meter: Meter, make: () => Promise<Trainer>): Promise<Measured> {
  const before = meter.live;
  const trainer = await make();
  for (let i = 0; i < STEPS; i++) await trainer.step();
  meter.peak = meter.live;
  const held = meter.live - before;
  await trainer.step();
  return { trainer, held, peak: meter.peak - before };
}

/** The cpu backend holds JavaScript arrays: TensorFlow.js's own account of them. */
async function onCpu(make: () => Promise<Trainer>): Promise<Measured> {
  const before = tfjs.memory().numBytes;
  const trainer = await make();
  for (let i = 0; i < STEPS; i++) await trainer.step();
  const held = tfjs.memory().numBytes - before;
  const { peakBytes } = await tfjs.profile((async () => {
    await trainer.step();
    return tfjs.scalar(0);
  }) as never);
  return { trainer, held, peak: peakBytes - before };
}

function eagerLstm(): Promise<Trainer> {
  return eagerTrainer('wasm', lstmWeights, lstmInputs, (w, x, y) => {
    const [rows] = x.shape;
    const units = w.bias.shape[0] / 4;
    let [c, h]: tfjs.Tensor[] = [tfjs.zeros([rows, units]), tfjs.zeros([rows, units])];
    for (const step of tfjs.unstack(x, 1)) {
      const [i, j, f, o] = tfjs.split(tfjs.concat([step, h], 1).matMul(w.kernel).add(w.bias), 4, 1);
      c = c.mul(tfjs.sigmoid(f.add(1))).add(tfjs.sigmoid(i).mul(tfjs.tanh(j)));
      h = tfjs.tanh(c).mul(tfjs.sigmoid(o));
    }
    return tfjs.losses.softmaxCrossEntropy(y, h.matMul(w.dense).add(w.out));
  });
}

const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(0)} kB`;

async function compare(title: string, us: Measured, them: Measured): Promise<void> {
  heading(`Memory of a step of ${title}, batch 32 (target: a peak of at most a third)`);
  await agree({ 'tfjs-graph': us.trainer, tfjs: them.trainer }, 1);
  row('', 'held', 'peak', 'in the step', 'peak, part');
  for (const [name, { held, peak }] of Object.entries({ 'tfjs-graph, wasm': us, 'tfjs eager': them })) {
    row(name, kilobytes(held), kilobytes(peak), kilobytes(peak - held), (peak / them.peak).toFixed(2));
  }
  us.trainer.close();
  them.trainer.close();
}

export async function benchMemory(): Promise<void> {
  const meter = new Meter();
  await compare('LSTM-64 over 28 steps (peer on wasm)', await onHeap(meter, lstm), await onHeap(meter, eagerLstm));
  await compare('the LeNet-like network (peer on cpu)', await onHeap(meter, lenet), await onCpu(eagerLenet));
}
