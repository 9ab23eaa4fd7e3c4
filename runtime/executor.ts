/**
 * Runs a plan: steps in order, frees as the plan says, everything taken back where a step fails. One synchronous loop; it
 * is left only where a backend must be waited for. What a step does is in `steps.ts`.
 */
import type { ExecutionPlan } from '../compiler/plan/plan.ts';
import { CancelledError, DeadlineExceededError, InternalError, RuntimeError } from '../src/util/errors.ts';
import { flags } from '../src/util/flags.ts';
import type { KnownShape } from '../src/util/shape.ts';
import type { Backend, BufferId } from './backends/backend.ts';
import { deadlineError } from './cancel.ts';
import { deviceName, HOST_DEVICE } from './devices.ts';
import { runError } from './errors.ts';
import type { Wait } from './host/registry.ts';
import { outputRecord, type StepRecorder } from './metadata.ts';
import { ConstantSlots, type Pass, Run, type RunContext, type RunValue } from './run.ts';
import { loadStep, type Step } from './steps.ts';

/** A plan on its backend. It owns the buffers of the plan's constants. */
export class LoadedPlan {
  private readonly steps: readonly Step[];
  private readonly constants: ConstantSlots;
  private readonly device: string;
  /** Runs that were left to wait for something: they still take the constants. */
  private unfinished = 0;
  private disposed = false;

  constructor(
    readonly plan: ExecutionPlan,
    private readonly backend: Backend,
  ) {
    this.steps = plan.instructions.map((instruction) => loadStep(instruction, plan, backend));
    this.constants = new ConstantSlots(plan, backend);
    this.device = deviceName(backend.name);
  }

  /** Adds the buffers that the plan holds between runs. */
  addBuffers(ids: Set<BufferId>): void {
    this.constants.addBuffers(ids);
  }
  dispose(): void {
    this.disposed = true;
    if (this.unfinished === 0) this.constants.dispose();
  }

  /**
   * Runs once and commits the transaction; the values of the fetches in their order. Where the backend can be read at
   * once this happens before the call returns. An error is thrown, or rejects the promise, with every buffer of the run
   * freed and the transaction rolled back.
   */
  run(context: RunContext): RunValue[] | Promise<RunValue[]> {
    const run = new Run(this.plan, this.backend, this.constants, context);
    const position = this.advance(run, 0);
    return position < this.steps.length || this.mustWaitForFetches() ? this.resume(run, position) : this.finish(run);
  }

  private mustWaitForFetches(): boolean {
    return !this.backend.canReadSync && this.plan.fetches.length > 0;
  }

  private async resume(run: Run, position: number): Promise<RunValue[]> {
    const { steps } = this;
    this.unfinished++;
    try {
      for (let next = position; next < steps.length; next = this.advance(run, next)) {
        if (run.wait) next = await this.passOthers(run, run.wait, next);
        else await this.wait(run, steps[next].onHost, steps[next]);
      }
      if (run.context.form === 'array') await this.wait(run, this.plan.fetches, null);
      return this.finish(run);
    } finally {
      if (--this.unfinished === 0 && this.disposed) this.constants.dispose();
    }
  }

  private async wait(run: Run, slots: readonly number[], step: Step | null): Promise<void> {
    try {
      for (const slot of slots) await run.readToHost(slot);
      run.check();
    } catch (error) {
      throw this.abandon(run, error, step);
    }
  }

  /**
   * Lets other runs of the session pass until the step has what it waits for. What the run did so far is committed:
   * nothing that others change meanwhile is overwritten or taken back later. Gives the position after the step.
   */
  private async passOthers(run: Run, wait: Wait, position: number): Promise<number> {
    const step = this.steps[position];
    const { cancel, deadline, pass, transaction } = run.context;
    const isLate = () => cancel.cancel(deadlineError());
    let timer: ReturnType<typeof setTimeout> | undefined;
    run.wait = null;
    try {
      const start = performance.now();
      if (deadline !== 0) timer = setTimeout(isLate, deadline - start);
      run.detach();
      transaction.commit();
      await (pass as Pass)(cancel.race(wait.ready()));
      run.check();
      this.complete(run, wait, step, start);
      return position + 1;
    } catch (error) {
      wait.cancel();
      const isCancelled = error === cancel.reason && error instanceof CancelledError;
      throw this.abandon(run, isCancelled ? wait.cancelled() : error, step);
    } finally {
      clearTimeout(timer);
    }
  }

  private complete(run: Run, wait: Wait, { instruction }: Step, start: number): void {
    const { outputs, frees } = instruction;
    const made = wait.outputs();
    for (let i = 0; i < outputs.length; i++) run.host[outputs[i]] = made[i];
    if (run.context.recorder) this.note(run, instruction, run.context.recorder, start);
    for (let i = 0; i < frees.length; i++) run.free(frees[i]);
  }

  /** Executes steps until the end, or up to one that waits or whose inputs must be waited for; the position reached. */
  private advance(run: Run, start: number): number {
    const { steps, backend } = this;
    const { cancel, deadline, recorder } = run.context;
    const watched = deadline !== 0;
    let position = start;
    try {
      for (; position < steps.length; position++) {
        const step = steps[position];
        if (!backend.canReadSync && isWaiting(run, step)) return position;
        if (watched || cancel.reason) run.check();
        if (recorder) this.record(run, step, recorder);
        else step.execute(run);
        if (run.wait) {
          if (!run.context.pass) throw cannotWait(run.wait, step);
          return position;
        }
        const { frees } = step.instruction;
        for (let i = 0; i < frees.length; i++) run.free(frees[i]);
      }
      return position;
    } catch (error) {
      throw this.abandon(run, error, steps[position]);
    }
  }

  private record(run: Run, step: Step, recorder: StepRecorder): void {
    const start = performance.now();
    step.execute(run);
    if (!run.wait) this.note(run, step.instruction, recorder, start);
  }

  private note(run: Run, instruction: Step['instruction'], recorder: StepRecorder, start: number): void {
    const end = performance.now();
    const output = instruction.outputs.map((slot, i) => {
      const shape = (run.device[slot] ?? run.host[slot])?.shape as KnownShape;
      return outputRecord(i, this.plan.slots[slot].dtype, shape);
    });
    const { kind, name } = instruction;
    const op = kind === 'kernel' || kind === 'host' ? instruction.kernel : kind;
    recorder.record(kind === 'host' ? HOST_DEVICE : this.device, name, op, start, end, output);
  }

  private finish(run: Run): RunValue[] {
    const { fetches, feeds } = this.plan;
    const values: RunValue[] = [];
    try {
      for (let i = 0; i < fetches.length; i++) values.push(run.result(fetches[i]));
    } catch (error) {
      for (const value of values) this.discard(value);
      throw this.abandon(run, error, null);
    }
    for (let i = 0; i < fetches.length; i++) run.free(fetches[i]);
    for (let i = 0; i < feeds.length; i++) run.free(feeds[i].slot);
    if (flags.verify) this.verifyEmpty(run);
    run.context.transaction.commit();
    return values;
  }

  private discard(value: RunValue): void {
    if ('dispose' in value) value.dispose();
    else if ('device' in value && value.device) this.backend.dispose(value.device.dataId);
  }

  private verifyEmpty(run: Run): void {
    const left = run.device.findIndex((value, slot) => value !== null && !this.constants.has(slot));
    if (left >= 0) throw this.abandon(run, new InternalError(null, `The plan never frees slot ${left}.`), null);
  }

  /** Frees everything, takes every effect back, and gives the error to throw. */
  private abandon(run: Run, error: unknown, step: Step | null): Error {
    run.freeAll();
    run.context.transaction.rollback();
    // Being cancelled or too late is no step's fault.
    if (!step || error === run.context.cancel.reason || error instanceof DeadlineExceededError) return asError(error);
    if (error instanceof RuntimeError) return error;
    const { op, site } = run.context.blame(step.instruction.origin);
    return runError(error, op, site);
  }
}

function cannotWait(wait: Wait, { instruction }: Step): RuntimeError {
  wait.cancel();
  return new RuntimeError(`runSync cannot wait for '${instruction.name}', which needs what other runs do.`);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new InternalError(null, String(error));
}

function isWaiting(run: Run, { onHost }: Step): boolean {
  for (let i = 0; i < onHost.length; i++) if (!run.host[onHost[i]]) return true;
  return false;
}
