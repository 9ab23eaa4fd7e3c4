/** Reading models, calls and results of `training.json`, and making the calls. Which ones is the tests' business. */
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { fromPythonKeys } from '../../src/keras/serialization.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray, GRADIENT } from './compare.ts';

export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly kw: Readonly<Record<string, unknown>>;
  readonly history?: readonly (readonly [name: string, values: readonly number[]])[];
  readonly epoch?: readonly number[];
  readonly values?: readonly number[];
  readonly arrays?: readonly GoldenArray[];
  readonly error?: readonly [type: string, message: string];
}

/** A model, how it is compiled, and what is done with it. */
export interface Case {
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

/** Ten examples of three numbers with two targets, the same each time. */
export function data(): { readonly x: NdArray; readonly y: NdArray } {
  const numbers = (count: number, by: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * by));
  return {
    x: new tf.NdArray(tf.float32, [10, 3], numbers(30, 1.7)),
    y: new tf.NdArray(tf.float32, [10, 2], numbers(20, 2.3)),
  };
}

/** Some rows of an array. */
export function rowsOf(array: NdArray, from: number, to: number): NdArray {
  const width = array.size / array.shape[0];
  const part = (array.data as Float32Array).slice(from * width, to * width);
  return new tf.NdArray(array.dtype, [to - from, ...array.shape.slice(1)], part);
}

/** `val_loss` stays, `batch_size` becomes `batchSize`. */
export function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** An argument: arrays, maps by name, lists of these, anything else as it is. */
export function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf);
  if (typeof value !== 'object' || value === null) return value;
  if ('array' in value) return fromGolden(value.array as GoldenArray);
  if ('map' in value) return new Map((value.map as [unknown, unknown][]).map(([key, item]) => [key, valueOf(item)]));
  return value;
}

/** Keyword arguments as options. */
export function options(kw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(kw).map(([key, value]) => [camel(key), valueOf(value)]));
}

export function agreeNumbers(actual: readonly number[], expected: readonly number[], what: string): void {
  assert.is(actual.length, expected.length, `${what}: ${actual}, expected ${expected}`);
  actual.forEach((value, i) => {
    const wanted = expected[i];
    const limit = GRADIENT.absolute + GRADIENT.relative * Math.abs(wanted);
    const same = value === wanted || (Number.isNaN(value) && Number.isNaN(wanted)) || Math.abs(value - wanted) <= limit;
    assert.ok(same, `${what} ${i}: ${value}, expected ${wanted}`);
  });
}

/** A history: its names in their order, and the values. */
export function agreeLogs(
  actual: Readonly<Record<string, readonly number[]>>,
  expected: readonly (readonly [name: string, values: readonly number[]])[],
  what: string,
): void {
  assert.equal(
    Object.keys(actual),
    expected.map(([name]) => name),
    what,
  );
  for (const [name, values] of expected) agreeNumbers(actual[name], values, `${what} ${name}`);
}

export type AnyModel = tf.keras.Model<tf.Tensor | readonly tf.Tensor[]>;

export function modelOf({ class_name, config }: Case): AnyModel {
  const type = class_name === 'Sequential' ? tf.keras.Sequential : tf.keras.Model;
  return type.fromConfig(fromPythonKeys(config) as never) as never;
}

export function compile(model: AnyModel, spec: Readonly<Record<string, unknown>>): void {
  const { optimizer, ...rest } = spec;
  const made = typeof optimizer === 'string' ? optimizer : optimizerOf(optimizer as never);
  model.compile({ ...(options(rest) as object), optimizer: made });
}

function optimizerOf(spec: { readonly class_name: string; readonly config: object }): unknown {
  const type = Reflect.get(tf.keras.optimizers, spec.class_name) as new (config: unknown) => unknown;
  return new type(fromPythonKeys(spec.config));
}

/** Makes the call; what it gives is compared with what Keras gave. */
export async function perform(model: AnyModel, { method, args, kw, ...wanted }: Call, what: string): Promise<void> {
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

export function agree(actual: readonly NdArray[], expected: readonly GoldenArray[], what: string): void {
  assert.is(actual.length, expected.length, what);
  actual.forEach((array, i) => {
    const wrong = difference(array, fromGolden(expected[i]), GRADIENT);
    assert.ok(wrong === null, `${what} ${i}: ${wrong}`);
  });
}
