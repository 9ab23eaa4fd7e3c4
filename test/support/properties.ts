/**
 * What must hold of any piece of a graph: its shape rules, its gradient, and that every way of running it gives the same.
 * Which pieces are tried is said in `test/properties`.
 */
import * as fc from 'fast-check';
import type { Test } from 'uvu';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import * as ops from '../../src/ops/index.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32, float64 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import type { Shape } from '../../src/util/shape.ts';
import '../../runtime/host/index.ts';
import { options } from './arbitraries.ts';
import { difference, type Tolerance } from './compare.ts';
import { interpret } from './interpret.ts';
import { leakChecked } from './leaks.ts';

/** A piece of a graph with values for its inputs. */
export interface Piece {
  readonly inputs: readonly NdArray[];
  readonly build: (inputs: readonly Tensor[]) => Tensor | readonly Tensor[];
  /** Whether it has a gradient along its inputs of floats, here. */
  readonly smooth?: boolean;
  /** False: its shape cannot be built with dimensions that are not known. */
  readonly unknown?: boolean;
  /** Inputs that stay constants, by position. */
  readonly constants?: readonly number[];
  readonly tolerance?: number;
}

type Runs = readonly (readonly [name: string, config: { backend: string; passes?: boolean }])[];

const RUNS: Runs = [
  ['cpu', { backend: 'cpu' }],
  ['wasm', { backend: 'wasm' }],
  ['wasm without passes', { backend: 'wasm', passes: false }],
];

/** Says what is wrong with a piece; works in one graph, with the sessions on it. */
class Bench {
  private graph = new Graph();
  private sessions: ReturnType<Bench['open']> = [];
  private tried = 0;

  private open() {
    return RUNS.map(([name, config]) => [name, new Session({ graph: this.graph, config })] as const);
  }

  close(): void {
    for (const [, session] of this.sessions) session.close();
  }

  async check(piece: Piece): Promise<void> {
    // A new graph now and then: what stands in one slows down every run on it.
    if (this.tried++ % 8 === 0) {
      this.close();
      this.graph = new Graph();
      this.sessions = this.open();
      for (const [, session] of this.sessions) await session.ready();
    }
    const fed = this.build(piece, 'known');
    const reference = interpret(this.graph.snapshot(), fed.fetches, { feeds: fed.feeds });
    fed.fetches.forEach((t, i) => void fits(`output ${i}`, t.shape, reference[i]));
    const tolerance = tolerances(reference, piece.tolerance ?? 2e-5);
    for (const [name, session] of this.sessions) same(name, run(session, fed), reference, tolerance);
    const folded = this.build(piece, 'constant');
    same('folded', run(this.sessions[1][1], folded), reference, tolerance);
    if (piece.unknown !== false) {
      const open = this.build(piece, 'unknown');
      const values = run(this.sessions[1][1], open);
      open.fetches.forEach((t, i) => void fits(`output ${i} of unknown shapes`, t.shape, values[i]));
      same('unknown shapes', values, reference, tolerance);
    }
    if (piece.smooth) this.checkGradient(piece, reference.slice(fed.count));
  }

  private build(piece: Piece, how: 'known' | 'unknown' | 'constant' | 'wide') {
    return this.graph.asDefault(() => {
      const feeds = new Map<Tensor, NdArray>();
      const xs = piece.inputs.map((given, i) => {
        const value = how === 'wide' ? widened(given) : given;
        if (how === 'constant' || piece.constants?.includes(i)) return constant(value);
        const x = placeholder(value.dtype, how === 'unknown' ? value.shape.map(() => null) : value.shape);
        feeds.set(x, value);
        return x;
      });
      const built = piece.build(xs);
      const ys = 'op' in built ? [built] : [...built];
      const fetches = [...ys];
      const along = xs.filter((x, i) => x.dtype.isFloating && !piece.constants?.includes(i));
      if (piece.smooth) {
        const smooth = ys.filter((y) => y.dtype.isFloating);
        const gradYs = smooth.map((y) => weigh(y));
        for (const g of gradients(smooth, along, { gradYs })) {
          if (g === null) throw new Error('no gradient');
          fetches.push('asTensor' in g ? g.asTensor() : g);
        }
      }
      return { xs, ys, along, fetches, feeds, count: ys.length };
    });
  }

  /** The derivative in a random direction, in double precision, against a central difference. */
  private checkGradient(piece: Piece, found: readonly NdArray[]): void {
    const { ys, along, fetches, feeds, count } = this.build(piece, 'wide');
    const smooth = ys.filter((y) => y.dtype.isFloating);
    const weighed = this.graph.asDefault(() => smooth.map((y) => weigh(y)));
    const snapshot = this.graph.snapshot();
    const analytic = interpret(snapshot, fetches.slice(count), { feeds });
    same('gradient in single precision', found.map(widened), analytic, tolerances(analytic, piece.tolerance ?? 1e-4));
    let expected = 0;
    let scale = 1;
    analytic.forEach((g, k) => {
      (g.data as Float64Array).forEach((v, i) => {
        expected += v * direction(k, i);
        scale += Math.abs(v);
      });
    });
    const at = (step: number): number => {
      const moved = new Map(feeds);
      along.forEach((x, k) => {
        const value = feeds.get(x) as NdArray;
        const data = (value.data as Float64Array).map((v, i) => v + step * direction(k, i));
        moved.set(x, new NdArray(float64, value.shape, data));
      });
      const values = interpret(snapshot, [...smooth, ...weighed], { feeds: moved });
      let sum = 0;
      smooth.forEach((_, k) => {
        const weights = values[smooth.length + k].data as Float64Array;
        (values[k].data as Float64Array).forEach((v, i) => {
          sum += v * weights[i];
        });
      });
      return sum;
    };
    const step = 1e-5;
    const numeric = (at(step) - at(-step)) / (2 * step);
    if (!(Math.abs(numeric - expected) <= 1e-6 * scale + 1e-5 * Math.abs(numeric))) {
      throw new Error(`gradient along a direction: ${expected}, finite difference ${numeric}`);
    }
  }
}

/** A weight for each element of a tensor, whatever its shape: made of its shape alone. */
function weigh(y: Tensor): Tensor {
  const known = y.shape?.every((d) => d !== null) ? (y.shape as number[]) : null;
  if (known) {
    const data = Float64Array.from({ length: known.reduce((a, b) => a * b, 1) }, (_, i) => 1 + (i % 7) / 8);
    return constant(new NdArray(y.dtype, known, y.dtype === float64 ? data : Float32Array.from(data)));
  }
  return y.graph.asDefault(() => {
    const n = ops.size(y);
    const index = ops.floormod(ops.range(0, n, 1), 7);
    return ops.reshape(ops.add(ops.divide(ops.cast(index, y.dtype), 8), 1), ops.shape(y)) as Tensor;
  });
}

function direction(input: number, element: number): number {
  return Math.sin(1 + 12.9 * element + 3.7 * input);
}

function widened(value: NdArray): NdArray {
  return value.dtype === float32
    ? new NdArray(float64, value.shape, Float64Array.from(value.data as Float32Array))
    : value;
}

function run(session: Session, { fetches, feeds }: { fetches: readonly Tensor[]; feeds: Map<Tensor, NdArray> }) {
  return session.runSync([...fetches], { feedDict: feeds }) as NdArray[];
}

function fits(what: string, shape: Shape, value: NdArray): void {
  const ok =
    shape === null || (shape.length === value.rank && shape.every((d, i) => d === null || d === value.shape[i]));
  if (!ok) throw new Error(`${what}: the shape is [${value.shape}], inferred ${JSON.stringify(shape)}`);
}

/** Rounding is a matter of the largest element. */
function tolerances(values: readonly NdArray[], relative: number): readonly Tolerance[] {
  return values.map(({ dtype, data }) => {
    let largest = 0;
    if (dtype.isFloating) {
      for (const v of data as Float32Array) if (Number.isFinite(v)) largest = Math.max(largest, Math.abs(v));
    }
    return { relative, absolute: relative * Math.max(largest, 1e-3) };
  });
}

function same(
  how: string,
  values: readonly NdArray[],
  expected: readonly NdArray[],
  limits: readonly Tolerance[],
): void {
  values.forEach((value, i) => {
    const found = difference(value, expected[i], limits[i]) && closeEnough(value, expected[i], limits[i]);
    if (found) throw new Error(`${how}: fetch ${i}: ${found}`);
  });
}

/** `difference` compares doubles as doubles; here they are single results beside double ones. */
function closeEnough(actual: NdArray, expected: NdArray, limit: Tolerance): string | null {
  const found = difference(actual, expected, limit);
  if (found === null || actual.dtype !== float64 || actual.shape.join() !== expected.shape.join()) return found;
  const narrow = (a: NdArray) => new NdArray(float32, a.shape, Float32Array.from(a.data as Float64Array));
  return difference(narrow(actual), narrow(expected), limit);
}

/** The tests of a file: each tries so many pieces of a family. */
export function family(
  suite: Test,
): <T>(name: string, runs: number, arbitrary: fc.Arbitrary<T>, piece: (of: T) => Piece) => void {
  const test = leakChecked(suite);
  return (name, runs, arbitrary, piece) => {
    test(name, async () => {
      const bench = new Bench();
      try {
        await fc.assert(
          fc.asyncProperty(arbitrary, (of) => bench.check(piece(of))),
          options(runs),
        );
      } finally {
        bench.close();
      }
    });
  };
}
