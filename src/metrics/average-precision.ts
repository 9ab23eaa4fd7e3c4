/**
 * Mean average precision of the best k predictions. Recall and precision by themselves are in `at-k.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { cast } from '../ops/cast.ts';
import { convertToTensor, emitOne, opScope } from '../ops/emit.ts';
import { onesLike, zerosLike } from '../ops/filling.ts';
import { cumsum, reduceSum } from '../ops/reductions.ts';
import { topK, whereV2 } from '../ops/selection.ts';
import { shape as shapeOf, size } from '../ops/shaping.ts';
import type { TensorLike } from '../ops/tensor-like.ts';
import { float64, int64 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { atKName, expandLabels } from './at-k.ts';
import {
  broadcastWeights,
  collectUpdate,
  collectValue,
  type Metric,
  type MetricRest,
  metricOptions,
  metricVariable,
} from './frame.ts';
import { isAmong } from './sets.ts';

/**
 * The mean over examples of their average precision at `k`: the mean, over the labels of an example (`k` of them at
 * most), of the precision of the predictions down to where the label is found. Arguments as in `recallAtK`; labels out of
 * range do not count. The value is float64. Variables: `total`, and the number of examples `max_1`, as TensorFlow calls
 * it. Throws `ValueError` for a `k` below 1 and for shapes that do not fit.
 *
 *     const [map, update] = tf.metrics.averagePrecisionAtK(labels, scores, 10);
 */
export function averagePrecisionAtK(
  labels: TensorLike,
  predictions: TensorLike,
  k: number,
  ...rest: MetricRest
): Metric {
  const { weights = null, name, ...collections } = metricOptions(rest);
  if (k < 1) throw new ValueError(`Invalid k=${k}. \`k\` should be >= 1.`);
  return opScope(name, atKName('average_precision', k), [predictions, labels, weights], (scope) => {
    const scores = convertToTensor(predictions);
    const best = cast(topK(scores, k).indices, int64);
    const cleaned = cleanLabels(convertToTensor(labels, { preferredDtype: int64 }), scores);
    let average = averagePrecision(cleaned, best, k);
    let factors: Tensor | null = null;
    if (weights !== null) {
      factors = broadcastWeights(cast(weights, float64), average);
      average = emitOne('Mul', [average, factors]);
    }
    const { graph } = average;
    // TensorFlow has an op `Max` here, so that the scope after it, and the variable in checkpoints, is called `max_1`.
    graph.uniqueName('Max');
    const [max, updatedMax] = graph.nameScope('max', (inner) => {
      const variable = metricVariable([], float64, inner);
      const batch = factors === null ? cast(size(average, { name: 'batch_max' }), float64) : sum(factors, 'batch_max');
      return [variable, variable.assignAdd(batch, { name: 'update' })];
    });
    const [total, updatedTotal] = graph.nameScope('total', (inner) => {
      const variable = metricVariable([], float64, inner);
      return [variable, variable.assignAdd(sum(average, 'batch_total'), { name: 'update' })];
    });
    const value = collectValue(emitOne('DivNoNan', [total, max], {}, 'mean'), collections);
    const update = emitOne('DivNoNan', [updatedTotal, updatedMax], {}, scope);
    return [value, collectUpdate(update, collections)];
  });
}

function sum(x: Tensor, name: string): Tensor {
  return reduceSum(x, { name });
}

/** -1, which is no label, in place of labels that are no class. */
function cleanLabels(labels: Tensor, scores: Tensor): Tensor {
  const classes = cast(shapeOf(scores).slice(-1), labels.dtype);
  const isBeyond = emitOne('GreaterEqual', [labels, classes]);
  return whereV2(isBeyond, emitOne('Mul', [-1, onesLike(labels)], {}, 'mul'), labels);
}

/** Average precision by example. */
function averagePrecision(labels: Tensor, best: Tensor, k: number): Tensor {
  return opScope(null, 'average_precision', [best, labels], (scope) => {
    const l = expandLabels(labels, best);
    const relevant = cast(isAmong(best, l), float64, { name: 'relevant_per_k' });
    const hits = cumsum(relevant, -1, { name: 'tp_per_k' });
    const retrieved = cumsum(onesLike(relevant), -1, { name: 'retrieved_per_k' });
    const precisions = emitOne('RealDiv', [hits, retrieved], {}, 'precision_per_k');
    const counted = emitOne('Mul', [precisions, relevant], {}, 'relevant_precision_per_k');
    const total = reduceSum(counted, [-1], { name: 'precision_sum' });
    const isLabel = emitOne('GreaterEqual', [l, 0]);
    const labeled = reduceSum(whereV2(isLabel, onesLike(l), zerosLike(l)), -1);
    const most = cast(emitOne('Minimum', [labeled, k], {}, 'num_relevant'), float64);
    return emitOne('RealDiv', [total, most], {}, scope);
  });
}

/** `averagePrecisionAtK` under its former name. */
export function sparseAveragePrecisionAtK(
  labels: TensorLike,
  predictions: TensorLike,
  k: number,
  ...rest: MetricRest
): Metric {
  return averagePrecisionAtK(labels, predictions, k, ...rest);
}
