/**
 * Host kernels of the fused recurrent ops: LSTM and GRU steps and whole LSTM sequences, forward and backward. They
 * compute in double precision and round to the element type where a value is stored.
 */
import type { DType } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { invalid, rounded } from './elements.ts';
import { integer } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

type Floats = Float32Array;

const dataOf = (array: NdArray): Floats => array.data as Floats;
const zeros = (shape: KnownShape): Floats => new Float32Array(sizeOf(shape));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function arrays(dtype: DType, parts: readonly (readonly [KnownShape, Floats])[]): NdArray[] {
  return parts.map(([shape, data]) => rounded(dtype, shape, data));
}

function check(what: string, found: number, expected: number): void {
  if (found !== expected) throw invalid(`${what}: ${found} vs. ${expected}`);
}

// Products of small matrices

/** out[rows, columns] += a[rows, depth] · b[depth, columns], `b` read from row `from` on. */
function multiply(a: Floats, b: Floats, out: Float64Array, rows: number, depth: number, columns: number, from = 0) {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < depth; k++) {
      const x = a[i * depth + k];
      const at = (from + k) * columns;
      for (let j = 0; j < columns; j++) out[i * columns + j] += x * b[at + j];
    }
  }
}

/** a[rows, columns] · transpose of the rows `from` to `from + depth` of b: [rows, depth]. */
function multiplyBack(a: Floats, b: Floats, rows: number, columns: number, depth: number, from: number): Float64Array {
  const out = new Float64Array(rows * depth);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < depth; k++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += a[i * columns + j] * b[(from + k) * columns + j];
      out[i * depth + k] = sum;
    }
  }
  return out;
}

/** Adds the transpose of a[rows, depth] times b[rows, columns] to the rows from `from` on. */
function addOuter(a: Floats, b: Floats, out: Float64Array, rows: number, depth: number, columns: number, from: number) {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < depth; k++) {
      const x = a[i * depth + k];
      for (let j = 0; j < columns; j++) out[(from + k) * columns + j] += x * b[i * columns + j];
    }
  }
}

// LSTM

interface Lstm {
  readonly batch: number;
  readonly input: number;
  readonly cell: number;
  readonly w: Floats;
  /** Null without peepholes. */
  readonly peepholes: readonly [i: Floats, f: Floats, o: Floats] | null;
  readonly b: Floats;
  /** Where the gates i, ci, f, o stand among the columns of the weights. */
  readonly order: readonly [i: number, ci: number, f: number, o: number];
  readonly forgetBias: number;
  readonly clip: number;
}

const CELL_BEFORE_FORGET = [0, 1, 2, 3] as const;
const FORGET_BEFORE_CELL = [0, 2, 1, 3] as const;

interface LstmOperands {
  readonly x: NdArray;
  readonly state: NdArray;
  readonly output: NdArray;
  readonly weights: readonly NdArray[];
}

function lstmOf({ x, state, output, weights }: LstmOperands, op: HostOp, forgetBias: number, clip: number): Lstm {
  const [batch, input] = x.shape.slice(-2);
  const [rows, cell] = state.shape;
  const [w, wci, wcf, wco, b] = weights;
  check('cs_prev.dims(0) != batch_size', rows, batch);
  check('h_prev.dims(0) != batch_size', output.shape[0], batch);
  check('h_prev.dims(1) != cell_size', output.shape[1], cell);
  check('w.dim_size(0) != input_size + cell_size', w.shape[0], input + cell);
  check('w.dim_size(1) != cell_size * 4', w.shape[1], 4 * cell);
  check('b.dim_size(0) != cell_size * 4', b.shape[0], 4 * cell);
  const hasPeepholes = op.attr<boolean>('use_peephole');
  if (x.rank === 3 || hasPeepholes) {
    for (const [name, peephole] of Object.entries({ wci, wcf, wco })) {
      check(`${name}.dim_size(0) != cell_size`, peephole.shape[0], cell);
    }
  }
  return {
    batch,
    input,
    cell,
    w: dataOf(w),
    peepholes: hasPeepholes ? [dataOf(wci), dataOf(wcf), dataOf(wco)] : null,
    b: dataOf(b),
    order: op.type.endsWith('V2') ? FORGET_BEFORE_CELL : CELL_BEFORE_FORGET,
    forgetBias,
    clip,
  };
}

/** What a step keeps: i, cs, f, o, ci, co, h, each [batch, cell]. */
type Gates = readonly Floats[];

/** One step; the gates are written to `out`. */
function stepForward(lstm: Lstm, x: Floats, state: Floats, output: Floats, out: Gates, dtype: DType): void {
  const { batch, input, cell, w, peepholes, b, order, forgetBias, clip } = lstm;
  const width = 4 * cell;
  const sums = new Float64Array(batch * width);
  multiply(x, w, sums, batch, input, width);
  multiply(output, w, sums, batch, cell, width, input);
  const [i, cs, f, o, ci, co, h] = out;
  for (let r = 0; r < batch; r++) {
    for (let c = 0; c < cell; c++) {
      const at = r * cell + c;
      const gate = (k: number) => sums[r * width + order[k] * cell + c] + b[order[k] * cell + c];
      const before = state[at];
      const peek = (k: number, value: number) => (peepholes ? peepholes[k][c] * value : 0);
      i[at] = sigmoid(gate(0) + peek(0, before));
      ci[at] = Math.tanh(gate(1));
      f[at] = sigmoid(gate(2) + forgetBias + peek(1, before));
      const raw = i[at] * ci[at] + f[at] * before;
      cs[at] = clip > 0 ? Math.max(-clip, Math.min(clip, raw)) : raw;
      o[at] = sigmoid(gate(3) + peek(2, cs[at]));
      co[at] = Math.tanh(cs[at]);
      h[at] = o[at] * co[at];
    }
  }
  for (const part of out) rounded(dtype, [part.length], part);
}

interface StepGradient {
  /** [batch, 4 · cell], in the order of the weights. */
  readonly gates: Floats;
  readonly state: Floats;
}

/** One step backwards; the gradients of the peepholes are added to `peepholeSums`. */
function stepBackward(
  { batch, cell, peepholes, order }: Lstm,
  state: Floats,
  [i, cs, f, o, ci, co]: Gates,
  dState: Floats,
  dOutput: Floats,
  peepholeSums: readonly Float64Array[],
): StepGradient {
  const gates = new Float32Array(batch * 4 * cell);
  const back = new Float32Array(batch * cell);
  for (let r = 0; r < batch; r++) {
    for (let c = 0; c < cell; c++) {
      const at = r * cell + c;
      const dO = o[at] * (1 - o[at]) * dOutput[at] * co[at];
      const direct = (1 - co[at] * co[at]) * dOutput[at] * o[at] + dState[at];
      const dCs = peepholes ? direct + dO * peepholes[2][c] : direct;
      const dCi = (1 - ci[at] * ci[at]) * dCs * i[at];
      const dF = f[at] * (1 - f[at]) * dCs * state[at];
      const dI = i[at] * (1 - i[at]) * dCs * ci[at];
      [dI, dCi, dF, dO].forEach((value, k) => {
        gates[r * 4 * cell + order[k] * cell + c] = value;
      });
      back[at] = dCs * f[at];
      if (!peepholes) continue;
      back[at] += dI * peepholes[0][c] + dF * peepholes[1][c];
      peepholeSums[0][c] += dI * state[at];
      peepholeSums[1][c] += dF * state[at];
      peepholeSums[2][c] += dO * cs[at];
    }
  }
  return { gates, state: back };
}

function lengthOf(steps: NdArray, time: number): number {
  if (steps.rank > 0) throw invalid(`\`seq_len_max_tensor\` must be rank 0 but is rank ${steps.rank}`);
  const length = integer(steps);
  if (length < 0 || length > time) throw invalid(`seq_len_max must be in [0, ${time}], but is ${length}`);
  return length;
}

function lstmSequence(inputs: readonly NdArray[], op: HostOp): NdArray[] {
  const [steps, x, state, output, ...weights] = inputs;
  if (x.rank !== 3) throw invalid('x must be 3D');
  const forgetBias = op.type === 'BlockLSTM' ? op.attr<number>('forget_bias') : 0;
  const lstm = lstmOf({ x, state, output, weights }, op, forgetBias, op.attr<number>('cell_clip'));
  const { batch, input, cell } = lstm;
  const shape = [x.shape[0], batch, cell];
  const out = Array.from({ length: 7 }, () => zeros(shape));
  const size = batch * cell;
  const at = (data: Floats, t: number) => data.subarray(t * size, (t + 1) * size);
  const length = lengthOf(steps, x.shape[0]);
  for (let t = 0; t < length; t++) {
    const now = dataOf(x).subarray(t * batch * input, (t + 1) * batch * input);
    const before = t === 0 ? [dataOf(state), dataOf(output)] : [at(out[1], t - 1), at(out[6], t - 1)];
    const gates = out.map((data) => at(data, t));
    stepForward(lstm, now, before[0], before[1], gates, x.dtype);
  }
  return arrays(
    x.dtype,
    out.map((data) => [shape, data]),
  );
}

function lstmSequenceGradient(inputs: readonly NdArray[], op: HostOp): NdArray[] {
  const [steps, x, state, output] = inputs;
  const weights = inputs.slice(4, 9);
  const gates = inputs.slice(9, 16).map(dataOf);
  const [dStates, dOutputs] = inputs.slice(16).map(dataOf);
  if (x.rank !== 3) throw invalid('x must be 3D');
  const lstm = lstmOf({ x, state, output, weights }, op, 0, 0);
  const { batch, input, cell, w } = lstm;
  const size = batch * cell;
  const at = (data: Floats, t: number) => data.subarray(t * size, (t + 1) * size);
  const dx = zeros(x.shape);
  const dw = new Float64Array(w.length);
  const db = new Float64Array(4 * cell);
  const peepholeSums = [0, 1, 2].map(() => new Float64Array(cell));
  let dState = new Float32Array(size);
  let dOutput: ArrayLike<number> = new Float32Array(size);
  for (let t = lengthOf(steps, x.shape[0]) - 1; t >= 0; t--) {
    const before = t === 0 ? [dataOf(state), dataOf(output)] : [at(gates[1], t - 1), at(gates[6], t - 1)];
    const now = dataOf(x).subarray(t * batch * input, (t + 1) * batch * input);
    const stateThen = at(dStates, t).map((value, k) => value + dState[k]);
    const outputThen = at(dOutputs, t).map((value, k) => value + dOutput[k]);
    const found = stepBackward(
      lstm,
      before[0],
      gates.map((data) => at(data, t)),
      stateThen,
      outputThen,
      peepholeSums,
    );
    rounded(x.dtype, [found.gates.length], found.gates);
    const width = 4 * cell;
    dx.set(multiplyBack(found.gates, w, batch, width, input, 0), t * batch * input);
    dOutput = multiplyBack(found.gates, w, batch, width, cell, input);
    addOuter(now, found.gates, dw, batch, input, width, 0);
    addOuter(before[1], found.gates, dw, batch, cell, width, input);
    for (let k = 0; k < found.gates.length; k++) db[k % width] += found.gates[k];
    dState = found.state as Float32Array<ArrayBuffer>;
  }
  return arrays(x.dtype, [
    [x.shape, dx],
    [state.shape, dState],
    [output.shape, Float32Array.from(dOutput)],
    [[input + cell, 4 * cell], Float32Array.from(dw)],
    ...peepholeSums.map((sum): [KnownShape, Floats] => [[cell], Float32Array.from(sum)]),
    [[4 * cell], Float32Array.from(db)],
  ]);
}

function requireMatrix(x: NdArray): void {
  if (x.rank !== 2) throw invalid(`Rank of x must be 2, got ${x.rank}`);
}

// GRU

interface Gru {
  readonly batch: number;
  readonly input: number;
  readonly cell: number;
}

function gruOf([x, state, w, wc, b, bc]: readonly NdArray[]): Gru {
  requireMatrix(x);
  const [batch, input] = x.shape;
  const [rows, cell] = state.shape;
  check('h_prev.dims(0) != batch_size', rows, batch);
  check('w_ru.dim_size(0) != input_size + cell_size', w.shape[0], input + cell);
  check('w_ru.dim_size(1) != cell_size * 2', w.shape[1], 2 * cell);
  check('w_c.dim_size(0) != input_size + cell_size', wc.shape[0], input + cell);
  check('w_c.dim_size(1) != cell_size', wc.shape[1], cell);
  check('b_ru.dim_size(0) != cell_size * 2', b.shape[0], 2 * cell);
  check('b_c.dim_size(0) != cell_size', bc.shape[0], cell);
  return { batch, input, cell };
}

function gruStep(inputs: readonly NdArray[]): NdArray[] {
  const { batch, input, cell } = gruOf(inputs);
  const { dtype } = inputs[0];
  const [x, state, w, wc, b, bc] = inputs.map(dataOf);
  const shape = [batch, cell];
  const [r, u, c, h, reset] = Array.from({ length: 5 }, () => zeros(shape));
  const sums = new Float64Array(batch * 2 * cell);
  multiply(x, w, sums, batch, input, 2 * cell);
  multiply(state, w, sums, batch, cell, 2 * cell, input);
  for (let k = 0; k < r.length; k++) {
    const [row, column] = [Math.floor(k / cell), k % cell];
    r[k] = sigmoid(sums[row * 2 * cell + column] + b[column]);
    u[k] = sigmoid(sums[row * 2 * cell + cell + column] + b[cell + column]);
    reset[k] = state[k] * r[k];
  }
  const candidates = new Float64Array(batch * cell);
  multiply(x, wc, candidates, batch, input, cell);
  multiply(reset, wc, candidates, batch, cell, cell, input);
  for (let k = 0; k < r.length; k++) {
    c[k] = Math.tanh(candidates[k] + bc[k % cell]);
    h[k] = u[k] * state[k] + (1 - u[k]) * c[k];
  }
  return arrays(
    dtype,
    [r, u, c, h].map((data) => [shape, data]),
  );
}

function gruStepGradient(inputs: readonly NdArray[]): NdArray[] {
  const { batch, input, cell } = gruOf(inputs);
  const { dtype, shape: inputShape } = inputs[0];
  const [, state, w, wc, , , r, u, c, dh] = inputs.map(dataOf);
  const shape = [batch, cell];
  const width = 2 * cell;
  const [dCandidate, dState] = [zeros(shape), zeros(shape)];
  const dGates = zeros([batch, width]);
  for (let k = 0; k < c.length; k++) dCandidate[k] = dh[k] * (1 - u[k]) * (1 - c[k] * c[k]);
  const dReset = multiplyBack(dCandidate, wc, batch, cell, cell, input);
  for (let k = 0; k < c.length; k++) {
    const at = Math.floor(k / cell) * width + (k % cell);
    dGates[at] = dReset[k] * state[k] * r[k] * (1 - r[k]);
    dGates[at + cell] = dh[k] * (state[k] - c[k]) * u[k] * (1 - u[k]);
  }
  const fromCandidate = multiplyBack(dCandidate, wc, batch, cell, input, 0);
  const dx = Float32Array.from(multiplyBack(dGates, w, batch, width, input, 0), (v, k) => v + fromCandidate[k]);
  const fromGates = multiplyBack(dGates, w, batch, width, cell, input);
  for (let k = 0; k < c.length; k++) dState[k] = fromGates[k] + dReset[k] * r[k] + dh[k] * u[k];
  return arrays(dtype, [
    [inputShape, dx],
    [shape, dState],
    [shape, dCandidate],
    [[batch, width], dGates],
  ]);
}

defineHostKernels({
  BlockLSTM: lstmSequence,
  BlockLSTMV2: lstmSequence,
  BlockLSTMGrad: lstmSequenceGradient,
  BlockLSTMGradV2: lstmSequenceGradient,
  LSTMBlockCell: ([x, state, output, ...weights], op) => {
    requireMatrix(x);
    const lstm = lstmOf({ x, state, output, weights }, op, op.attr('forget_bias'), op.attr('cell_clip'));
    const out = Array.from({ length: 7 }, () => zeros(state.shape));
    stepForward(lstm, dataOf(x), dataOf(state), dataOf(output), out, x.dtype);
    return arrays(
      x.dtype,
      out.map((data) => [state.shape, data]),
    );
  },
  LSTMBlockCellGrad: (inputs, op) => {
    const [x, state, output] = inputs;
    requireMatrix(x);
    const lstm = lstmOf({ x, state, output, weights: inputs.slice(3, 8) }, op, 0, 0);
    const [i, cs, f, o, ci, co, dState, dOutput] = inputs.slice(8).map(dataOf);
    const sums = [0, 1, 2].map(() => new Float64Array(lstm.cell));
    const found = stepBackward(lstm, dataOf(state), [i, cs, f, o, ci, co], dState, dOutput, sums);
    return arrays(x.dtype, [
      [state.shape, found.state],
      [[lstm.batch, 4 * lstm.cell], found.gates],
      ...sums.map((sum): [KnownShape, Floats] => [[lstm.cell], Float32Array.from(sum)]),
    ]);
  },
  GRUBlockCell: gruStep,
  GRUBlockCellGrad: gruStepGradient,
});
