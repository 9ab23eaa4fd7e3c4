/**
 * The loops of `fit`, `evaluate` and `predict`: epochs, batches, callbacks. What a step computes is `compiled.ts`'s, where
 * batches come from `batches.ts`'s.
 */
import type { AnySession } from '../../graph/evaluator.ts';
import { RuntimeError, ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { Callback, CallbackModel, Logs } from '../callbacks/callback.ts';
import { CallbackList } from '../callbacks/callback-list.ts';
import { concatenateRows, Totals } from './aggregate.ts';
import type { Batch, BatchSource } from './batches.ts';
import { Breather } from './breather.ts';
import type { Compiled, Mode } from './compiled.ts';

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
  const { validation } = options;
  const list = new CallbackList(options.callbacks, model, {
    verbose: options.verbose,
    epochs: options.epochs,
    steps: options.stepsPerEpoch ?? source.steps,
    samples: options.stepsPerEpoch === null ? source.samples : null,
    batchSize: source.batchSize,
    metrics: validation ? [...names, ...names.map((name) => `val_${name}`)] : names,
  });
  model.stopTraining = false;
  await list.run('train', 'begin');
  // One iteration may feed several epochs where their length is given.
  const batches = options.stepsPerEpoch === null ? null : iterate(source);
  for (let epoch = options.initialEpoch; epoch < options.epochs && !model.stopTraining; epoch++) {
    await resetMetrics(compiled, session);
    await list.epochBegin(epoch);
    const totals = await pass(
      'train',
      compiled,
      session,
      batches ?? iterate(source),
      options.stepsPerEpoch,
      list,
      model,
      source,
    );
    const logs = named(names, totals.values);
    if (validation && !model.stopTraining && runsAfter(validation.frequency, epoch)) {
      const values = await evaluateLoop(model, compiled, session, validation.source, validation.steps, list);
      values.forEach((value, i) => {
        logs[`val_${names[i]}`] = value;
      });
    }
    await list.epochEnd(epoch, logs);
  }
  await list.run('train', 'end');
}

/** The loss and the metrics over all batches. */
export async function evaluateLoop(
  model: CallbackModel,
  compiled: Compiled,
  session: AnySession,
  source: BatchSource,
  steps: number | null,
  list: CallbackList,
): Promise<number[]> {
  await resetMetrics(compiled, session);
  await list.run('test', 'begin');
  const totals = await pass('test', compiled, session, iterate(source), steps, list, null, source);
  const { values } = totals;
  await list.run('test', 'end', named(compiled.metricNames, values));
  if (values.length === 0) throw new ValueError(`No data to evaluate ${model.name} on.`);
  return values;
}

/** The outputs over all batches, an array per output. */
export async function predictLoop(
  compiled: Compiled,
  session: AnySession,
  source: BatchSource,
  steps: number | null,
  list: CallbackList,
): Promise<NdArray[]> {
  await list.run('predict', 'begin');
  const parts: NdArray[][] = [];
  const breather = new Breather();
  let step = 0;
  for await (const batch of limited(iterate(source), steps)) {
    if (list.listens('predict', 'begin')) await list.batch('predict', 'begin', step, { batch: step, size: batch.size });
    const outputs = await compiled.run('predict', session, batch.inputs);
    outputs.forEach((output, i) => {
      parts[i] ??= [];
      parts[i].push(output);
    });
    if (list.listens('predict', 'end')) await list.batch('predict', 'end', step, { batch: step, size: batch.size });
    step++;
    await breather.pause();
  }
  await list.run('predict', 'end');
  return parts.map(concatenateRows);
}

/** One pass over batches, for training or testing. */
async function pass(
  mode: Exclude<Mode, 'predict'>,
  compiled: Compiled,
  session: AnySession,
  batches: AsyncIterator<Batch> | Iterator<Batch>,
  steps: number | null,
  list: CallbackList,
  stoppable: CallbackModel | null,
  source: BatchSource,
): Promise<Totals> {
  const totals = new Totals();
  const names = compiled.metricNames;
  const breather = new Breather();
  const [begin, end] = [list.listens(mode, 'begin'), list.listens(mode, 'end')];
  for (let step = 0; steps === null || step < steps; step++) {
    const next = await batches.next();
    if (next.done) {
      if (steps !== null && stoppable) {
        stoppable.stopTraining = true;
        console.warn(
          `Your dataset ran out of data; interrupting training. Make sure that your dataset can generate at least \`steps_per_epoch * epochs\` batches.`,
        );
      }
      break;
    }
    const batch = next.value;
    if (begin) await list.batch(mode, 'begin', step, { batch: step, size: batch.size });
    const results = await compiled.run(mode, session, batch.inputs, batch.targets, batch.weights);
    // Where examples are counted, the loss is their mean; where steps are, that of the steps.
    const values = totals.add(results, source.samples === null || steps !== null ? 1 : batch.size);
    if (end) await list.batch(mode, 'end', step, { batch: step, size: batch.size, ...named(names, values) });
    if (stoppable?.stopTraining) break;
    await breather.pause();
  }
  return totals;
}

function iterate(source: BatchSource): AsyncIterator<Batch> | Iterator<Batch> {
  const batches = source.epoch();
  return Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
}

async function* limited(batches: AsyncIterator<Batch> | Iterator<Batch>, steps: number | null): AsyncIterable<Batch> {
  for (let step = 0; steps === null || step < steps; step++) {
    const next = await batches.next();
    if (next.done) return;
    yield next.value;
  }
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

function runsAfter(frequency: number | readonly number[], epoch: number): boolean {
  if (typeof frequency !== 'number') return frequency.includes(epoch + 1);
  if (!Number.isInteger(frequency) || frequency < 1)
    throw new RuntimeError('`validation_freq` can not be less than 1.');
  return (epoch + 1) % frequency === 0;
}
