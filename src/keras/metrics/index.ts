/**
 * `tf.keras.metrics`: metrics as functions and classes, and their names.
 */
import { ValueError } from '../../util/errors.ts';
import { buildingIn, inContext } from '../binding.ts';
import { integrated, type KerasContext } from '../context.ts';
import { type DeserializeArguments, defineKind } from '../objects.ts';
import type { Named, Serialized } from '../serialization.ts';
import { classNameOf } from '../serialization.ts';
import * as accuracies from './accuracies.ts';
import * as auc from './auc.ts';
import * as confusion from './confusion.ts';
import * as fScores from './f-scores.ts';
import { FUNCTIONS } from './function-names.ts';
import type { MetricFunction } from './functions.ts';
import * as iou from './iou.ts';
import * as means from './means.ts';
import { Metric } from './metric.ts';
import * as probabilistic from './probabilistic.ts';
import * as r2 from './r2-score.ts';
import * as regression from './regression.ts';
import * as thresholds from './thresholds.ts';

export * from './accuracies.ts';
export { AUC, type AucOptions } from './auc.ts';
export {
  type ConfusionOptions,
  FalseNegatives,
  FalsePositives,
  Precision,
  type PrecisionOptions,
  Recall,
  TrueNegatives,
  TruePositives,
} from './confusion.ts';
export {
  F1Score,
  type F1ScoreOptions,
  FBetaScore,
  type FBetaScoreOptions,
  type FScoreAverage,
} from './f-scores.ts';
export * from './functions.ts';
export * from './iou.ts';
export { Mean, MeanMetricWrapper, type MeanMetricWrapperOptions, MeanTensor, Sum } from './means.ts';
export { Metric, type MetricCallOptions, type MetricOptions } from './metric.ts';
export * from './probabilistic.ts';
export * from './r2-score.ts';
export * from './regression.ts';
export * from './thresholds.ts';

const MODULES: readonly object[] = [
  means,
  accuracies,
  regression,
  probabilistic,
  confusion,
  thresholds,
  auc,
  iou,
  fScores,
  r2,
];

function isMetricClass(value: unknown): value is Named & typeof Metric {
  return typeof value === 'function' && value.prototype instanceof Metric && Object.hasOwn(value, 'className');
}

const classes = MODULES.flatMap((module) => Object.values(module)).filter(isMetricClass);

const kind = defineKind<Metric | MetricFunction>({
  noun: 'metric function',
  identifier: 'metric',
  known: [...classes.map((item) => [classNameOf(item), item] as const), ...FUNCTIONS],
});

/** Runs `body` so that metrics it makes belong to the context; `tf.keras` leaves it to whoever builds at the moment. */
function making<R>(context: KerasContext, body: () => R): R {
  return context === integrated ? body() : buildingIn(context, body);
}

/**
 * The metric of a name: `'mse'`, `'mean_squared_error'` and `'meanSquaredError'` are a function, `'MeanSquaredError'` an
 * object; of a configuration or class; functions and metrics are given back. Throws `ValueError` for anything else.
 *
 *     tf.keras.metrics.get('categorical_accuracy')
 */
export const get = inContext((context) => (identifier: unknown): Metric | MetricFunction => {
  if (identifier instanceof Metric) return identifier;
  const found = making(context, () => kind.get(identifier));
  if (found === null) throw new ValueError('Could not interpret metric identifier: None');
  return found;
});

/** The configuration of a metric, the name of a function (`'mean_squared_error'`), null for null. */
export function serialize(metric: unknown): Serialized | string | null {
  return kind.serialize(metric);
}

/** The metric of a configuration or name. Throws `ValueError` for one that is unknown. */
export const deserialize = inContext(
  (context) =>
    (config: Serialized | string, options?: DeserializeArguments): Metric | MetricFunction =>
      making(context, () => kind.deserialize(config, options)),
);
