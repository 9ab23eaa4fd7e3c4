/**
 * Host kernels of the stateless random ops: each draw follows from the seed or the key and counter that it is given. How
 * words become numbers is `random.ts`'s and `random-gamma.ts`'s business.
 */
import { type DType, int32, int64, uint32, uint64 } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, sizeOf } from '../../src/util/shape.ts';
import { type PhiloxState, philoxBlocks } from './philox.ts';
import {
  drawClasses,
  eachChunk,
  fillInt32,
  fillInt64,
  fillNormal,
  fillTruncated,
  fillUniform,
  shapeOf,
  shuffled,
} from './random.ts';
import { statelessGamma, statelessPoisson } from './random-gamma.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';

const PHILOX = 1;
const AUTO_SELECT = 3;
/** What the words of a seed are mixed with, so that nearby seeds give unrelated streams. */
const MIXING_KEY = [0x3ec8f720, 0x02461e29] as const;

const low = (x: bigint): number => Number(BigInt.asUintN(32, x));
const high = (x: bigint): number => Number(BigInt.asUintN(32, x >> 32n));
const joined = (lowWord: number, highWord: number): bigint => BigInt(lowWord) | (BigInt(highWord) << 32n);

/** The state that a seed of two integers stands for. */
function stateOfSeed(seed: NdArray): PhiloxState {
  if (seed.rank !== 1 || seed.size !== 2) {
    throw new InvalidArgumentError(null, `seed must have shape [2], not ${formatShapeBrackets(seed.shape)}`);
  }
  const [first, second] = [BigInt(seed.data[0] as number), BigInt(seed.data[1] as number)];
  const mixed = new Uint32Array(4);
  philoxBlocks({ key: MIXING_KEY, counter: [low(first), high(first), low(second), high(second)] }, 0, mixed);
  return { key: [mixed[0], mixed[1]], counter: [0, 0, mixed[2], mixed[3]] };
}

/** The state of a key and a counter as the ops of version 2 take them. */
function stateOfKey(key: NdArray, counter: NdArray, algorithm: NdArray): PhiloxState {
  const alg = Number(algorithm.at(0));
  if (alg !== PHILOX && alg !== AUTO_SELECT) {
    throw new InvalidArgumentError(null, `Unsupported algorithm id: ${alg}`);
  }
  checkSize('key', key, 1);
  checkSize('counter', counter, 2);
  const [word, first, second] = [key.data[0], counter.data[0], counter.data[1]] as bigint[];
  return { key: [low(word), high(word)], counter: [low(first), high(first), low(second), high(second)] };
}

function checkSize(name: string, value: NdArray, size: number): void {
  if (value.rank === 1 && value.size === size) return;
  const hint = name === 'key' ? ' (Note that batched keys are not supported yet.)' : '';
  const shape = formatShapeBrackets(value.shape);
  throw new InvalidArgumentError(null, `${name} must have shape [${size}], not ${shape}.${hint}`);
}

function seedArrays(seed: NdArray): NdArray[] {
  const { key, counter } = stateOfSeed(seed);
  const words = [joined(counter[0], counter[1]), joined(counter[2], counter[3])];
  return [
    new NdArray(uint64, [1], BigUint64Array.of(joined(key[0], key[1]))),
    new NdArray(uint64, [2], BigUint64Array.from(words)),
  ];
}

const algorithmArray = () => new NdArray(int32, [], Int32Array.of(PHILOX));

type Fill = (dtype: DType, state: PhiloxState, data: Data, bounds: readonly NdArray[]) => void;

function fillBetween(dtype: DType, state: PhiloxState, data: Data, [minval, maxval]: readonly NdArray[]): void {
  for (const [name, bound] of [
    ['minval', minval],
    ['maxval', maxval],
  ] as const) {
    if (bound.rank === 0) continue;
    throw new InvalidArgumentError(null, `${name} must be 0-D, got shape ${formatShapeBrackets(bound.shape)}`);
  }
  const [from, to] = [minval.data[0], maxval.data[0]];
  if (from >= to) throw new InvalidArgumentError(null, `Need minval < maxval, got ${from} >= ${to}`);
  if (dtype === int32) fillInt32(state, from as number, to as number, data as Int32Array);
  else if (dtype === int64) fillInt64(state, from as bigint, to as bigint, data as BigInt64Array);
  else throw new InvalidArgumentError(null, `No kernel draws integers of ${dtype.name} between bounds.`);
}

/** Words as they come: integers of the whole range. */
function fillWords(dtype: DType, state: PhiloxState, data: Data): void {
  const count = data.length;
  if (dtype === int32 || dtype === uint32) {
    const out = data as Int32Array;
    eachChunk(state, count, 1, (words, start, end) => {
      for (let i = start; i < end; i++) out[i] = words[i - start];
    });
    return;
  }
  const out = data as BigUint64Array;
  eachChunk(state, count, 2, (words, start, end) => {
    for (let i = start, w = 0; i < end; i++, w += 2) out[i] = joined(words[w], words[w + 1]);
  });
}

function filled(fill: Fill, shapeInput: NdArray, op: HostOp, state: () => PhiloxState, bounds: NdArray[]): NdArray[] {
  const shape = shapeOf(shapeInput);
  const dtype = op.outputDType(0);
  const data = allocate(dtype, sizeOf(shape));
  const start = state();
  if (data.length > 0) fill(dtype, start, data, bounds);
  return [new NdArray(dtype, shape, data)];
}

const fromSeed =
  (fill: Fill): HostKernel =>
  ([shape, seed, ...bounds], op) =>
    filled(fill, shape, op, () => stateOfSeed(seed), bounds);

const fromKey =
  (fill: Fill): HostKernel =>
  ([shape, key, counter, algorithm, ...bounds], op) =>
    filled(fill, shape, op, () => stateOfKey(key, counter, algorithm), bounds);

defineHostKernels({
  StatelessRandomUniform: fromSeed(fillUniform),
  StatelessRandomNormal: fromSeed(fillNormal),
  StatelessTruncatedNormal: fromSeed(fillTruncated),
  StatelessRandomUniformInt: fromSeed(fillBetween),
  StatelessRandomUniformFullInt: fromSeed(fillWords),
  StatelessMultinomial: ([logits, samples, seed], op) => drawClasses(logits, samples, op, () => stateOfSeed(seed)),
  StatelessRandomGammaV2: ([shape, seed, alpha], op) => statelessGamma(shape, alpha, stateOfSeed(seed), op),
  StatelessRandomPoisson: ([shape, seed, rate], op) => statelessPoisson(shape, rate, stateOfSeed(seed), op),
  StatelessRandomGetKeyCounter: ([seed]) => seedArrays(seed),
  StatelessRandomGetKeyCounterAlg: ([seed]) => [...seedArrays(seed), algorithmArray()],
  StatelessRandomGetAlg: () => [algorithmArray()],
  StatelessRandomUniformV2: fromKey(fillUniform),
  StatelessRandomNormalV2: fromKey(fillNormal),
  StatelessTruncatedNormalV2: fromKey(fillTruncated),
  StatelessRandomUniformIntV2: fromKey(fillBetween),
  StatelessRandomUniformFullIntV2: fromKey(fillWords),
  StatelessRandomGammaV3: ([shape, key, counter, algorithm, alpha], op) =>
    statelessGamma(shape, alpha, stateOfKey(key, counter, algorithm), op),
  StatelessShuffle: ([value, key, counter, algorithm]) => {
    const state = stateOfKey(key, counter, algorithm);
    return [value.size <= 1 || value.shape[0] <= 1 ? value : shuffled(value, state)];
  },
});
