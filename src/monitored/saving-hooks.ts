/** Hooks that write files: checkpoints, summaries, steps a second. When they are due is said by `timer.ts`. */
import { getCollection, type getDefaultGraph } from '../graph/default-graph.ts';
import type { Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import type { Saver } from '../io/checkpoint/saver.ts';
import { SessionLog } from '../io/events/event-messages.ts';
import { type FileWriter, FileWriterCache } from '../io/events/file-writer.ts';
import { Summary } from '../io/events/summary-messages.ts';
import { joinPath } from '../io/file-system.ts';
import { exportMetaGraph } from '../io/meta-graph/export.ts';
import { writeGraph } from '../io/write-graph.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { RuntimeError, ValueError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import {
  type HookedSession,
  SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
} from './hooks.ts';
import type { Scaffold } from './scaffold.ts';
import { readStep, type StepTensor, stepNumber, stepOf } from './step-hooks.ts';
import { SecondOrStepTimer } from './timer.ts';

/** What is called around the checkpoints of a `CheckpointSaverHook`. Methods may return promises, except `begin`. */
export class CheckpointSaverListener {
  /** Called before the graph is finalized. */
  begin(): void {}
  beforeSave(_session: HookedSession, _globalStep: number): void | Promise<void> {}
  /** True asks for the end of the training. */
  // biome-ignore lint/suspicious/noConfusingVoidType: an override without a result is as good as one that gives none
  afterSave(_session: HookedSession, _globalStep: number): boolean | void | Promise<boolean | void> {}
  end(_session: HookedSession, _globalStep: number): void | Promise<void> {}
}

export interface CheckpointSaverHookOptions {
  readonly saveSecs?: number | null;
  readonly saveSteps?: number | null;
  readonly saver?: Saver | null;
  /** `model.ckpt` without it. */
  readonly checkpointBasename?: string;
  /** Whose saver is taken. */
  readonly scaffold?: Scaffold | null;
  readonly listeners?: readonly CheckpointSaverListener[] | null;
  /** Whether the graph is written too: as `graph.pbtxt`, and with each checkpoint. */
  readonly saveGraphDef?: boolean;
}

/**
 * Saves a checkpoint when a session is made, every so many seconds or steps, and at the end. On a server its machines
 * write the files: the folder must be one that they share.
 */
export class CheckpointSaverHook extends SessionRunHook {
  private readonly options: CheckpointSaverHookOptions;
  private readonly timer: SecondOrStepTimer;
  private readonly listeners: readonly CheckpointSaverListener[];
  private writer!: FileWriter;
  private step!: StepTensor;

  /** Throws `ValueError` unless it is said when, or where both a saver and a scaffold are given. */
  constructor(
    private readonly checkpointDir: string,
    ...rest: Rest<
      [
        saveSecs: number | null,
        saveSteps: number | null,
        saver: Saver | null,
        checkpointBasename: string,
        scaffold: Scaffold | null,
        listeners: readonly CheckpointSaverListener[] | null,
        saveGraphDef: boolean,
      ],
      CheckpointSaverHookOptions
    >
  ) {
    super();
    this.options = bind<CheckpointSaverHookOptions>(
      ['saveSecs', 'saveSteps', 'saver', 'checkpointBasename', 'scaffold', 'listeners', 'saveGraphDef'],
      rest,
    );
    const { saver, scaffold, saveSecs, saveSteps, listeners } = this.options;
    if (saver && scaffold) throw new ValueError('You cannot provide both saver and scaffold.');
    this.timer = new SecondOrStepTimer({ everySecs: saveSecs, everySteps: saveSteps });
    this.listeners = listeners ?? [];
  }

  override begin(): void {
    this.writer = FileWriterCache.get(this.checkpointDir);
    this.step = stepOf('CheckpointSaverHook');
    for (const listener of this.listeners) listener.begin();
  }

  override async afterCreateSession(session: HookedSession): Promise<void> {
    const step = await readStep(session, this.step);
    const graph = session.graph as ReturnType<typeof getDefaultGraph>;
    if (this.options.saveGraphDef ?? true) {
      await writeGraph(graph, this.checkpointDir, 'graph.pbtxt');
    }
    this.writer.addGraph(graph);
    this.writer.addMetaGraph(exportMetaGraph({ graph, saverDef: this.saver().saverDef }));
    await this.save(session, step);
    this.timer.updateLastTriggeredStep(step);
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.step);
  }

  override async afterRun(context: SessionRunContext): Promise<void> {
    const step = await readStep(context.session, this.step);
    if (!this.timer.shouldTriggerForStep(step)) return;
    this.timer.updateLastTriggeredStep(step);
    if (await this.save(context.session, step)) context.requestStop();
  }

  override async end(session: HookedSession): Promise<void> {
    const step = await readStep(session, this.step);
    if (step !== this.timer.lastTriggeredStep()) await this.save(session, step);
    for (const listener of this.listeners) await listener.end(session, step);
    await this.writer.flush();
  }

  /** Whether a listener asks for the end. */
  private async save(session: HookedSession, step: number): Promise<boolean> {
    const path = joinPath(this.checkpointDir, this.options.checkpointBasename ?? 'model.ckpt');
    for (const listener of this.listeners) await listener.beforeSave(session, step);
    const writeMetaGraph = this.options.saveGraphDef ?? true;
    await this.saver().save(session, path, { globalStep: step, writeMetaGraph });
    this.writer.addSessionLog(new SessionLog({ status: SessionLog.CHECKPOINT, checkpointPath: path }), step);
    let stops = false;
    for (const listener of this.listeners) stops = (await listener.afterSave(session, step)) === true || stops;
    return stops;
  }

  private saver(): Saver {
    const { saver, scaffold } = this.options;
    if (saver) return saver;
    if (scaffold?.saver) return scaffold.saver;
    const found = getCollection(GraphKeys.SAVERS) as Saver[];
    if (found.length === 1) return found[0];
    throw new RuntimeError(
      found.length === 0
        ? `No items in collection ${GraphKeys.SAVERS}. Please add a saver to the collection or provide a saver or scaffold.`
        : `More than one item in collection ${GraphKeys.SAVERS}. Please indicate which one to use by passing it to the constructor.`,
    );
  }
}

export interface SummarySaverHookOptions {
  readonly saveSteps?: number | null;
  readonly saveSecs?: number | null;
  readonly outputDir?: string | null;
  readonly summaryWriter?: FileWriter | null;
  /** Whose summary is taken, where none is given. */
  readonly scaffold?: Scaffold | null;
  readonly summaryOp?: Tensor | readonly Tensor[] | null;
}

/** Writes summaries to an event file, every so many steps or seconds. */
export class SummarySaverHook extends SessionRunHook {
  private readonly options: SummarySaverHookOptions;
  private readonly timer: SecondOrStepTimer;
  private writer: FileWriter | null;
  private step!: StepTensor;
  private next: number | null = null;
  private isDue = false;

  /** Throws `ValueError` unless one of `scaffold` and `summaryOp` is given, and it is said when. */
  constructor(
    ...rest: Rest<
      [
        saveSteps: number | null,
        saveSecs: number | null,
        outputDir: string | null,
        summaryWriter: FileWriter | null,
        scaffold: Scaffold | null,
        summaryOp: Tensor | readonly Tensor[] | null,
      ],
      SummarySaverHookOptions
    >
  ) {
    super();
    this.options = bind<SummarySaverHookOptions>(
      ['saveSteps', 'saveSecs', 'outputDir', 'summaryWriter', 'scaffold', 'summaryOp'],
      rest,
    );
    const { saveSteps, saveSecs, summaryWriter, scaffold, summaryOp } = this.options;
    if (Boolean(scaffold) === Boolean(summaryOp)) {
      throw new ValueError('Exactly one of scaffold or summary_op must be provided.');
    }
    this.timer = new SecondOrStepTimer({ everySecs: saveSecs, everySteps: saveSteps });
    this.writer = summaryWriter ?? null;
  }

  override begin(): void {
    const { outputDir } = this.options;
    if (!this.writer && outputDir) this.writer = FileWriterCache.get(outputDir);
    this.next = null;
    this.step = stepOf('SummarySaverHook');
  }
  override beforeRun(): SessionRunArgs {
    this.isDue = this.next === null || this.timer.shouldTriggerForStep(this.next);
    const op = this.options.summaryOp ?? this.options.scaffold?.summaryOp ?? null;
    const summaries = op === null ? [] : Array.isArray(op) ? op : [op];
    return new SessionRunArgs({ step: this.step, summaries: this.isDue ? summaries : [] });
  }
  override async afterRun(context: SessionRunContext, values: SessionRunValues): Promise<void> {
    const { writer } = this;
    if (!writer) return;
    const { step: stale, summaries } = values.results as { step: unknown; summaries: NdArray[] };
    let step = stepNumber(stale) + 1;
    if (this.isDue) step = await readStep(context.session, this.step);
    if (this.next === null) writer.addSessionLog(new SessionLog({ status: SessionLog.START }), step);
    if (this.isDue) {
      this.timer.updateLastTriggeredStep(step);
      for (const summary of summaries) writer.addSummary(summary, step);
    }
    this.next = step + 1;
  }
  override async end(): Promise<void> {
    await this.writer?.flush();
  }
}

export interface StepCounterHookOptions {
  /** 100 without it. */
  readonly everyNSteps?: number | null;
  readonly everyNSecs?: number | null;
  readonly outputDir?: string | null;
  readonly summaryWriter?: FileWriter | null;
}

/** Logs the steps a second, and writes them to an event file. */
export class StepCounterHook extends SessionRunHook {
  private readonly outputDir: string | null;
  private readonly timer: SecondOrStepTimer;
  private writer: FileWriter | null;
  private step!: StepTensor;

  constructor(
    ...rest: Rest<
      [
        everyNSteps: number | null,
        everyNSecs: number | null,
        outputDir: string | null,
        summaryWriter: FileWriter | null,
      ],
      StepCounterHookOptions
    >
  ) {
    super();
    const options = bind<StepCounterHookOptions>(['everyNSteps', 'everyNSecs', 'outputDir', 'summaryWriter'], rest);
    const { everyNSteps = 100, everyNSecs = null } = options;
    if ((everyNSteps === null) === (everyNSecs === null)) {
      throw new ValueError('exactly one of every_n_steps and every_n_secs should be provided.');
    }
    this.timer = new SecondOrStepTimer({ everySecs: everyNSecs, everySteps: everyNSteps });
    this.outputDir = options.outputDir ?? null;
    this.writer = options.summaryWriter ?? null;
  }

  override begin(): void {
    if (!this.writer && this.outputDir) this.writer = FileWriterCache.get(this.outputDir);
    this.step = stepOf('StepCounterHook');
  }
  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.step);
  }
  override async afterRun(context: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    if (!this.timer.shouldTriggerForStep(stepNumber(results) + 1)) return;
    const step = await readStep(context.session, this.step);
    if (!this.timer.shouldTriggerForStep(step)) return;
    const [seconds, steps] = this.timer.updateLastTriggeredStep(step);
    if (seconds === null || steps === null) return;
    const tag = `${this.step.op.name}/sec`;
    const rate = steps / seconds;
    this.writer?.addSummary(new Summary({ value: [{ tag, simpleValue: rate }] }), step);
    console.log(`${tag}: ${rate}`);
  }
  override async end(): Promise<void> {
    await this.writer?.flush();
  }
}
