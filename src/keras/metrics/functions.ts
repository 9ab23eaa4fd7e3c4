/**
 * The functions that metrics are made of: accuracies and the losses of examples. Their names are in `function-names.ts`,
 * metrics that gather them over batches in the files of classes.
 */
import type { Tensor } from '../../graph/graph.ts';

export {
  BCE,
  bce,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  hinge,
  KLD,
  klDivergence,
  kld,
  kullbackLeiblerDivergence,
  logCosh,
  logcosh,
  MAE,
  MAPE,
  MSE,
  MSLE,
  mae,
  mape,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  mse,
  msle,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from '../losses/functions.ts';
export {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  cosineProximity,
  cosineSimilarity,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from './matches.ts';

/** A value for each example, of labels and predictions. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor, options?: never) => Tensor;
/** As `MetricFunction`, but it may need its options. */
export type WrappedFunction = (yTrue: Tensor, yPred: Tensor, options: never) => Tensor;
