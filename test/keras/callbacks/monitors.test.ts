/** Callbacks that watch a metric, against what those of Keras do with the same logs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Logs } from '../../../src/keras/callbacks/callback.ts';
import { EarlyStopping, LambdaCallback, ModelCheckpoint, TerminateOnNaN } from '../../../src/keras/callbacks/index.ts';
import { formatNumber, formatTemplate, type NumberKind } from '../../../src/keras/callbacks/python-format.ts';
import { KeyError, TypeError, ValueError } from '../../../src/util/errors.ts';
import { captured, connected, goldens, logsOf, NotingModel, numberOf } from './support.ts';

const test = suite('callbacks that watch a metric');

type GoldenLogs = Readonly<Record<string, number | string>>;

interface EarlyCase {
  readonly options: Record<string, unknown>;
  readonly logs: readonly GoldenLogs[];
  readonly runs: readonly {
    ran: number;
    stoppedEpoch: number;
    best: number | string;
    bestEpoch: number;
    wait: number;
    restored: string[] | null;
  }[];
  readonly output: string;
  readonly warnings: string[];
}

for (const [i, golden] of goldens<EarlyCase[]>('earlyStopping').entries()) {
  test(`EarlyStopping stops and restores as Keras does: case ${i}, ${JSON.stringify(golden.options)}`, async () => {
    const model = new NotingModel();
    const early: { callback?: EarlyStopping } = {};
    const { output, warnings } = await captured(async () => {
      const callback = connected(new EarlyStopping(golden.options), model);
      early.callback = callback;
      for (const run of golden.runs) {
        model.stopTraining = false;
        model.restored = null;
        callback.onTrainBegin();
        let ran = 0;
        for (const [epoch, logs] of golden.logs.entries()) {
          model.epoch = epoch;
          ran++;
          await callback.onEpochEnd(epoch, logsOf(logs));
          if (model.stopTraining) break;
        }
        await callback.onTrainEnd();
        const { stoppedEpoch, bestEpoch, wait, best } = callback;
        assert.equal(
          { ran, stoppedEpoch, bestEpoch, wait, restored: model.restored === null ? null : [`w${model.restored}`] },
          {
            ran: run.ran,
            stoppedEpoch: run.stoppedEpoch,
            bestEpoch: run.bestEpoch,
            wait: run.wait,
            restored: run.restored,
          },
        );
        assert.ok(Object.is(best, numberOf(run.best)), `best ${best}, not ${run.best}`);
      }
    });
    assert.is(output, golden.output);
    // A mode that is unknown is told when the callback is made, which the golden begins after.
    assert.equal(
      warnings.filter((text) => !text.includes('is unknown')),
      golden.warnings,
    );
  });
}

test('EarlyStopping takes arguments by position, and warns of an unknown mode', async () => {
  const callback = new EarlyStopping('loss', -0.5, 3, 1, 'max', 0.1, true, { startFromEpoch: 2 });
  const { monitor, minDelta, patience, verbose, baseline, restoreBestWeights, startFromEpoch, best } = callback;
  assert.equal(
    [monitor, minDelta, patience, verbose, baseline, restoreBestWeights, startFromEpoch, best],
    ['loss', 0.5, 3, 1, 0.1, true, 2, Number.NEGATIVE_INFINITY],
  );
  const { warnings } = await captured(() => new EarlyStopping({ mode: 'odd' as never }));
  assert.equal(warnings, ['EarlyStopping mode odd is unknown, fallback to auto mode.']);
});

interface CheckpointCase {
  readonly filepath: string;
  readonly options: Record<string, unknown>;
  readonly logs: readonly GoldenLogs[];
  readonly batches: number;
  readonly given: boolean;
  readonly calls: [string, string][];
  readonly output: string;
  readonly warnings: string[];
  readonly error: [kind: string, message: string] | null;
}

for (const [i, golden] of goldens<CheckpointCase[]>('modelCheckpoint').entries()) {
  test(`ModelCheckpoint saves as Keras does: case ${i}, ${golden.filepath} ${JSON.stringify(golden.options)}`, async () => {
    const model = new NotingModel();
    let failure: unknown = null;
    const { output, warnings } = await captured(async () => {
      const callback = connected(new ModelCheckpoint(golden.filepath, golden.options), model);
      try {
        for (const [epoch, logs] of golden.logs.entries()) {
          callback.onEpochBegin(epoch);
          for (let batch = 0; batch < golden.batches; batch++) {
            const more: Logs = golden.given ? { batch, size: 32 } : {};
            await callback.onTrainBatchEnd(batch, { ...more, loss: 1 / (batch + 1 + epoch) });
          }
          await callback.onEpochEnd(epoch, logsOf(logs));
        }
      } catch (error) {
        failure = error;
      }
    });
    assert.equal(model.calls, golden.calls);
    assert.is(output, golden.output);
    assert.equal(warnings, golden.warnings);
    assert.is(failure instanceof Error ? failure.message : failure, golden.error?.[1] ?? null);
    if (golden.error) assert.instance(failure, KeyError);
  });
}

test('ModelCheckpoint refuses a frequency that is no whole number, and a missing path', () => {
  assert.throws(
    () => new ModelCheckpoint('x', { saveFreq: 1.5 }),
    (error: Error) =>
      error instanceof ValueError &&
      error.message === 'Unrecognized save_freq: 1.5. Expected save_freq are "epoch" or integer',
  );
  assert.throws(
    () => new ModelCheckpoint({ monitor: 'loss' }),
    (error: Error) => error instanceof ValueError && /filepath/.test(error.message),
  );
  assert.is(new ModelCheckpoint({ filepath: 'x', monitor: 'loss' }).filepath, 'x');
});

test('with a period, ModelCheckpoint saves after every so many epochs', async () => {
  const model = new NotingModel();
  const callback = connected(new ModelCheckpoint('m-{epoch}', { period: 2 }), model);
  for (let epoch = 0; epoch < 5; epoch++) await callback.onEpochEnd(epoch, { loss: 1 });
  assert.equal(
    model.calls.map(([, path]) => path),
    ['m-2', 'm-4'],
  );
});

test('numbers are formatted as by Python', () => {
  const wrong: string[] = [];
  for (const [spec, kind, value, expected] of goldens<[string, NumberKind, number | string, string | null][]>(
    'formats',
  )) {
    let found: string | null;
    try {
      found = formatNumber({ value: numberOf(value), kind }, spec);
    } catch (error) {
      assert.instance(error, ValueError);
      found = null;
    }
    if (found !== expected) wrong.push(`{:${spec}} of ${kind} ${value}: ${found}, not ${expected}`);
  }
  assert.equal(wrong, []);
});

test('a template with a brace too much is refused', () => {
  for (const template of ['a{', 'b}c', '{x']) {
    assert.throws(
      () => formatTemplate(template, new Map()),
      (error: Error) => error instanceof ValueError && /encountered in format string/.test(error.message),
    );
  }
});

for (const golden of goldens<{ loss: number | string | null; stop: boolean; output: string }[]>('terminateOnNaN')) {
  test(`TerminateOnNaN with a loss of ${golden.loss}`, async () => {
    const model = new NotingModel();
    const callback = connected(new TerminateOnNaN(), model);
    const logs: Logs = golden.loss === null ? {} : { loss: numberOf(golden.loss) };
    const { output } = await captured(() => callback.onTrainBatchEnd(3, logs));
    assert.is(model.stopTraining, golden.stop);
    assert.is(output, golden.output);
  });
}

test('LambdaCallback calls its functions', () => {
  const calls: unknown[] = [];
  const callback = new LambdaCallback(
    (epoch) => void calls.push(['epoch begin', epoch]),
    undefined,
    (batch) => void calls.push(['batch begin', batch]),
    {
      onTrainEnd: () => void calls.push('train end'),
      onTestBegin: () => void calls.push('test begin'),
      onEpochEnd: null,
    },
  );
  callback.onEpochBegin(1);
  callback.onEpochEnd(1);
  callback.onTrainBatchBegin(2);
  callback.onTrainBatchEnd(2);
  callback.onTrainEnd();
  callback.onTestBegin();
  assert.equal(calls, [['epoch begin', 1], ['batch begin', 2], 'train end', 'test begin']);
  assert.throws(
    () => new LambdaCallback({ onEpoch: () => {} } as never),
    (error: Error) => error instanceof TypeError && /unexpected keyword argument 'onEpoch'/.test(error.message),
  );
});

test.run();
