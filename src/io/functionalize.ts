/**
 * `functionalizeControlFlow`: a graph with TF1's dataflow control flow in functional form: loops as `While`, branches as
 * `If`, their bodies as functions. How loops and branches are found and built is told in `functionalize/`.
 */

import { functionalizeConditionals, type Keep } from './functionalize/conditionals.ts';
import { Facts } from './functionalize/facts.ts';
import { type Body, isV1ControlFlow, Workshop } from './functionalize/items.ts';
import { functionalizeLoops } from './functionalize/loops.ts';
import { readFunction, readGraph } from './functionalize/read.ts';
import { writeFunction, writeGraph } from './functionalize/write.ts';
import { GraphDef } from './graph-def.ts';
import type { FunctionDef, NodeDef } from './messages.ts';

/**
 * The same graph without `Switch`, `Merge`, `Enter`, `Exit`, `NextIteration`, `LoopCond` and `ControlTrigger`, at top
 * level and in the functions of its library; a graph that holds none comes back as it is.
 *
 * Nodes outside of loops and branches keep their names and meaning. Each `Exit` and each `Merge` that ends a branch
 * becomes an `Identity` of its name, so that what was fetched by it can still be; what was inside is now in functions
 * and cannot be fetched. An argument that was a reference to a variable (`RefEnter`, `RefSwitch`) has the attribute
 * `_ref`. A node that ran only when asked for stays so in branches, while a loop always does all of its variables' work.
 *
 * Throws `InvalidArgumentError` for loops that are malformed, under the names of their frames, and
 * `UnimplementedError` for forms that have no functional counterpart here.
 *
 *     const functional = functionalizeControlFlow(tf.GraphDef.fromBinary(bytes))
 */
export function functionalizeControlFlow(def: GraphDef): GraphDef {
  const hasV1 = (nodes: readonly NodeDef[]): boolean => nodes.some(({ op }) => isV1ControlFlow(op));
  const { library } = def;
  const isV1Function = (fn: FunctionDef): boolean => hasV1(fn.nodeDef);
  const top = hasV1(def.node);
  if (!top && !library.function.some(isV1Function)) return def;
  const workshop = new Workshop(
    new Facts(library),
    library.function.map(({ name }) => name),
  );
  const made: FunctionDef[] = [];
  const rewrite = (body: Body, keep: Keep): void => {
    const bodies: [Body, Keep][] = [[body, keep]];
    const add = (inner: Body): void => {
      bodies.push([inner, 'all']);
    };
    for (let i = 0; i < bodies.length; i++) {
      functionalizeLoops(bodies[i][0], workshop, add);
      functionalizeConditionals(bodies[i][0], bodies[i][1], workshop, add);
    }
    for (const [inner] of bodies) if (inner !== body) made.push(writeFunction(inner));
  };
  let nodes = def.node;
  if (top) {
    const body = readGraph(def.node, workshop.facts);
    const originals = new Set(body.items);
    rewrite(body, 'unconditional');
    nodes = writeGraph(body, originals);
  }
  const functions = library.function.map((fn) => {
    if (!isV1Function(fn)) return fn;
    const body = readFunction(fn, workshop.facts);
    rewrite(body, 'effects');
    return writeFunction(body);
  });
  return new GraphDef(nodes, { function: [...functions, ...made], gradient: library.gradient }, def.versions);
}
