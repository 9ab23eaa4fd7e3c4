/**
 * Runs the op cases of `test/goldens/ops`: builds each as a graph, checks static shapes, runs it, compares with what real
 * TensorFlow gave. How a graph is run is passed in; without it the interpreter runs it.
 */
import { readFileSync } from 'node:fs';
import { Graph, type Operation, type Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import { constant } from '../../src/ops/constants.ts';
import { emit } from '../../src/ops/emit.ts';
import { findOpDef, getOpDef } from '../../src/ops/opdef/define.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { asDType } from '../../src/util/dtype.ts';
import { OpError } from '../../src/util/errors.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT, type Tolerance } from './compare.ts';
import { interpret } from './interpret.ts';

interface GoldenError {
  readonly class: string;
  readonly message: string;
  readonly code?: number;
  readonly node?: string;
}

interface GoldenInput extends GoldenArray {
  readonly arg: string;
  readonly index?: number;
  readonly const?: boolean;
  /** Fed without a static shape. */
  readonly loose?: boolean;
}

/** A gradient that says only some rows. */
interface GoldenSlices {
  readonly values: GoldenArray;
  readonly indices: GoldenArray;
  readonly dense_shape: GoldenArray;
}

export interface GoldenCase {
  readonly id: string;
  readonly op?: string;
  readonly api?: string;
  readonly note?: string;
  readonly attrs?: Readonly<Record<string, unknown>>;
  readonly attrs_given?: Readonly<Record<string, unknown>>;
  readonly inputs: readonly GoldenInput[];
  readonly static_shapes?: readonly (readonly number[] | null)[];
  readonly outputs?: readonly (GoldenArray | null)[];
  readonly grad_weights?: readonly (GoldenArray | null)[];
  readonly grads?: readonly {
    readonly arg: string;
    readonly index?: number;
    readonly grad: GoldenArray | { readonly indexed_slices: GoldenSlices } | null;
  }[];
  readonly grad_error?: GoldenError;
  readonly construct_error?: GoldenError;
  readonly run_error?: GoldenError;
}

/** Runs fetches with feeds, or a whole op for its effects: the interpreter, or a session. */
export type Run = (
  fetches: readonly Tensor[],
  feeds: ReadonlyMap<Tensor, NdArray>,
  target?: Operation,
) => NdArray[] | Promise<NdArray[]>;

/** The groups of op cases: the files of `test/goldens/ops` whose cases name an op. */
export const goldenGroups = [
  'binary',
  'bitwise',
  'cast',
  'compare',
  'conv',
  'diag',
  'fft',
  'fused',
  'gather',
  'image',
  'intdiv',
  'join',
  'linalg',
  'matmul',
  'norm',
  'pad',
  'parse',
  'pool',
  'quant',
  'quantized',
  'reduce',
  'regions',
  'rnn_ctc',
  'segment',
  'sequence',
  'shape',
  'slice',
  'space',
  'sparse',
  'string',
  'summary',
  'texts',
  'unary',
  'windows',
] as const;

/** Special functions are approximations everywhere: they are compared as TensorFlow's own tests do. */
const approximate =
  /^(Lgamma|Digamma|Polygamma|Zeta|Igamma|Betainc|Bessel|Ndtri|Erfinv|Matrix|Cholesky|Qr|Svd|SelfAdjoint|.*FFT)/;

/** The forward tolerance of a case. */
export function toleranceOf(c: GoldenCase): Tolerance {
  return approximate.test(c.op ?? '') ? GRADIENT : FORWARD;
}

/** The cases of a group (`unary`, `reduce`, …), or those of some op types. */
export function goldenCases(group: string, ops?: readonly string[]): GoldenCase[] {
  const text = readFileSync(new URL(`../goldens/ops/${group}.json`, import.meta.url), 'utf8');
  const { cases } = JSON.parse(text, undefined) as { cases: GoldenCase[] };
  return cases.filter((c) => c.op !== undefined && (!ops || ops.includes(c.op)));
}

/** Cases whose op is registered. */
export function knownCases(group: string): GoldenCase[] {
  return goldenCases(group).filter((c) => findOpDef(c.op as string));
}

/** The op of a case, built in a graph of its own with a tensor per input. */
export interface BuiltCase {
  readonly graph: Graph;
  readonly inputs: readonly Tensor[];
  readonly op: Operation;
  readonly outputs: readonly Tensor[];
  readonly feeds: ReadonlyMap<Tensor, NdArray>;
}

export function buildCase(c: GoldenCase): BuiltCase {
  const graph = new Graph();
  return graph.asDefault(() => {
    const type = c.op as string;
    const feeds = new Map<Tensor, NdArray>();
    const inputs: Tensor[] = [];
    const byArg = new Map<string, Tensor[]>();
    for (const input of c.inputs) {
      const value = fromGolden(input);
      const tensor = input.const ? constant(value) : placeholder(value.dtype, input.loose ? null : value.shape);
      if (!input.const) feeds.set(tensor, value);
      inputs.push(tensor);
      const list = byArg.get(input.arg) ?? [];
      list.push(tensor);
      byArg.set(input.arg, list);
    }
    const def = getOpDef(type);
    // Some files name arguments as Python does (`axis` for `reduction_indices`): then the order tells.
    const inOrder = [...byArg.values()];
    const args = def.inputs.map((arg, i) => {
      const list = byArg.get(arg.name) ?? (byArg.size === def.inputs.length ? inOrder[i] : []);
      return arg.numberAttr || arg.typeListAttr ? list : list[0];
    });
    const attrs = attrsOf(c.attrs ?? c.attrs_given ?? {});
    if (type === 'Squeeze' && attrs.axis !== undefined) {
      // Given as the public function's argument, not under the attribute's name.
      attrs.squeeze_dims = attrs.axis;
      delete attrs.axis;
    }
    const op = emit(type, args, attrs, 'op');
    return { graph, inputs, op, outputs: op.outputs, feeds };
  });
}

function attrsOf(golden: Readonly<Record<string, unknown>>): Record<string, AttrValue> {
  return Object.fromEntries(Object.entries(golden).map(([key, value]) => [key, attrOf(value)]));
}

/** An attribute of a golden file; the file says which kind it is. */
export function attrOf(value: unknown): AttrValue {
  if (typeof value !== 'object' || value === null) return value as AttrValue;
  const tagged = value as {
    type?: string;
    shape?: number[] | null;
    tensor?: GoldenArray;
    func?: string;
    list?: unknown[];
  };
  if (tagged.type !== undefined) return asDType(tagged.type);
  if (tagged.shape !== undefined) return tagged.shape?.map((d) => (d < 0 ? null : d)) ?? null;
  if (tagged.tensor) return fromGolden(tagged.tensor);
  if (tagged.func !== undefined) return { func: tagged.func };
  return (tagged.list ?? (value as unknown[])).map(attrOf);
}

const byInterpreter: Run = (fetches, feeds, target) => {
  const graph = target?.graph ?? fetches[0].graph;
  return interpret(graph.snapshot(), fetches, { feeds, targets: target && [target] });
};

/** Which outputs are the left vectors, the values and the right vectors of a decomposition. */
interface Parts {
  readonly factors: readonly [left: number, values: number, right: number];
  /** The outputs whose signs are free. */
  readonly vectors: readonly number[];
}

const freeParts: Readonly<Record<string, Parts | undefined>> = {
  Svd: { factors: [1, 0, 2], vectors: [1, 2] },
  SelfAdjointEigV2: { factors: [1, 0, 1], vectors: [1] },
};

function readGolden(golden: GoldenArray | null): NdArray {
  return fromGolden(golden as GoldenArray);
}

/** The product of the parts of a decomposed matrix: vectors are determined but for their signs. */
function recompose({ factors }: Parts, values: readonly NdArray[]): NdArray {
  const [left, middle, right] = factors.map((i) => values[i]);
  const [[m, p], [n]] = [left.shape, right.shape];
  const [u, s, v] = [left, middle, right].map(({ data }) => data as Float32Array);
  const product = Float32Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < p; k++) sum += u[i * p + k] * s[k] * v[j * p + k];
    return sum;
  });
  return new NdArray(left.dtype, [m, n], product);
}

/** Checks the forward part of a case: static shapes, values, errors. Throws with everything that differs. */
export async function checkForward(
  c: GoldenCase,
  run: Run = byInterpreter,
  tolerance: Tolerance = FORWARD,
): Promise<void> {
  if (c.construct_error) return expectError(c, c.construct_error, () => buildCase(c));
  const built = buildCase(c);
  const problems: string[] = [];
  c.static_shapes?.forEach((expected, i) => {
    const actual = built.outputs[i]?.shape ?? null;
    const wanted = expected?.map((d) => (d < 0 ? null : d)) ?? null;
    if (JSON.stringify(actual) !== JSON.stringify(wanted))
      problems.push(`static shape ${i}: ${JSON.stringify(actual)}, expected ${JSON.stringify(wanted)}`);
  });
  if (c.run_error) return expectError(c, c.run_error, () => run(built.outputs, built.feeds, built.op));
  const values = built.outputs.length > 0 ? await run(built.outputs, built.feeds) : [];
  const parts = c.note?.startsWith('signs are free') ? freeParts[c.op as string] : undefined;
  if (parts && c.outputs) {
    const found = difference(recompose(parts, values), recompose(parts, c.outputs.map(readGolden)), tolerance);
    if (found) problems.push(`the product of the parts: ${found}`);
  }
  c.outputs?.forEach((golden, i) => {
    if (!golden || parts?.vectors.includes(i)) return;
    const found = difference(values[i], fromGolden(golden), tolerance);
    if (found) problems.push(`output ${i}: ${found}`);
  });
  if (problems.length > 0) throw new Error(`${c.id} ${c.op}${c.note ? ` (${c.note})` : ''}: ${problems.join('; ')}`);
}

/** The text before the node, and without the name that the maker of the goldens gave a fed tensor. */
function normalize(message: string): string {
  return message.split(" for '{{node")[0].replace(/^Shape of tensor \S+/, 'Shape of tensor x');
}

async function expectError(c: GoldenCase, expected: GoldenError, body: () => unknown): Promise<void> {
  const wanted = normalize(expected.message);
  let caught: unknown;
  try {
    await body();
  } catch (error) {
    caught = error;
  }
  if (!caught) throw new Error(`${c.id} ${c.op}: no error, expected ${expected.class}: ${wanted}`);
  const error = caught as Error;
  const message = normalize(error instanceof OpError ? error.detail : error.message);
  // The goldens cut long messages.
  if (error.name !== expected.class || !message.startsWith(wanted)) {
    throw new Error(`${c.id} ${c.op}: ${error.name}: ${message}\n  expected ${expected.class}: ${wanted}`);
  }
}

/** Gradient builder: `tf.gradients`, passed in so that this file does not need it. */
export type Gradients = (
  ys: readonly Tensor[],
  xs: readonly Tensor[],
  gradYs: readonly Tensor[],
) => readonly (Tensor | { asTensor(): Tensor } | null)[];

/** Checks the gradients of a case. */
export async function checkGradients(
  c: GoldenCase,
  gradients: Gradients,
  run: Run = byInterpreter,
  tolerance: Tolerance = GRADIENT,
): Promise<void> {
  const { grads, grad_weights: weights } = c;
  if (c.grad_error && c.grad_error.code === undefined) {
    const built = buildCase(c);
    const floats = built.outputs.filter((t) => t.dtype.isFloating);
    const xs = built.inputs.filter((t) => t.dtype.isFloating);
    return expectError(c, c.grad_error, () => {
      const found = built.graph.asDefault(() => gradients(floats, xs, floats).filter((g) => g !== null));
      // An error with a code is one of a run.
      if (c.grad_error?.code === undefined) return undefined;
      return run(
        found.map((g) => ('asTensor' in g ? g.asTensor() : g)),
        built.feeds,
      );
    });
  }
  if (!grads || !weights) return;
  const built = buildCase(c);
  const problems: string[] = [];
  const xs = built.inputs.filter((t) => t.dtype.isFloating);
  const found = built.graph.asDefault(() => {
    const ys: Tensor[] = [];
    const gradYs: Tensor[] = [];
    built.outputs.forEach((output, i) => {
      const weight = weights[i];
      if (!weight || !output.dtype.isFloating) return;
      ys.push(output);
      gradYs.push(constant(fromGolden(weight)));
    });
    return gradients(ys, xs, gradYs).map((g) => (g === null ? null : 'asTensor' in g ? g.asTensor() : g));
  });
  const fetches = found.filter((g) => g !== null);
  const values = fetches.length > 0 ? await run(fetches, built.feeds) : [];
  found.forEach((g, i) => {
    const golden = grads[i]?.grad ?? null;
    if (golden === null) {
      if (g !== null) problems.push(`gradient ${i}: expected none`);
      return;
    }
    if (g === null) {
      problems.push(`gradient ${i}: none`);
      return;
    }
    const wanted = 'indexed_slices' in golden ? denseOf(golden.indexed_slices) : fromGolden(golden);
    const text = difference(values[fetches.indexOf(g)], wanted, tolerance);
    if (text) problems.push(`gradient ${i}: ${text}`);
  });
  if (problems.length > 0) throw new Error(`${c.id} ${c.op}${c.note ? ` (${c.note})` : ''}: ${problems.join('; ')}`);
}

/** Slices as the array that they stand for: those of one row add up. */
function denseOf({ values, indices, dense_shape: shape }: GoldenSlices): NdArray {
  const [rows, at, sizes] = [values, indices, shape].map(fromGolden);
  const dense = Array.from(sizes.data as ArrayLike<number | bigint>, Number);
  const width = dense.slice(1).reduce((size, dim) => size * dim, 1);
  const data = allocate(rows.dtype, width * dense[0]) as Float32Array;
  for (let i = 0; i < at.size; i++) {
    const row = Number(at.data[i]) * width;
    for (let k = 0; k < width; k++) data[row + k] += Number(rows.data[i * width + k]);
  }
  return new NdArray(rows.dtype, dense, data);
}
