/**
 * Host kernels of draws by rejection, gamma and Poisson, and of the derivative of a gamma draw. Each draw starts at a
 * block of its own, so that how often one is rejected moves no other. The uniforms and normals are `random.ts`'s.
 */
import { type DType, float32 } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { mapBinary } from './elementwise.ts';
import { lgamma } from './gamma.ts';
import { igammaGradA } from './incomplete-gamma.ts';
import { type PhiloxState, philoxBlocks } from './philox.ts';
import { BLOCKS_PER_ELEMENT, boxMullerDouble, pair, reserve, rounding, shapeOf, uniformDouble } from './random.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

/** Float64 draws as the rejection kernels take them: two from each block, the later one first. */
class PairedDraws {
  private readonly words = new Uint32Array(4);
  private readonly normals = new Float64Array(2);
  private readonly uniforms = new Float64Array(2);
  private block = 0;
  private normalsLeft = 0;
  private uniformsLeft = 0;

  constructor(private readonly state: PhiloxState) {}

  /** Goes to the blocks of a draw. */
  start(draw: number): void {
    this.block = draw * BLOCKS_PER_ELEMENT;
    this.normalsLeft = 0;
    this.uniformsLeft = 0;
  }

  normal(): number {
    if (this.normalsLeft === 0) {
      this.next();
      boxMullerDouble(this.words[0], this.words[1], this.words[2], this.words[3]);
      this.normals.set(pair);
      this.normalsLeft = 2;
    }
    return this.normals[--this.normalsLeft];
  }

  uniform(): number {
    if (this.uniformsLeft === 0) {
      this.next();
      this.uniforms[0] = uniformDouble(this.words[0], this.words[1]);
      this.uniforms[1] = uniformDouble(this.words[2], this.words[3]);
      this.uniformsLeft = 2;
    }
    return this.uniforms[--this.uniformsLeft];
  }

  private next(): void {
    philoxBlocks(this.state, this.block++, this.words);
  }
}

/** One draw, by the method of Marsaglia and Tsang; below 1 a draw of alpha + 1 is scaled down. */
function drawGamma(alpha: number, draws: PairedDraws): number {
  if (alpha === 1) return -Math.log1p(-draws.uniform());
  const small = alpha < 1;
  const d = alpha + (small ? 2 / 3 : -1 / 3);
  const c = 1 / 3 / Math.sqrt(d);
  for (;;) {
    const x = draws.normal();
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = draws.uniform();
    if (u < 1 - 0.0331 * (x * x) * (x * x) || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) {
      return small ? d * v * draws.uniform() ** (1 / alpha) : d * v;
    }
  }
}

/** One draw of a small rate: how many uniforms can be multiplied until the product falls to e^-rate. */
function drawSmallPoisson(limit: number, draws: PairedDraws): number {
  let product = draws.uniform();
  let count = 0;
  while (product > limit) {
    product *= draws.uniform();
    count++;
  }
  return count;
}

/** One draw of a rate from 10 on, by the transformed rejection of Hörmann. */
function drawLargePoisson(rate: number, draws: PairedDraws): number {
  const logRate = Math.log(rate);
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  for (;;) {
    const u = draws.uniform() - 0.5;
    const v = draws.uniform();
    const shifted = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / shifted + b) * u + rate + 0.43);
    if (shifted >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return k;
    if (k < 0 || (shifted < 0.013 && v > shifted)) continue;
    const s = Math.log((v * inverseAlpha) / (a / (shifted * shifted) + b));
    if (s <= -rate + k * logRate - lgamma(k + 1)) return k;
  }
}

function drawPoisson(rate: number, draws: PairedDraws): number {
  if (rate < 10) return drawSmallPoisson(Math.exp(-rate), draws);
  // No draw would ever be accepted.
  if (!Number.isFinite(rate)) throw new InvalidArgumentError(null, `Input rate should be finite, got: ${rate}`);
  return drawLargePoisson(rate, draws);
}

/**
 * Draws for parameters that the last dimensions of the output run over. Draws are numbered parameter by parameter,
 * whatever the order in the output.
 */
function fillDraws(
  parameters: NdArray,
  out: Data,
  dtype: DType,
  state: PhiloxState,
  draw: (parameter: number, draws: PairedDraws) => number,
): void {
  const draws = new PairedDraws(state);
  const round = rounding(dtype);
  const target = out as Float64Array | BigInt64Array;
  const each = target.length / parameters.size;
  const isBig = target instanceof BigInt64Array;
  for (let p = 0; p < parameters.size; p++) {
    const parameter = Number(parameters.data[p]);
    for (let i = 0; i < each; i++) {
      draws.start(p * each + i);
      const value = draw(parameter, draws);
      if (isBig) target[i * parameters.size + p] = BigInt(value);
      else target[i * parameters.size + p] = round(value);
    }
  }
}

type Draw = (parameter: number, draws: PairedDraws) => number;

/** Of a stateful op: the shape comes before that of the parameters. */
function drawn(draw: Draw): (inputs: readonly NdArray[], op: HostOp) => NdArray[] {
  return ([shapeInput, parameters], op) => {
    const shape = [...shapeOf(shapeInput), ...parameters.shape];
    const dtype = op.outputDType(0);
    const data = allocate(dtype, sizeOf(shape));
    if (data.length > 0) fillDraws(parameters, data, dtype, reserve(op, data.length * BLOCKS_PER_ELEMENT), draw);
    return [new NdArray(dtype, shape, data)];
  };
}

/** Of a stateless op: the shape ends with that of the parameters. */
function drawnFrom(draw: Draw, shapeInput: NdArray, parameters: NdArray, state: PhiloxState, op: HostOp): NdArray[] {
  const shape = shapeOf(shapeInput);
  const dtype = op.outputDType(0);
  const data = allocate(dtype, sizeOf(shape));
  if (data.length === 0) return [new NdArray(dtype, shape, data)];
  const tail = shape.slice(shape.length - parameters.rank);
  if (parameters.rank > shape.length || tail.some((d, i) => d !== parameters.shape[i])) {
    throw new InvalidArgumentError(null, 'Shape passed in must end with broadcasted shape.');
  }
  fillDraws(parameters, data, dtype, state, draw);
  return [new NdArray(dtype, shape, data)];
}

export const statelessGamma = (shape: NdArray, alpha: NdArray, state: PhiloxState, op: HostOp): NdArray[] =>
  drawnFrom(drawGamma, shape, alpha, state, op);

export const statelessPoisson = (shape: NdArray, rate: NdArray, state: PhiloxState, op: HostOp): NdArray[] =>
  drawnFrom(drawPoisson, shape, rate, state, op);

/**
 * How a draw moves with alpha, its place in the distribution kept: -(dP/dalpha) / density. Where float32 has no density
 * left, the kernel of float32 gives 0, as TensorFlow's does.
 */
function gammaDrawSlope(alpha: number, draw: number, single: boolean): number {
  if (!(alpha > 0) || !(draw >= 0)) return Number.NaN;
  if (draw === 0) return 0;
  const factor = Math.exp(alpha * Math.log(draw) - draw - lgamma(alpha + 1));
  if (factor === 0 || (single && Math.fround(factor) < 2 ** -126)) return 0;
  return (-igammaGradA(alpha, draw) * draw) / (alpha * factor);
}

defineHostKernels({
  RandomGamma: drawn(drawGamma),
  RandomPoissonV2: drawn(drawPoisson),
  RandomGammaGrad: ([alpha, draw]) => {
    const single = alpha.dtype === float32;
    return [mapBinary(alpha, draw, alpha.dtype, (a: number, x: number) => gammaDrawSlope(a, x, single))];
  },
});
