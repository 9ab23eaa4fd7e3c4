/**
 * Which metric stands for what `compile` was given: names such as `accuracy` depend on the loss and on the output. Names
 * of metrics are Keras's in graph mode: `acc` for accuracy, the function's name otherwise.
 */
import type { Shape } from '../../util/shape.ts';
import type { Loss } from '../losses/index.ts';
import {
  binaryAccuracy,
  binaryCrossentropy,
  categoricalAccuracy,
  categoricalCrossentropy,
  get as getMetric,
  MeanMetricWrapper,
  Metric,
  type MetricFunction,
  metricFunctionName,
  sparseCategoricalAccuracy,
  sparseCategoricalCrossentropy,
} from '../metrics/index.ts';
import { classNameOf } from '../serialization.ts';

/** A metric by name, function, object or configuration. */
export type MetricLike = string | MetricFunction | Metric | object;

/** Metrics: for all outputs alike, one list (or item) per output, or by the outputs' names. */
export type MetricsArgument =
  | MetricLike
  | readonly (MetricLike | readonly MetricLike[])[]
  | ReadonlyMap<string, MetricLike | readonly MetricLike[]>
  | { readonly [output: string]: MetricLike | readonly MetricLike[] };

export interface NamedMetric {
  readonly name: string;
  readonly metric: Metric;
}

const ACCURACY = new Set(['accuracy', 'acc']);
const CROSSENTROPY = new Set(['crossentropy', 'ce']);

/** What `accuracy` and `crossentropy` mean for an output, by its last dimension and its loss. */
function functionFor(name: string, outputShape: Shape, loss: Loss | null): MetricFunction {
  const accuracy = ACCURACY.has(name);
  const kind = loss ? lossKind(loss) : '';
  if (outputShape?.at(-1) === 1 || kind === 'BinaryCrossentropy') {
    return accuracy ? binaryAccuracy : binaryCrossentropy;
  }
  if (kind === 'SparseCategoricalCrossentropy') {
    return accuracy ? sparseCategoricalAccuracy : sparseCategoricalCrossentropy;
  }
  return accuracy ? categoricalAccuracy : categoricalCrossentropy;
}

/** The class of a loss, also where it was given as a function. */
function lossKind(loss: Loss): string {
  const { fn } = loss as { readonly fn?: unknown };
  if (fn === lossFunctions.binary) return 'BinaryCrossentropy';
  if (fn === lossFunctions.sparse) return 'SparseCategoricalCrossentropy';
  return classNameOf(loss.constructor);
}
const lossFunctions = { binary: binaryCrossentropy, sparse: sparseCategoricalCrossentropy } as const;

/** The metric for one output, with its name. */
export function chooseMetric(like: MetricLike, outputShape: Shape, loss: Loss | null, weighted: boolean): NamedMetric {
  if (like instanceof Metric) return { name: like.name, metric: like };
  const prefix = weighted ? 'weighted_' : '';
  if (typeof like === 'string' && (ACCURACY.has(like) || CROSSENTROPY.has(like))) {
    const name = `${prefix}${ACCURACY.has(like) ? 'acc' : 'ce'}`;
    return { name, metric: new MeanMetricWrapper(functionFor(like, outputShape, loss), { name }) };
  }
  const found = getMetric(like);
  if (found instanceof Metric) return { name: prefix + found.name, metric: found };
  const name = prefix + metricFunctionName(found);
  return { name, metric: new MeanMetricWrapper(found, { name }) };
}

/** The metrics of each output, as they were given. */
export function metricsPerOutput(
  given: MetricsArgument | null | undefined,
  outputs: readonly string[],
): MetricLike[][] {
  if (given === null || given === undefined) return outputs.map(() => []);
  const named = byName(given);
  if (named) return outputs.map((name) => listOf(named.get(name)));
  const list = listOf(given as MetricLike | readonly MetricLike[]);
  // A list with a list in it has an entry per output; any other list is meant for every output.
  if (list.some((item) => Array.isArray(item))) return outputs.map((_, i) => listOf(list[i]));
  return outputs.map(() => [...list]);
}

function listOf(value: MetricLike | readonly MetricLike[] | null | undefined): MetricLike[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? [...(value as readonly MetricLike[])] : [value];
}

function byName(given: MetricsArgument): ReadonlyMap<string, MetricLike | readonly MetricLike[]> | null {
  if (given instanceof Map) return given;
  if (typeof given !== 'object' || Array.isArray(given) || given instanceof Metric) return null;
  if (Object.getPrototypeOf(given) !== Object.prototype || 'className' in given) return null;
  return new Map(Object.entries(given as { readonly [output: string]: MetricLike | readonly MetricLike[] }));
}
