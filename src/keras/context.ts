/**
 * The state that Keras keeps: its session, and per graph the name counters, the learning phase and the variables it looks
 * after. One object owns it, keyed weakly by graph, so that a dropped graph drops its state. What the state is used for is
 * said by `backend/state.ts` and the layers.
 */
import { getDefaultGraph, type ResetReport, resetDefaultGraph, resetReport } from '../graph/default-graph.ts';
import { type AnySession, makeSession, type PooledMemory, releaseMemory, sessionStack } from '../graph/evaluator.ts';
import { Graph, graphStack, type Operation, type Tensor } from '../graph/graph.ts';
import { commonGraph } from '../graph/graph-of.ts';
import { type KerasState, registerStateSource } from '../graph/live-graphs.ts';
import { placeholderWithDefault } from '../ops/placeholders.ts';
import { AssertionError, ValueError } from '../util/errors.ts';
import type { Variable } from '../variables/variable.ts';
import { elsewhereError, goneError, noteCause, strayError } from './lost-weights.ts';
import { toSnakeCase } from './serialization.ts';

/** What Keras keeps for one graph. */
interface GraphState {
  /** The counters count since this reset of theirs. */
  reset: number;
  /** Counters of automatic names: how many objects had the name. */
  readonly names: Map<string, number>;
  /** Counters of `getUid`. In standalone Keras they are the names' too. */
  readonly uids: Map<string, number>;
  phase: Tensor | 0 | 1 | null;
  /** The variables that Keras initialises by itself. */
  readonly variables: Set<Variable>;
  /** How often a variable came in. */
  additions: number;
}

/** What Keras knows of the variables in a session. */
interface Initialised {
  readonly variables: WeakSet<Variable>;
  /** The additions that were looked at. */
  additions: number;
}

/** What closing a session tells. */
type Report = ReturnType<AnySession['close']>;

/** What a clear released. */
export interface ClearReport {
  /** The graph that was replaced: its operations and collections, and what they were. */
  readonly graph: ResetReport;
  /** What the sessions that Keras had made held; null where there were none, or it was its user's. */
  readonly session: Report | null;
  /** Graphs whose counters and learning phases were dropped. */
  readonly graphs: number;
  /** Models of before that are still in memory: who holds one can drop it now. */
  readonly models: number;
  /** What backends kept for reuse and gave back; nothing without `freeMemory`. */
  readonly pooled: PooledMemory;
}

export interface ContextOptions {
  readonly name: string;
  /** Whether automatic names begin at `dense` (tf.keras), not at `dense_1` (keras). */
  readonly zeroBased: boolean;
  /** Whether it builds in a graph of its own, and leaves the default graph alone. */
  readonly ownGraph: boolean;
}

/** What a model has to do with sessions. */
export interface SessionUser {
  readonly name: string;
  readonly graph: Graph;
  readonly variables: readonly Variable[];
}

const contexts = new Set<WeakRef<KerasContext>>();

/** The Keras contexts of the process. */
export function kerasContexts(): KerasContext[] {
  const alive: KerasContext[] = [];
  for (const reference of contexts) {
    const context = reference.deref();
    if (context) alive.push(context);
    else contexts.delete(reference);
  }
  return alive;
}
registerStateSource(() => kerasContexts().map((context) => context.report()));

/**
 * Counts objects without holding them. No weak references: what these point to lives until the event loop turns, which
 * may be after a whole loop of models.
 */
class Census {
  count = 0;
  private readonly gone = new FinalizationRegistry<null>(() => this.count--);

  add(item: object): void {
    this.count++;
    this.gone.register(item, null);
  }
}

export class KerasContext {
  readonly name: string;
  readonly zeroBased: boolean;
  /** The context's own graph; null where it builds in the default one. */
  private own: Graph | null;
  private states = new WeakMap<Graph, GraphState>();
  /** How often the counters were reset. */
  private resets = 0;
  private graphs = new Census();
  private models = new Census();
  private held: { readonly session: AnySession; readonly made: boolean } | null = null;
  /** Sessions that Keras made for models of graphs that are not current, when they were given new weights. */
  private aside = new Set<AnySession>();
  private config: unknown = undefined;
  /** Which variables have their value where: a session's own set, so that another session starts from nothing. */
  private initialised = new WeakMap<object, Initialised>();
  /** The variables that were ever tracked, by the operation of their handle. */
  private known = new WeakMap<Operation, Variable>();
  /** The session in which a variable or model got its values. */
  private homes = new WeakMap<object, AnySession>();
  /** Whether variables wait for their user to initialise them. */
  manualInitialization = false;

  constructor({ name, zeroBased, ownGraph }: ContextOptions) {
    this.name = name;
    this.zeroBased = zeroBased;
    this.own = ownGraph ? new Graph() : null;
    contexts.add(new WeakRef(this));
  }

  // Graphs

  /** The graph in which the context builds. */
  get graph(): Graph {
    return this.own ?? getDefaultGraph();
  }

  private stateOf(graph: Graph): GraphState {
    let state = this.states.get(graph);
    if (!state) {
      state = {
        reset: this.resets,
        names: new Map(),
        uids: new Map(),
        phase: null,
        variables: new Set(),
        additions: 0,
      };
      this.states.set(graph, state);
      this.graphs.add(graph);
    }
    if (state.reset !== this.resets) {
      state.names.clear();
      state.uids.clear();
      state.reset = this.resets;
    }
    return state;
  }

  // Names

  /** The next automatic name of objects of a class: `dense`, `dense_1`, … */
  uniqueName(className: string): string {
    const base = toSnakeCase(className);
    if (!this.zeroBased) return `${base}_${this.getUid(base)}`;
    const { names } = this.stateOf(this.graph);
    const count = names.get(base) ?? 0;
    names.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  }

  getUid(prefix: string): number {
    const { uids } = this.stateOf(this.graph);
    const uid = (uids.get(prefix) ?? 0) + 1;
    uids.set(prefix, uid);
    return uid;
  }

  /** Graphs learn of it when they are used next. */
  resetUids(): void {
    this.resets++;
  }

  // The learning phase

  /** 0 for inference, 1 for training: what was set for the graph, else a placeholder that is 0 unless it is fed. */
  learningPhase(graph = this.graph): Tensor | 0 | 1 {
    const state = this.stateOf(graph);
    // The placeholder of a failed build is gone from the graph.
    if (typeof state.phase === 'object' && state.phase !== null && !isIn(graph, state.phase)) state.phase = null;
    state.phase ??= graph.asDefault(() =>
      graph.controlDependencies(null, () =>
        graph.nameScope(null, () => placeholderWithDefault(false, [], { name: 'keras_learning_phase' })),
      ),
    );
    return state.phase;
  }

  setLearningPhase(value: 0 | 1 | boolean): void {
    if (Number(value) !== 0 && Number(value) !== 1) throw new ValueError('Expected learning phase to be 0 or 1.');
    this.stateOf(this.graph).phase = Number(value) as 0 | 1;
  }

  /** The phase as it is, null where nobody asked for it; and the way to put it back. */
  phaseOf(graph = this.graph): Tensor | 0 | 1 | null {
    return this.states.get(graph)?.phase ?? null;
  }
  restorePhase(graph: Graph, phase: Tensor | 0 | 1 | null): void {
    this.stateOf(graph).phase = phase;
  }

  // Sessions and variables

  /** Takes a variable into Keras's care: it is initialised when a session of Keras's first needs it. */
  track(variable: Variable): void {
    this.known.set(variable.handle.op, variable);
    const state = this.stateOf(variable.graph);
    if (state.variables.has(variable)) return;
    state.variables.add(variable);
    state.additions++;
  }
  /** Takes it back. */
  untrack(variable: Variable): void {
    this.states.get(variable.graph)?.variables.delete(variable);
  }
  /** The variables in Keras's care that these tensors and operations are computed from. */
  variablesBehind(elements: readonly (Tensor | Operation)[]): Variable[] {
    const pending = elements.map((element) => ('op' in element ? element.op : element));
    const seen = new Set(pending);
    const found: Variable[] = [];
    for (let operation = pending.pop(); operation; operation = pending.pop()) {
      const variable = this.known.get(operation);
      if (variable) found.push(variable);
      for (const before of [...operation.inputs.map(({ op }) => op), ...operation.controlInputs]) {
        if (seen.has(before)) continue;
        seen.add(before);
        pending.push(before);
      }
    }
    return found;
  }
  /** Counts a model among those a clear leaves behind. */
  trackModel(model: object): void {
    this.models.add(model);
  }

  /** Whether Keras has initialised the variable in the session, or found it initialised there. */
  isInitialized(variable: Variable, session: AnySession): boolean {
    return this.initialised.get(session)?.variables.has(variable) ?? false;
  }

  /**
   * The default session if there is one; else Keras's, which must be on the graph of `inputs` (without them, on the
   * context's): a stale one is replaced, and closed if Keras made it. Variables are initialised, unless that is manual.
   */
  getSession(inputs: readonly unknown[] = []): AnySession {
    const entered = sessionStack.top as AnySession | null;
    const counts = entered && (!this.own || entered.graph === this.own);
    const session = counts ? entered : this.currentSession(commonGraph(inputs) ?? this.graph);
    this.initialize(session);
    return session;
  }

  /** Keras's session for the graph, which may be a given one: made where there is none. */
  private currentSession(graph: Graph): AnySession {
    if (this.held && this.held.session.graph === graph && !this.held.session.closed) return this.held.session;
    if (this.held)
      this.release('was closed when Keras moved to another graph (resetDefaultGraph() or an entered graph)');
    const session = this.asideFor(graph) ?? makeSession(graph, this.config);
    this.aside.delete(session);
    this.held = { session, made: true };
    return session;
  }

  private asideFor(graph: Graph): AnySession | null {
    for (const session of this.aside) if (session.graph === graph && !session.closed) return session;
    return null;
  }

  /** A session beside the current one, so that the models of the current graph keep theirs. */
  private sessionAside(graph: Graph): AnySession {
    const session = this.asideFor(graph) ?? makeSession(graph, this.config);
    this.aside.add(session);
    return session;
  }

  /** Whether Keras made the session. */
  private made(session: AnySession): boolean {
    return this.aside.has(session) || (this.held?.made === true && this.held.session === session);
  }

  /** Lets go of the session: closed if Keras made it, left open if it was handed over. */
  private release(cause: string): Report | null {
    const { held } = this;
    this.held = null;
    if (!held?.made) return null;
    if (!held.session.closed) noteCause(held.session, cause);
    return held.session.close();
  }

  /** Hands a session over. It stays its maker's: no clear closes it. A session that Keras made before is closed. */
  setSession(session: AnySession | null): void {
    if (this.held?.session === session) return;
    this.release('was closed when setSession() replaced it');
    this.held = session && { session, made: false };
    // A new session of Keras's own is configured as the one that its user chose.
    if (session) this.config = session.config;
  }

  /** The session that Keras has, its own or a given one; null where it has none. */
  get session(): AnySession | null {
    return this.held?.session ?? null;
  }

  /** Starts the initialisation of what needs it; runs that are queued later see it done. */
  initialize(session: AnySession): Promise<void> {
    if (this.manualInitialization || session.closed) return Promise.resolve();
    const graph = session.graph as Graph;
    const state = this.stateOf(graph);
    const known = this.initialised.get(session) ?? { variables: new WeakSet(), additions: 0 };
    if (known.additions === state.additions) return Promise.resolve();
    this.initialised.set(session, known);
    known.additions = state.additions;
    const missing: Variable[] = [];
    const made = this.made(session);
    for (const variable of state.variables) {
      if (known.variables.has(variable) || !isIn(graph, variable.handle)) continue;
      const home = this.homes.get(variable);
      // Its value is gone with another session; a fresh one in its place would be a wrong answer.
      if (made && home && home !== session) continue;
      known.variables.add(variable);
      this.homes.set(variable, session);
      missing.push(variable);
    }
    if (missing.length === 0) return Promise.resolve();
    const done = session.initialize(missing);
    // Who only asked for the session learns of a failure when a variable is read.
    done.catch(() => {
      known.additions = -1;
      for (const variable of missing) {
        known.variables.delete(variable);
        this.homes.delete(variable);
      }
    });
    return done;
  }

  /**
   * The session in which a model's variables are, or are to be: the current one if it is on the model's graph, else the
   * open one in which the model got its weights. Throws `FailedPreconditionError` where that one is closed, or is another
   * than the one that is entered: a model never answers with other weights. `restoring` is for giving all variables new
   * values.
   */
  async sessionOf(model: SessionUser, restoring = false): Promise<AnySession> {
    const session = this.sessionFor(model, this.homeOf(model), restoring);
    // A clear made the context forget which variables are in its care.
    for (const variable of model.variables) {
      if (!this.homes.has(variable) && this.known.has(variable.handle.op)) this.track(variable);
    }
    await this.initialize(session);
    if (!restoring && !this.manualInitialization) this.checkValues(model, session);
    this.homes.set(model, session);
    for (const variable of model.variables) this.homes.set(variable, session);
    return session;
  }

  /**
   * Has variables whose values went with a closed session begin at their initial values in this one: for what belongs to
   * a training, not to a model (slots of optimizers, metrics).
   */
  async startAnew(variables: readonly Variable[], session: AnySession): Promise<void> {
    const lost = variables.filter((variable) => {
      const place = this.homes.get(variable);
      return place?.closed && place !== session && !session.hasValue(variable);
    });
    if (lost.length === 0) return;
    for (const variable of lost) {
      this.homes.delete(variable);
      this.track(variable);
    }
    const known = this.initialised.get(session);
    if (known) known.additions = -1;
    await this.initialize(session);
  }

  /** Throws where a variable has its value in another session than this, open or closed. */
  private checkValues({ name, variables }: SessionUser, session: AnySession): void {
    for (const variable of variables) {
      const place = this.homes.get(variable);
      if (!place || place === session || session.hasValue(variable)) continue;
      throw place.closed ? goneError(name, place) : elsewhereError(name);
    }
  }

  private sessionFor(model: SessionUser, home: AnySession | null, restoring: boolean): AnySession {
    const { graph } = model;
    const entered = sessionStack.top as AnySession | null;
    if (entered?.graph === graph && !entered.closed) return entered;
    const lives = home !== null && !home.closed;
    if (this.held?.session.graph === graph && !this.held.session.closed) {
      const { session, made } = this.held;
      // One that Keras made gives no new values to a model that has its own in another session.
      if (!made || !lives || model.variables.every((variable) => session.hasValue(variable))) return session;
    }
    if (lives) return home;
    const aside = this.asideFor(graph);
    if (aside) return aside;
    // Without variables there is nothing to lose.
    const free = restoring || model.variables.length === 0;
    if (home && !free) throw goneError(model.name, home);
    if (graph === this.graph) return this.currentSession(graph);
    if (free) return this.sessionAside(graph);
    throw strayError(model.name);
  }

  /** Where a model got its values: an open session if there is one, else a closed one. */
  private homeOf(model: SessionUser): AnySession | null {
    let found = this.homes.get(model) ?? null;
    for (const variable of found?.closed === false ? [] : model.variables) {
      const place = this.homes.get(variable);
      if (place && !place.closed) return place;
      found ??= place ?? null;
    }
    return found;
  }

  // Clearing

  /**
   * Resets what this context keeps: closes the session that Keras made (a given one is let go), forgets counters and
   * learning phases of all graphs, and replaces the default graph (or the context's own). The new graph holds a learning
   * phase. Throws `AssertionError`, with nothing changed, while a graph context is open.
   */
  clear({ freeMemory = true }: { readonly freeMemory?: boolean } = {}): ClearReport {
    if (this.own && graphStack.includes(this.own)) {
      throw new AssertionError('Do not use clearSession() inside of the graph that it replaces: leave it first.');
    }
    const graph = this.own ? resetReport(this.own) : resetDefaultGraph();
    if (this.own) this.own = new Graph();
    const [graphs, models] = [this.graphs.count, this.models.count];
    this.states = new WeakMap();
    this.graphs = new Census();
    this.models = new Census();
    const session = this.releaseAll('was closed by clearSession()');
    const pooled = freeMemory ? releaseMemory() : { buffers: 0, bytes: 0 };
    this.learningPhase();
    return Object.freeze({ graph, session, graphs, models, pooled });
  }

  /** Closes all sessions that Keras made, and lets go of a given one; the sums of what they held. */
  private releaseAll(cause: string): Report | null {
    const reports = [this.release(cause)];
    for (const session of this.aside) {
      if (session.closed) continue;
      noteCause(session, cause);
      reports.push(session.close());
    }
    this.aside.clear();
    const closed = reports.filter((report) => report !== null);
    if (closed.length === 0) return null;
    const sum = (key: keyof Report) => closed.reduce((total, report) => total + report[key], 0);
    return { variables: sum('variables'), plans: sum('plans'), buffers: sum('buffers'), bytes: sum('bytes') };
  }

  /** What the context holds, for reports. */
  report(): KerasState {
    return {
      context: this.name,
      graphs: this.graphs.count,
      models: this.models.count,
      session: this.held ? String(this.held.session) : null,
    };
  }
}

/** Whether the graph still has the tensor: a failed build takes back what it made. */
function isIn(graph: Graph, tensor: Tensor): boolean {
  return tensor.op.id < graph.size && graph.operation(tensor.op.id) === tensor.op;
}

/** The context of `tf.keras`. */
export const integrated = new KerasContext({ name: 'tf.keras', zeroBased: true, ownGraph: false });
