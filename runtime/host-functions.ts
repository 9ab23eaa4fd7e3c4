/**
 * Functions that host kernels call: compiled for the shapes of their arguments, kept, and run within the run that calls
 * them. What they are called for, and when, is the kernels' business.
 */
import { compileFunction } from '../compiler/compile.ts';
import { variableOfHandle } from '../compiler/ir/variable-handle.ts';
import type { Target } from '../compiler/lowering/lowering.ts';
import { GraphFunction } from '../src/graph/function.ts';
import type { TensorSpec } from '../src/graph/node.ts';
import { InvalidArgumentError, OpError } from '../src/util/errors.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import type { Backend, BufferId } from './backends/backend.ts';
import { CancelToken } from './cancel.ts';
import type { ConfigProto } from './config.ts';
import { LoadedPlan } from './executor.ts';
import { evaluate } from './host/evaluate.ts';
import type { FunctionCaller, FunctionStreams } from './host/registry.ts';
import { missingKernels } from './missing-kernels.ts';
import { type CachedPlan, PlanCache } from './plan-cache.ts';
import { advanceStream, type RunState, startStream } from './resources.ts';
import type { RunContext } from './run.ts';

/** For so many shapes of its arguments a function has plans of its own; then one for all shapes. */
const SHAPES = 8;

interface Known {
  readonly number: number;
  /** The shapes there are plans for. */
  readonly shapes: Set<string>;
}

/** The functions of a session, compiled. */
export class FunctionPlans {
  private readonly plans: PlanCache;
  private readonly known = new WeakMap<GraphFunction, Known>();
  private count = 0;

  constructor(
    private readonly backend: Backend,
    private readonly target: Target,
    private readonly config: ConfigProto,
  ) {
    this.plans = new PlanCache(config.planCacheSize);
  }

  /** What kernels of a run call functions with. */
  caller(context: RunContext): FunctionCaller {
    return {
      call: (fn, args, streams) => this.run(fn, args, within(context, streams)),
      callDetached: (fn, args) => {
        const free = { ...context, cancel: new CancelToken(), deadline: 0 };
        return this.run(fn, args, within(free, new Map()));
      },
    };
  }

  addBuffers(ids: Set<BufferId>): void {
    this.plans.addBuffers(ids);
  }
  clear(): void {
    this.plans.clear();
  }

  private run(
    fn: GraphFunction,
    args: readonly NdArray[],
    context: RunContext,
  ): readonly NdArray[] | Promise<readonly NdArray[]> {
    try {
      const plan = this.planFor(fn, args);
      if (plan instanceof Promise) return plan.then(() => this.run(fn, args, context));
      const { loaded, feedPositions } = plan;
      const feeds = feedPositions.map((position) => ({ device: null, host: args[position] }));
      const results = loaded.run({ ...context, feeds });
      if (!(results instanceof Promise)) return results as NdArray[];
      return results.then(
        (values) => values as NdArray[],
        (error) => {
          throw unnamed(error);
        },
      );
    } catch (error) {
      throw unnamed(error);
    }
  }

  /** The plan; or a promise, where something has to be loaded before there can be one. */
  private planFor(fn: GraphFunction, args: readonly NdArray[]): CachedPlan | Promise<void> {
    const own = this.numberOf(fn);
    const variables = args.map(variableOfHandle);
    const shapes = args.map(({ shape }, i) => (variables[i] ? JSON.stringify(variables[i]) : `[${shape}]`)).join();
    const isGeneral = !own.shapes.has(shapes) && own.shapes.size >= SHAPES && !variables.some((ref) => ref !== null);
    const key = `${own.number} ${isGeneral ? '*' : shapes}`;
    const known = this.plans.get(key);
    if (known) return known;
    const declared = fn.inputSpecs;
    const specs = args.map(({ dtype, shape }, i): TensorSpec => (isGeneral ? declared[i] : { dtype, shape }));
    const { passes, userPasses } = this.config;
    const plan = compileFunction(
      fn,
      specs.map((spec, i) => ({ spec, variable: variables[i] })),
      this.target,
      { passes, userPasses, evaluate },
    );
    const missing = missingKernels(plan);
    if (missing) return missing;
    const feedPositions = plan.feeds.map(({ endpoint }) => fn.inputs.indexOf(endpoint.node));
    const made = { loaded: new LoadedPlan(plan, this.backend, fn.body), feedPositions };
    if (!isGeneral) own.shapes.add(shapes);
    this.plans.set(key, made);
    return made;
  }

  private numberOf(fn: GraphFunction): Known {
    if (!(fn instanceof GraphFunction)) {
      throw new InvalidArgumentError(null, `Function ${(fn as { func?: string } | null)?.func} is not defined.`);
    }
    const known = this.known.get(fn) ?? { number: this.count++, shapes: new Set<string>() };
    this.known.set(fn, known);
    return known;
  }
}

/** The context of a call: what it changes is the run's to commit or take back, and the run has given up its turn already. */
function within(context: RunContext, streams: FunctionStreams): RunContext {
  const { transaction, pass } = context;
  const state: RunState = {
    read: (key) => transaction.read(key),
    hasContainer: (container) => transaction.hasContainer(container),
    assign: (key, container, value) => transaction.assign(key, container, value),
    destroy: (key) => transaction.destroy(key),
    stream: (op, seed, seed2) => ({
      reserve: (count) => {
        const at = streams.get(op) ?? startStream(BigInt(seed), BigInt(seed2));
        streams.set(op, { key: at.key, counter: advanceStream(at.counter, count) });
        return at;
      },
    }),
    lookupOrCreate: (kind, container, name, make) => transaction.lookupOrCreate(kind, container, name, make),
    onRollback: (undo) => transaction.onRollback(undo),
    onCommit: (action) => transaction.onCommit(action),
    commit: () => {},
    rollback: () => {},
  };
  return {
    ...context,
    transaction: state,
    form: 'array',
    recorder: null,
    pass: pass && ((promise) => promise),
  };
}

/** The error without the node of the body: it is the op that called the function that failed. */
function unnamed(error: unknown): unknown {
  if (!(error instanceof OpError) || !error.op) return error;
  const found = new (error.constructor as new (op: null, message: string) => OpError)(null, error.detail);
  if (error.cause !== undefined) found.cause = error.cause;
  if (error.stack) found.stack = error.stack;
  return found;
}
