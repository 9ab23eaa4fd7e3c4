/**
 * `compile`, `fit`, `evaluate`, `predict` and the methods for batches, with the options they have, against Keras 2.15 in
 * graph mode: each case of `training.json` is a model, its data and a list of calls. What needs code of the user's
 * (callbacks, losses, generators) is in `training-programs.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { fromPythonKeys } from '../../src/keras/serialization.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { agreeLogs, agreeNumbers, camel, options, valueOf } from '../support/training.ts';

const test = leakChecked(suite);

interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly kw: Readonly<Record<string, unknown>>;
  readonly history?: readonly (readonly [name: string, values: readonly number[]])[];
  readonly epoch?: readonly number[];
  readonly values?: readonly number[];
  readonly arrays?: readonly GoldenArray[];
  readonly error?: readonly [type: string, message: string];
}

interface Case {
  readonly name: string;
  readonly class_name: string;
  readonly config: object;
  readonly weights: readonly GoldenArray[];
  readonly weight_names: readonly string[];
  readonly compile: Readonly<Record<string, unknown>>;
  readonly metrics_names: readonly string[];
  readonly calls: readonly Call[];
  readonly final: readonly GoldenArray[];
}

const file = new URL('../goldens/keras/training.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] };

type AnyModel = tf.keras.Model<tf.Tensor | readonly tf.Tensor[]>;

function modelOf({ class_name, config }: Case): AnyModel {
  const type = class_name === 'Sequential' ? tf.keras.Sequential : tf.keras.Model;
  return type.fromConfig(fromPythonKeys(config) as never) as never;
}

function compile(model: AnyModel, spec: Readonly<Record<string, unknown>>): void {
  const { optimizer, ...rest } = spec;
  const made = typeof optimizer === 'string' ? optimizer : optimizerOf(optimizer as never);
  model.compile({ ...(options(rest) as object), optimizer: made });
}

function optimizerOf(spec: { readonly class_name: string; readonly config: object }): unknown {
  const type = Reflect.get(tf.keras.optimizers, spec.class_name) as new (config: unknown) => unknown;
  return new type(fromPythonKeys(spec.config));
}

/** Makes the call; what it gives is compared with what Keras gave. */
async function perform(model: AnyModel, { method, args, kw, ...wanted }: Call, what: string): Promise<void> {
  const [x, y] = args.map(valueOf) as [never, never];
  const given = options(kw) as object;
  switch (method) {
    case 'fit': {
      const { history, epoch } = await model.fit(x, y, { ...given, shuffle: false, verbose: 0 });
      agreeLogs(history, wanted.history ?? [], what);
      assert.equal(epoch, [...(wanted.epoch ?? [])], what);
      return;
    }
    case 'evaluate':
      return agreeNumbers(await model.evaluate(x, y, { ...given, verbose: 0 }), wanted.values ?? [], what);
    case 'predict': {
      const found = await model.predict(x, given);
      return agree(Array.isArray(found) ? found : [found], wanted.arrays ?? [], what);
    }
    case 'train_on_batch':
    case 'test_on_batch': {
      const name = camel(method) as 'trainOnBatch' | 'testOnBatch';
      return agreeNumbers(await model[name](x, y, given), wanted.values ?? [], what);
    }
    case 'set_lr':
      return tf.keras.backend.setValue(
        (model.optimizer as tf.keras.optimizers.SGD).lr as tf.Variable,
        args[0] as number,
      );
    case 'reset_metrics':
      return model.resetMetrics();
    case 'trainable':
      for (const [name, value] of (args[0] as { map: [string, boolean][] }).map) model.getLayer(name).trainable = value;
      return;
    case 'compile':
      return compile(model, kw);
  }
  throw new Error(`no way to call ${method}`);
}

function agree(actual: readonly NdArray[], expected: readonly GoldenArray[], what: string): void {
  assert.is(actual.length, expected.length, what);
  actual.forEach((array, i) => {
    const wrong = difference(array, fromGolden(expected[i]), GRADIENT);
    assert.ok(wrong === null, `${what} ${i}: ${wrong}`);
  });
}

for (const c of cases.filter(({ name }) => !name.startsWith('error: '))) {
  test(`${c.name}: as in Keras`, async () => {
    const model = modelOf(c);
    await model.setWeights(c.weights.map(fromGolden));
    compile(model, c.compile);
    assert.equal(model.metricsNames, [...c.metrics_names]);
    for (const [i, call] of c.calls.entries()) {
      const what = `call ${i} ${call.method}`;
      if (!call.error) await perform(model, call, what);
      else await refuses(model, call, what);
    }
    agree(await model.getWeights(), c.final, 'weights');
  });
}

async function refuses(model: AnyModel, call: Call, what: string): Promise<void> {
  const [type, message] = call.error as readonly [string, string];
  try {
    await perform(model, call, what);
  } catch (error) {
    const { name, message: found } = error as Error;
    assert.is(`${name}: ${found}`, `${type}: ${message}`, what);
    return;
  }
  assert.unreachable(`${what} should fail: ${message}`);
}

suite.run();
