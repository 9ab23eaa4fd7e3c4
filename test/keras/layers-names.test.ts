/**
 * What layers build: names of outputs, static shapes, masks, updates and losses of `test/goldens/keras/layer-names.json`,
 * and the sequences of automatic names of `names.json`. Values are `layers.test.ts`'s business.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { integrated } from '../../src/keras/context.ts';
import { maskOf } from '../../src/keras/engine/history.ts';
import type { Layer } from '../../src/keras/engine/layer.ts';
import type { TensorNest } from '../../src/keras/engine/nest.ts';
import * as layers from '../../src/keras/layers/index.ts';

interface Case {
  readonly layer: string;
  readonly inputs: readonly (readonly (number | null)[])[];
  readonly config: Readonly<Record<string, unknown>> & { readonly layer?: readonly [string, object] };
  readonly dtype?: 'int32';
  readonly training?: boolean;
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly computed: readonly (number | null)[];
  readonly mask: string | null;
  readonly updates: number;
  readonly losses: readonly string[];
}

const golden = <T>(name: string): T[] =>
  (JSON.parse(readFileSync(new URL(`../goldens/keras/${name}.json`, import.meta.url), 'utf8')) as { cases: T[] }).cases;

const classes = layers as unknown as Readonly<Record<string, new (...args: unknown[]) => Layer<TensorNest>>>;

/** Grouping takes fewer ops here than in Keras. */
const OTHER_NAME: ReadonlyMap<string, string> = new Map([
  ['group_normalization/Reshape_4:0', 'group_normalization/Reshape_3:0'],
]);

const test = suite('Keras layer names');

for (const [i, c] of golden<Case>('layer-names').entries()) {
  test(`${i}: ${c.layer} ${JSON.stringify(c.config)} on [${c.inputs.join('] [')}], training ${c.training}`, () => {
    new Graph().asDefault(() => {
      const inner = c.config.layer;
      const layer = new classes[c.layer](inner ? { ...c.config, layer: new classes[inner[0]](inner[1]) } : c.config);
      const inputs = c.inputs.map((shape) => layers.Input({ shape, dtype: c.dtype }));
      const given = inputs.length > 1 ? inputs : inputs[0];
      const output = layer.apply(given, c.training === undefined ? {} : { training: c.training }) as Tensor;
      assert.is(output.name, OTHER_NAME.get(c.name) ?? c.name);
      assert.equal(output.shape, c.shape);
      const shapes = inputs.map(({ shape }) => shape ?? []);
      assert.equal(layer.computeOutputShape(shapes.length > 1 ? shapes : shapes[0]), c.computed);
      assert.is(maskOf(output)?.name ?? null, c.mask);
      assert.is(layer.updates.length, c.updates);
      assert.equal(
        layer.losses.map(({ name }) => name),
        c.losses,
      );
    });
  });
}

const sequences = golden<{ do: string[]; names: string[] }>('names');

test('automatic names follow the sequence of Keras', () => {
  const [{ do: steps, names }] = sequences;
  new Graph().asDefault(() => {
    steps.forEach((step, i) => {
      const [className, given] = step.split(' named ');
      const [, outer, inner] = /^(\w+)(?:\((\w+)\))?$/.exec(className) ?? [];
      // The name is all that counts here, so layers that are elsewhere do as well.
      if (!(outer in classes)) assert.is(given ?? integrated.uniqueName(outer), names[i]);
      else if (inner) assert.is(new classes[outer](new classes[inner](1)).name, names[i]);
      else assert.is(new classes[outer](...argumentsOf(outer), given ? { name: given } : {}).name, names[i]);
    });
  });
});

const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  Dense: [1],
  Conv2D: [1, 1],
  Conv2DTranspose: [1, 1],
  SimpleRNN: [1],
  SimpleRNNCell: [1],
  GRU: [1],
  GRUCell: [1],
  LSTM: [1],
  LSTMCell: [1],
  ConvLSTM2D: [1, 1],
};
const argumentsOf = (className: string): readonly unknown[] => ARGUMENTS[className] ?? [];

test('names of inputs follow the sequence of Keras', () => {
  const [, { do: steps, names }] = sequences;
  new Graph().asDefault(() => {
    const made = steps.map((step) => layers.Input({ shape: [1], name: step.split(' named ')[1] ?? null }));
    assert.equal(
      made.map(({ name }) => name),
      names,
    );
  });
});

test('layers share their counters with getUid, and resetUids starts them anew', () => {
  const [, , { names }] = sequences;
  new Graph().asDefault(() => {
    const made: unknown[] = [new layers.Dense(1).name, integrated.getUid('dense'), new layers.Dense(1).name];
    integrated.resetUids();
    made.push(new layers.Dense(1).name);
    assert.equal(made, names);
  });
});

test('an explicit name is not reserved', () => {
  new Graph().asDefault(() => {
    const named = new layers.Dense(1, { name: 'dense' });
    assert.equal([named.name, new layers.Dense(1).name, new layers.Dense(1).name], ['dense', 'dense', 'dense_1']);
  });
});

test('each graph has counters of its own', () => {
  const names = [0, 1].map(() => new Graph().asDefault(() => [new layers.Dense(1).name, new layers.Dense(1).name]));
  assert.equal(names, [
    ['dense', 'dense_1'],
    ['dense', 'dense_1'],
  ]);
});

test('a second call of a layer has a scope of its own and the same weights', () => {
  new Graph().asDefault(() => {
    const layer = new layers.Dense(1);
    const names = [0, 1].map(() => layer.apply(layers.Input([2])).name);
    assert.equal(names, ['dense/BiasAdd:0', 'dense_1/BiasAdd:0']);
    assert.equal(
      layer.weights.map(({ name }) => name),
      ['dense/kernel:0', 'dense/bias:0'],
    );
  });
});

test.run();
