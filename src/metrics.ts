/**
 * The namespace `tf.metrics`: metrics over a stream of batches. Each returns `[value, updateOp]`; running the update adds a
 * batch to local variables, and `tf.localVariablesInitializer()` sets these to zero.
 */
export {
  type AtKOptions,
  type AtTopKOptions,
  precisionAtK,
  precisionAtTopK,
  recallAtK,
  recallAtTopK,
  sparsePrecisionAtK,
} from './metrics/at-k.ts';
export {
  type AucOptions,
  auc,
  type CurvePointOptions,
  type SummationMethod,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
} from './metrics/auc.ts';
export { averagePrecisionAtK, sparseAveragePrecisionAtK } from './metrics/average-precision.ts';
export { meanIou, meanPerClassAccuracy } from './metrics/classes.ts';
export {
  falseNegatives,
  falsePositives,
  precision,
  recall,
  trueNegatives,
  truePositives,
} from './metrics/counts.ts';
export type { Metric, MetricCollections, MetricOptions, VariableMetric } from './metrics/frame.ts';
export {
  accuracy,
  mean,
  meanAbsoluteError,
  meanCosineDistance,
  meanRelativeError,
  meanSquaredError,
  meanTensor,
  percentageBelow,
  rootMeanSquaredError,
} from './metrics/means.ts';
export {
  falseNegativesAtThresholds,
  falsePositivesAtThresholds,
  precisionAtThresholds,
  recallAtThresholds,
  trueNegativesAtThresholds,
  truePositivesAtThresholds,
} from './metrics/thresholds.ts';
