/** The progress bar and what `fit` prints, against the text of Keras with the same times and values. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CallbackParams } from '../../../src/keras/callbacks/callback.ts';
import { CallbackList } from '../../../src/keras/callbacks/callback-list.ts';
import { withDefaults } from '../../../src/keras/callbacks/defaults.ts';
import { History, ProgbarLogger } from '../../../src/keras/callbacks/index.ts';
import { setTextOutput, textOutput } from '../../../src/keras/callbacks/output.ts';
import { Progbar } from '../../../src/keras/callbacks/progbar.ts';
import { ValueError } from '../../../src/util/errors.ts';
import { captured, connected, goldens, logsOf, NotingModel, numberOf, PARAMS, recorder } from './support.ts';

const test = suite('progress bar');

type Values = readonly [string, number | string][];

interface BarCase {
  readonly options: Record<string, unknown> & { readonly target: number | null };
  readonly dynamic: boolean;
  readonly events: readonly { t: number; current?: number; add?: number; values?: Values; finalize?: boolean }[];
  readonly parts: readonly string[];
}

for (const [i, golden] of goldens<BarCase[]>('progbar').entries()) {
  test(`a bar prints what that of Keras does: case ${i}, ${JSON.stringify(golden.options)}`, () => {
    let now = 1000;
    const output = recorder(golden.dynamic);
    const bar = new Progbar({ ...golden.options, output, clock: () => now });
    const parts = golden.events.map(({ t, current, add, values = [], finalize }) => {
      const before = output.text.length;
      now = 1000 + t;
      const numbers = values.map(([name, value]) => [name, numberOf(value)] as const);
      if (add !== undefined) bar.add(add, numbers);
      else bar.update(current as number, numbers, finalize ?? null);
      return output.text.slice(before);
    });
    assert.equal(parts, golden.parts);
  });
}

test('a bar takes its arguments by position', () => {
  const output = recorder();
  new Progbar(4, 8, 1, 0, ['n'], 'file', { output, clock: () => 0 }).update(2, [['n', 3]]);
  assert.is(output.text, '\r2/4 [===>....] - ETA: 0s - n: 3.0000');
});

interface LoggerCase {
  readonly params: {
    verbose: number;
    epochs: number;
    steps: number | null;
    samples: number | null;
    batch_size: number | null;
    metrics: string[];
  };
  readonly countMode: 'samples' | 'steps';
  readonly events: readonly [hook: string, now: number, ...rest: unknown[]][];
  readonly output: string;
}

for (const [i, golden] of goldens<LoggerCase[]>('progbarLogger').entries()) {
  for (const countMode of [golden.countMode, null]) {
    const how = countMode === null ? 'found out' : 'given';
    test(`ProgbarLogger prints what that of Keras does: case ${i}, counting ${golden.countMode} (${how})`, async () => {
      let now = 0;
      const output = recorder();
      const { batch_size: batchSize, ...params } = golden.params;
      const logger = new ProgbarLogger({ countMode, statefulMetrics: ['accuracy'], output, clock: () => now });
      connected(logger, new NotingModel(), { ...params, batchSize } as CallbackParams);
      for (const [hook, time, ...rest] of golden.events) {
        now = time;
        const args = rest.map((arg) => (typeof arg === 'object' ? logsOf(arg as Record<string, number>) : arg));
        await (logger as unknown as Record<string, (...args: unknown[]) => unknown>)[hook](...args);
      }
      assert.is(output.text, golden.output);
    });
  }
}

test('where lines cannot be written over, the logger prints the end of the epoch only', () => {
  const output = recorder(false);
  const logger = connected(new ProgbarLogger({ output, clock: () => 0 }), new NotingModel(), {
    ...PARAMS,
    epochs: 2,
    steps: 2,
  });
  logger.onEpochBegin(0);
  logger.onTrainBatchEnd(0, { batch: 0, size: 1, loss: 2 });
  logger.onTrainBatchEnd(1, { batch: 1, size: 1, loss: 1 });
  logger.onEpochEnd(0, { loss: 1.5 });
  assert.is(output.text, 'Epoch 1/2\n\n2/2 [==============================] - 0s 0s/step - loss: 1.5000\n');
});

test('predictions are counted in samples where these are known', () => {
  const output = recorder();
  const params = { ...PARAMS, samples: 100, metrics: [] };
  const logger = connected(new ProgbarLogger({ output, clock: () => 0 }), new NotingModel(), params);
  logger.onPredictBegin();
  logger.onPredictBatchEnd(0, { batch: 0, size: 40 });
  assert.is(output.text, '\r 40/100 [===========>..................] - ETA: 0s');
  logger.onPredictBatchEnd(1, { batch: 1, size: 60 });
  logger.onPredictEnd();
  assert.ok(output.text.endsWith('\r100/100 [==============================] - 0s 0s/sample\n'));
});

test('a mode that cannot be counted in is refused', () => {
  assert.throws(
    () => new ProgbarLogger('batches' as never),
    (error: Error) =>
      error instanceof ValueError &&
      error.message === 'Unknown `count_mode`: batches. Expected values are ["samples", "steps"]',
  );
});

for (const { count, validation, steps, text } of goldens<
  { count: number; validation: number | null; steps: boolean; text: string }[]
>('trainInfo')) {
  test(`fit says how much data it has: ${text.trim()}`, async () => {
    const output = recorder();
    const size = steps ? { validationSteps: validation } : { validationSamples: validation };
    const list = new CallbackList(withDefaults([], { verbose: 1, output, ...size }), new NotingModel(), {
      ...PARAMS,
      ...(steps ? { steps: count } : { samples: count, steps: 7 }),
    });
    await list.run('train', 'begin');
    assert.is(output.text, text);
  });
}

test('the callbacks of a silent run are those given; else they come before the progress bar', async () => {
  const history = new History();
  assert.equal(withDefaults([history], { verbose: 0 }), [history]);
  const [, second, third, ...others] = withDefaults([history], { verbose: 2 });
  assert.is(second, history);
  assert.instance(third, ProgbarLogger);
  assert.equal(others, []);
});

test('a whole fit prints what Keras prints', async () => {
  const { fit } = goldens<{ fit: string }>('fit');
  // Losses and metrics that print as those of the golden; the text between them is what is compared.
  const seconds = Date.now;
  Date.now = () => 0;
  try {
    const { output } = await captured(async () => {
      const list = new CallbackList(withDefaults([], { verbose: 1, validationSamples: 3 }), new NotingModel(), {
        verbose: 1,
        epochs: 2,
        steps: 3,
        samples: 10,
        batchSize: 4,
        metrics: ['loss', 'mae', 'val_loss', 'val_mae'],
      });
      await list.run('train', 'begin');
      // In the golden no time passes, so that of the batches the first only is drawn; the epoch's loss counts once more.
      const epochs = [
        { first: [3.5, 1.5], sum: [13.7732, 3.1982], validation: [0.1157, 0.3221] },
        { first: [0.1738, 0.389], sum: [0.3823, 0.5632], validation: [0.0148, 0.1176] },
      ];
      for (const [epoch, { first, sum, validation }] of epochs.entries()) {
        await list.epochBegin(epoch);
        const [loss] = sum;
        const rest = (loss * 11 - first[0] * 4 - loss) / 6;
        for (const [batch, size] of [4, 4, 2].entries()) {
          const logs = { batch, size, loss: batch === 0 ? first[0] : rest, mae: first[1] };
          await list.batch('train', 'end', batch, logs);
        }
        await list.epochEnd(epoch, { loss, mae: sum[1], val_loss: validation[0], val_mae: validation[1] });
      }
      await list.run('train', 'end');
    });
    assert.is(output, fit);
  } finally {
    Date.now = seconds;
  }
});

test('without standard output, whole lines go to the console', () => {
  const { process: node } = globalThis;
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => void lines.push(line);
  Object.defineProperty(globalThis, 'process', { value: undefined, configurable: true, writable: true });
  try {
    const output = textOutput();
    output.write('a');
    output.write('b\nc');
    output.write('\n\nd');
    output.write('\n');
    assert.equal([output.dynamic, lines], [false, ['ab', 'c', '', 'd']]);
  } finally {
    Object.defineProperty(globalThis, 'process', { value: node, configurable: true, writable: true });
    console.log = log;
  }
});

test('the former output comes back when another is chosen', () => {
  const output = recorder();
  assert.is(setTextOutput(output), null);
  assert.is(textOutput(), output);
  assert.is(setTextOutput(null), output);
});

test.run();
