/**
 * Pieces of graphs on the wasm backend with generated kernels, against host kernels run node by node and the cpu backend. Which
 * pieces are tried is said in `test/codegen`.
 */
import * as fc from 'fast-check';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../runtime/backends/backend.ts';
import { startBackend } from '../../runtime/backends/index.ts';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import '../../runtime/host/index.ts';
import { options, stream } from './arbitraries.ts';
import { difference, type Tolerance } from './compare.ts';
import { interpret } from './interpret.ts';
import { leakChecked } from './leaks.ts';

/** A piece of a graph with values for its inputs. */
export interface Piece {
  readonly inputs: readonly NdArray[];
  readonly build: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  /** Inputs that are constants of the graph, by position. */
  readonly constants?: readonly number[];
  /** Whether the gradients along inputs of floats are computed as well. */
  readonly gradients?: boolean;
  /** Relative to the largest element; 2e-5 without it. */
  readonly tolerance?: number;
  /** How many kernels are generated at least; 1 without it. */
  readonly kernels?: number;
  /** False: the kernels of the cpu backend give something else here. */
  readonly cpu?: boolean;
}

/** The wasm backend; `count()` says how many generated kernels were asked for since it was asked last. */
async function countingBackend(): Promise<{ readonly backend: Backend; readonly count: () => number }> {
  const real = await startBackend('wasm');
  let asked = 0;
  const counted = <A extends unknown[], R>(make: ((...args: A) => R) | undefined) => ({
    value:
      make &&
      ((...args: A): R => {
        asked++;
        return make(...args);
      }),
  });
  const backend: Backend = Object.create(real, {
    generate: counted(real.generate),
    generateOnValues: counted(real.generateOnValues),
  });
  const count = () => {
    const since = asked;
    asked = 0;
    return since;
  };
  return { backend, count };
}

/** Runs pieces in sessions on one graph, which is a new one now and then. */
export class Bench {
  private graph = new Graph();
  private sessions: readonly (readonly [name: string, session: Session])[] = [];
  private count: () => number = () => 0;
  private tried = 0;

  close(): void {
    for (const [, session] of this.sessions) session.close();
    this.sessions = [];
  }

  async check(piece: Piece): Promise<void> {
    if (this.tried++ % 8 === 0) await this.renew();
    const { fetches, feeds } = this.build(piece);
    const expected = interpret(this.graph.snapshot(), fetches, { feeds });
    const limits = tolerances(expected, piece.tolerance ?? 2e-5);
    this.count();
    for (const [name, session] of this.sessions) {
      if (name === 'cpu' && piece.cpu === false) continue;
      const values = session.runSync([...fetches], { feedDict: feeds }) as NdArray[];
      values.forEach((value, i) => {
        const found = difference(value, expected[i], limits[i]);
        if (found) throw new Error(`${name}: fetch ${i} [${value.shape}]: ${found}`);
      });
    }
    const made = this.count();
    assert.ok(made >= (piece.kernels ?? 1), `${made} kernels were generated`);
  }

  private async renew(): Promise<void> {
    this.close();
    this.graph = new Graph();
    const { backend, count } = await countingBackend();
    this.count = count;
    const open = (config: { backend: string | Backend }) => new Session({ graph: this.graph, config });
    this.sessions = [
      ['generated', open({ backend })],
      ['cpu', open({ backend: 'cpu' })],
    ];
    for (const [, session] of this.sessions) await session.ready();
  }

  private build(piece: Piece): { readonly fetches: readonly Tensor[]; readonly feeds: Map<Tensor, NdArray> } {
    return this.graph.asDefault(() => {
      const feeds = new Map<Tensor, NdArray>();
      const xs = piece.inputs.map((value, i) => {
        if (piece.constants?.includes(i)) return constant(value);
        const x = placeholder(value.dtype, value.shape);
        feeds.set(x, value);
        return x;
      });
      const built = piece.build(...xs);
      const ys = 'op' in built ? [built] : [...built];
      const fetches = [...ys];
      if (piece.gradients) {
        const smooth = ys.filter((y) => y.dtype === float32);
        const along = xs.filter((x) => x.dtype === float32);
        const gradYs = smooth.map((y, k) => {
          const gradY = placeholder(float32, y.shape);
          feeds.set(gradY, floats(y.shape as number[], 77 + k));
          return gradY;
        });
        for (const g of gradients(smooth, along, { gradYs })) {
          if (g !== null) fetches.push('asTensor' in g ? g.asTensor() : g);
        }
      }
      return { fetches, feeds };
    });
  }
}

/** Rounding is a matter of the largest element. */
function tolerances(values: readonly NdArray[], relative: number): readonly Tolerance[] {
  return values.map(({ dtype, data }) => {
    let largest = 1;
    if (dtype.isFloating) {
      for (const v of data as Float32Array) if (Number.isFinite(v)) largest = Math.max(largest, Math.abs(v));
    }
    return { relative, absolute: relative * largest };
  });
}

/** The part of the runs that a quick suite makes; `FC_RUNS=1` makes all. */
const QUICK = 0.2;

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
          options(runs, QUICK),
        );
      } finally {
        bench.close();
      }
    });
  };
}

const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 0];

/** Numbers in [-2, 2); some of them NaN, infinite or zero where `special` says how many of them on average. */
export function floats(shape: readonly number[], from: number, special = 0): NdArray {
  const random = stream(from);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    const x = random() * 4 - 2;
    return random() < special ? SPECIAL[Math.floor(random() * SPECIAL.length)] : x;
  });
  return new NdArray(float32, shape, data);
}

/** Lengths of axes: mostly short, those around multiples of four, some up to 40. */
export const extent: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 2, arbitrary: fc.integer({ min: 6, max: 17 }) },
  { weight: 1, arbitrary: fc.integer({ min: 18, max: 40 }) },
);
/** Which part of the numbers is special: mostly none. */
export const special: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(0.05) },
);
