/**
 * The host kernel of normal draws between bounds of their own, by the method that suits the bounds: from the normal, the
 * uniform or the exponential distribution, with rejection. Arithmetic is in the type of the output.
 */
import { type DType, float64 } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, sizeOf } from '../../src/util/shape.ts';
import { rounding } from './elementwise.ts';
import { type PhiloxState, philoxBlocks } from './philox.ts';
import { boxMullerDouble, boxMullerFloat, pair, reserve, shapeOf, uniformDouble, uniformOf } from './random.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

const MAX_ITERATIONS = 1000;
/** The size of batches where all have the same parameters. */
const BATCH = 100;
/** How far inside the bounds the mean must lie for draws from the normal distribution itself. */
const INSIDE = 1.3;

type Round = (x: number) => number;

/** Draws a block at a time: four numbers, two of float64. */
class BlockDraws {
  readonly size: number;
  private readonly words = new Uint32Array(4);
  private block = 0;

  constructor(
    private readonly state: PhiloxState,
    private readonly dtype: DType,
    private readonly round: Round,
  ) {
    this.size = dtype === float64 ? 2 : 4;
  }

  uniforms(out: Float64Array): void {
    const words = this.next();
    if (this.size === 2) {
      for (let i = 0; i < 2; i++) out[i] = uniformDouble(words[2 * i], words[2 * i + 1]);
      return;
    }
    for (let i = 0; i < 4; i++) out[i] = uniformOf(this.dtype, words[i]);
  }

  normals(out: Float64Array): void {
    const words = this.next();
    if (this.size === 2) {
      boxMullerDouble(words[0], words[1], words[2], words[3]);
      out.set(pair);
      return;
    }
    for (let i = 0; i < 4; i += 2) {
      boxMullerFloat(words[i], words[i + 1]);
      out[i] = this.round(pair[0]);
      out[i + 1] = this.round(pair[1]);
    }
  }

  private next(): Uint32Array {
    philoxBlocks(this.state, this.block++, this.words);
    return this.words;
  }
}

/** What one batch draws with, in standard deviations from the mean. */
interface Bounds {
  readonly mean: number;
  readonly deviation: number;
  readonly low: number;
  readonly high: number;
}

function standardized(mean: number, stddev: number, minval: number, maxval: number, r: Round): Bounds {
  const isFinite = Number.isFinite(minval) || Number.isFinite(maxval);
  if (!(stddev > 0 && minval < maxval && isFinite)) throw new InvalidArgumentError(null, 'Invalid parameters');
  // Mirrored where only the upper bound is finite, or where both lie below the mean.
  const mirrored = minval === -Infinity || maxval < mean;
  const deviation = mirrored ? -stddev : stddev;
  const [from, to] = mirrored ? [maxval, minval] : [minval, maxval];
  return { mean, deviation, low: r(r(from - mean) / deviation), high: r(r(to - mean) / deviation) };
}

/** Calls `accept` with draws until it has taken enough. Fails when too many in a row are rejected. */
function drawBetween({ low, high }: Bounds, draws: BlockDraws, r: Round, accept: (z: number) => boolean): void {
  const root = r(Math.sqrt(r(r(low * low) + 4)));
  const exponent = r(Math.exp(r(0.5 + r(r(low * r(low - root)) / 4))));
  const cutoff = r(r(2 * exponent) / r(low + root));
  const span = r(high - low);
  const inside = r(INSIDE);
  const first = new Float64Array(4);
  const second = new Float64Array(4);
  let rejected = 0;
  const reject = (kind: string) => {
    if (++rejected <= MAX_ITERATIONS) return;
    throw new InternalError(null, `TruncatedNormal ${kind} rejection sampler failed to accept a sample.`);
  };
  if ((low < -inside && high >= 0) || (high > inside && low <= 0)) {
    for (;;) {
      draws.normals(first);
      for (let i = 0; i < draws.size; i++) {
        if (!(first[i] >= low && first[i] <= high)) reject('randn');
        else if (accept(first[i])) return;
        else rejected = 0;
      }
    }
  }
  if (span < cutoff) {
    const plus = low < 0 ? 0 : r(low * low);
    for (;;) {
      draws.uniforms(first);
      draws.uniforms(second);
      for (let i = 0; i < draws.size; i++) {
        const z = r(r(first[i] * span) + low);
        if (!(second[i] <= r(Math.exp(r(r(plus - r(z * z)) / 2))))) reject('uniform');
        else if (accept(z)) return;
        else rejected = 0;
      }
    }
  }
  const alpha = r(r(low + root) / 2);
  for (;;) {
    draws.uniforms(first);
    for (let i = 0; i < draws.size; i += 2) {
      const z = r(r(-r(Math.log(first[i])) / alpha) + low);
      const x = low < alpha ? r(alpha - z) : r(low - alpha);
      if (!(first[i + 1] <= r(Math.exp(r(r(-x * x) / 2))) && z < high)) reject('exponential distribution');
      else if (accept(z)) return;
      else rejected = 0;
    }
  }
}

function truncatedNormal([shapeInput, ...parameters]: readonly NdArray[], op: HostOp): NdArray[] {
  if (shapeInput.rank !== 1) {
    const text = formatShapeBrackets(shapeInput.shape);
    throw new InvalidArgumentError(null, `Input shape should be a vector, got shape: ${text}`);
  }
  if (shapeInput.size === 0) throw new InvalidArgumentError(null, 'Shape tensor must not be empty, got [0]');
  const shape = shapeOf(shapeInput);
  const names = ['means', 'stddevs', 'minvals', 'maxvals'];
  parameters.forEach((p, i) => {
    if (p.rank <= 1) return;
    const text = formatShapeBrackets(p.shape);
    throw new InvalidArgumentError(null, `Input ${names[i]} should be a scalar or vector, got shape: ${text}`);
  });
  const dtype = op.attr<DType>('dtype');
  const data = allocate(dtype, sizeOf(shape)) as Float64Array;
  if (data.length === 0) return [new NdArray(dtype, shape, data)];
  const [means, stddevs, minvals, maxvals] = parameters;
  const isOne = means.size === 1 && stddevs.size === 1 && minvals.rank === 0 && maxvals.rank === 0;
  if (!isOne) {
    parameters.forEach((p, i) => {
      if (p.size === 1 || p.size === shape[0]) return;
      const text = formatShapeBrackets(p.shape);
      throw new InvalidArgumentError(null, `Input ${names[i]} should have length 1 or shape[0], got shape: ${text}`);
    });
  }
  const batches = isOne ? Math.ceil(data.length / BATCH) : shape[0];
  const perBatch = isOne ? BATCH : data.length / shape[0];
  const r = rounding(dtype);
  const state = reserve(op, Math.floor((batches * 2 * MAX_ITERATIONS * (perBatch + 3)) / 4));
  const draws = new BlockDraws(state, dtype, r);
  for (let b = 0; b < batches; b++) {
    const of = (p: NdArray) => p.data[p.size === 1 ? 0 : b] as number;
    const bounds = standardized(of(means), of(stddevs), of(minvals), of(maxvals), r);
    const end = Math.min((b + 1) * perBatch, data.length);
    let at = b * perBatch;
    drawBetween(bounds, draws, r, (z) => {
      data[at++] = r(r(z * bounds.deviation) + bounds.mean);
      return at >= end;
    });
  }
  return [new NdArray(dtype, shape, data)];
}

defineHostKernels({ ParameterizedTruncatedNormal: truncatedNormal });
