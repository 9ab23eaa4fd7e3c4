/**
 * Layers against Keras: every case of `test/goldens/keras/layers.json` (Keras 2.15 in graph mode) and the layers of
 * `keras3.json` that are here. Gradients, masks and failures are in `layers-gradients.test.ts` and `masking.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { integrated } from '../../src/keras/context.ts';
import { Input } from '../../src/keras/engine/input-layer.ts';
import type { Layer } from '../../src/keras/engine/layer.ts';
import { flat, type ShapeNest, shapeList, type TensorNest } from '../../src/keras/engine/nest.ts';
import { deserializeLayer, knownLayers } from '../../src/keras/layers/registry.ts';
import '../../src/keras/models/index.ts';
import { fromPythonKeys, type Serialized, toPythonKeys } from '../../src/keras/serialization.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

interface Case {
  readonly id: number;
  readonly layer: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weight_names: readonly string[];
  readonly weights: readonly GoldenArray[];
  readonly inputs: readonly GoldenArray[];
  readonly outputs: readonly GoldenArray[];
  /** Not of rows of layers. */
  readonly output_shape?: readonly (readonly (number | null)[])[];
  readonly trainable_count?: number;
  readonly training?: boolean;
  readonly later_runs?: readonly (readonly GoldenArray[])[];
  readonly weights_after_updates?: readonly GoldenArray[];
}

const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../goldens/keras/${name}.json`, import.meta.url), 'utf8')) as T;

const { cases } = golden<{ cases: Case[] }>('layers');

/** A row of layers: `Embedding(mask_zero) + LSTM`. */
const isRow = (name: string): boolean => name.includes(' + ');

const test = suite('Keras layers');
const check = leakChecked(test);

/** Numbers of NumPy scalars are written as text in the goldens. */
function plain(value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

interface Built {
  readonly layer: Layer<TensorNest>;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

function buildCase(c: Case, config: unknown, training?: boolean): Built {
  const className = isRow(c.layer) ? 'Sequential' : c.layer;
  const serialized = { className, config: fromPythonKeys(config) } as Serialized;
  const layer = deserializeLayer(serialized);
  const inputs = c.inputs.map(({ dtype, shape }) => Input({ shape: shape.slice(1), dtype: dtype as 'float32' }));
  const outputs = layer.apply(inputs.length === 1 ? inputs[0] : inputs, training === undefined ? {} : { training });
  return { layer, inputs, outputs: flat(outputs as Tensor | readonly Tensor[]) };
}

async function load({ layer }: Built, weights: readonly GoldenArray[], sess: Session): Promise<void> {
  for (const [i, variable] of layer.weights.entries()) await variable.load(fromGolden(weights[i]), sess);
}

const feedsOf = (c: Pick<Case, 'inputs'>, { inputs }: Built): (readonly [Tensor, NdArray])[] =>
  inputs.map((tensor, i) => [tensor, fromGolden(c.inputs[i])] as const);

const tolerance = (c: Pick<Case, 'layer'>) => (/Norm/.test(c.layer) ? GRADIENT : FORWARD);

function differences(c: Case, values: readonly NdArray[], expected: readonly GoldenArray[], what: string): string[] {
  return values.flatMap((value, i) => {
    const text = difference(value, fromGolden(expected[i]), tolerance(c));
    return text ? [`${what}: ${text}`] : [];
  });
}

/** All that a case says, with the training flag given to the call or fed as the learning phase. */
async function compare(c: Case, backend: string, fed: boolean): Promise<string[]> {
  const graph = new Graph();
  const config = plain(c.config);
  const built = graph.asDefault(() => buildCase(c, config, fed ? undefined : c.training));
  const { layer, outputs } = built;
  const problems: string[] = [];
  const same = (actual: unknown, expected: unknown, what: string) => {
    try {
      assert.equal(actual, expected);
    } catch {
      problems.push(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
    }
  };
  same(toPythonKeys(layer.getConfig()), config, 'config');
  same(
    layer.weights.map(({ name }) => name),
    c.weight_names,
    'weight names',
  );
  same(layer.trainableWeights.length, c.trainable_count ?? layer.weights.length, 'trainable weights');
  const inputShape = c.inputs.map(({ shape }) => [null, ...shape.slice(1)]);
  const computed = layer.computeOutputShape((inputShape.length === 1 ? inputShape[0] : inputShape) as ShapeNest);
  const shapes = outputs.map(({ shape }) => shape);
  same(shapeList(computed), c.output_shape ?? shapes, 'computed shape');
  same(shapes, c.output_shape ?? shapeList(computed), 'static shape');
  using sess = new Session({ graph, config: { backend } });
  await load(built, c.weights, sess);
  const feedDict: (readonly [Tensor, unknown])[] = feedsOf(c, built);
  if (fed) {
    const phase = graph.asDefault(() => integrated.learningPhase(graph));
    feedDict.push([phase as Tensor, c.training]);
  }
  const updates = c.weights_after_updates ? layer.updates : [];
  const run = async () =>
    ((await sess.run([...outputs, ...updates], { feedDict: feedDict as never })) as NdArray[]).slice(0, outputs.length);
  problems.push(...differences(c, await run(), c.outputs, 'output'));
  for (const later of c.later_runs ?? []) problems.push(...differences(c, await run(), later, 'later run'));
  if (c.weights_after_updates) {
    const weights = (await sess.run(layer.weights)) as NdArray[];
    problems.push(...differences(c, weights, c.weights_after_updates, 'weights after updates'));
  }
  return problems;
}

for (const backend of ['wasm', 'cpu']) {
  for (const name of new Set(cases.map(({ layer }) => layer))) {
    check(`${name} is as in Keras (${backend})`, async () => {
      const problems: string[] = [];
      for (const c of cases.filter(({ layer }) => layer === name)) {
        for (const fed of c.training === undefined ? [false] : [false, true]) {
          const found = await compare(c, backend, fed).catch((error) => [String(error?.stack).slice(0, 600)]);
          problems.push(...found.map((text) => `case ${c.id}${fed ? ' (phase fed)' : ''}: ${text}`));
        }
      }
      assert.equal(problems, []);
    });
  }
}

test('every layer of the goldens is here', () => {
  const names = cases.flatMap(({ layer }) => layer.split(' + ').map((part) => part.replace(/\(.*\)/, '')));
  assert.equal(
    names.filter((name) => !knownLayers.has(name)),
    [],
  );
});

// ---------------------------------------------------------------------------------------------------------------------
// Keras 3

interface Keras3Case extends Pick<Case, 'layer' | 'config' | 'weights' | 'inputs' | 'outputs'> {
  readonly call: Readonly<Record<string, unknown>>;
}

const keras3 = golden<{ layers: Keras3Case[] }>('keras3').layers;

/** Keras 3 alone has these options; what they are by default is what is here. */
const ONLY_IN_3 = ['rms_scaling', 'quantization_config', 'synchronized'];

/** Keras 3's configuration as Keras 2 writes it. */
function asKeras2(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asKeras2);
  if (typeof value !== 'object' || value === null) return value;
  const { class_name: className, config } = value as { class_name?: string; config?: { name?: string } };
  if (className === 'DTypePolicy') return config?.name;
  if (className)
    return { class_name: className, config: asKeras2({ ...config, input_axes: undefined, output_axes: undefined }) };
  const kept = Object.entries(value).filter(([key, item]) => !ONLY_IN_3.includes(key) && item !== undefined);
  return Object.fromEntries(kept.map(([key, item]) => [key, asKeras2(item)]));
}

for (const [i, c] of keras3.entries()) {
  check(`${c.layer} is as in Keras 3 (case ${i})`, async () => {
    const graph = new Graph();
    const whole = { id: i, ...c } as unknown as Case;
    const built = graph.asDefault(() => buildCase(whole, asKeras2(c.config), c.call.training as boolean | undefined));
    using sess = new Session({ graph });
    await load(built, c.weights, sess);
    const values = (await sess.run([...built.outputs], { feedDict: feedsOf(c, built) as never })) as NdArray[];
    // Bins are int64 in Keras 2, int32 in Keras 3.
    const outputs = c.layer === 'Discretization' ? c.outputs.map((array) => ({ ...array, dtype: 'int64' })) : c.outputs;
    assert.equal(differences(whole, values, outputs, 'output'), []);
  });
}

test.run();
