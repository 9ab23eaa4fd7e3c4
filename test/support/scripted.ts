/**
 * Programs that real TensorFlow ran step by step (`goldens/lookup.json`, `goldens/datasets.json`): builds the program of
 * the same name, compares its nodes, runs the same steps in the same sessions, compares values and errors.
 */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray } from './compare.ts';

type Value = null | GoldenArray | readonly Value[] | { readonly [key: string]: Value };

interface GoldenError {
  readonly class: string;
  readonly message: string;
  readonly node?: string;
}

interface Step {
  readonly session: number;
  readonly fetch: string | readonly string[];
  readonly feed?: Readonly<Record<string, GoldenArray>>;
  readonly value?: Value;
  readonly error?: GoldenError;
}

export interface Script {
  readonly name: string;
  readonly build_error?: GoldenError;
  readonly nodes: readonly (readonly [name: string, type: string, inputs: readonly string[]])[];
  readonly steps: readonly Step[];
}

/** What a program names for the steps: fetches, placeholders. */
export type Parts = Readonly<Record<string, unknown>>;

export function scripts(file: string): Script[] {
  const text = readFileSync(new URL(`../goldens/${file}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: Script[] }).cases;
}

export interface ScriptOptions {
  readonly backend?: string;
  /** Names of nodes that are ours, or that TensorFlow's program has for reasons of Python. */
  readonly otherNodes?: boolean;
}

/** Throws where the program does anything else than TensorFlow's. */
export async function follow(script: Script, build: () => Parts, options: ScriptOptions = {}): Promise<void> {
  const graph = new tf.Graph();
  if (script.build_error) {
    const error = graph.asDefault(() => caught(build));
    compareError(error, script.build_error);
    return;
  }
  const parts = graph.asDefault(build);
  if (!options.otherNodes) compareNodes(graph, script);
  const count = Math.max(...script.steps.map(({ session }) => session)) + 1;
  const sessions = Array.from({ length: count }, () => new tf.Session({ graph, config: { backend: options.backend } }));
  try {
    for (const [i, step] of script.steps.entries()) await compareStep(sessions[step.session], parts, step, `step ${i}`);
  } finally {
    for (const session of sessions) session.close();
  }
}

function compareNodes(graph: tf.Graph, { nodes }: Script): void {
  const own = graph
    .getOperations()
    .map((op) => [
      op.name,
      op.type,
      [...op.inputs.map(({ name }) => name), ...op.controlInputs.map(({ name }) => `^${name}`)],
    ]);
  assert.equal(own, nodes, 'nodes');
}

async function compareStep(session: tf.Session, parts: Parts, step: Step, label: string): Promise<void> {
  const fetch = typeof step.fetch === 'string' ? parts[step.fetch] : step.fetch.map((name) => parts[name]);
  const feeds = Object.entries(step.feed ?? {}).map(([name, golden]) => {
    const key = parts[name] as tf.Tensor;
    return [key, fromGolden({ ...golden, dtype: key.dtype.name })] as const;
  });
  if (step.error) {
    const error = await session.run(fetch as tf.Fetches, { feedDict: feeds as never }).then(
      () => null,
      (reason: Error) => reason,
    );
    assert.ok(error, `${label} of ${JSON.stringify(step.fetch)} was to fail`);
    compareError(error, step.error);
  } else {
    const value = await session.run(fetch as tf.Fetches, { feedDict: feeds as never });
    compareValue(value, step.value as Value, label);
  }
}

function compareValue(actual: unknown, expected: Value, label: string): void {
  if (expected === null) assert.is(actual, null, label);
  else if (Array.isArray(expected)) {
    assert.is((actual as unknown[]).length, expected.length, label);
    for (const [i, item] of expected.entries()) compareValue((actual as unknown[])[i], item, `${label}[${i}]`);
  } else if (isArray(expected as GoldenArray)) {
    const golden = expected as GoldenArray;
    const found = difference(actual as NdArray, fromGolden(golden));
    assert.is(found, null, `${label}: ${found}; got ${actual}, expected ${JSON.stringify(golden.data)}`);
  } else {
    assert.equal(Object.keys(actual as object), Object.keys(expected), label);
    for (const [key, item] of Object.entries(expected)) {
      compareValue((actual as Record<string, unknown>)[key], item as Value, `${label}.${key}`);
    }
  }
}

function isArray(value: object): value is GoldenArray {
  return 'dtype' in value && 'shape' in value;
}

function compareError(error: unknown, expected: GoldenError): void {
  const { name, message, op } = error as { name: string; message: string; op?: { name: string } | null };
  const shown = `${name}: ${message}`;
  assert.is(name, expected.class, shown);
  assert.ok(message.startsWith(expected.message), `${shown}\n    expected: ${expected.message}`);
  if (expected.node) assert.is(op?.name, expected.node, shown);
}

function caught(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('The program was to fail.');
}
