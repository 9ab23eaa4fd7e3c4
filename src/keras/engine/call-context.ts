/** The call of a layer that is going on: what inner calls take over from it, and what losses and updates belong to. */
import type { Tensor } from '../../graph/graph.ts';
import type { TensorNest } from './nest.ts';

/** Whether a call is for training: known, decided in the run, or up to the learning phase (null). */
export type Training = boolean | Tensor | null;

export interface OpenCall {
  readonly inputs: TensorNest;
  readonly training: Training;
}

let current: OpenCall | null = null;

/** The innermost call; null outside of any. */
export function openCall(): OpenCall | null {
  return current;
}

export function inCall<R>(call: OpenCall, body: () => R): R {
  const outer = current;
  current = call;
  try {
    return body();
  } finally {
    current = outer;
  }
}
