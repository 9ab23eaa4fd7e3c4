/**
 * What the executor sees of an instruction that was made ready. The kinds of them are in `steps.ts`, `calls.ts` and
 * `list-steps.ts`.
 */
import type { Instruction, Slot } from '../compiler/plan/plan.ts';
import type { FeedValue, Run } from './run.ts';

/** A function with its plan loaded, and which of the caller's values its feeds are. */
export interface LoadedCall<L = unknown> {
  readonly loaded: L;
  readonly args: readonly number[];
}

/** A call to make: the caller keeps its references, except to the values that it gives away. */
export interface Invocation<L = unknown> {
  readonly call: LoadedCall<L>;
  readonly values: (FeedValue | null)[];
  /** How many of the values, from the first, the function takes over. */
  readonly given: number;
  /** Whether the caller looks at the results: they must be on the host. */
  readonly onHost: boolean;
  /** Whether it is a round of a loop, between which a long run can be interrupted. */
  readonly isRound?: boolean;
}

/** What a step that calls functions is doing. */
export interface Activation {
  /** The call to make after what the last one gave (null at first); null: the outputs are in their slots. */
  next(results: readonly FeedValue[] | null): Invocation | null;
  /** Gives up the references it holds. */
  release(): void;
}

/** An instruction, ready to execute. */
export interface Step {
  readonly instruction: Instruction;
  /** Slots that must be on the host before the step executes. */
  readonly onHost: readonly Slot[];
  /** Whether it reads elements of lists that are on the device only. */
  isUnread?(run: Run): boolean;
  /** Brings those to the host. */
  readElements?(run: Run): Promise<unknown>;
  /** Computes the outputs. On a throw, what it has put into slots is freed with them. */
  execute(run: Run): void;
  /** For a step that calls functions, in the place of `execute`. */
  begin?(run: Run): Activation;
}
