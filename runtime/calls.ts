/**
 * The steps that call functions: branches and loops. They say what to call next and keep the values in between; making the
 * calls is `executor.ts`'s business.
 */
import type { BranchStep, Call, LoopStep, Slot } from '../compiler/plan/plan.ts';
import { string } from '../src/util/dtype.ts';
import { InternalError } from '../src/util/errors.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import type { FeedValue, Run } from './run.ts';
import type { Activation, Invocation, LoadedCall, Step } from './step.ts';

type Load = (call: Call) => LoadedCall;

/** Whether a condition holds: true, a number other than zero, a text that is not empty. */
function isTrue(array: NdArray): boolean {
  if (array.rank > 0) return array.size > 0;
  const [value] = array.data;
  return array.dtype === string ? (value as Uint8Array).length > 0 : Boolean(value);
}

export class Branch implements Step {
  readonly onHost: readonly Slot[];
  private readonly branches: readonly LoadedCall[];

  constructor(
    readonly instruction: BranchStep,
    load: Load,
  ) {
    this.onHost = [instruction.inputs[0]];
    this.branches = instruction.branches.map(load);
  }

  execute(): void {
    throw new InternalError(null, 'A branch is begun, not executed.');
  }

  begin(run: Run): Activation {
    const { inputs, outputs } = this.instruction;
    const call = this.branches[this.chosen(run.hostOf(inputs[0]))];
    const values: FeedValue[] = [];
    for (let i = 1; i < inputs.length; i++) values.push({ device: run.device[inputs[i]], host: run.host[inputs[i]] });
    return {
      next: (results) => {
        if (!results) return { call, values, given: 0, onHost: false };
        for (let i = 0; i < outputs.length; i++) run.put(outputs[i], results[i]);
        return null;
      },
      // The values are those of the step's slots.
      release: () => {},
    };
  }

  private chosen(array: NdArray): number {
    if (this.instruction.byCondition) return isTrue(array) ? 0 : 1;
    const index = Number(array.data[0]);
    return index >= 0 && index < this.branches.length ? index : this.branches.length - 1;
  }
}

export class Loop implements Step {
  readonly onHost: readonly Slot[] = [];
  readonly cond: LoadedCall;
  readonly body: LoadedCall;
  readonly condPrologue: LoadedCall | null;
  readonly bodyPrologue: LoadedCall | null;
  /** The number of variables that change, which come first. */
  readonly changing: number;

  constructor(
    readonly instruction: LoopStep,
    load: Load,
  ) {
    const { cond, body, condPrologue, bodyPrologue, next } = instruction;
    this.cond = load(cond);
    this.body = load(body);
    this.condPrologue = condPrologue && load(condPrologue);
    this.bodyPrologue = bodyPrologue && load(bodyPrologue);
    this.changing = next.filter((fetch) => fetch !== null).length;
  }

  execute(): void {
    throw new InternalError(null, 'A loop is begun, not executed.');
  }

  begin(run: Run): Activation {
    return new Rounds(this, run);
  }
}

type Phase = 'start' | 'condPrologue' | 'cond' | 'bodyPrologue' | 'body';

/** A loop under way. */
class Rounds implements Activation {
  /** Variables that change, variables that stay, what the prologues gave; null while the body has them. */
  private readonly values: (FeedValue | null)[];
  private phase: Phase = 'start';
  private hasEntered = false;
  private readonly test: Invocation;
  private readonly round: Invocation;

  constructor(
    private readonly loop: Loop,
    private readonly run: Run,
  ) {
    this.values = loop.instruction.inputs.map((slot) => run.share(slot));
    const { values } = this;
    this.test = { call: loop.cond, values, given: 0, onHost: true };
    this.round = { call: loop.body, values, given: loop.changing, onHost: false, isRound: true };
  }

  next(results: readonly FeedValue[] | null): Invocation | null {
    const { loop, phase } = this;
    switch (phase) {
      case 'start':
        if (loop.condPrologue) return this.call('condPrologue', loop.condPrologue);
        break;
      case 'condPrologue':
        this.values.push(...(results as FeedValue[]));
        break;
      case 'cond': {
        const [condition] = results as FeedValue[];
        const goesOn = isTrue(condition.host as NdArray);
        this.run.release(condition);
        if (!goesOn) return this.finish();
        if (!this.hasEntered) {
          this.hasEntered = true;
          if (loop.bodyPrologue) return this.call('bodyPrologue', loop.bodyPrologue);
        }
        this.phase = 'body';
        return this.round;
      }
      case 'bodyPrologue':
        this.values.push(...(results as FeedValue[]));
        this.phase = 'body';
        return this.round;
      case 'body':
        for (let i = 0; i < loop.changing; i++) this.values[i] = (results as FeedValue[])[i];
        break;
    }
    this.phase = 'cond';
    return this.test;
  }

  private call(phase: Phase, call: LoadedCall): Invocation {
    this.phase = phase;
    return { call, values: this.values, given: 0, onHost: false };
  }

  private finish(): null {
    const { outputs, results } = this.loop.instruction;
    for (let i = 0; i < outputs.length; i++) {
      const value = this.values[results[i]] as FeedValue;
      if (value.device) this.run.backend.incRef(value.device.dataId);
      this.run.put(outputs[i], value);
    }
    this.release();
    return null;
  }

  release(): void {
    for (let i = 0; i < this.values.length; i++) {
      const value = this.values[i];
      if (value) this.run.release(value);
      this.values[i] = null;
    }
  }
}
