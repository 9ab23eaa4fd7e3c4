/** `MonitoredTrainingSession`: a monitored session with the hooks that trainings have. The hooks are their own files'. */
import { bind, type Rest } from '../ops/tensor-like.ts';
import type { SessionRunHook } from './hooks.ts';
import { MonitoredSession } from './monitored-session.ts';
import { CheckpointSaverHook, StepCounterHook, SummarySaverHook } from './saving-hooks.ts';
import { Scaffold } from './scaffold.ts';
import { ChiefSessionCreator, WorkerSessionCreator } from './session-creators.ts';

export interface MonitoredTrainingSessionOptions {
  /** The target of the session: `grpc://host:port`, or none for this process. */
  readonly master?: string;
  /** Whether it initializes or restores the model; else it waits until another has. True without it. */
  readonly isChief?: boolean;
  /** Where checkpoints are saved to, and restored from. */
  readonly checkpointDir?: string | null;
  readonly scaffold?: Scaffold | null;
  readonly hooks?: readonly SessionRunHook[] | null;
  /** Hooks of the chief alone. */
  readonly chiefOnlyHooks?: readonly SessionRunHook[] | null;
  /** 600 without this and `saveCheckpointSteps`; null for never. */
  readonly saveCheckpointSecs?: number | null;
  /** 100 without this and `saveSummariesSecs`; null for never. */
  readonly saveSummariesSteps?: number | null;
  readonly saveSummariesSecs?: number | null;
  /** The configuration of the session. */
  readonly config?: unknown;
  readonly stopGracePeriodSecs?: number;
  /** Steps between logs of the steps a second; 100 without it. */
  readonly logStepCountSteps?: number | null;
  /** Seconds that the chief may take to make the model ready; 7200 without it. */
  readonly maxWaitSecs?: number;
  readonly saveCheckpointSteps?: number | null;
  /** Where summaries go; `checkpointDir` without it. */
  readonly summaryDir?: string | null;
  readonly saveGraphDef?: boolean;
  /** Seconds between looks whether the model is ready; 30 without it. */
  readonly recoveryWaitSecs?: number;
}

/**
 * A `MonitoredSession` for training: the chief initializes or restores the model and saves checkpoints and summaries, the
 * other workers wait for it.
 *
 *     const sess = tf.train.MonitoredTrainingSession({master: 'grpc://localhost:2223', isChief: task === 0, hooks});
 *     await sess.enter(async () => { while (!sess.shouldStop()) await sess.run(step); });
 */
export function MonitoredTrainingSession(
  ...rest: Rest<
    [
      master: string,
      isChief: boolean,
      checkpointDir: string | null,
      scaffold: Scaffold | null,
      hooks: readonly SessionRunHook[] | null,
      chiefOnlyHooks: readonly SessionRunHook[] | null,
    ],
    MonitoredTrainingSessionOptions
  >
): MonitoredSession {
  const options = bind<MonitoredTrainingSessionOptions>(
    ['master', 'isChief', 'checkpointDir', 'scaffold', 'hooks', 'chiefOnlyHooks'],
    rest,
  );
  const { master = '', isChief = true, config, stopGracePeriodSecs, maxWaitSecs = 7200, recoveryWaitSecs } = options;
  const scaffold = options.scaffold ?? new Scaffold();
  if (!isChief) {
    const sessionCreator = new WorkerSessionCreator({ scaffold, master, config, maxWaitSecs, recoveryWaitSecs });
    return new MonitoredSession({ sessionCreator, hooks: options.hooks ?? [], stopGracePeriodSecs });
  }
  const checkpointDir = options.checkpointDir ?? null;
  const sessionCreator = new ChiefSessionCreator({ scaffold, checkpointDir, master, config });
  const hooks = [...(options.chiefOnlyHooks ?? []), ...savingHooks(options, scaffold), ...(options.hooks ?? [])];
  return new MonitoredSession({ sessionCreator, hooks, stopGracePeriodSecs });
}

function savingHooks(options: MonitoredTrainingSessionOptions, scaffold: Scaffold): SessionRunHook[] {
  const { checkpointDir = null, saveGraphDef, logStepCountSteps = 100 } = options;
  const summaryDir = options.summaryDir ?? checkpointDir;
  const hooks: SessionRunHook[] = [];
  if (summaryDir) {
    if (logStepCountSteps) hooks.push(new StepCounterHook({ outputDir: summaryDir, everyNSteps: logStepCountSteps }));
    const [saveSteps, saveSecs] = either(options.saveSummariesSteps, options.saveSummariesSecs, 100, null);
    if (saveSteps || saveSecs) {
      hooks.push(new SummarySaverHook({ scaffold, saveSteps, saveSecs, outputDir: summaryDir }));
    }
  }
  if (checkpointDir) {
    const [saveSteps, saveSecs] = either(options.saveCheckpointSteps, options.saveCheckpointSecs, null, 600);
    if (saveSteps || saveSecs) {
      hooks.push(new CheckpointSaverHook(checkpointDir, { saveSteps, saveSecs, scaffold, saveGraphDef }));
    }
  }
  return hooks;
}

/** What was given of the two; where neither was, what is usual. */
function either(
  steps: number | null | undefined,
  secs: number | null | undefined,
  usualSteps: number | null,
  usualSecs: number | null,
): readonly [steps: number | null, secs: number | null] {
  if (steps === undefined && secs === undefined) return [usualSteps, usualSecs];
  return [steps ?? null, secs ?? null];
}
