/** Small networks from plain ops, and the loop that trains them: what the tests of optimizers share. */
import '../../support/session.ts';
import { readFileSync } from 'node:fs';
import { Session } from '../../../runtime/session.ts';
import { getDefaultGraph } from '../../../src/graph/default-graph.ts';
import type { Operation, Tensor } from '../../../src/graph/graph.ts';
import type { Optimizer } from '../../../src/keras/optimizers/index.ts';
import * as optimizers from '../../../src/keras/optimizers/index.ts';
import { type Config, fromPythonKeys } from '../../../src/keras/serialization.ts';
import { clipByValue } from '../../../src/ops/clip.ts';
import { gather } from '../../../src/ops/gather.ts';
import { matmul } from '../../../src/ops/matmul.ts';
import { placeholder } from '../../../src/ops/placeholders.ts';
import { reduceMean } from '../../../src/ops/reductions.ts';
import { square, tanh } from '../../../src/ops/unary-math.ts';
import { asDType, int32 } from '../../../src/util/dtype.ts';
import type { NdArray } from '../../../src/util/ndarray.ts';
import { globalVariablesInitializer, Variable } from '../../../src/variables/index.ts';
import { fromGolden, type GoldenArray } from '../../support/compare.ts';

/** One run of `optimizers.json`; what the fields mean, the file says. */
export interface Run {
  readonly class: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly sparse: boolean;
  readonly constraint: boolean;
  readonly dtype: string;
  readonly ops: readonly (readonly [name: string, type: string])[] | null;
  readonly step: readonly string[];
  readonly variables: readonly string[];
  readonly weights: readonly string[];
  readonly slot_names: readonly string[];
  readonly config_before: Config;
  readonly config: Config;
  readonly final: readonly GoldenArray[];
  readonly state: readonly GoldenArray[];
}

interface Schedule {
  readonly class: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly steps: readonly number[];
  readonly values: Readonly<Record<'int64' | 'float32', readonly GoldenArray[]>>;
  readonly config: Config;
  readonly legacy: { readonly class_name: string; readonly config: Config };
}

export interface FitCase {
  readonly id: number;
  readonly model: string;
  readonly optimizer: { readonly class: string; readonly args: Config; readonly config: Config };
  readonly initial_weights: readonly GoldenArray[];
  readonly weight_names: readonly string[];
  readonly x: readonly GoldenArray[];
  readonly y: readonly GoldenArray[];
  readonly fit: { readonly epochs: number; readonly batch_size: number };
  readonly final_weights: readonly GoldenArray[];
}

export function readGolden<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../goldens/keras/${file}`, import.meta.url), 'utf8')) as T;
}

export const golden = readGolden<{
  readonly kernel: GoldenArray;
  readonly bias: GoldenArray;
  readonly x: readonly GoldenArray[];
  readonly ids: readonly GoldenArray[];
  readonly runs: readonly Run[];
  readonly schedules: readonly Schedule[];
}>('optimizers.json');

/** The optimizer of a class's name and Python arguments. */
export function make(className: string, args: object): Optimizer {
  return optimizers.deserialize({ className, config: fromPythonKeys(args) as Config });
}

export interface Network {
  readonly input: Tensor;
  readonly loss: Tensor;
  readonly params: readonly Variable[];
}

/** The network of `optimizers.json` on the default graph. */
export function affine({ sparse, constraint, dtype }: Pick<Run, 'sparse' | 'constraint' | 'dtype'>): Network {
  const type = asDType(dtype);
  const limit = constraint ? (w: Tensor) => clipByValue(w, -0.5, 0.5) : null;
  const variable = (value: GoldenArray, name: string, more: object = {}) =>
    new Variable(valueOf(value, dtype), { name, dtype: type, ...more });
  const kernel = variable(golden.kernel, 'dense/kernel', { constraint: limit });
  const bias = variable(golden.bias, 'dense/bias');
  const input = sparse ? placeholder(int32, [null], { name: 'x' }) : placeholder(type, [null, 4], { name: 'x' });
  const hidden = (sparse ? gather(kernel, input) : matmul(input, kernel)).add(bias);
  return { input, loss: reduceMean(square(hidden.sub(0.5))), params: [kernel, bias] };
}

/** The network of the cases `mlp` of `fit.json`: a layer with tanh, an affine one, the mean squared error. */
export function perceptron({ initial_weights, weight_names }: FitCase): Network & { readonly target: Tensor } {
  const params = initial_weights.map(
    (value, i) => new Variable(fromGolden(value), { name: weight_names[i].replace(':0', '') }),
  );
  const input = placeholder('float32', [null, 3], { name: 'x' });
  const target = placeholder('float32', [null, 1], { name: 'y' });
  const hidden = tanh(matmul(input, params[0]).add(params[1]));
  const output = matmul(hidden, params[2]).add(params[3]);
  return { input, target, loss: reduceMean(square(output.sub(target))), params };
}

/** Runs the step on each feed in turn, in a new session, and gives the values of the variables after it. */
export async function train(
  step: readonly Operation[],
  feeds: readonly (readonly (readonly [Tensor, NdArray])[])[],
  variables: readonly Variable[],
): Promise<NdArray[]> {
  const graph = getDefaultGraph();
  const initializer = globalVariablesInitializer();
  const sess = new Session({ graph });
  try {
    await sess.run(initializer);
    for (const feedDict of feeds) await sess.run([...step], { feedDict: [...feedDict] as never });
    return (await sess.run([...variables])) as NdArray[];
  } finally {
    sess.close();
  }
}

/** A golden array in another type; floats are float32 ones before. */
export function valueOf(array: GoldenArray, dtype: string): NdArray {
  const data = dtype === 'float64' ? array.data.map((x) => Math.fround(Number(x))) : array.data;
  return fromGolden({ ...array, data, dtype });
}

/** Rows `from` to `to` of a golden array. */
export function rows(array: GoldenArray, from: number, to: number): NdArray {
  const width = array.shape.slice(1).reduce((a, b) => a * b, 1);
  const shape = [to - from, ...array.shape.slice(1)];
  return fromGolden({ dtype: array.dtype, shape, data: array.data.slice(from * width, to * width) });
}
