/** What the tests of files share: the goldens of Keras's files, and looks at models. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import '../../../runtime/session.ts';
import '../../../src/ops/index.ts';
import { Input } from '../../../src/keras/engine/input-layer.ts';
import type { TensorNest } from '../../../src/keras/engine/nest.ts';
import * as layers from '../../../src/keras/layers/index.ts';
import { Model, Sequential } from '../../../src/keras/models/index.ts';
import type { NdArray } from '../../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray, type Tolerance } from '../../support/compare.ts';

export type AnyModel = Model<TensorNest>;

export interface LayoutEntry {
  readonly path: string;
  readonly attrs: Readonly<Record<string, string | readonly string[]>>;
  readonly dtype?: string;
  readonly shape?: readonly number[];
}
export interface FitCase {
  readonly id: number;
  readonly model: string;
  readonly config: object;
  readonly x: readonly GoldenArray[];
  readonly y: readonly GoldenArray[];
  readonly predict_after: readonly GoldenArray[];
  readonly train_on_batch_again: readonly number[];
  readonly h5_weights: {
    readonly file: string;
    readonly layout: readonly LayoutEntry[];
    readonly values: readonly GoldenArray[];
  };
  readonly h5_model: { readonly file: string; readonly layout: readonly LayoutEntry[] };
}

const folder = new URL('../../goldens/keras/', import.meta.url);

export function goldenBytes(file: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(file, folder)));
}
export function goldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as T;
}

const { cases } = goldenJson<{ cases: FitCase[] }>('fit');

/** The trained models that there are files of. */
export const saved = cases.filter((item) => item.h5_model);

/** Compares arrays with goldens, or with other arrays. */
export function same(
  actual: readonly NdArray[],
  expected: readonly (GoldenArray | NdArray)[],
  tolerance?: Tolerance,
): void {
  assert.is(actual.length, expected.length);
  for (const [i, value] of actual.entries()) {
    const wanted = expected[i];
    assert.is(difference(value, isArray(wanted) ? wanted : fromGolden(wanted), tolerance), null);
  }
}
function isArray(value: GoldenArray | NdArray): value is NdArray {
  return 'rank' in value;
}

export async function predictions(model: AnyModel, x: readonly NdArray[]): Promise<NdArray[]> {
  return [(await model.predict(x.length === 1 ? x[0] : x)) as unknown as NdArray | NdArray[]].flat();
}

/** A row of layers that is compiled. */
export function row(units = 4): Sequential {
  const model = new Sequential([
    new layers.Dense(units, { inputShape: [3], activation: 'tanh' }),
    new layers.BatchNormalization(),
    new layers.Dense(1),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  return model;
}

/** A model with a model and a model's ops inside. */
export function nested(): AnyModel {
  const inner = new Sequential([new layers.Dense(3, { inputShape: [3], activation: 'relu' })], { name: 'inner' });
  const x = Input([3]);
  const h = inner.apply(x);
  const outputs = [new layers.Dense(2).apply(h.add(x)), inner.apply(h)];
  return new Model<TensorNest>(x, outputs, { name: 'outer' });
}

export const X = [
  [0.1, -0.2, 0.3],
  [0.5, 0.4, -0.6],
  [-0.7, 0.8, 0.9],
  [1, -1, 0.5],
];
export const Y = [[0.5], [-0.5], [1], [0.25]];
