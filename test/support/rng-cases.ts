/**
 * The cases of `goldens/rng.json`, and how each is built: for the tests that run them. Groups of cases that cannot be built
 * yet are not among the builders.
 */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import * as initializers from '../../src/initializers.ts';
import { constant } from '../../src/ops/constants.ts';
import { dropout } from '../../src/ops/dropout.ts';
import {
  categorical,
  multinomial,
  randomCrop,
  randomNormal,
  randomShuffle,
  randomUniform,
  truncatedNormal,
} from '../../src/ops/random.ts';
import { asDType, float16, float64, int32, int64 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import type { Initializer } from '../../src/variables/initializers.ts';
import type { GoldenArray } from './compare.ts';

export interface RngCase {
  readonly id: number;
  readonly group: string;
  readonly describe: string;
  readonly graph_seed: number | null;
  readonly op_seed?: number | null;
  readonly shape?: readonly number[];
  readonly args?: Readonly<Record<string, unknown>>;
  readonly random_nodes?: readonly { name: string; type: string; attrs: Record<string, unknown> }[];
  readonly runs: readonly (readonly (GoldenArray & { readonly hex: string })[])[];
}

export const { cases } = JSON.parse(readFileSync(new URL('../goldens/rng.json', import.meta.url), 'utf8')) as {
  cases: readonly RngCase[];
};

/** The elements of a golden from their bytes, which are exact. */
export function exact(golden: GoldenArray & { readonly hex: string }): (number | bigint)[] {
  const dtype = asDType(golden.dtype);
  const bytes = Buffer.from(golden.hex, 'hex');
  const count = bytes.length / dtype.size;
  const read: Record<string, (i: number) => number | bigint> = {
    float32: (i) => bytes.readFloatLE(4 * i),
    float64: (i) => bytes.readDoubleLE(8 * i),
    int32: (i) => bytes.readInt32LE(4 * i),
    int64: (i) => bytes.readBigInt64LE(8 * i),
    float16: (i) => halfValue(bytes.readUInt16LE(2 * i)),
  };
  return Array.from({ length: count }, (_, i) => read[dtype.name](i));
}

function halfValue(bits: number): number {
  const exponent = (bits >> 10) & 31;
  return exponent === 0 ? (bits & 1023) * 2 ** -24 : 2 ** (exponent - 15) * (1 + (bits & 1023) / 1024);
}

export function expectSame(actual: NdArray, golden: GoldenArray & { readonly hex: string }, what: string): void {
  assert.equal([...actual.shape], [...golden.shape], what);
  assert.is(actual.dtype.name, golden.dtype, what);
  assert.equal(Array.from(actual.data as Float32Array), exact(golden), what);
}

/** How a group's tensor is built from a case. */
export const builders: Readonly<Record<string, (c: RngCase, seed: number | null) => Tensor>> = {
  uniform: (c, seed) => randomUniform(shapeOf(c), { seed }),
  normal: (c, seed) => randomNormal(shapeOf(c), { seed }),
  truncated_normal: (c, seed) => truncatedNormal(shapeOf(c), { seed }),
  uniform_range: (c, seed) => randomUniform(shapeOf(c), { ...range(c), seed }),
  uniform_int32: (c, seed) => randomUniform(shapeOf(c), { ...range(c), dtype: int32, seed }),
  uniform_int64: (c, seed) =>
    randomUniform(shapeOf(c), {
      minval: BigInt(range(c).minval),
      maxval: BigInt(range(c).maxval),
      dtype: int64,
      seed,
    }),
  uniform_f64: (c, seed) => randomUniform(shapeOf(c), { dtype: float64, seed }),
  normal_f64: (c, seed) => randomNormal(shapeOf(c), { dtype: float64, seed }),
  uniform_f16: (c, seed) => randomUniform(shapeOf(c), { dtype: float16, seed }),
  normal_mean: (c, seed) => randomNormal(shapeOf(c), { ...moments(c), seed }),
  truncated_mean: (c, seed) => truncatedNormal(shapeOf(c), { ...moments(c), seed }),
  multinomial: (c, seed) => multinomial(c.args?.logits as number[][], c.args?.num_samples as number, { seed }),
  categorical: (c, seed) =>
    categorical(c.args?.logits as number[][], c.args?.num_samples as number, { dtype: c.args?.dtype as string, seed }),
  shuffle: (c, seed) => randomShuffle(constant(c.args?.value as number[], int32), { seed }),
  crop: (_c, seed) =>
    randomCrop(
      constant(
        Array.from({ length: 12 }, (_, i) => i),
        int32,
        [4, 3],
      ),
      [2, 2],
      { seed },
    ),
  dropout: (c, seed) => dropout(constant(1, { shape: [2, 5] }), { rate: c.args?.rate as number, seed }),
};

export const shapeOf = (c: RngCase) => c.shape as readonly number[];
const range = (c: RngCase) => c.args as { minval: number; maxval: number };
const moments = (c: RngCase) => c.args as { mean: number; stddev: number };

/** Builds a case in a graph of its own, as TensorFlow's script did. */
export function built(c: RngCase, build: (seed: number | null) => Tensor): Tensor {
  return new Graph().asDefault((graph) => {
    graph.seed = c.graph_seed;
    return build(c.op_seed ?? null);
  });
}

export function checkNodes(c: RngCase, tensor: Tensor): void {
  for (const node of c.random_nodes ?? []) {
    if (!node.name) continue;
    const op = tensor.graph.getOperationByName(node.name);
    assert.is(op.type, node.type);
    for (const [key, value] of Object.entries(node.attrs)) {
      const actual = op.getAttr(key);
      const { type, list } = Object(value) as { type?: string; list?: readonly number[] };
      assert.equal(actual, type ? asDType(type) : (list ?? value), `case ${c.id}: ${node.name}.${key}`);
    }
  }
}

/** The initializers of the goldens, by the words that describe them. */
const made: Readonly<Record<string, (seed: number | null) => Initializer>> = {
  'tf.glorot_uniform': (seed) => initializers.glorotUniform({ seed }),
  'tf.glorot_normal': (seed) => initializers.glorotNormal({ seed }),
  'tf.he_normal': (seed) => initializers.heNormal({ seed }),
  'tf.he_uniform': (seed) => initializers.heUniform({ seed }),
  'tf.lecun_normal': (seed) => initializers.lecunNormal({ seed }),
  'tf.lecun_uniform': (seed) => initializers.lecunUniform({ seed }),
  'tf.truncated_normal(stddev=.1)': (seed) => initializers.truncatedNormal({ stddev: 0.1, seed }),
  // The values have this deviation; the description leaves it out.
  'tf.random_normal(mean=1)': (seed) => initializers.randomNormal({ mean: 1, stddev: 0.5, seed }),
  'tf.random_uniform(-.1,.1)': (seed) => initializers.randomUniform(-0.1, 0.1, { seed }),
  'tf.uniform_unit_scaling': (seed) => initializers.uniformUnitScaling({ seed }),
  'tf.orthogonal': (seed) => initializers.orthogonal({ seed }),
};

export function initializerOf(describe: string, seed: number | null): Initializer {
  const scaling = /^tf\.variance_scaling\(scale=(.*), mode=(.*), distribution=(.*)\)$/.exec(describe);
  if (!scaling) return made[describe](seed);
  const [, scale, mode, distribution] = scaling;
  return initializers.varianceScaling({
    scale: Number(scale),
    mode: mode as 'fan_in',
    distribution: distribution as 'uniform',
    seed,
  });
}
