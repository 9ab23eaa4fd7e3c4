/**
 * Gradients through layers, against finite differences of what the layers compute, by inputs and by weights.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../support/session.ts';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import type { CallOptions, Layer } from '../../src/keras/engine/layer.ts';
import type { TensorNest } from '../../src/keras/engine/nest.ts';
import * as layers from '../../src/keras/layers/index.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { reduceSum } from '../../src/ops/reductions.ts';
import { float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { leakChecked } from '../support/leaks.ts';

type Make = () => Layer<TensorNest>;
interface Case {
  readonly name: string;
  readonly make: Make;
  readonly shapes: readonly (readonly number[])[];
  readonly options?: CallOptions;
}

const one = (name: string, make: Make, shape: readonly number[], options: CallOptions = {}): Case => {
  return { name, make, shapes: [shape], options };
};
const two = (name: string, make: Make, a: readonly number[], b: readonly number[] = a): Case => {
  return { name, make, shapes: [a, b] };
};
const training = { training: true };
const inference = { training: false };

const CASES: readonly Case[] = [
  one('Dense', () => new layers.Dense(3, { activation: 'tanh' }), [2, 4]),
  one('Dense of three axes', () => new layers.Dense(3), [2, 3, 4]),
  one('Activation', () => new layers.Activation('sigmoid'), [2, 3]),
  one('Dropout in inference', () => new layers.Dropout(0.5), [2, 3], inference),
  one('GaussianNoise in inference', () => new layers.GaussianNoise(0.5), [2, 3], inference),
  one('Flatten', () => new layers.Flatten(), [2, 3, 2]),
  one('Flatten of channels first', () => new layers.Flatten('channels_first'), [2, 3, 2]),
  one('Reshape', () => new layers.Reshape([3, -1]), [2, 6]),
  one('Permute', () => new layers.Permute([2, 1]), [2, 3, 2]),
  one('RepeatVector', () => new layers.RepeatVector(2), [2, 3]),
  one('Lambda', () => new layers.Lambda((x: Tensor) => x.mul(x)), [2, 3]),
  one('Masking', () => new layers.Masking(), [2, 3, 2]),
  one('LeakyReLU', () => new layers.LeakyReLU(0.2), [2, 3]),
  one('PReLU', () => new layers.PReLU({ alphaInitializer: 'ones', sharedAxes: [1] }), [2, 3, 2]),
  one('ELU', () => new layers.ELU(0.5), [2, 3]),
  one('ThresholdedReLU', () => new layers.ThresholdedReLU(0.1), [2, 3]),
  one('Softmax', () => new layers.Softmax(), [2, 3]),
  one('Softmax of two axes', () => new layers.Softmax([1, 2]), [2, 3, 2]),
  one('ReLU', () => new layers.ReLU({ maxValue: 0.6, negativeSlope: 0.1, threshold: 0.15 }), [2, 4]),
  two('Add', () => new layers.Add(), [2, 3]),
  two('Add of different ranks', () => new layers.Add(), [2, 4, 3], [2, 3]),
  two('Subtract', () => new layers.Subtract(), [2, 3]),
  two('Multiply', () => new layers.Multiply(), [2, 3, 2], [2, 1, 2]),
  two('Average', () => new layers.Average(), [2, 3]),
  two('Maximum', () => new layers.Maximum(), [2, 3]),
  two('Minimum', () => new layers.Minimum(), [2, 3]),
  two('Concatenate', () => new layers.Concatenate(1), [2, 3, 2], [2, 1, 2]),
  two('Dot', () => new layers.Dot(1, true), [2, 3]),
  two('Dot of matrices', () => new layers.Dot([2, 1]), [2, 3, 2], [2, 2, 3]),
  one('BatchNormalization in training', () => new layers.BatchNormalization(), [5, 2], training),
  one('BatchNormalization in inference', () => new layers.BatchNormalization(), [3, 2], inference),
  one('BatchNormalization of images in training', () => new layers.BatchNormalization(), [2, 2, 2, 2], training),
  one('BatchNormalization of images in inference', () => new layers.BatchNormalization(), [2, 2, 2, 2], inference),
  one('BatchNormalization of volumes in training', () => new layers.BatchNormalization(), [2, 2, 1, 2, 2], training),
  one('BatchNormalization of volumes in inference', () => new layers.BatchNormalization(1), [2, 2, 1, 2, 2], inference),
  one('BatchNormalization of the first axis', () => new layers.BatchNormalization(1), [2, 2, 4], training),
  one('BatchNormalization of two axes', () => new layers.BatchNormalization([1, 2]), [4, 2, 2], training),
  one('LayerNormalization', () => new layers.LayerNormalization(), [3, 4]),
  one('LayerNormalization of the first axis', () => new layers.LayerNormalization(1), [2, 4, 2]),
  one('GroupNormalization', () => new layers.GroupNormalization(2), [2, 3, 4]),
  one('UnitNormalization', () => new layers.UnitNormalization(), [2, 3]),
  one('TimeDistributed', () => new layers.TimeDistributed(new layers.Dense(2)), [2, 3, 2]),
  two('Attention', () => new layers.Attention({ useScale: true }), [2, 2, 3], [2, 4, 3]),
  two('Attention by sums', () => new layers.Attention({ useScale: true, scoreMode: 'concat' }), [2, 2, 3], [2, 4, 3]),
  one('EinsumDense', () => new layers.EinsumDense('abc,cde->abde', [null, 2, 2], { biasAxes: 'de' }), [2, 3, 2]),
  two('MultiHeadAttention', () => new layers.MultiHeadAttention(2, 2, { valueDim: 3 }), [2, 2, 3], [2, 3, 2]),
  two('AdditiveAttention', () => new layers.AdditiveAttention(), [2, 2, 3], [2, 4, 3]),
];

/** Numbers in (-1, 1) off zero, the same in every run. */
function numbers(shape: readonly number[], seed: number): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  const value = (i: number): number => {
    const sine = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    const fraction = (sine - Math.floor(sine)) * 2 - 1;
    return Math.abs(fraction) < 0.05 ? 0.07 : fraction;
  };
  return new NdArray(
    float32,
    [...shape],
    Float32Array.from({ length: size }, (_, i) => value(i)),
  );
}

const test = suite('Keras layer gradients');
const check = leakChecked(test);

const STEP = 5e-3;

/** The loss is taken in doubles from the outputs, so that its rounding does not disturb the differences. */
async function compare(c: Case, symbolic: boolean): Promise<string[]> {
  const graph = new Graph();
  const { inputs, layer, output, weighting, slopes } = graph.asDefault(() => {
    const inputs = c.shapes.map((shape) => placeholder(float32, symbolic ? [null, ...shape.slice(1)] : shape));
    const layer = c.make();
    const output = layer.apply(inputs.length > 1 ? inputs : inputs[0], c.options) as Tensor;
    const weighting = placeholder(float32, null);
    const loss = reduceSum(output.mul(weighting));
    const by = [...inputs, ...layer.trainableWeights];
    const slopes = gradients(loss, by).map((slope, i) => (slope as Tensor | null) ?? constant(0, by[i].dtype));
    return { inputs, layer, output, weighting, slopes };
  });
  using sess = new Session({ graph });
  const values = inputs.map((_, i) => numbers(c.shapes[i], i + 1));
  const weights = layer.weights.map(({ shape, name }, i) => {
    const drawn = numbers(shape as number[], 11 + i);
    // Variances are positive.
    if (!/variance/.test(name)) return drawn;
    return new NdArray(float32, drawn.shape, (drawn.data as Float32Array).map(Math.abs));
  });
  for (const [i, variable] of layer.weights.entries()) await variable.load(weights[i], sess);
  const feeds = () => inputs.map((tensor, i) => [tensor, values[i]] as const);
  const first = (await sess.run(output, { feedDict: feeds() })) as NdArray;
  const factors = numbers(first.shape, 5);
  const loss = async (): Promise<number> => {
    const { data } = (await sess.run(output, { feedDict: feeds() })) as NdArray;
    return (data as Float32Array).reduce((sum, value, i) => sum + value * Number(factors.data[i]), 0);
  };
  const found = (await sess.run(slopes, { feedDict: [...feeds(), [weighting, factors]] })) as NdArray[];
  const problems: string[] = [];
  const targets = [...values, ...layer.trainableWeights.map((variable) => weights[layer.weights.indexOf(variable)])];
  for (const [i, target] of targets.entries()) {
    const data = target.data as Float32Array;
    const variable = i < values.length ? null : layer.trainableWeights[i - values.length];
    for (let k = 0; k < data.length; k++) {
      const kept = data[k];
      const at = async (value: number): Promise<number> => {
        data[k] = value;
        if (variable) await variable.load(target, sess);
        return loss();
      };
      const numeric = ((await at(kept + STEP)) - (await at(kept - STEP))) / (2 * STEP);
      await at(kept);
      const exact = Number(found[i].data[k]);
      if (Math.abs(numeric - exact) > 2e-3 + 1e-2 * Math.abs(numeric)) {
        problems.push(`${variable?.name ?? `input ${i}`}[${k}]: ${exact}, by differences ${numeric}`);
      }
    }
  }
  return problems;
}

for (const c of CASES) {
  check(`the gradient through ${c.name} is that of finite differences`, async () => {
    assert.equal(await compare(c, true), []);
    assert.equal(await compare(c, false), []);
  });
}

check('the gradient through Embedding adds up over equal indices', async () => {
  const graph = new Graph();
  const [ids, slope, layer] = graph.asDefault(() => {
    const ids = layers.Input({ shape: [3], dtype: 'int32' });
    const layer = new layers.Embedding(4, 2);
    const output = layer.apply(ids);
    return [ids, gradients(reduceSum(output.mul([1, 10])), [layer.embeddings])[0], layer] as const;
  });
  using sess = new Session({ graph });
  await layer.embeddings.load(numbers([4, 2], 1), sess);
  const dense = graph.asDefault(() => (slope as { asTensor?: () => Tensor }).asTensor?.() ?? (slope as Tensor));
  const value = (await sess.run(dense, { feedDict: [[ids, [[1, 1, 3]]]] })) as NdArray;
  assert.equal([...value.data].map(Number), [0, 0, 2, 20, 0, 0, 1, 10]);
});

test.run();
