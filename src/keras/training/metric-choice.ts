/**
 * Which metric stands for what `compile` was given: names such as `accuracy` depend on the loss and on the output. Names
 * of metrics are Keras's in graph mode: `acc` for accuracy, the function's name otherwise.
 */
import { ValueError } from '../../util/errors.ts';
import type { Shape } from '../../util/shape.ts';
import type { Loss } from '../losses/index.ts';
import { metricFunctionName } from '../metrics/function-names.ts';
import {
  binaryAccuracy,
  binaryCrossentropy,
  categoricalAccuracy,
  categoricalCrossentropy,
  get as getMetric,
  MeanMetricWrapper,
  Metric,
  type MetricFunction,
  sparseCategoricalAccuracy,
  sparseCategoricalCrossentropy,
} from '../metrics/index.ts';
import { type Config, classNameOf } from '../serialization.ts';
import { checkKeys } from './data.ts';
import { byOutput, listText } from './per-output.ts';

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
  const prefix = weighted ? 'weighted_' : '';
  if (like instanceof Metric) return { name: prefix + like.name, metric: like };
  if (typeof like === 'string' && (ACCURACY.has(like) || CROSSENTROPY.has(like))) {
    const name = `${prefix}${ACCURACY.has(like) ? 'acc' : 'ce'}`;
    return { name, metric: new MeanMetricWrapper(functionFor(like, outputShape, loss), { name }) };
  }
  const found = getMetric(like);
  if (found instanceof Metric) return { name: prefix + found.name, metric: found };
  const name = prefix + metricFunctionName(found);
  return { name, metric: new MeanMetricWrapper(found, { name }) };
}

/** The metrics of each output, as they were given. Throws `ValueError` for an unknown output, or too few lists. */
export function metricsPerOutput(
  given: MetricsArgument | null | undefined,
  outputs: readonly string[],
  what: string,
): MetricLike[][] {
  if (given === null || given === undefined) return outputs.map(() => []);
  const named = given instanceof Metric ? null : byOutput(given);
  if (named) {
    checkKeys(what, named, outputs);
    return outputs.map((name) => listOf(named.get(name) as MetricLike | readonly MetricLike[] | undefined));
  }
  const list = listOf(given as MetricLike | readonly MetricLike[]);
  // A list with a list in it has an entry per output; any other list is meant for every output.
  if (!list.some((item) => Array.isArray(item))) {
    return outputs.map(() => (outputs.length > 1 ? list.map(copyOf) : [...list]));
  }
  if (list.length === outputs.length) return list.map((item) => listOf(item as MetricLike | readonly MetricLike[]));
  throw new ValueError(
    `When passing a list of lists as \`${what}\`, it should have one entry per model output. The model has ${outputs.length} outputs, but you passed ${what}=${listText(list)}`,
  );
}

/** Each output gathers values of its own. */
function copyOf(like: MetricLike): MetricLike {
  if (!(like instanceof Metric)) return like;
  const { fromConfig } = like.constructor as unknown as { fromConfig(config: Config): Metric };
  return fromConfig.call(like.constructor, like.getConfig());
}

function listOf(value: MetricLike | readonly MetricLike[] | null | undefined): MetricLike[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? [...(value as readonly MetricLike[])] : [value];
}
