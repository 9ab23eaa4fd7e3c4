/**
 * `SyncReplicasOptimizer`: several workers compute gradients of one step, which is made when enough of them have come. The
 * sums and the waiting are the accumulators' and queues'.
 */
import type { Gradient } from '../autodiff/registry.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { group, noOp } from '../ops/control.ts';
import { fill } from '../ops/filling.ts';
import { IndexedSlices } from '../ops/indexed-slices.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { ConditionalAccumulator, SparseConditionalAccumulator } from '../queues/accumulators.ts';
import type { Coordinator } from '../queues/coordinator.ts';
import { QueueRunner } from '../queues/queue-runner.ts';
import { FIFOQueue } from '../queues/queues.ts';
import type { ExponentialMovingAverage } from '../train/moving-average.ts';
import { type ApplyGradientsOptions, type GradientAndVariable, Optimizer } from '../train/optimizer.ts';
import { InternalError, RuntimeError, ValueError } from '../util/errors.ts';
import { globalVariables, reportUninitializedVariables } from '../variables/index.ts';
import { Variable } from '../variables/variable.ts';
import { type HookedSession, SessionRunHook } from './hooks.ts';
import { isReady } from './session-manager.ts';

export interface SyncReplicasOptions {
  /** The number of workers; `replicasToAggregate` without it. */
  readonly totalNumReplicas?: number | null;
  readonly variableAverages?: ExponentialMovingAverage | null;
  readonly variablesToAverage?: readonly Variable[] | null;
  readonly useLocking?: boolean;
  readonly name?: string;
}

/** The ops of a step, once they are built. */
interface SyncParts {
  readonly globalStep: Variable;
  readonly queue: FIFOQueue;
  readonly localStepInitOp: Operation;
  readonly chiefInitOp: Operation;
  readonly readyForLocalInitOp: Tensor;
  readonly runner: QueueRunner;
}

/**
 * Wraps an optimizer: gradients of the workers are gathered at the variables, and when there are `replicasToAggregate` of
 * them the chief applies their mean and lets all go on. Gradients that come late are dropped. Each worker runs the step; the
 * hook does the rest.
 *
 *     const opt = new tf.train.SyncReplicasOptimizer(new tf.train.AdamOptimizer(1e-3), 2, {totalNumReplicas: 2});
 *     const step = opt.minimize(loss, {globalStep});
 *     const sess = tf.train.MonitoredTrainingSession({master, isChief, hooks: [opt.makeSessionRunHook(isChief)]});
 */
export class SyncReplicasOptimizer extends Optimizer {
  private readonly options: SyncReplicasOptions;
  private readonly totalNumReplicas: number;
  private parts: SyncParts | null = null;

  constructor(
    private readonly opt: Optimizer,
    private readonly replicasToAggregate: number,
    ...rest: Rest<
      [
        totalNumReplicas: number | null,
        variableAverages: ExponentialMovingAverage | null,
        variablesToAverage: readonly Variable[] | null,
        useLocking: boolean,
        name: string,
      ],
      SyncReplicasOptions
    >
  ) {
    const options = bind<SyncReplicasOptions>(
      ['totalNumReplicas', 'variableAverages', 'variablesToAverage', 'useLocking', 'name'],
      rest,
    );
    super(options.useLocking ?? false, options.name ?? 'sync_replicas');
    this.options = options;
    this.totalNumReplicas = options.totalNumReplicas ?? replicasToAggregate;
  }

  override computeGradients(
    loss: Tensor,
    ...rest: Parameters<Optimizer['computeGradients']> extends [Tensor, ...infer R] ? R : never
  ): [gradient: Gradient, variable: Variable][] {
    return this.opt.computeGradients(loss, ...rest);
  }

  /**
   * The step of a worker: it hands its gradients in and waits until it may go on. Throws `ValueError` without a global step,
   * by which late gradients are known.
   */
  override applyGradients(
    gradsAndVars: Iterable<GradientAndVariable>,
    ...rest: Rest<[globalStep: Variable | null, name: string | null], ApplyGradientsOptions>
  ): Operation {
    const { globalStep } = bind<ApplyGradientsOptions>(['globalStep', 'name'], rest);
    const pairs = [...gradsAndVars] as [Gradient, Variable][];
    if (pairs.length === 0) throw new ValueError('Must supply at least one variable');
    if (!globalStep) throw new ValueError('Global step is required to check staleness');
    const { graph } = globalStep;
    return graph.atomic(() => graph.asDefault(() => this.build(graph, pairs, globalStep)));
  }

  private build(graph: Graph, pairs: readonly [Gradient, Variable][], globalStep: Variable): Operation {
    // Placed with an op of the worker, the step of the worker stays there.
    const anchor = noOp();
    const localStep = graph.colocateWith(
      anchor,
      false,
      () =>
        new Variable(0, {
          trainable: false,
          collections: [GraphKeys.LOCAL_VARIABLES],
          dtype: globalStep.dtype,
          name: 'sync_rep_local_step',
        }),
    );
    const localStepInitOp = localStep.assign(globalStep).op;
    const readyForLocalInitOp = reportUninitializedVariables(globalVariables());
    const { applied, taken, setSteps } = graph.nameScope(this.getName(), () =>
      this.gather(graph, pairs, localStep, globalStep),
    );
    const onStep = <R>(body: () => R): R => graph.device(globalStep.device, () => graph.nameScope(null, body));
    return onStep(() => {
      const update = this.opt.applyGradients(taken, { globalStep });
      const { dtype } = globalStep;
      const queue = new FIFOQueue(-1, [dtype], { shapes: [[]], name: 'sync_token_q', sharedName: 'sync_token_q' });
      const token = graph.controlDependencies([...applied], () => queue.dequeue()) as Tensor;
      const step = localStep.assign(token).op;
      const count = Math.max(this.totalNumReplicas, this.replicasToAggregate);
      const enqueue = graph.controlDependencies([update], () => queue.enqueueMany([fill([count], globalStep)]));
      const runner = new QueueRunner(queue, [this.withAverages(graph, enqueue)]);
      const chiefInitOp = group(localStepInitOp, ...setSteps());
      this.parts = { globalStep, queue, localStepInitOp, chiefInitOp, readyForLocalInitOp, runner };
      return step;
    });
  }

  private withAverages(graph: Graph, after: Operation): Operation {
    const { variableAverages, variablesToAverage } = this.options;
    if (!variableAverages) return after;
    return graph.controlDependencies([after], () => variableAverages.apply(variablesToAverage ?? null));
  }

  /** Accumulators at the variables: what hands gradients in, and the means that are taken out. */
  private gather(graph: Graph, pairs: readonly [Gradient, Variable][], localStep: Variable, globalStep: Variable) {
    const applied: Operation[] = [];
    const taken: [Gradient, Variable][] = [];
    const steps: (() => Operation)[] = [];
    for (const [grad, variable] of pairs) {
      if (grad === null) {
        taken.push([null, variable]);
        continue;
      }
      const sharedName = `${variable.name}/grad_accum`;
      graph.device(variable.device, () => {
        if (grad instanceof IndexedSlices) {
          const accumulator = new SparseConditionalAccumulator(grad.values.dtype, { shape: [], sharedName });
          applied.push(accumulator.applyIndexedSlicesGrad(grad, { localStep }));
          taken.push([accumulator.takeIndexedSlicesGrad(this.replicasToAggregate), variable]);
          steps.push(() => accumulator.setGlobalStep(globalStep, { name: 'SetGlobalStep' }));
        } else {
          const accumulator = new ConditionalAccumulator(grad.dtype, { shape: variable.shape, sharedName });
          applied.push(accumulator.applyGrad(grad, { localStep }));
          taken.push([accumulator.takeGrad(this.replicasToAggregate), variable]);
          steps.push(() => accumulator.setGlobalStep(globalStep, { name: 'SetGlobalStep' }));
        }
      });
    }
    const devices = pairs.filter(([grad]) => grad !== null).map(([, { device }]) => device);
    const setSteps = () => steps.map((build, i) => graph.device(devices[i], build));
    return { applied, taken, setSteps };
  }

  private built(what: string): SyncParts {
    if (!this.parts) throw new ValueError(`${what} should be called after apply_gradients().`);
    return this.parts;
  }

  /** The loop of the chief, which applies gradients and hands tokens out. */
  getChiefQueueRunner(): QueueRunner {
    if (!this.parts) throw new ValueError('Should be called after apply_gradients().');
    return this.parts.runner;
  }
  /** What the chief runs first. */
  get chiefInitOp(): Operation {
    return this.built('chief_init_op').chiefInitOp;
  }
  /** What the other workers run first. */
  get localStepInitOp(): Operation {
    return this.built('local_step_init_op').localStepInitOp;
  }
  /** The variables that these need. */
  get readyForLocalInitOp(): Tensor {
    return this.built('ready_for_local_init_op').readyForLocalInitOp;
  }

  /** The op that puts the first tokens into the queue: so many steps can be made before the first is applied. */
  getInitTokensOp(...rest: Rest<[numTokens: number], { readonly numTokens?: number }>): Operation {
    const { globalStep, queue } = this.built('get_init_tokens_op()');
    const { numTokens = -1 } = bind<{ numTokens: number }>(['numTokens'], rest);
    const needed = this.replicasToAggregate - this.totalNumReplicas;
    const count = numTokens === -1 ? this.replicasToAggregate : numTokens;
    if (count < needed) {
      throw new ValueError(`Too few tokens to finish the first step: ${count} (given) vs ${needed} (needed)`);
    }
    const { graph } = globalStep;
    if (count <= 0) return graph.asDefault(() => noOp('no_init_tokens'));
    return graph.asDefault(() =>
      graph.device(globalStep.device, () =>
        graph.nameScope(null, () => queue.enqueueMany([fill([count], globalStep)])),
      ),
    );
  }

  /** The hook that initializes what this needs, and starts the loop of the chief. */
  makeSessionRunHook(
    isChief: boolean,
    ...rest: Rest<[numTokens: number], { readonly numTokens?: number }>
  ): SessionRunHook {
    const { numTokens = -1 } = bind<{ numTokens: number }>(['numTokens'], rest);
    return new SyncReplicasHook(this, isChief, numTokens, () => this.parts !== null);
  }

  override getSlot(variable: Variable, name: string): Variable | null {
    return this.opt.getSlot(variable, name);
  }
  override getSlotNames(): string[] {
    return this.opt.getSlotNames();
  }
  override variables(): Variable[] {
    return this.opt.variables();
  }

  protected override applyDense(): Operation {
    throw new InternalError(null, 'The optimizer inside applies gradients.');
  }
  protected override applySparse(): Operation {
    throw new InternalError(null, 'The optimizer inside applies gradients.');
  }
}

class SyncReplicasHook extends SessionRunHook {
  private initOp!: Operation;
  private readyOp!: Tensor;
  private runner: QueueRunner | null = null;
  private tokensOp: Operation | null = null;

  constructor(
    private readonly optimizer: SyncReplicasOptimizer,
    private readonly isChief: boolean,
    private readonly numTokens: number,
    private readonly isBuilt: () => boolean,
  ) {
    super();
  }

  override begin(): void {
    const { optimizer } = this;
    if (!this.isBuilt()) {
      throw new ValueError('SyncReplicasOptimizer.apply_gradient should be called before using the hook.');
    }
    this.readyOp = optimizer.readyForLocalInitOp;
    this.initOp = this.isChief ? optimizer.chiefInitOp : optimizer.localStepInitOp;
    if (!this.isChief) return;
    this.runner = optimizer.getChiefQueueRunner();
    this.tokensOp = optimizer.getInitTokensOp(this.numTokens);
  }

  override async afterCreateSession(session: HookedSession, coord: Coordinator): Promise<void> {
    const ready = await isReady(this.readyOp, session);
    if (!ready.isReady) {
      throw new RuntimeError(
        `Init operations did not make model ready for SyncReplicasOptimizer local_init. Init op: ${this.initOp.name}, error: ${ready.message}`,
      );
    }
    await session.run(this.initOp);
    if (this.tokensOp) await session.run(this.tokensOp);
    this.runner?.createThreads(session, { coord, daemon: true, start: true });
  }
}
