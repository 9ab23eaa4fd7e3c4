/**
 * The graphs of the process in numbers, and who else has state to report. Holds no graph; the report itself is made in
 * `runtime/state-report.ts`.
 */

/** What is counted of a graph, kept up to date by it. */
export interface GraphRecord {
  /** Unique in the process, in the order of making. */
  readonly serial: number;
  /** The operations in the graph. */
  nodes: number;
}

/**
 * Weak references to records, not to graphs: what a new weak reference points to stays alive until the event loop turns,
 * and a loop that builds one graph after another must not keep them all until it ends.
 */
const records = new Map<number, WeakRef<GraphRecord>>();
const gone = new FinalizationRegistry<number>((serial) => records.delete(serial));
let nextSerial = 1;

/** The record of a new graph, which alone holds it. One that is not listed is part of another graph. */
export function registerGraph(listed = true): GraphRecord {
  const record: GraphRecord = { serial: listed ? nextSerial++ : 0, nodes: 0 };
  if (!listed) return record;
  records.set(record.serial, new WeakRef(record));
  gone.register(record, record.serial);
  return record;
}

/** The records of the graphs that are still in memory, the oldest first. */
export function liveGraphRecords(): GraphRecord[] {
  const alive: GraphRecord[] = [];
  for (const reference of records.values()) {
    const record = reference.deref();
    if (record) alive.push(record);
  }
  return alive;
}

/** How a graph is called in reports and by its `toString`. */
export function graphName({ serial }: GraphRecord): string {
  return `<Graph ${serial}>`;
}

/** What a Keras context holds. */
export interface KerasState {
  /** The name of the context. */
  readonly context: string;
  /** Graphs that it keeps counters or a learning phase for. */
  readonly graphs: number;
  /** Models made with it that are still in memory. */
  readonly models: number;
  /** Its session as the report names it; null where it has none. */
  readonly session: string | null;
}

const sources = new Set<() => Iterable<KerasState>>();

/** Adds to the report what Keras contexts hold. The result takes it off. */
export function registerStateSource(source: () => Iterable<KerasState>): () => void {
  sources.add(source);
  return () => sources.delete(source);
}

/** What all sources say now. */
export function kerasStates(): KerasState[] {
  return [...sources].flatMap((source) => [...source()]);
}
