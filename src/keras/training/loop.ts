/**
 * The loops of `fit`, `evaluate` and `predict`: epochs, batches, callbacks. What a step computes is `compiled.ts`'s, where
 * batches come from `batches.ts`'s.
 */
import type { AnySession } from '../../graph/evaluator.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { Callback, CallbackModel, Logs } from '../callbacks/callback.ts';
import { CallbackList } from '../callbacks/callback-list.ts';
import { concatenateRows, Totals } from './aggregate.ts';
import type { BatchSource } from './batches.ts';
import { Breather } from './breather.ts';
import type { Compiled, Mode } from './compiled.ts';
import { type Feed, withFeed } from './feed.ts';

/** Validation inside of `fit`. */
export interface Validation {
  readonly source: BatchSource;
  readonly steps: number | null;
  /** Every so many epochs, or after the epochs named (counted from 1). */
  readonly frequency: number | readonly number[];
}

export interface LoopOptions {
  readonly epochs: number;
  readonly initialEpoch: number;
  /** Batches of an epoch, where it is not all that the source gives. */
  readonly stepsPerEpoch: number | null;
  readonly callbacks: readonly Callback[];
  readonly verbose: number;
  readonly validation: Validation | null;
}

/** Runs epochs of training. */
export async function trainLoop(
  model: CallbackModel,
  compiled: Compiled,
  session: AnySession,
  source: BatchSource,
  options: LoopOptions,
): Promise<void> {
  const names = compiled.metricNames;
  const { validation, stepsPerEpoch: steps } = options;
  const list = new CallbackList(options.callbacks, model, {
    verbose: options.verbose,
    epochs: options.epochs,
    steps: steps ?? source.steps,
    samples: steps === null ? source.samples : null,
    batchSize: source.batchSize,
    metrics: validation ? [...names, ...names.map((name) => `val_${name}`)] : names,
  });
  model.stopTraining = false;
  const run: Run = { model, compiled, session, list };
  await list.run('train', 'begin');
  // One iteration may feed several epochs where their length is given.
  if (steps === null) await epochs(run, options, (train) => withFeed(source, train));
  else await withFeed(source, (feed) => epochs(run, options, (train) => train(feed)));
  await list.run('train', 'end');
}

/** @param feeding hands the batches of an epoch to what trains on them */
async function epochs(
  run: Run,
  { epochs: count, initialEpoch, stepsPerEpoch: steps, validation }: LoopOptions,
  feeding: (train: (feed: Feed) => Promise<Pass>) => Promise<Pass>,
): Promise<void> {
  const { model, compiled, session, list } = run;
  const names = compiled.metricNames;
  for (let epoch = initialEpoch; epoch < count && !model.stopTraining; epoch++) {
    await resetMetrics(compiled, session);
    await list.epochBegin(epoch);
    const { totals, complete } = await feeding((feed) => pass(run, 'train', feed, steps));
    if (!complete || totals.empty) {
      if (totals.empty && epoch === initialEpoch) throw new ValueError('Empty training data.');
      model.stopTraining = true;
      const wanted = steps === null ? '' : ` (in this case, ${steps * count} batches)`;
      console.warn(
        `Your dataset ran out of data; interrupting training. Make sure that your dataset can generate at least \`steps_per_epoch * epochs\` batches${wanted}. You may need to use the repeat() function when building your dataset.`,
      );
      if (totals.empty) return;
    }
    const logs = named(names, totals.values);
    if (validation && !model.stopTraining && runsAfter(validation.frequency, epoch)) {
      const values = await testPass(run, validation.source, validation.steps);
      values.forEach((value, i) => {
        logs[`val_${names[i]}`] = value;
      });
    }
    await list.epochEnd(epoch, logs);
  }
}

/** The loss and the metrics over all batches. */
export function evaluateLoop(
  model: CallbackModel,
  compiled: Compiled,
  session: AnySession,
  source: BatchSource,
  steps: number | null,
  list: CallbackList,
): Promise<number[]> {
  model.stopTraining = false;
  return testPass({ model, compiled, session, list }, source, steps);
}

async function testPass(run: Run, source: BatchSource, steps: number | null): Promise<number[]> {
  const { compiled, session, list } = run;
  await resetMetrics(compiled, session);
  await list.run('test', 'begin');
  const { totals } = await withFeed(source, (feed) => pass(run, 'test', feed, steps));
  if (totals.empty && !run.model.stopTraining) throw new ValueError('Empty training data.');
  await list.run('test', 'end');
  return totals.values;
}

/** The outputs over all batches, an array per output. */
export async function predictLoop(
  model: CallbackModel,
  compiled: Compiled,
  session: AnySession,
  source: BatchSource,
  steps: number | null,
  list: CallbackList,
): Promise<NdArray[]> {
  model.stopTraining = false;
  await list.run('predict', 'begin');
  const parts = await withFeed(source, (feed) => predictions({ model, compiled, session, list }, feed, steps));
  if (parts.length === 0) throw new ValueError(`No data to predict: ${model.name} was given no batch.`);
  await list.run('predict', 'end');
  return parts.map(concatenateRows);
}

/** The outputs of each batch, output by output. */
async function predictions(run: Run, feed: Feed, steps: number | null): Promise<NdArray[][]> {
  const { model, compiled, session, list } = run;
  const parts: NdArray[][] = [];
  const breather = new Breather();
  const [begin, end] = [list.listens('predict', 'begin'), list.listens('predict', 'end')];
  for (let step = 0; (steps === null || step < steps) && !model.stopTraining; step++) {
    const batch = await feed.next(steps !== null);
    if (!batch) break;
    const logs = { batch: step, size: batch.size };
    if (begin) await list.batch('predict', 'begin', step, logs);
    const outputs = await compiled.run('predict', session, batch.inputs);
    outputs.forEach((output, i) => {
      parts[i] ??= [];
      parts[i].push(output);
    });
    // Logs are numbers but for this one.
    if (end) await list.batch('predict', 'end', step, { ...logs, outputs } as unknown as Logs);
    await breather.pause();
  }
  return parts;
}

/** What the passes of a run share. */
interface Run {
  readonly model: CallbackModel;
  readonly compiled: Compiled;
  readonly session: AnySession;
  readonly list: CallbackList;
}

interface Pass {
  readonly totals: Totals;
  /** Whether the data lasted for all steps. */
  readonly complete: boolean;
}

/** One pass over batches. */
async function pass(
  { model, compiled, session, list }: Run,
  mode: Exclude<Mode, 'predict'>,
  feed: Feed,
  steps: number | null,
): Promise<Pass> {
  const totals = new Totals();
  const names = compiled.metricNames;
  const breather = new Breather();
  const [begin, end] = [list.listens(mode, 'begin'), list.listens(mode, 'end')];
  // Training weighs losses by the examples of batches, as does testing on arrays; else each step counts alike.
  const counts = mode === 'train' || feed.samples !== null;
  for (let step = 0; steps === null || step < steps; step++) {
    const batch = await feed.next(steps !== null);
    if (!batch) return { totals, complete: steps === null };
    const { size } = batch;
    if (begin) await list.batch(mode, 'begin', step, { batch: step, size });
    const results = await compiled.run(mode, session, batch.inputs, batch.targets, batch.weights);
    const values = totals.add(results, counts ? size : 1);
    if (end) await list.batch(mode, 'end', step, { batch: step, size, ...named(names, values) });
    if (model.stopTraining) break;
    await breather.pause();
  }
  return { totals, complete: true };
}

async function resetMetrics(compiled: Compiled, session: AnySession): Promise<void> {
  const variables = compiled.allMetrics.flatMap((metric) => metric.variables);
  if (variables.length > 0) await session.run(variables.map((variable) => variable.initializer) as never);
}

function named(names: readonly string[], values: readonly number[]): Logs {
  const logs: Logs = {};
  values.forEach((value, i) => {
    logs[names[i]] = value;
  });
  return logs;
}

/** Throws `ValueError` for a frequency that is none. */
export function checkFrequency(frequency: number | readonly number[]): void {
  if (typeof frequency !== 'number') return;
  if (!(frequency >= 1)) throw new ValueError('`validation_freq` can not be less than 1.');
}

function runsAfter(frequency: number | readonly number[], epoch: number): boolean {
  return typeof frequency === 'number' ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);
}
