/**
 * What tests of the three resets with Keras start from: `tf.keras`, the standalone package and a context apart, each with
 * a session and values, beside the user's session of `scopes.ts`; and the four operations. Leaks are `leaks.ts`'s business.
 */
import type { ConfigInit } from '../../runtime/config.ts';
import { Session } from '../../runtime/session.ts';
import { resetDefaultGraph } from '../../src/graph/default-graph.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { setEpsilon, setFloatx, setImageDataFormat } from '../../src/keras/config.ts';
import { createKeras, type IsolatedKeras, type Keras, standaloneKeras } from '../../src/keras/create-keras.ts';
import * as integrated from '../../src/keras/index.ts';
import { add } from '../../src/ops/index.ts';
import type { Variable } from '../../src/variables/variable.ts';
import { type StandardState, standard } from './scopes.ts';
import { failure } from './session.ts';

/** `resetDefaultGraph`, `Session.close`, `clearSession` of `tf.keras`, and that of the standalone package. */
export type Operation = 'A' | 'B' | 'C' | 'S';
export const OPERATIONS: readonly Operation[] = ['A', 'B', 'C', 'S'];

/** A Keras context with something in its session. */
export interface Tenant {
  readonly keras: Keras;
  /** The session that the context made. */
  readonly session: Session;
  /** 40 in that session, where it began at 4. */
  readonly v: Variable;
  /** `v + 1` */
  readonly y: Tensor;
  /** The names of two automatic layers. */
  readonly names: readonly string[];
}

export interface Scene extends StandardState {
  /** `tf.keras`. */
  readonly tf: Tenant;
  /** The standalone package. */
  readonly standalone: Tenant;
}

/** The next automatic name of a layer of the context. */
export function nextDense(keras: Keras): string {
  return new keras.layers.Dense(1).name;
}

/** Has the context make sessions of this configuration from now on. */
export function configure(keras: Keras, config: ConfigInit | null): void {
  using session = new Session({ config });
  keras.backend.setSession(session);
  keras.backend.setSession(null);
}

/** Two layers by automatic names, the learning phase 1, and a variable with a value in the context's own session. */
export async function tenant(keras: Keras, name: string, config: ConfigInit | null = null): Promise<Tenant> {
  configure(keras, config);
  const K = keras.backend;
  const names = [nextDense(keras), nextDense(keras)];
  K.setLearningPhase(1);
  const v = K.variable(4, { name });
  const y = v.graph.asDefault(() => add(v, 1));
  await K.setValue(v, 40);
  return { keras, session: K.getSession() as Session, v, y, names };
}

/** The state of `standard`, with `tf.keras` and a new standalone package on the same graph. */
export async function scene(config: ConfigInit | null = null): Promise<Scene> {
  const state = await standard(config);
  const tf = await tenant(integrated, 'kv', config);
  const standalone = await tenant(standaloneKeras(), 'sv', config);
  return { ...state, tf, standalone };
}

export function isolated(): IsolatedKeras {
  return createKeras();
}

/** Does the operation; B closes the user's session. */
export function perform(operation: Operation, { session, tf, standalone }: Scene): void {
  if (operation === 'A') resetDefaultGraph();
  else if (operation === 'B') session.close();
  else (operation === 'C' ? tf : standalone).keras.backend.clearSession();
}

/** The context that C or S clears, and the other one. */
export function parties(operation: 'C' | 'S', { tf, standalone }: Scene): { own: Tenant; other: Tenant } {
  return operation === 'C' ? { own: tf, other: standalone } : { own: standalone, other: tf };
}

/** Settings as at the start, and no session and no configuration left in `tf.keras`. */
export function restoreKeras(): void {
  setFloatx('float32');
  setEpsilon(1e-7);
  setImageDataFormat('channels_last');
  integrated.backend.manualVariableInitialization(false);
  configure(integrated, null);
}

/** The value, or the name and the message of the error. */
export async function outcome(call: () => unknown): Promise<unknown> {
  try {
    const value = await call();
    return typeof value === 'object' && value !== null && 'item' in value
      ? (value as { item(): unknown }).item()
      : value;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Asserts that the call fails with an error of this class whose message has the fragment; gives the message. */
export async function refusal(call: () => unknown, name: string, fragment: string): Promise<string> {
  const error = await failure(call);
  if (error.name !== name || !error.message.includes(fragment)) {
    throw new Error(`expected ${name} "${fragment}", got ${error.name}: ${error.message}`);
  }
  return error.message;
}
