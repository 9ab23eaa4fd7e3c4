/**
 * Random shapes, axes and arrays for property tests, and how many of them: the same ones in every run, unless `FC_SEED` and
 * `FC_RUNS` say otherwise. What is to hold of them is said in `properties.ts` and the tests.
 */
import * as fc from 'fast-check';
import { type DType, float32, int32 } from '../../src/util/dtype.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';

/** Options of `fc.assert`: the default seed is fixed. Where `FC_RUNS` says nothing, a part of the runs may do. */
export function options(runs: number, part = 1): { seed: number; numRuns: number; includeErrorInReport: boolean } {
  return {
    seed: Number(process.env.FC_SEED ?? 20),
    numRuns: Math.ceil(Number(process.env.FC_RUNS ?? part) * runs),
    includeErrorInReport: true,
  };
}

/** A number of elements along an axis: seldom none. */
export const length: fc.Arbitrary<number> = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(0) },
);

export function shape(minRank = 0, maxRank = 4, of = length): fc.Arbitrary<number[]> {
  return fc.array(of, { minLength: minRank, maxLength: maxRank });
}

/** Shapes that broadcast to one: axes are left out in front, or have length 1. */
export function broadcastable(count: number, maxRank = 4): fc.Arbitrary<number[][]> {
  return shape(0, maxRank).chain((full) => {
    const one = fc
      .tuple(fc.integer({ min: 0, max: full.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
      .map(([skip, ones]) => full.map((d, i) => (ones[i] ? 1 : d)).slice(skip));
    return fc.tuple(...Array.from({ length: count }, () => fc.oneof(fc.constant(full), one)));
  });
}

/** An axis of a tensor, counted from the front or from the end. */
export function axis(rank: number): fc.Arbitrary<number> {
  return fc.integer({ min: -rank, max: rank - 1 });
}

/** Different axes of a tensor. */
export function axes(rank: number): fc.Arbitrary<number[]> {
  const all = Array.from({ length: rank }, (_, i) => i);
  return fc
    .tuple(fc.shuffledSubarray(all), fc.array(fc.boolean(), { minLength: rank, maxLength: rank }))
    .map(([chosen, negative]) => chosen.map((a) => (negative[a] ? a - rank : a)));
}

export function permutation(rank: number): fc.Arbitrary<number[]> {
  const all = Array.from({ length: rank }, (_, i) => i);
  return fc.shuffledSubarray(all, { minLength: rank, maxLength: rank });
}

/** What the elements of an array are made from. */
export const seed: fc.Arbitrary<number> = fc.noShrink(fc.integer({ min: 1, max: 2 ** 30 }));

/** Numbers in [0, 1) that the seed determines. */
export function stream(of: number): () => number {
  let state = of >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < 4; i++) next();
  return next;
}

export interface Domain {
  readonly low?: number;
  readonly high?: number;
}

/**
 * Different numbers of an interval, far enough from each other and from whole numbers that no step of a finite difference
 * crosses a kink.
 */
export function floats(of: readonly number[], from: number, { low = -2, high = 2 }: Domain = {}): NdArray {
  const count = of.reduce((a, b) => a * b, 1);
  const random = stream(from);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const data = Float32Array.from(order, (k) => {
    const x = low + ((high - low) * (k + 0.1 + 0.8 * random())) / count;
    const near = Math.round(2 * x) / 2;
    return Math.abs(x - near) < 1e-3 ? near + 2e-3 : x;
  });
  return new NdArray(float32, of, data);
}

/** Whole numbers of an interval, its ends included. */
export function ints(of: readonly number[], from: number, low = -5, high = 5, dtype: DType = int32): NdArray {
  const random = stream(from);
  const count = of.reduce((a, b) => a * b, 1);
  const data = allocate(dtype, count) as NumericData as Int32Array;
  for (let i = 0; i < count; i++) data[i] = low + Math.floor(random() * (high - low + 1));
  return new NdArray(dtype, of, data);
}
