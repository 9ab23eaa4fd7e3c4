/** `summary`: every case of `test/goldens/keras/summary.json`, character by character as Keras 2.15 printed it. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../runtime/session.ts';
import '../../src/ops/index.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { clearSession } from '../../src/keras/backend/index.ts';
import { Input } from '../../src/keras/engine/input-layer.ts';
import * as layers from '../../src/keras/layers/index.ts';
import { Model } from '../../src/keras/models/model.ts';
import { Sequential } from '../../src/keras/models/sequential.ts';
import { type SummaryOptions, summaryText } from '../../src/keras/models/summary.ts';
import { ValueError } from '../../src/util/errors.ts';
import { leakChecked } from '../support/leaks.ts';

const { Activation, Add, BatchNormalization, Concatenate, Dense, Dropout, Embedding, Flatten, InputLayer, Reshape } =
  layers;
const tests = suite('summary');
const test = leakChecked(tests);
const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../goldens/keras/${name}.json`, import.meta.url), 'utf8'));

function mlp(): Sequential {
  return new Sequential([new Dense(4, { inputShape: [3] }), new Dropout(0.5), new Dense(2)]);
}

function twoInputs(): Model {
  const a = Input([3], { name: 'left' });
  const b = Input([5], { name: 'right' });
  const x = new Dense(4, { activation: 'relu' }).apply(a);
  const y = new Dense(4).apply(b);
  const z = new Concatenate().apply([x, y]);
  return new Model([a, b], new Dense(2, { name: 'out' }).apply(z), { name: 'two_inputs' });
}

class Sub extends Model {
  static override readonly className = 'Sub';
  d1 = new Dense(4);
  d2 = new Dense(2);
  override call(x: Tensor): Tensor {
    return this.d2.apply(this.d1.apply(x));
  }
}

const LONG = 'a_dense_layer_with_a_name_that_needs_more_than_one_line';

const MODELS: Readonly<Record<string, () => Model<Tensor> | Model<readonly Tensor[]>>> = {
  sequential: mlp,
  'two inputs': twoInputs,
  chain() {
    // Python makes the outer layers first where calls are nested.
    const a = Input([3]);
    const [last, middle, first] = [new Dense(2), new Activation('relu'), new Dense(7)];
    return new Model(a, last.apply(middle.apply(first.apply(a))));
  },
  shared() {
    const a = Input([3]);
    const d = new Dense(3);
    return new Model(a, d.apply(d.apply(a)));
  },
  'two outputs'() {
    const a = Input([6]);
    const h = new Dense(5).apply(a);
    return new Model<readonly Tensor[]>(a, [
      new Dense(1, { name: 'p' }).apply(h),
      new Dense(2, { name: 'q' }).apply(h),
    ]);
  },
  'multiple shapes'() {
    const a = Input([4, 3]);
    const b = Input([3]);
    const act = new Activation('relu');
    const x = new Flatten().apply(act.apply(a));
    return new Model([a, b], new Concatenate().apply([x, act.apply(b)]));
  },
  frozen() {
    const m = new Sequential([new Dense(4, { inputShape: [3], name: 'kept' }), new BatchNormalization(), new Dense(2)]);
    m.layers[0].trainable = false;
    return m;
  },
  'nested sequential'() {
    const inner = new Sequential([new Dense(4, { inputShape: [3] }), new Dense(3)], { name: 'inner' });
    const a = Input([3]);
    return new Model(a, new Dense(2, { name: 'last' }).apply(inner.apply(a)));
  },
  'nested branches'() {
    const inner = twoInputs();
    const a = Input([3]);
    const b = Input([5]);
    return new Model([a, b], new Add().apply([inner.apply([a, b]), new Dense(2, { name: 'side' }).apply(a)]));
  },
  'nested twice'() {
    const a = Input([3]);
    const [outer, inner] = [new Dense(3), new Dense(2)];
    const one = new Model(a, outer.apply(inner.apply(a)), { name: 'one' });
    const two = new Sequential([one, new Dense(5)], { name: 'two' });
    return new Sequential([two, new Dense(1)], { name: 'three' });
  },
  'long names'() {
    const a = Input([3], { name: 'an_input_with_a_name_that_is_much_too_long_for_the_column' });
    const b = Input([3], { name: 'b' });
    const x = new Dense(4, { name: LONG }).apply(a);
    const y = new Dense(4, { name: LONG.replace('a_dense', 'another_dense') }).apply(b);
    return new Model([a, b], new Add({ name: 'sum_of_the_two' }).apply([x, y]), { name: 'long_names' });
  },
  'long sequential': () =>
    new Sequential([
      new Dense(3, { inputShape: [2], name: LONG }),
      new Reshape([1, 1, 1, 3], { name: 'reshape_to_many_dimensions' }),
    ]),
  large: () => new Sequential([new Dense(1000, { inputShape: [2000] }), new Dense(20000)]),
  'many inputs'() {
    const ins = [0, 1, 2, 3].map((i) => Input([2], { name: `in${i}` }));
    const all = new Concatenate({ name: 'all' });
    return new Model(ins, new Dense(1).apply(all.apply(ins)));
  },
  'fixed batch': () => new Sequential([new InputLayer({ batchInputShape: [7, 3] }), new Dense(2)]),
  unbuilt: () => new Sequential([new Dense(2)]),
  subclass() {
    const m = new Sub();
    m.apply(Input([3]));
    return m;
  },
  embedding: () =>
    new Sequential([new Embedding(10, 4, { inputLength: 5 }), new Flatten(), new Dense(1, { dtype: 'float64' })]),
  ops() {
    const a = Input([3]);
    const dense = new Dense(2);
    return new Model(a, dense.apply(a.mul(2)));
  },
};

interface Case {
  readonly model: string;
  readonly options: SummaryOptions;
  readonly text?: string;
  readonly error?: readonly [kind: string, message: string];
}

/** Keras counts weights twice that were frozen after `compile`; here each counts once. */
const DIFFERENT = new Set(['frozen after compile']);

for (const golden of (read('summary').cases as Case[]).filter(({ model }) => !DIFFERENT.has(model))) {
  test(`summary of ${golden.model} ${JSON.stringify(golden.options)}`, () => {
    clearSession();
    const model = MODELS[golden.model]();
    if (golden.error) {
      assert.throws(
        () => summaryText(model, golden.options),
        (error: Error) => error instanceof ValueError && error.message === golden.error?.[1],
      );
      return;
    }
    assert.is(summaryText(model, golden.options), golden.text);
  });
}

test('the summary of the names goldens', () => {
  clearSession();
  const golden = (read('names').cases as { text?: string[] }[]).find(({ text }) => text !== undefined);
  assert.is(summaryText(mlp()), golden?.text?.join('\n'));
});

test('weights that are frozen after compile count once', () => {
  clearSession();
  const model = mlp();
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  model.layers[0].trainable = false;
  const totals = summaryText(model).split('\n').slice(-4, -1);
  assert.equal(totals, [
    'Total params: 26 (104.00 Byte)',
    'Trainable params: 10 (40.00 Byte)',
    'Non-trainable params: 16 (64.00 Byte)',
  ]);
});

test('columns without room are refused', () => {
  clearSession();
  const model = mlp();
  assert.throws(() => summaryText(model, { positions: [2, 4, 6] }), /no room for column 1/);
  assert.throws(() => summaryText(model, { positions: [0.5, 1] }), /3 columns, received: 2/);
});

test('summary prints what summaryText gives', () => {
  clearSession();
  const model = mlp();
  const printed: string[] = [];
  model.summary({ lineLength: 80, printFn: (text) => void printed.push(text) });
  assert.equal(printed, [summaryText(model, { lineLength: 80 })]);
});

tests.run();
