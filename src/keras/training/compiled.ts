/**
 * A compiled model: losses and metrics over its outputs, and the steps of training, testing and predicting as things to
 * run. Which data they are run on is the loop's business.
 */
import type { AnySession } from '../../graph/evaluator.ts';
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { globalVariables } from '../../variables/collections.ts';
import { Variable } from '../../variables/variable.ts';
import type { KerasContext } from '../context.ts';
import { maskOf } from '../engine/history.ts';
import type { Layer } from '../engine/layer.ts';
import { append, atomically, onUndo } from '../engine/undo.ts';
import { Mean, type Metric } from '../metrics/index.ts';
import { type AnyOptimizer, get as getOptimizer } from '../optimizers/index.ts';
import { asLoss, Endpoint } from './endpoint.ts';
import { chooseMetric, type MetricsArgument, metricsPerOutput, type NamedMetric } from './metric-choice.ts';
import { type PerOutput, perOutput } from './per-output.ts';
import { accumulate } from './totals.ts';

export interface CompileOptions {
  /** An optimizer, its name or configuration; `'rmsprop'` without it. */
  readonly optimizer?: unknown;
  /** A loss (an object, function, name or configuration), one per output, or by output. */
  readonly loss?: unknown;
  readonly metrics?: MetricsArgument | null;
  /** What each output's loss counts for in the total; 1 without it. */
  readonly lossWeights?: PerOutput<number> | null;
  /** Metrics that sample weights count for. */
  readonly weightedMetrics?: MetricsArgument | null;
}

/** What a compiled model is made from. */
export interface CompilableModel {
  readonly name: string;
  readonly graph: Graph;
  readonly context: KerasContext;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly outputNames: readonly string[];
  readonly layers: readonly Layer[];
  readonly trainableWeights: readonly Variable[];
  /** What also steps that train nothing run. */
  readonly stateUpdates: readonly Operation[];
  getLossesFor(inputs: readonly Tensor[] | null): Tensor[];
  getUpdatesFor(inputs: readonly Tensor[] | null): Operation[];
}

export type Mode = 'train' | 'test' | 'predict';

/** What one step fetches and is fed. */
interface Step {
  /** The total loss and the metrics; for predictions, the outputs. */
  readonly fetches: readonly Tensor[];
  readonly targets: readonly Operation[];
  readonly feeds: readonly Tensor[];
  readonly phase: Tensor | null;
}

interface MetricOfOutput extends NamedMetric {
  readonly endpoint: Endpoint;
  readonly weighted: boolean;
}

export class Compiled {
  readonly optimizer: AnyOptimizer;
  readonly endpoints: readonly Endpoint[];
  /** The mean of each output's loss, where there are several. */
  private readonly lossMetrics: readonly NamedMetric[];
  private readonly metrics: readonly MetricOfOutput[];
  /** The weights that training changes, as they were when the model was compiled. */
  readonly trained: readonly Variable[];
  /** What each step of training runs besides, such as averages: of layers that were trainable then. */
  private readonly updates: readonly Operation[];
  private readonly slots: Variable[] = [];
  private readonly steps = new Map<string, Step>();
  private readonly callables = new Map<Step, { readonly session: AnySession; readonly run: Runner }>();

  constructor(
    private readonly model: CompilableModel,
    readonly options: CompileOptions,
  ) {
    this.optimizer = getOptimizer((options.optimizer ?? 'rmsprop') as never);
    const { outputs, outputNames } = model;
    const losses = perOutput(options.loss, outputNames, 'loss').map(asLoss);
    const weights = perOutput(options.lossWeights ?? 1, outputNames, 'loss_weights');
    this.endpoints = outputs.map(
      (output, i) => new Endpoint(outputNames[i], output, maskOf(output), losses[i], Number(weights[i] ?? 1)),
    );
    this.trained = [...model.trainableWeights];
    this.updates = options.loss === null ? [] : [...model.getUpdatesFor(null), ...model.getUpdatesFor(model.inputs)];
    const trainedOutputs = this.endpoints.filter(({ loss }) => loss !== null);
    this.lossMetrics =
      outputs.length > 1
        ? trainedOutputs.map(({ name }) => ({ name: `${name}_loss`, metric: new Mean({ name: `${name}_loss` }) }))
        : [];
    this.metrics = this.chooseMetrics();
  }

  private chooseMetrics(): MetricOfOutput[] {
    const { outputNames, outputs } = this.model;
    const used = new Set(['loss', ...this.lossMetrics.map(({ name }) => name)]);
    const found: MetricOfOutput[] = [];
    const given = [
      [metricsPerOutput(this.options.metrics, outputNames, 'metrics'), false],
      [metricsPerOutput(this.options.weightedMetrics, outputNames, 'metrics'), true],
    ] as const;
    this.endpoints.forEach((endpoint, i) => {
      if (!endpoint.loss) return;
      for (const [lists, weighted] of given) {
        // Of metrics of one name the last counts, in the place of the first.
        const chosen = new Map<string, Metric>();
        for (const like of lists[i]) {
          const { name, metric } = chooseMetric(like, outputs[i].shape, endpoint.loss, weighted);
          chosen.set(name, metric);
        }
        for (const [own, metric] of chosen) {
          const base = outputs.length > 1 ? `${endpoint.name}_${own}` : own;
          let name = base;
          for (let n = 1; used.has(name); n++) name = `${base}_${n}`;
          used.add(name);
          found.push({ name, metric, endpoint, weighted });
        }
      }
    });
    return found;
  }

  /** The names of what a step of training or testing gives. */
  get metricNames(): string[] {
    return ['loss', ...this.lossMetrics.map(({ name }) => name), ...this.metrics.map(({ name }) => name)];
  }
  /** Slots, counters and hyperparameters of the optimizer, and what metrics gather: of the training, not of the model. */
  get stateVariables(): Variable[] {
    const { optimizer } = this;
    const hypers = 'hyperTensors' in optimizer ? [...optimizer.hyperTensors().values()] : [];
    const gathered = this.allMetrics.flatMap((metric) => [...metric.variables]);
    const all = [...this.slots, ...hypers.filter((item) => item instanceof Variable), ...gathered];
    return all.filter(({ graph }) => graph === this.model.graph);
  }
  /** All metrics, in the order of `metricNames` without the loss. */
  get allMetrics(): Metric[] {
    return [...this.lossMetrics, ...this.metrics].map(({ metric }) => metric);
  }
  /** Outputs that have a loss, and so a target. */
  get trainedEndpoints(): readonly Endpoint[] {
    return this.endpoints.filter(({ loss }) => loss !== null);
  }

  // Steps

  /** What to run for a step. `weighted` says for which trained outputs examples have weights. */
  private step(mode: Mode, weighted: readonly boolean[]): Step {
    const key = `${mode} ${weighted.map(Number).join('')}`;
    let step = this.steps.get(key);
    if (!step) {
      const { graph } = this.model;
      step = atomically(graph, () => this.build(mode, weighted));
      this.steps.set(key, step);
    }
    return step;
  }

  private build(mode: Mode, weighted: readonly boolean[]): Step {
    const { model } = this;
    const { graph, context } = model;
    const phase = context.learningPhase(graph);
    const common = { phase: typeof phase === 'object' ? phase : null };
    if (mode === 'predict') {
      return { ...common, fetches: model.outputs, targets: model.stateUpdates, feeds: model.inputs };
    }
    const endpoints = this.trainedEndpoints;
    const { total, results } = this.evaluation(weighted);
    const feeds = [
      ...model.inputs,
      ...endpoints.map(({ target }) => target),
      ...endpoints.filter((_, i) => weighted[i]).map(({ sampleWeight }) => sampleWeight),
    ];
    const targets = mode === 'train' ? this.trainingUpdates(total) : model.stateUpdates;
    return { ...common, fetches: [total, ...results], targets, feeds };
  }

  /** The total loss, and the metrics as they are after the batch; built once for training and testing. */
  private evaluation(weighted: readonly boolean[]): { total: Tensor; results: Tensor[] } {
    const key = weighted.map(Number).join('');
    const known = this.evaluations.get(key);
    if (known) return known;
    const { graph } = this.model;
    const endpoints = this.trainedEndpoints;
    const weightedOf = new Map(endpoints.map((endpoint, i) => [endpoint, weighted[i]]));
    const { total, losses } = graph.nameScope('loss', () => this.totalLoss(endpoints, weighted));
    const results = [
      ...this.lossMetrics.map(({ metric }, i) => (metric as Mean).apply(losses[i])),
      ...this.metrics.map(({ metric, endpoint, weighted: counts }) => {
        const sampleWeight = endpoint.metricWeights(counts && (weightedOf.get(endpoint) ?? false));
        // A metric of one value, such as a mean, takes the output.
        return metric.updateState.length === 1
          ? (metric as Mean).apply(endpoint.output)
          : (metric as Mean as unknown as TwoSided).apply(endpoint.target, endpoint.output, { sampleWeight });
      }),
    ];
    const evaluation = { total, results };
    onUndo(() => this.evaluations.delete(key));
    this.evaluations.set(key, evaluation);
    return evaluation;
  }
  private readonly evaluations = new Map<string, { total: Tensor; results: Tensor[] }>();

  private totalLoss(endpoints: readonly Endpoint[], weighted: readonly boolean[]): { total: Tensor; losses: Tensor[] } {
    const { graph, getLossesFor, inputs } = this.model;
    const losses = endpoints.map((endpoint, i) =>
      graph.nameScope(`${endpoint.name}_loss`, () => endpoint.lossTensor(weighted[i])),
    );
    const scaled = losses.map((loss, i) => {
      const { lossWeight } = endpoints[i];
      return lossWeight === 1 ? loss : loss.mul(lossWeight);
    });
    const added = [...getLossesFor.call(this.model, null), ...getLossesFor.call(this.model, inputs)];
    if (scaled.length + added.length === 0) {
      throw noLoss();
    }
    return { total: accumulate([...scaled, ...added]), losses };
  }

  private trainingUpdates(total: Tensor): Operation[] {
    const { model, trained } = this;
    if (trained.length === 0) return [...this.updates];
    const known = new Set(globalVariables());
    const updates = model.graph.nameScope('training', () => this.optimizer.getUpdates(total, trained));
    // Slots, counters and hyperparameters, whatever kind of optimizer made them.
    for (const variable of globalVariables()) {
      if (known.has(variable)) continue;
      model.context.track(variable);
      append(this.slots, variable);
    }
    return [...updates, ...this.updates];
  }

  /** Throws `ValueError` where neither an output nor a layer has a loss. */
  requireLoss(): void {
    const { model } = this;
    if (this.trainedEndpoints.length > 0) return;
    const added = atomically(model.graph, () => [...model.getLossesFor(null), ...model.getLossesFor(model.inputs)]);
    if (added.length === 0) throw noLoss();
  }

  /** Builds a step without running it: its variables and nodes are there then. */
  prepare(mode: Mode): void {
    this.step(
      mode,
      this.trainedEndpoints.map(() => false),
    );
  }

  /**
   * Runs a step on a batch: the total loss and the metrics, or the predictions.
   *
   * @param weights per trained output the weights of the examples, or null
   */
  async run(
    mode: Mode,
    session: AnySession,
    inputs: readonly NdArray[],
    targets: readonly NdArray[] = [],
    weights: readonly (NdArray | null)[] = [],
  ): Promise<NdArray[]> {
    const step = this.step(
      mode,
      weights.map((weight) => weight !== null),
    );
    await this.model.context.initialize(session);
    const run = this.runner(step, session);
    const values: unknown[] = [...inputs, ...targets, ...weights.filter((weight) => weight !== null)];
    if (step.phase) values.push(mode === 'train');
    const [results] = await run(...values);
    return results;
  }

  private runner(step: Step, session: AnySession): Runner {
    const known = this.callables.get(step);
    if (known?.session === session) return known.run;
    const feeds = step.phase ? [...step.feeds, step.phase] : step.feeds;
    const run = session.makeCallable([step.fetches, step.targets] as never, feeds as never) as unknown as Runner;
    this.callables.set(step, { session, run });
    return run;
  }
}

function noLoss(): ValueError {
  return new ValueError('The model cannot be compiled because it has no loss to optimize.');
}

type Runner = (...values: unknown[]) => Promise<[NdArray[], unknown]>;

interface TwoSided {
  apply(yTrue: Tensor, yPred: Tensor, options: { readonly sampleWeight: Tensor | null }): Tensor;
}
