/**
 * A session's machinery on one backend: compiles requests, keeps plans and state, runs. Who may run when, and how
 * requests and results look to users, is `session.ts`'s business.
 */
import { compile } from '../compiler/compile.ts';
import { mayReshape } from '../compiler/ir/references.ts';
import type { Target } from '../compiler/lowering/lowering.ts';
import { makeTarget } from '../compiler/lowering/target.ts';
import type { ExecutionPlan } from '../compiler/plan/plan.ts';
import type { Graph } from '../src/graph/graph.ts';
import type { Endpoint, NodeId } from '../src/graph/node.ts';
import { type ErrorNode, OpError } from '../src/util/errors.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import type { Backend, BufferId } from './backends/backend.ts';
import type { CancelToken } from './cancel.ts';
import type { ConfigProto } from './config.ts';
import { deviceName, HOST_DEVICE } from './devices.ts';
import { runError } from './errors.ts';
import { LoadedPlan } from './executor.ts';
import type { Feed } from './feeds.ts';
import { flagOf, MAX_FLAGS, withFlags } from './flags.ts';
import { evaluate } from './host/evaluate.ts';
import { hasHostKernel } from './host/index.ts';
import { FunctionPlans } from './host-functions.ts';
import type { SessionReport } from './live-sessions.ts';
import type { StepRecorder } from './metadata.ts';
import { cannotWait, missingKernels } from './missing-kernels.ts';
import { type CachedPlan, PlanCache } from './plan-cache.ts';
import { ResourceStore } from './resources.ts';
import { copyOf, type FeedValue, type Pass, type ResultForm, type RunContext, type RunValue } from './run.ts';

/** What one run asks for, by ids. */
export interface EngineRequest {
  readonly fetches: readonly Endpoint[];
  readonly targets: readonly NodeId[];
  readonly feeds: readonly Feed[];
  /** Nodes that have run already and are not to run again; what is needed of their outputs is fed. */
  readonly done?: ReadonlySet<NodeId>;
}

export interface RunSettings {
  readonly form: ResultForm;
  readonly cancel: CancelToken;
  readonly deadline: number;
  readonly recorder: StepRecorder | null;
  /** How a run lets others pass; null where it must be over when the call returns. */
  readonly pass: Pass | null;
}

export function targetOf(backend: Backend, { codegen }: ConfigProto): Target {
  return makeTarget(backend.name, {
    hasKernel: (kernel) => backend.kernel(kernel) !== undefined,
    hasHost: hasHostKernel,
    codegen: codegen && (backend.generate !== undefined || backend.generateOnValues !== undefined),
  });
}

export class Engine {
  readonly store: ResourceStore;
  readonly plans: PlanCache;
  private readonly functions: FunctionPlans;
  private readonly target: Target;
  /** Nodes of the graph looked at, and those among them that may give a variable another shape than the graph says. */
  private seen = 0;
  private reshaping = 0;

  constructor(
    private readonly graph: Graph,
    readonly backend: Backend,
    private readonly config: ConfigProto,
  ) {
    this.store = new ResourceStore(backend);
    this.plans = new PlanCache(config.planCacheSize);
    this.target = targetOf(backend, config);
    this.functions = new FunctionPlans(backend, this.target, config);
  }

  /** Runs; the fetched values in order. */
  run(request: EngineRequest, settings: RunSettings): RunValue[] | Promise<RunValue[]> {
    const plan = this.planFor(request);
    if (plan instanceof Promise) return afterLoading(plan, settings, () => this.run(request, settings));
    return this.runPlan(plan, request, settings);
  }

  /** As `run`, for what is not asked for a second time: the plan and its constants go when the run ends. */
  runOnce(request: EngineRequest, settings: RunSettings): RunValue[] | Promise<RunValue[]> {
    const plan = this.load(request);
    if (plan instanceof Promise) return afterLoading(plan, settings, () => this.runOnce(request, settings));
    const release = () => plan.loaded.dispose();
    let outcome: RunValue[] | Promise<RunValue[]>;
    try {
      outcome = this.runPlan(plan, request, settings);
    } catch (error) {
      release();
      throw error;
    }
    if (outcome instanceof Promise) return outcome.finally(release);
    release();
    return outcome;
  }

  private runPlan(
    { loaded, feedPositions }: CachedPlan,
    request: EngineRequest,
    settings: RunSettings,
  ): RunValue[] | Promise<RunValue[]> {
    const feeds: FeedValue[] = [];
    for (let i = 0; i < feedPositions.length; i++) feeds.push(request.feeds[feedPositions[i]]);
    const context: RunContext = {
      transaction: this.store.begin(),
      feeds,
      form: settings.form,
      cancel: settings.cancel,
      deadline: settings.deadline,
      recorder: settings.recorder,
      pass: settings.pass,
      functions: this.functions,
      blame: this.blame,
    };
    return loaded.run(context);
  }

  /** A kept value of the endpoint as an array of the caller's own. */
  async toArray({ device, host }: FeedValue, { node, index }: Endpoint): Promise<NdArray> {
    if (device) return this.backend.read(device, this.graph.node(node).outputs[index].dtype);
    return copyOf(host as NdArray);
  }

  report(): SessionReport {
    const buffers = new Set<BufferId>();
    this.store.addBuffers(buffers);
    this.plans.addBuffers(buffers);
    this.functions.addBuffers(buffers);
    return { variables: this.store.size, plans: this.plans.size, buffers: buffers.size, bytes: this.store.bytes };
  }

  dispose(): void {
    this.plans.clear();
    this.store.dispose();
    // Last: what the store gives up may call functions.
    this.functions.clear();
  }

  private readonly blame = (origin: NodeId): { op: ErrorNode; site?: string } => ({
    op: this.graph.operation(origin),
    site: this.graph.node(origin).site,
  });

  /** The plan; or a promise, where something has to be loaded before there can be one. */
  private planFor(request: EngineRequest): CachedPlan | Promise<void> {
    const key = keyOf(this.graph, this.countReshaping(), request);
    const known = this.plans.get(key);
    if (known) return known;
    const made = this.load(request);
    if (!(made instanceof Promise)) this.plans.set(key, made);
    return made;
  }

  /** How many assignments may reshape a variable: plans made before there was such a one do not hold after it. */
  private countReshaping(): number {
    const { graph } = this;
    for (; this.seen < graph.size; this.seen++) {
      if (mayReshape(graph.node(this.seen), (id) => graph.node(id))) this.reshaping++;
    }
    return this.reshaping;
  }

  private load(request: EngineRequest): CachedPlan | Promise<void> {
    const plan = this.compile(request);
    const missing = missingKernels(plan);
    if (missing) return missing;
    if (this.config.logDevicePlacement) logPlacement(plan, this.backend.name);
    return { loaded: new LoadedPlan(plan, this.backend), feedPositions: positions(plan, request.feeds) };
  }

  private compile(request: EngineRequest): ExecutionPlan {
    const { passes, userPasses } = this.config;
    try {
      return compile(this.graph.snapshot(), withFlags(request), this.target, { passes, userPasses, evaluate }).plan;
    } catch (error) {
      throw this.compileError(error);
    }
  }

  /** Errors of compilation that name a node get the operation itself. */
  private compileError(error: unknown): unknown {
    if (!(error instanceof OpError) || !error.op) return error;
    const id = this.graph.snapshot().find(error.op.name)?.id;
    if (id === undefined) return error;
    const { op, site } = this.blame(id);
    const known = new (error.constructor as new (op: ErrorNode | null, message: string) => OpError)(null, error.detail);
    known.stack = error.stack;
    return runError(known, op, site);
  }
}

function afterLoading(
  loading: Promise<void>,
  { pass, cancel }: RunSettings,
  again: () => RunValue[] | Promise<RunValue[]>,
): Promise<RunValue[]> {
  if (!pass) throw cannotWait(loading);
  return loading.then(() => {
    if (cancel.reason) throw cancel.reason;
    return again();
  });
}

function keyOf(graph: Graph, reshaping: number, { fetches, targets, feeds, done }: EngineRequest): string {
  let key = `${graph.epoch}.${reshaping}`;
  for (let i = 0; i < fetches.length; i++) key += ` ${fetches[i].node}:${fetches[i].index}`;
  key += '|';
  for (let i = 0; i < targets.length; i++) key += ` ${targets[i]}`;
  key += '|';
  let flags = 0;
  for (let i = 0; i < feeds.length; i++) {
    const { endpoint, shape } = feeds[i];
    key += ` ${endpoint.node}:${endpoint.index}[${shape}]`;
    const flag = flags < MAX_FLAGS ? flagOf(feeds[i]) : null;
    if (flag === null) continue;
    flags++;
    key += `=${flag}`;
  }
  return done ? `${key}|${[...done].join(' ')}` : key;
}

function positions(plan: ExecutionPlan, feeds: readonly Feed[]): number[] {
  return plan.feeds.map(({ endpoint }) =>
    feeds.findIndex((feed) => feed.endpoint.node === endpoint.node && feed.endpoint.index === endpoint.index),
  );
}

function logPlacement(plan: ExecutionPlan, backend: string): void {
  for (const step of plan.instructions) {
    const op = 'kernel' in step ? step.kernel : step.kind;
    const isOnHost = step.kind === 'host' || step.kind === 'scalars';
    console.log(`${step.name}: (${op}): ${isOnHost ? HOST_DEVICE : deviceName(backend)}`);
  }
}
