/** Programs of `control-flow-programs.ts` as graphs with names, and what sessions here give for them. */
import { Session } from '../../runtime/session.ts';
import * as tf from '../../src/index.ts';
import type { Program } from './control-flow-programs.ts';

type Run = Program['runs'][number];

export interface BuiltProgram {
  readonly graph: tf.Graph;
  readonly runs: readonly Run[];
  /** The name of the op that initializes. */
  readonly init: string;
  readonly fetches: readonly string[];
}

export function buildProgram(program: () => Program): BuiltProgram {
  const graph = new tf.Graph();
  const { fetches, runs, init } = graph.asDefault(() => ({ ...program(), init: tf.globalVariablesInitializer() }));
  return { graph, runs, init: init.name, fetches: fetches.map((tensor) => tensor.name) };
}

/** The values of every run, in one session. */
export async function runProgram(graph: tf.Graph, { fetches, init, runs }: Omit<BuiltProgram, 'graph'>) {
  using session = new Session({ graph, config: { backend: 'wasm' } });
  await session.run(init);
  const found: tf.NdArray[][] = [];
  for (const run of runs) found.push((await session.run(fetches, feedsOf(graph, run))) as tf.NdArray[]);
  return found;
}

/** Feeds by names of tensors, with the types and shapes of their placeholders. */
export function feedsOf(graph: tf.Graph, run: Run): Record<string, tf.NdArray> {
  return Object.fromEntries(
    Object.entries(run).map(([name, value]) => {
      const { dtype, shape } = graph.getTensorByName(`${name}:0`).spec;
      const list = typeof value === 'number' ? [value] : value;
      const data =
        dtype === tf.float32
          ? Float32Array.from(list)
          : dtype === tf.bool
            ? Uint8Array.from(list)
            : Int32Array.from(list);
      return [`${name}:0`, new tf.NdArray(dtype, shape as number[], data)];
    }),
  );
}

/** What a file of the graph is here again. */
export function readAgain(def: tf.GraphDef): tf.Graph {
  const graph = new tf.Graph();
  graph.asDefault(() => tf.importGraphDef(tf.GraphDef.fromBinary(def.toBinary()), { name: '' }));
  return graph;
}
