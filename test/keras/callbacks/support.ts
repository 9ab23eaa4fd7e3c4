/** What the callback tests share: goldens of real Keras, captured output, and a model that only takes notes. */
import { readFileSync } from 'node:fs';
import { Graph } from '../../../src/graph/graph.ts';
import type { Callback, CallbackModel, CallbackParams, Logs } from '../../../src/keras/callbacks/callback.ts';
import { setTextOutput, type TextOutput } from '../../../src/keras/callbacks/output.ts';
import { KerasContext } from '../../../src/keras/context.ts';
import { float32 } from '../../../src/util/dtype.ts';
import { NdArray } from '../../../src/util/ndarray.ts';
import type { Variable } from '../../../src/variables/variable.ts';

const text = readFileSync(new URL('../../goldens/keras/callbacks.json', import.meta.url), 'utf8');
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

/** A number of a golden, where JSON has none for it. */
export function numberOf(value: number | string): number {
  return typeof value === 'number' ? value : SPECIAL[value];
}

/** The goldens of a kind of callback. */
export function goldens<T>(kind: string): T {
  return (JSON.parse(text) as Record<string, T>)[kind];
}

export function logsOf(logs: Readonly<Record<string, number | string>>): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [name, numberOf(value)]));
}

/** What is printed while `run` runs, and the warnings. */
export async function captured(run: () => unknown): Promise<{ output: string; warnings: string[] }> {
  const output = recorder();
  const former = setTextOutput(output);
  try {
    await run();
  } finally {
    setTextOutput(former);
  }
  return { output: output.text, warnings: output.warnings };
}

export function recorder(dynamic = true): TextOutput & { text: string; warnings: string[] } {
  return {
    text: '',
    warnings: [],
    dynamic,
    write(more) {
      this.text += more;
    },
    warn(more) {
      this.warnings.push(more);
    },
  };
}

/** Weights that are the number of the epoch. */
export class NotingModel implements CallbackModel {
  readonly name = 'model';
  readonly optimizer: unknown;
  readonly graph: Graph;
  readonly variables: readonly Variable[] = [];
  readonly context = new KerasContext({ name: 'test', zeroBased: true, ownGraph: false });
  stopTraining = false;
  epoch = -1;
  restored: number | null = null;
  readonly calls: [how: string, path: string][] = [];

  constructor(optimizer: unknown = null, graph = new Graph()) {
    this.optimizer = optimizer;
    this.graph = graph;
  }

  async getWeights(): Promise<NdArray[]> {
    return [new NdArray(float32, [], new Float32Array([this.epoch]))];
  }
  async setWeights(values: readonly NdArray[]): Promise<void> {
    this.restored = Number(values[0].item());
  }
  async save(path: string): Promise<void> {
    this.calls.push(['save', path]);
  }
  async saveWeights(path: string): Promise<void> {
    this.calls.push(['saveWeights', path]);
  }
}

export const PARAMS: CallbackParams = {
  verbose: 1,
  epochs: 1,
  steps: null,
  samples: null,
  batchSize: null,
  metrics: ['loss', 'accuracy'],
};

/** Connects a callback as `fit` does. */
export function connected<T extends Callback>(callback: T, model: CallbackModel, params = PARAMS): T {
  callback.setParams(params);
  callback.setModel(model);
  return callback;
}
