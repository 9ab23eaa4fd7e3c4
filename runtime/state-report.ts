/**
 * `stateReport`: what is alive in the process, in numbers: graphs, sessions, Keras contexts. It asks them and adds up;
 * what they hold is their own business.
 */
import { graphName, type KerasState, kerasStates, liveGraphRecords } from '../src/graph/live-graphs.ts';
import { liveSessions, type SessionReport } from './live-sessions.ts';

/** An open session. */
export interface SessionState extends SessionReport {
  /** `<tf.Session 1>` */
  readonly session: string;
  /** The graph that it runs, as `graph` of a `GraphState`. */
  readonly graph: string;
}

/** A graph in memory, with what its open sessions hold together. */
export interface GraphState extends SessionReport {
  /** `<Graph 1>` */
  readonly graph: string;
  /** Its operations. */
  readonly nodes: number;
  /** Its open sessions. */
  readonly sessions: number;
}

/** Sums over all graphs and sessions. */
export interface StateTotals extends SessionReport {
  readonly graphs: number;
  readonly nodes: number;
  readonly sessions: number;
}

const NUMBERS = ['variables', 'plans', 'buffers', 'bytes'] as const;

/** What is alive, at one moment. Frozen data; `toString` prints it as a table. */
export class StateReport {
  readonly totals: StateTotals;
  readonly graphs: readonly GraphState[];
  readonly sessions: readonly SessionState[];
  readonly keras: readonly KerasState[];

  constructor(graphs: readonly { name: string; nodes: number }[], sessions: SessionState[], keras: KerasState[]) {
    const byGraph = byGraphOf(sessions);
    this.graphs = frozen(
      graphs.map(({ name, nodes }) => {
        const own = byGraph.get(name) ?? [];
        return { graph: name, nodes, sessions: own.length, ...sum(own) };
      }),
    );
    this.sessions = frozen(sessions);
    this.keras = frozen(keras);
    const nodes = graphs.reduce((total, graph) => total + graph.nodes, 0);
    this.totals = Object.freeze({ graphs: graphs.length, nodes, sessions: sessions.length, ...sum(sessions) });
    Object.freeze(this);
  }

  /** A line per graph with its sessions below it, the sums, and a line per Keras context. */
  toString(): string {
    const rows = [['', 'nodes', 'sessions', ...NUMBERS]];
    const add = (name: string, nodes: string, sessions: string, report: SessionReport) =>
      rows.push([name, nodes, sessions, ...NUMBERS.map((key) => String(report[key]))]);
    const byGraph = byGraphOf(this.sessions);
    for (const graph of this.graphs) {
      add(graph.graph, String(graph.nodes), String(graph.sessions), graph);
      for (const session of byGraph.get(graph.graph) ?? []) add(`  ${session.session}`, '', '', session);
    }
    const { graphs, nodes, sessions } = this.totals;
    add(`total: ${count(graphs, 'graph')}`, String(nodes), String(sessions), this.totals);
    return [...aligned(rows), ...this.keras.map(kerasLine)].join('\n');
  }
}

/**
 * What is alive in the process: graphs and their operations, open sessions, variables with values, plans, device buffers
 * and bytes of values, in total, per graph and per session, and what Keras keeps. A graph counts for as long as it is in
 * memory: until nobody holds it and garbage was collected.
 *
 *     console.log(String(tf.stateReport()));
 *     tf.stateReport().totals.buffers
 */
export function stateReport(): StateReport {
  const graphs = liveGraphRecords().map((record) => ({ name: graphName(record), nodes: record.nodes }));
  const sessions = liveSessions().map((session) => ({
    session: String(session),
    graph: String(session.graph),
    ...session.stateReport(),
  }));
  return new StateReport(graphs, sessions, kerasStates());
}

function byGraphOf(sessions: readonly SessionState[]): ReadonlyMap<string, readonly SessionState[]> {
  const found = new Map<string, SessionState[]>();
  for (const session of sessions) {
    const list = found.get(session.graph);
    if (list) list.push(session);
    else found.set(session.graph, [session]);
  }
  return found;
}

function sum(reports: readonly SessionReport[]): SessionReport {
  const total = (key: (typeof NUMBERS)[number]) => reports.reduce((sofar, report) => sofar + report[key], 0);
  return { variables: total('variables'), plans: total('plans'), buffers: total('buffers'), bytes: total('bytes') };
}

function frozen<T extends object>(rows: readonly T[]): readonly Readonly<T>[] {
  return Object.freeze(rows.map((row) => Object.freeze({ ...row })));
}

/** Names to the left, numbers to the right of their columns. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => rows.reduce((width, row) => Math.max(width, row[column].length), 0));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

function kerasLine({ context, graphs, models, session }: KerasState): string {
  return `${context}: ${count(graphs, 'graph')}, ${count(models, 'model')}, session ${session ?? 'none'}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
