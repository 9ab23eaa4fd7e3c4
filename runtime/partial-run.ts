/**
 * A run in several steps: remembers what was fed, fetched and computed, so that no step computes again what another did.
 * Running a plan is the engine's job.
 */
import { prune } from '../compiler/ir/import.ts';
import type { Graph, Tensor } from '../src/graph/graph.ts';
import type { Endpoint, NodeId } from '../src/graph/node.ts';
import { resource, variant } from '../src/util/dtype.ts';
import { InvalidArgumentError } from '../src/util/errors.ts';
import type { NdArray } from '../src/util/ndarray.ts';
import type { KnownShape } from '../src/util/shape.ts';
import type { Backend } from './backends/backend.ts';
import type { Engine, EngineRequest, RunSettings } from './engine.ts';
import { type Feed, releaseFeeds } from './feeds.ts';
import type { FetchPlan } from './fetches.ts';
import type { FeedValue } from './run.ts';
import type { PartialRun } from './runner.ts';

const keyOf = ({ node, index }: Endpoint): string => `${node}:${index}`;

/** One step of a partial run: the request, and what becomes of the handle when it has succeeded. */
export interface PartialStep {
  readonly request: EngineRequest;
  /** Takes the values of `request.fetches` in; those beyond the user's own fetches stay here. */
  complete(values: readonly FeedValue[]): void;
}

/** What `partialRunSetup` returns. */
export class PartialRunHandle implements PartialRun {
  private readonly fetches = new Map<string, Endpoint>();
  private readonly targets: Set<NodeId>;
  private readonly feeds = new Map<string, Endpoint>();
  private readonly pendingFetches: Set<string>;
  private readonly pendingTargets: Set<NodeId>;
  private readonly pendingFeeds: Set<string>;
  /** What later steps start from: fed values, and computed ones that they need. */
  private readonly known = new Map<string, Feed>();
  private readonly done = new Set<NodeId>();
  private finished = false;

  constructor(
    private readonly graph: Graph,
    plan: FetchPlan,
    feeds: readonly Tensor[],
  ) {
    for (const endpoint of plan.endpoints) this.fetches.set(keyOf(endpoint), endpoint);
    for (const tensor of feeds) this.feeds.set(keyOf(tensor.endpoint), tensor.endpoint);
    this.targets = new Set(plan.targets);
    this.pendingFetches = new Set(this.fetches.keys());
    this.pendingFeeds = new Set(this.feeds.keys());
    this.pendingTargets = new Set(this.targets);
  }

  /** The next step. Throws TensorFlow's errors, and then nothing has changed. */
  step(plan: FetchPlan, feeds: readonly Feed[]): PartialStep {
    if (this.finished) throw new InvalidArgumentError(null, "Must run 'setup' before performing partial runs!");
    this.check(plan, feeds);
    const snapshot = this.graph.snapshot();
    const given = [...this.known.values(), ...feeds];
    const asked = { fetches: plan.endpoints, targets: plan.targets, feeds: given };
    // Cut at every feed of the setup: what lies behind one that is still missing cannot be computed.
    const cut = { feeds: [...given, ...this.missing(feeds)], done: this.done };
    const now = new Set(prune(snapshot, { ...asked, ...cut }));
    this.checkComputable(plan, now, feeds);
    const { fetches, targets } = this.rest(plan);
    const later = prune(snapshot, { fetches, targets, ...cut }).filter((id) => !now.has(id));
    const kept = this.frontier(now, [...later.flatMap((id) => this.graph.node(id).inputs), ...fetches], given);
    const request = { ...asked, fetches: [...plan.endpoints, ...kept], done: new Set(this.done) };
    return { request, complete: (values) => this.complete(plan, feeds, now, kept, values) };
  }

  /** Gives the kept values up. */
  release(backend: Backend | null): void {
    this.finished = true;
    releaseFeeds([...this.known.values()], backend);
    this.known.clear();
  }

  /** Whether everything set up has been fed and fetched. */
  get exhausted(): boolean {
    return this.pendingFeeds.size === 0 && this.pendingFetches.size === 0 && this.pendingTargets.size === 0;
  }

  private check(plan: FetchPlan, feeds: readonly Feed[]): void {
    for (const { endpoint } of feeds) this.checkOne('feed', endpoint, this.feeds, this.pendingFeeds, 'fed');
    for (const endpoint of plan.endpoints)
      this.checkOne('fetch', endpoint, this.fetches, this.pendingFetches, 'fetched');
    for (const id of plan.targets) {
      const problem = !this.targets.has(id)
        ? 'was not specified in partial_run_setup.'
        : this.pendingTargets.has(id)
          ? null
          : 'has already been fetched.';
      if (problem) throw new InvalidArgumentError(null, `The fetch ${this.graph.node(id).name} ${problem}`);
    }
  }

  private checkOne(
    what: string,
    endpoint: Endpoint,
    all: ReadonlyMap<string, Endpoint>,
    pending: ReadonlySet<string>,
    done: string,
  ): void {
    const key = keyOf(endpoint);
    const name = this.nameOf(endpoint);
    if (!all.has(key)) {
      throw new InvalidArgumentError(null, `The ${what} ${name} was not specified in partial_run_setup.`);
    }
    if (!pending.has(key)) throw new InvalidArgumentError(null, `The ${what} ${name} has already been ${done}.`);
  }

  private missing(feeds: readonly Feed[]): Feed[] {
    const fed = new Set(feeds.map(({ endpoint }) => keyOf(endpoint)));
    const open = [...this.pendingFeeds].filter((key) => !fed.has(key));
    return open.map((key) => {
      const endpoint = this.feeds.get(key) as Endpoint;
      const { dtype } = this.graph.node(endpoint.node).outputs[endpoint.index];
      return { endpoint, dtype, shape: [], device: null, host: null };
    });
  }

  private checkComputable(plan: FetchPlan, now: ReadonlySet<NodeId>, feeds: readonly Feed[]): void {
    const open = new Set(this.missing(feeds).map(({ endpoint }) => keyOf(endpoint)));
    if (open.size === 0) return;
    const blocked =
      plan.endpoints.some((endpoint) => open.has(keyOf(endpoint))) ||
      [...now].some((id) => this.graph.node(id).inputs.some((input) => open.has(keyOf(input))));
    if (!blocked) return;
    const name = plan.endpoints.length > 0 ? this.nameOf(plan.endpoints[0]) : this.graph.node(plan.targets[0]).name;
    throw new InvalidArgumentError(null, `Fetch ${name} can't be computed from the feeds that have been fed so far.`);
  }

  /** What the setup asked for beyond this step and those before it. */
  private rest(plan: FetchPlan): { fetches: Endpoint[]; targets: NodeId[] } {
    const asked = new Set(plan.endpoints.map(keyOf));
    const open = [...this.pendingFetches].filter((key) => !asked.has(key));
    const targets = [...this.pendingTargets].filter((id) => !plan.targets.includes(id));
    return { fetches: open.map((key) => this.fetches.get(key) as Endpoint), targets };
  }

  /** The values of this step that later ones take. */
  private frontier(now: ReadonlySet<NodeId>, wanted: readonly Endpoint[], given: readonly Feed[]): Endpoint[] {
    const have = new Set(given.map(({ endpoint }) => keyOf(endpoint)));
    const found = new Map<string, Endpoint>();
    for (const endpoint of wanted) {
      if (now.has(endpoint.node) && !this.isFree(endpoint.node) && !have.has(keyOf(endpoint))) {
        found.set(keyOf(endpoint), endpoint);
      }
    }
    return [...found.values()];
  }

  /** Constants, handles and references cost nothing: later steps have their own. */
  private isFree(id: NodeId): boolean {
    const { op, outputs } = this.graph.node(id);
    if (op === 'Const' || op === 'VariableV2' || op === 'Variable') return true;
    return outputs.some(({ dtype }) => dtype === resource || dtype === variant);
  }

  private complete(
    plan: FetchPlan,
    feeds: readonly Feed[],
    now: ReadonlySet<NodeId>,
    kept: readonly Endpoint[],
    values: readonly FeedValue[],
  ): void {
    for (const feed of feeds) {
      this.pendingFeeds.delete(keyOf(feed.endpoint));
      this.known.set(keyOf(feed.endpoint), feed);
    }
    kept.forEach((endpoint, i) => {
      const value = values[plan.endpoints.length + i];
      const { dtype } = this.graph.node(endpoint.node).outputs[endpoint.index];
      const shape = (value.device ?? value.host)?.shape as KnownShape;
      this.known.set(keyOf(endpoint), { ...value, endpoint, dtype, shape });
    });
    for (const endpoint of plan.endpoints) this.pendingFetches.delete(keyOf(endpoint));
    for (const id of plan.targets) this.pendingTargets.delete(id);
    for (const id of now) if (!this.isFree(id)) this.done.add(id);
  }

  private nameOf({ node, index }: Endpoint): string {
    return `${this.graph.node(node).name}:${index}`;
  }
}

/**
 * Runs the next step; the values of its own fetches. The feeds become the handle's. Where the step fails they are given
 * back, and the handle is as it was.
 */
export async function runStep(
  engine: Engine,
  handle: PartialRunHandle,
  plan: FetchPlan,
  feeds: readonly Feed[],
  settings: RunSettings,
): Promise<NdArray[]> {
  const { backend } = engine;
  let values: readonly FeedValue[] = [];
  try {
    const step = handle.step(plan, feeds);
    values = (await engine.run(step.request, settings)) as FeedValue[];
    const own = values.slice(0, plan.endpoints.length);
    const results = await Promise.all(own.map((value, i) => engine.toArray(value, plan.endpoints[i])));
    if (settings.cancel.reason) throw settings.cancel.reason;
    step.complete(values);
    for (const { device } of own) if (device) backend.dispose(device.dataId);
    if (handle.exhausted) handle.release(backend);
    return results;
  } catch (error) {
    for (const { device } of values) if (device) backend.dispose(device.dataId);
    releaseFeeds(feeds, backend);
    throw error;
  }
}
