/**
 * Runs a plan: steps in order, frees as the plan says, everything taken back where a step fails. Functions that steps call
 * are frames on a stack, so that nothing here recurses. One synchronous loop; it is left only where a backend or another
 * run must be waited for. What a step does is in `steps.ts` and its neighbours.
 */
import type { ExecutionPlan } from '../compiler/plan/plan.ts';
import type { GraphSnapshot } from '../src/graph/snapshot.ts';
import { CancelledError, DeadlineExceededError, InternalError, RuntimeError } from '../src/util/errors.ts';
import { flags } from '../src/util/flags.ts';
import type { KnownShape } from '../src/util/shape.ts';
import type { Backend, BufferId } from './backends/backend.ts';
import { deadlineError } from './cancel.ts';
import { deviceName, HOST_DEVICE } from './devices.ts';
import { deviceLost, runError } from './errors.ts';
import type { Wait } from './host/registry.ts';
import { Loaded } from './loaded.ts';
import { outputRecord, type StepRecorder } from './metadata.ts';
import { type FeedValue, type Pass, Run, type RunContext, type RunValue } from './run.ts';
import type { Activation, Invocation, Step } from './step.ts';

/** A loop lets timers and other events of the program in after so many milliseconds. */
const SLICE = 30;
/** How many rounds of loops there are between two looks at the clock. */
const ROUNDS = 256;

/** A plan on its backend, for runs of a session. */
export class LoadedPlan {
  private readonly loaded: Loaded;
  /** Runs that were left to wait for something: they still take the constants. */
  private unfinished = 0;
  private disposed = false;

  constructor(
    readonly plan: ExecutionPlan,
    private readonly backend: Backend,
    /** The body of the function that this is the plan of; null for a plan of the session's graph. */
    body: GraphSnapshot | null = null,
  ) {
    this.loaded = new Loaded(plan, backend, body);
  }

  /** Adds the buffers that the plan holds between runs. */
  addBuffers(ids: Set<BufferId>): void {
    this.loaded.addBuffers(ids);
  }
  dispose(): void {
    this.disposed = true;
    if (this.unfinished === 0) this.loaded.dispose();
  }

  /**
   * Runs once and commits the transaction; the values of the fetches in their order. Where the backend can be read at
   * once this happens before the call returns. An error is thrown, or rejects the promise, with every buffer of the run
   * freed and the transaction rolled back.
   */
  run(context: RunContext): RunValue[] | Promise<RunValue[]> {
    const execution = new Execution(this.loaded, this.backend, context);
    const isDone = execution.advance();
    return isDone && !this.mustWaitForFetches() ? execution.finish() : this.resume(execution);
  }

  private mustWaitForFetches(): boolean {
    return !this.backend.canReadSync && this.plan.fetches.length > 0;
  }

  private async resume(execution: Execution): Promise<RunValue[]> {
    this.unfinished++;
    try {
      while (!execution.isDone) {
        await execution.wait();
        execution.advance();
      }
      return await execution.finishLater();
    } finally {
      if (--this.unfinished === 0 && this.disposed) this.loaded.dispose();
    }
  }
}

/** A plan that is being run: that of the session's request, or a function that a step of the frame below called. */
class Frame {
  position = 0;
  /** What the step at the position is doing, if it calls functions. */
  activation: Activation | null = null;

  constructor(
    readonly loaded: Loaded,
    readonly run: Run,
    /** Whether the caller looks at the results. */
    readonly onHost: boolean,
  ) {}

  get step(): Step | undefined {
    return this.loaded.steps[this.position];
  }
}

class Execution {
  private readonly stack: Frame[] = [];
  private readonly device: string;
  private rounds = 0;
  private sliceStart = 0;

  constructor(
    loaded: Loaded,
    private readonly backend: Backend,
    private readonly context: RunContext,
  ) {
    this.device = deviceName(backend.name);
    const run = new Run(loaded.plan, backend, loaded.constants, context);
    for (let i = 0; i < loaded.plan.feeds.length; i++) run.feed(i, context.feeds[i]);
    this.stack.push(new Frame(loaded, run, false));
  }

  private get top(): Frame {
    return this.stack[this.stack.length - 1];
  }
  get isDone(): boolean {
    return this.stack.length === 1 && this.top.step === undefined;
  }

  /** Executes steps until the end (true), or up to one that has to wait. */
  advance(): boolean {
    const { backend, context } = this;
    const { cancel, deadline, recorder } = context;
    const watched = deadline !== 0;
    try {
      this.checkDevice();
      for (;;) {
        const frame = this.top;
        const { run } = frame;
        const { steps } = frame.loaded;
        while (frame.position < steps.length) {
          const step = steps[frame.position];
          if (!backend.canReadSync && isWaiting(run, step)) return false;
          if ((watched || cancel.reason) && !run.isSealed) run.check();
          if (step.begin) {
            frame.activation = step.begin(run);
            if (!this.proceed(frame, null)) return false;
            break;
          }
          if (recorder) this.record(frame, step, recorder);
          else step.execute(run);
          if (run.wait) {
            if (!context.pass) throw cannotWait(run.wait, step);
            return false;
          }
          this.complete(frame, step);
        }
        if (frame !== this.top || frame.activation || frame.position < steps.length) continue;
        if (this.stack.length === 1) return true;
        if (!backend.canReadSync && frame.onHost && this.unread(frame).length > 0) return false;
        if (!this.proceed(this.stack[this.stack.length - 2], this.leave(frame))) return false;
      }
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /** Throws where the device is gone: what is read from it would be anything. */
  private checkDevice(): void {
    if (this.backend.isLost?.()) throw deviceLost(this.backend.name);
  }

  /** Goes on with a step that calls functions, after what the last call gave. False where the run is to be interrupted. */
  private proceed(frame: Frame, results: readonly FeedValue[] | null): boolean {
    const invocation = (frame.activation as Activation).next(results);
    if (invocation) {
      this.enter(invocation);
      return !(invocation.isRound && this.isSliceOver());
    }
    frame.activation = null;
    this.complete(frame, frame.step as Step);
    return true;
  }

  private complete(frame: Frame, { instruction: { frees } }: Step): void {
    for (let i = 0; i < frees.length; i++) frame.run.free(frees[i]);
    frame.position++;
  }

  private enter({ call, values, given, onHost }: Invocation): void {
    const loaded = call.loaded as Loaded;
    const run = new Run(loaded.plan, this.backend, loaded.constants, this.context);
    const { args } = call;
    for (let i = 0; i < args.length; i++) {
      const value = values[args[i]] as FeedValue;
      if (args[i] >= given) {
        run.feed(i, value);
        continue;
      }
      run.feedOwned(i, value.device, value.host);
      values[args[i]] = null;
    }
    for (let i = 0; i < given; i++) {
      const value = values[i];
      if (value) run.release(value);
      values[i] = null;
    }
    this.stack.push(new Frame(loaded, run, onHost));
  }

  /** Takes the frame off the stack; its results, with references for the caller. */
  private leave({ loaded, run, onHost }: Frame): FeedValue[] {
    const { fetches, feeds } = loaded.plan;
    if (onHost) for (let i = 0; i < fetches.length; i++) run.hostOf(fetches[i]);
    const results: FeedValue[] = [];
    for (let i = 0; i < fetches.length; i++) results.push(run.share(fetches[i]));
    for (let i = 0; i < fetches.length; i++) run.free(fetches[i]);
    for (let i = 0; i < feeds.length; i++) run.free(feeds[i].slot);
    this.stack.pop();
    return results;
  }

  private unread({ loaded, run }: Frame): number[] {
    return loaded.plan.fetches.filter((slot) => !run.host[slot]);
  }

  /** Whether a loop has gone on for so long that others are to have their turn. A run that must not wait goes on. */
  private isSliceOver(): boolean {
    if (++this.rounds % ROUNDS !== 0 || !this.context.pass) return false;
    const now = performance.now();
    if (this.sliceStart === 0) this.sliceStart = now;
    return now - this.sliceStart > SLICE;
  }

  /** Waits for what the run stopped at. */
  async wait(): Promise<void> {
    const { run, step, onHost } = this.top;
    if (run.wait) {
      await this.passOthers(this.top, run.wait);
      return;
    }
    try {
      const slots = step ? step.onHost.filter((slot) => !run.host[slot]) : onHost ? this.unread(this.top) : [];
      if (this.backend.canReadSync) await this.breathe();
      else if (slots.length > 0) await Promise.all(slots.map((slot) => run.readToHost(slot)));
      else if (step?.isUnread?.(run)) await step.readElements?.(run);
      else await this.breathe();
      run.check();
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /** Lets the event loop turn. */
  private async breathe(): Promise<void> {
    await this.context.cancel.race(new Promise<void>((resolve) => setTimeout(resolve, 0)));
    this.sliceStart = performance.now();
  }

  /**
   * Lets other runs of the session pass until the step has what it waits for. What the run did so far is committed:
   * nothing that others change meanwhile is overwritten or taken back later.
   */
  private async passOthers(frame: Frame, wait: Wait): Promise<void> {
    const { run } = frame;
    const step = frame.step as Step;
    const { cancel, deadline, pass, transaction } = this.context;
    const isLate = () => cancel.cancel(deadlineError());
    let timer: ReturnType<typeof setTimeout> | undefined;
    run.wait = null;
    try {
      const start = performance.now();
      if (deadline !== 0) timer = setTimeout(isLate, deadline - start);
      for (const { run: each } of this.stack) each.detach();
      transaction.commit();
      await (pass as Pass)(cancel.race(wait.ready()));
      run.check();
      const made = wait.outputs();
      const { outputs } = step.instruction;
      for (let i = 0; i < outputs.length; i++) run.host[outputs[i]] = made[i];
      if (this.context.recorder) this.note(frame, step, this.context.recorder, start);
      this.complete(frame, step);
    } catch (error) {
      wait.cancel();
      const isCancelled = error === cancel.reason && error instanceof CancelledError;
      throw this.abandon(isCancelled ? wait.cancelled() : error);
    } finally {
      clearTimeout(timer);
    }
  }

  private record(frame: Frame, step: Step, recorder: StepRecorder): void {
    const start = performance.now();
    step.execute(frame.run);
    if (!frame.run.wait) this.note(frame, step, recorder, start);
  }

  private note({ loaded, run }: Frame, { instruction }: Step, recorder: StepRecorder, start: number): void {
    const end = performance.now();
    const output = instruction.outputs.map((slot, i) => {
      const { shape } = run.device[slot] ?? run.host[slot] ?? loaded.plan.slots[slot];
      return outputRecord(i, loaded.plan.slots[slot].dtype, shape as KnownShape);
    });
    const { kind, name } = instruction;
    const op = 'kernel' in instruction ? instruction.kernel : kind;
    const device = kind === 'host' || kind === 'scalars' ? HOST_DEVICE : this.device;
    recorder.record(device, name, op, start, end, output);
  }

  /** `finish`, after reading what cannot be read at once. */
  async finishLater(): Promise<RunValue[]> {
    const { loaded, run } = this.top;
    if (this.context.form === 'array') {
      try {
        await Promise.all(loaded.plan.fetches.map((slot) => run.readToHost(slot)));
        run.check();
      } catch (error) {
        throw this.abandon(error);
      }
    }
    return this.finish();
  }

  /** The results of a run that has come to its end, which is committed. */
  finish(): RunValue[] {
    const { loaded, run } = this.top;
    const { fetches, feeds } = loaded.plan;
    const values: RunValue[] = [];
    try {
      if (this.context.form === 'array') run.readTogether(fetches);
      for (let i = 0; i < fetches.length; i++) values.push(run.result(fetches[i]));
      this.checkDevice();
    } catch (error) {
      for (const value of values) this.discard(value);
      throw this.abandon(error);
    }
    for (let i = 0; i < fetches.length; i++) run.free(fetches[i]);
    for (let i = 0; i < feeds.length; i++) run.free(feeds[i].slot);
    if (flags.verify) this.verifyEmpty(this.top);
    this.context.transaction.commit();
    return values;
  }

  private discard(value: RunValue): void {
    if ('dispose' in value) value.dispose();
    else if ('device' in value && value.device) this.backend.dispose(value.device.dataId);
  }

  private verifyEmpty({ loaded, run }: Frame): void {
    const left = run.device.findIndex((value, slot) => value !== null && !loaded.constants.has(slot));
    if (left >= 0) throw this.abandon(new InternalError(null, `The plan never frees slot ${left}.`));
  }

  /** Frees everything, takes every effect back, and gives the error to throw. */
  private abandon(error: unknown): Error {
    const { loaded, step } = this.top;
    for (const { run, activation } of this.stack) {
      run.freeAll();
      activation?.release();
    }
    this.context.transaction.rollback();
    // Whatever step it was that failed, the loss is the reason.
    if (this.backend.isLost?.()) return deviceLost(this.backend.name);
    // Being cancelled or too late is no step's fault.
    if (!step || error === this.context.cancel.reason || error instanceof DeadlineExceededError) return asError(error);
    if (error instanceof RuntimeError) return error;
    const { origin, name } = step.instruction;
    if (!loaded.body) {
      const { op, site } = this.context.blame(origin);
      return runError(error, op, site);
    }
    // The name says the way through the functions that were called.
    const node = loaded.body.node(origin);
    return runError(error, { name, type: node.op }, node.site);
  }
}

function cannotWait(wait: Wait, { instruction }: Step): RuntimeError {
  wait.cancel();
  return new RuntimeError(`runSync cannot wait for '${instruction.name}', which needs what other runs do.`);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new InternalError(null, String(error));
}

function isWaiting(run: Run, step: Step): boolean {
  const { onHost } = step;
  for (let i = 0; i < onHost.length; i++) if (!run.host[onHost[i]]) return true;
  return step.isUnread?.(run) ?? false;
}
