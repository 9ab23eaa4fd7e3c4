/**
 * Runs a program of `goldens/programs`: a graph file and the steps that TensorFlow took with it, in sessions on wasm or on
 * a server. Which programs there are, and what becomes of the results, is left to those that call it.
 */
import { readFileSync } from 'node:fs';
import { Session } from '../../runtime/session.ts';
import type { SessionInit } from '../../runtime/session-arguments.ts';
import * as tf from '../../src/index.ts';
import { OpError } from '../../src/util/errors.ts';
import { difference, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { failure } from '../support/session.ts';
import { readJson } from './report.ts';

interface Step {
  readonly kind: 'run' | 'partial_run_setup' | 'partial_run' | 'close';
  readonly session: number;
  readonly fetches?: readonly string[];
  readonly targets?: readonly string[];
  readonly feeds?: Readonly<Record<string, GoldenArray>>;
  readonly feed_keys?: readonly string[];
  readonly outputs?: readonly GoldenArray[];
  readonly error?: { readonly class: string; readonly message: string; readonly code?: number; readonly node?: string };
}

type Handle = ReturnType<Session['partialRunSetup']>;

/** Takes the steps in order. Throws with the first that differs. @param settings of the sessions, beside their graph */
export async function runProgram(
  path: string,
  settings: Omit<SessionInit, 'graph'> = { config: { backend: 'wasm' } },
): Promise<void> {
  const { steps } = readJson<{ readonly steps: readonly Step[] }>(`${path}.json`);
  const graph = new tf.Graph();
  graph.asDefault(() => tf.importGraphDef(tf.GraphDef.fromBinary(readFileSync(`${path}.pb`)), { name: '' }));
  const sessions = new Map<number, Session>();
  const handles = new Map<number, Handle>();
  try {
    for (const [i, step] of steps.entries()) {
      let session = sessions.get(step.session);
      if (!session) {
        session = new Session({ graph, ...settings });
        sessions.set(step.session, session);
      }
      try {
        await take(step, session, handles);
      } catch (error) {
        throw new Error(`step ${i}: ${(error as Error).name}: ${(error as Error).message}`);
      }
    }
  } finally {
    for (const session of sessions.values()) session.close();
  }
}

async function take(step: Step, session: Session, handles: Map<number, Handle>): Promise<void> {
  const fetches = [...(step.fetches ?? []), ...(step.targets ?? [])];
  const feedDict = Object.fromEntries(
    Object.entries(step.feeds ?? {}).map(([name, value]) => [name, fromGolden(value)]),
  );
  switch (step.kind) {
    case 'close':
      session.close();
      return;
    case 'partial_run_setup':
      handles.set(step.session, session.partialRunSetup(fetches, step.feed_keys));
      return;
  }
  const run = (): Promise<unknown> =>
    step.kind === 'run'
      ? session.run(fetches, feedDict)
      : session.partialRun(handles.get(step.session) as Handle, fetches, feedDict);
  if (step.error) return compareError(await failure(run), step.error);
  const values = (await run()) as tf.NdArray[];
  const problems = (step.outputs ?? []).flatMap((golden, i) => {
    const found = difference(values[i], fromGolden(golden), GRADIENT);
    return found ? [`${fetches[i]}: ${found}`] : [];
  });
  if (problems.length > 0) throw new Error(problems.join('; '));
}

/** Class and code must agree; texts name addresses and counters of TensorFlow's. */
function compareError(error: Error, golden: NonNullable<Step['error']>): void {
  const code = error instanceof OpError ? error.code : undefined;
  if (error.name === golden.class && code === golden.code) return;
  throw new Error(
    `${error.name} (${code}): ${error.message}, expected ${golden.class} (${golden.code}): ${golden.message}`,
  );
}
