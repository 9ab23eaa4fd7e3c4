/**
 * `compile`: from a snapshot and a request to a plan. The passes are in `passes/`, lowering in `lowering/`, the plan's
 * making in `plan/build.ts`; keeping plans is the runtime's business.
 */
import type { GraphFunction } from '../src/graph/function.ts';
import type { GraphSnapshot } from '../src/graph/snapshot.ts';
import { flags } from '../src/util/flags.ts';
import { type Argument, importFunction } from './ir/functions.ts';
import { importGraph, isPlaceholder, type Request } from './ir/import.ts';
import type { Target } from './lowering/lowering.ts';
import { type DriverOptions, type PassResult, runPasses } from './passes/driver.ts';
import type { Evaluate, PassContext } from './passes/pass.ts';
import { buildFunctionPlan, buildPlan } from './plan/build.ts';
import type { CompileBody } from './plan/calls.ts';
import type { ExecutionPlan } from './plan/plan.ts';
import { verifyPlan } from './plan/verify.ts';

export interface CompileOptions extends DriverOptions {
  /** Computes pure ops on constants at compile time; without it only the rules of op definitions fold. */
  readonly evaluate?: Evaluate | null;
}

/** The plan, and how it came about. */
export interface Compiled {
  readonly plan: ExecutionPlan;
  /** The module as taken from the graph (`import`), then after every pass that ran. */
  readonly stages: readonly PassResult[];
}

/**
 * Compiles what a request asks of a graph for a target. Throws `InvalidArgumentError` for a placeholder that is needed
 * and not fed, `UnimplementedError` for an op that the target cannot compute.
 *
 *     const {plan} = compile(graph.snapshot(), {fetches: [y.endpoint], targets: [], feeds: []}, target);
 */
export function compile(
  snapshot: GraphSnapshot,
  request: Request,
  target: Target,
  options: CompileOptions = {},
): Compiled {
  const start = performance.now();
  const module = importGraph(snapshot, request);
  const imported: PassResult = { pass: 'import', module, changed: true, ms: performance.now() - start };
  options.onPass?.(imported);
  const feeds = request.feeds.map((feed) => {
    const source = snapshot.node(feed.endpoint.node);
    return { ...feed, overrides: !isPlaceholder(source) && source.op !== 'PlaceholderWithDefault' };
  });
  const context = { target, feeds, evaluate: options.evaluate ?? null };
  const stages = [imported, ...runPasses(module, context, options)];
  const plan = buildPlan(stages[stages.length - 1].module, target, bodyCompiler(context, options));
  if (options.verify ?? flags.verify) verifyPlan(plan);
  return { plan, stages };
}

/**
 * Compiles a function for itself: one that a host kernel calls with values. The results may be of types that no user is
 * given. The feeds of the plan are those of its arguments that it takes, by their nodes in the body.
 */
export function compileFunction(
  fn: GraphFunction,
  args: readonly Argument[],
  target: Target,
  options: CompileOptions = {},
): ExecutionPlan {
  const compileBody = bodyCompiler({ target, evaluate: options.evaluate ?? null }, options);
  const all = fn.outputs.map((_, i) => i);
  const plan = buildFunctionPlan(compileBody(fn, all, args, fn.func), target, compileBody);
  if (options.verify ?? flags.verify) verifyPlan(plan);
  return plan;
}

function bodyCompiler(context: Omit<PassContext, 'feeds'>, options: CompileOptions): CompileBody {
  return (fn, needed, args, path) => {
    const called = importFunction(fn, needed, args, path);
    const results = runPasses(called.module, { ...context, feeds: called.feeds }, options);
    return results[results.length - 1].module;
  };
}

export type { Feed, Request } from './ir/import.ts';
export type { DriverOptions, PassResult, UserPass } from './passes/driver.ts';
export type { Evaluable, Evaluate, Pass, PassContext } from './passes/pass.ts';
