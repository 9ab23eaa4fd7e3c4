/** Hooks that watch a training: when it ends, what it logs, what it is fed. Those that write files are `saving-hooks.ts`'s. */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { GraphElementLike, Operation, Tensor } from '../graph/graph.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { getGlobalStep } from '../train/global-step.ts';
import { RuntimeError, ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import type { Variable } from '../variables/variable.ts';
import {
  type HookedSession,
  type HookFeeds,
  SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
} from './hooks.ts';
import { SecondOrStepTimer } from './timer.ts';

export type StepTensor = Variable | Tensor;

/** The global step of the default graph. Throws `RuntimeError` where there is none. */
export function stepOf(hook: string): StepTensor {
  const step = getGlobalStep();
  if (!step) throw new RuntimeError(`Global step should be created to use ${hook}.`);
  return step;
}

export async function readStep(session: HookedSession, step: StepTensor): Promise<number> {
  return stepNumber(await session.run(step));
}

export function stepNumber(value: unknown): number {
  return Number((value as NdArray).item());
}

export interface StopAtStepHookOptions {
  /** So many steps from now on. */
  readonly numSteps?: number | null;
  /** Up to this global step. */
  readonly lastStep?: number | null;
}

/** Asks for the end after so many steps, or at a step. Throws `ValueError` unless it is given one of the two. */
export class StopAtStepHook extends SessionRunHook {
  private readonly numSteps: number | null;
  private lastStep: number | null;
  private step!: StepTensor;

  constructor(...rest: Rest<[numSteps: number | null, lastStep: number | null], StopAtStepHookOptions>) {
    super();
    const { numSteps = null, lastStep = null } = bind<StopAtStepHookOptions>(['numSteps', 'lastStep'], rest);
    if (numSteps === null && lastStep === null) {
      throw new ValueError('One of num_steps or last_step must be specified.');
    }
    if (numSteps !== null && lastStep !== null) {
      throw new ValueError('Only one of num_steps or last_step can be specified.');
    }
    this.numSteps = numSteps;
    this.lastStep = lastStep;
  }

  override begin(): void {
    this.step = stepOf('StopAtStepHook');
  }
  override async afterCreateSession(session: HookedSession): Promise<void> {
    this.lastStep ??= (await readStep(session, this.step)) + (this.numSteps as number);
  }
  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.step);
  }
  override async afterRun(context: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    const last = this.lastStep as number;
    // The value may be that of before the step.
    if (stepNumber(results) + 1 < last) return;
    if ((await readStep(context.session, this.step)) >= last) context.requestStop();
  }
}

/** Holds runs back until the global step is there: for workers that begin one after the other. */
export class GlobalStepWaiterHook extends SessionRunHook {
  private step!: StepTensor;
  private isStarted = false;

  constructor(private readonly waitUntilStep: number) {
    super();
  }

  override begin(): void {
    this.isStarted = false;
    this.step = stepOf('_GlobalStepWaiterHook');
  }
  override async beforeRun({ session }: SessionRunContext): Promise<null> {
    while (!this.isStarted) {
      this.isStarted = this.waitUntilStep <= 0 || (await readStep(session, this.step)) >= this.waitUntilStep;
      if (!this.isStarted) await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return null;
  }
}

/** What `NanTensorHook` ends a run with. */
export class NanLossDuringTrainingError extends RuntimeError {
  override name = 'NanLossDuringTrainingError';
  constructor() {
    super('NaN loss during training.');
  }
}

/** Fails, or asks for the end, where the loss is not a number. */
export class NanTensorHook extends SessionRunHook {
  private readonly fails: boolean;

  constructor(
    private readonly lossTensor: Tensor,
    ...rest: Rest<[failOnNanLoss: boolean], { readonly failOnNanLoss?: boolean }>
  ) {
    super();
    this.fails = bind<{ failOnNanLoss: boolean }>(['failOnNanLoss'], rest).failOnNanLoss ?? true;
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.lossTensor);
  }
  override afterRun(context: SessionRunContext, { results }: SessionRunValues): void {
    if (!Number.isNaN(stepNumber(results))) return;
    if (this.fails) throw new NanLossDuringTrainingError();
    console.warn('Model diverged with loss = NaN.');
    context.requestStop();
  }
}

/** Tensors, or their names, by what they are called in the log. */
export type LoggedTensors =
  | readonly (Tensor | string)[]
  | Readonly<Record<string, Tensor | string>>
  | ReadonlyMap<string, Tensor | string>;

export interface LoggingTensorHookOptions {
  readonly everyNIter?: number | null;
  readonly everyNSecs?: number | null;
  /** Whether the values at the end are logged. */
  readonly atEnd?: boolean;
  /** Makes the line out of the values by name. */
  readonly formatter?: ((values: ReadonlyMap<string, unknown>) => string) | null;
}

/**
 * Writes values to the console, every so many runs or seconds.
 *
 *     new tf.train.LoggingTensorHook({loss}, {everyNIter: 100});
 */
export class LoggingTensorHook extends SessionRunHook {
  private readonly tensors: ReadonlyMap<string, Tensor | string>;
  private readonly timer: SecondOrStepTimer | null;
  private readonly options: LoggingTensorHookOptions;
  private current: ReadonlyMap<string, Tensor> = new Map();
  private count = 0;
  private isDue = false;

  /** Throws `ValueError` where it is not said when. */
  constructor(
    tensors: LoggedTensors,
    ...rest: Rest<
      [
        everyNIter: number | null,
        everyNSecs: number | null,
        atEnd: boolean,
        formatter: LoggingTensorHookOptions['formatter'],
      ],
      LoggingTensorHookOptions
    >
  ) {
    super();
    this.options = bind<LoggingTensorHookOptions>(['everyNIter', 'everyNSecs', 'atEnd', 'formatter'], rest);
    const { everyNIter = null, everyNSecs = null, atEnd = false } = this.options;
    const onlyAtEnd = atEnd && everyNIter === null && everyNSecs === null;
    if (!onlyAtEnd && (everyNIter === null) === (everyNSecs === null)) {
      throw new ValueError('either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.');
    }
    if (everyNIter !== null && everyNIter <= 0) throw new ValueError(`invalid every_n_iter=${everyNIter}.`);
    this.tensors = byTag(tensors);
    this.timer = onlyAtEnd ? null : new SecondOrStepTimer({ everySecs: everyNSecs, everySteps: everyNIter });
  }

  override begin(): void {
    this.timer?.reset();
    this.count = 0;
    const graph = getDefaultGraph();
    this.current = new Map(
      [...this.tensors].map(([tag, tensor]) => {
        const name = typeof tensor === 'string' && !tensor.includes(':') ? `${tensor}:0` : tensor;
        return [tag, graph.asGraphElement(name as GraphElementLike) as Tensor];
      }),
    );
  }
  override beforeRun(): SessionRunArgs | null {
    this.isDue = this.timer?.shouldTriggerForStep(this.count) ?? false;
    return this.isDue ? new SessionRunArgs(this.current) : null;
  }
  override afterRun(_context: SessionRunContext, { results }: SessionRunValues): void {
    if (this.isDue) this.log(results as ReadonlyMap<string, unknown>);
    this.count++;
  }
  override async end(session: HookedSession): Promise<void> {
    if (this.options.atEnd) this.log((await session.run(this.current)) as ReadonlyMap<string, unknown>);
  }

  private log(values: ReadonlyMap<string, unknown>): void {
    const [seconds] = this.timer?.updateLastTriggeredStep(this.count) ?? [null];
    const text = [...values].map(([tag, value]) => `${tag} = ${String(value)}`).join(', ');
    const line = this.options.formatter?.(values) ?? (seconds === null ? text : `${text} (${seconds.toFixed(3)} sec)`);
    console.log(line);
  }
}

function byTag(tensors: LoggedTensors): Map<string, Tensor | string> {
  if (Array.isArray(tensors)) {
    return new Map(tensors.map((tensor) => [typeof tensor === 'string' ? tensor : tensor.name, tensor]));
  }
  const pairs = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  return new Map((pairs as [string, Tensor | string][]).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Runs ops once more at the end, and keeps their values. */
export class FinalOpsHook extends SessionRunHook {
  private values: unknown = null;
  private readonly feedDict: HookFeeds | null;

  constructor(
    private readonly finalOps: Tensor | Operation | object,
    ...rest: Rest<[finalOpsFeedDict: HookFeeds | null], { readonly finalOpsFeedDict?: HookFeeds | null }>
  ) {
    super();
    this.feedDict = bind<{ finalOpsFeedDict: HookFeeds | null }>(['finalOpsFeedDict'], rest).finalOpsFeedDict ?? null;
  }

  /** The values; null before the end. */
  get finalOpsValues(): unknown {
    return this.values;
  }
  override async end(session: HookedSession): Promise<void> {
    this.values = await session.run(this.finalOps, { feedDict: this.feedDict as never });
  }
}

/** Feeds every run with what the function gives. */
export class FeedFnHook extends SessionRunHook {
  constructor(readonly feedFn: () => HookFeeds) {
    super();
  }
  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(null, this.feedFn());
  }
}
