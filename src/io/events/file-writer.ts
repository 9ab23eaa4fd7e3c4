/**
 * `tf.summary.FileWriter`: summaries, graphs and records of runs as events of a file that TensorBoard reads. How events get
 * into the file is `event-file-writer.ts`'s work.
 */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import { Graph } from '../../graph/graph.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { string } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { GraphDef } from '../graph-def.ts';
import { EventFileWriter, wallTime } from './event-file-writer.ts';
import { Event, type SessionLog } from './event-messages.ts';
import { metaGraphOf } from './meta-graph.ts';
import { type RunRecord, serializeRunMetadata } from './run-metadata.ts';
import { Summary } from './summary-messages.ts';

/** A step: a number, or what a run gives for `tf.train.getGlobalStep()`. */
export type StepLike = number | bigint | NdArray;

/** A message that can be written: a `MetaGraphDef`. */
export interface Serializable {
  toBinary(): Uint8Array;
}

export interface FileWriterOptions {
  /** Written to the file at once, with its shapes. */
  readonly graph?: Graph | GraphDef | null;
  /** Has no effect: events are written in the background as they come. */
  readonly maxQueue?: number;
  /** Has no effect: events are written in the background as they come. */
  readonly flushSecs?: number;
  /** The former name of `graph`. */
  readonly graphDef?: GraphDef | Graph | null;
  /** The end of the names of files. */
  readonly filenameSuffix?: string | null;
  /** Writers of one session and one folder share a file. */
  readonly session?: object | null;
}

type WriterRest = Rest<
  [
    graph: Graph | GraphDef | null,
    maxQueue: number,
    flushSecs: number,
    graphDef: GraphDef | Graph | null,
    filenameSuffix: string | null,
    session: object | null,
  ],
  FileWriterOptions
>;

interface Shared {
  readonly writer: EventFileWriter;
  users: number;
}

/** By session and folder. */
const sharedWriters = new WeakMap<object, Map<string, Shared>>();

/**
 * Writes an event file for TensorBoard into the folder `logdir`, which is made if need be. The methods that add something
 * return at once; writing goes on in the background, and errors of it come from `flush` and `close`. With a graph, the file
 * begins with it. After `close` what is added is dropped, with a warning, until `reopen` begins another file.
 *
 *     const writer = new tf.summary.FileWriter('logs', sess.graph);
 *     writer.addSummary((await sess.run(summaries)).data[0], step);
 *     await writer.close();
 */
export class FileWriter {
  private readonly events: EventFileWriter;
  private readonly shared: Shared | null = null;
  private readonly seenTags = new Set<string>();
  private readonly runTags = new Set<string>();
  private isClosed = false;

  constructor(
    private readonly logdir: string,
    ...rest: WriterRest
  ) {
    const options = bind<FileWriterOptions>(
      ['graph', 'maxQueue', 'flushSecs', 'graphDef', 'filenameSuffix', 'session'],
      rest,
    );
    const { graph = null, graphDef = null, filenameSuffix, session } = options;
    // Before the file is there: a graph that is none leaves nothing behind.
    const start = graph === null && graphDef === null ? null : chosenGraph(graph, graphDef);
    const make = () => new EventFileWriter(logdir, filenameSuffix ?? '');
    if (session) {
      this.shared = sharedWriter(session, logdir, make);
      this.events = this.shared.writer;
    } else this.events = make();
    if (!start) return;
    this.add(new Event({ graphDef: start.def.toBinary() }), null);
    this.add(new Event({ metaGraphDef: metaGraphOf(start.def, start.graph) }), null);
  }

  /** The folder. */
  getLogdir(): string {
    return this.logdir;
  }

  /**
   * Adds a summary: the bytes that a summary op gives, the array that holds them, or a `tf.Summary`. What its metadata says
   * of a tag is written with the tag's first value only. Throws `DataLossError` for bytes that are no summary.
   *
   *     writer.addSummary(await sess.run(summaries), step);
   */
  addSummary(summary: Uint8Array | NdArray | Summary, globalStep: StepLike | null = null): void {
    const { value } = Summary.fromString(bytesOfSummary(summary));
    for (const item of value) {
      if (this.seenTags.has(item.tag)) item.metadata = null;
      this.seenTags.add(item.tag);
    }
    this.add(new Event({ summary: { value } }), globalStep);
  }

  /** Adds an event as it is: its time and step are the caller's. */
  addEvent(event: Event): void {
    if (!(event instanceof Event)) throw new TypeError(`${pythonTypeName(event)} is not a valid proto.`);
    if (this.checkOpen()) this.events.add(event);
  }

  /**
   * Adds a graph, which TensorBoard shows; a `Graph` with its shapes. Throws `TypeError` for something else, `ValueError`
   * where both `graph` and `graphDef` (its former name) are given.
   */
  addGraph(
    graph: Graph | GraphDef | null,
    ...rest: Rest<
      [globalStep: StepLike | null, graphDef: GraphDef | Graph | null],
      { readonly globalStep?: StepLike | null; readonly graphDef?: GraphDef | Graph | null }
    >
  ): void {
    const { globalStep = null, graphDef = null } = bind<{
      readonly globalStep?: StepLike | null;
      readonly graphDef?: GraphDef | Graph | null;
    }>(['globalStep', 'graphDef'], rest);
    this.add(new Event({ graphDef: chosenGraph(graph, graphDef).def.toBinary() }), globalStep);
  }

  /** Adds a `MetaGraphDef`. Throws `TypeError` for something else. */
  addMetaGraph(metaGraphDef: Serializable, globalStep: StepLike | null = null): void {
    if (typeof metaGraphDef !== 'object' || typeof metaGraphDef?.toBinary !== 'function') {
      throw new TypeError(
        `meta_graph_def must be type MetaGraphDef, saw type: <class '${pythonTypeName(metaGraphDef)}'>`,
      );
    }
    this.add(new Event({ metaGraphDef: metaGraphDef.toBinary() }), globalStep);
  }

  /**
   * Adds what a run with a trace told of itself, for TensorBoard to colour the graph by. `runMetadata` may be bytes as well, a
   * serialized `RunMetadata`. Throws `ValueError` for a tag that was used before.
   *
   *     const metadata = new tf.RunMetadata();
   *     await sess.run(step, {options: new tf.RunOptions({traceLevel: tf.RunOptions.FULL_TRACE}), runMetadata: metadata});
   *     writer.addRunMetadata(metadata, 'step1', 1);
   */
  addRunMetadata(runMetadata: RunRecord | Uint8Array, tag: string, globalStep: StepLike | null = null): void {
    if (this.runTags.has(tag)) throw new ValueError('The provided tag was already used for this event type');
    const bytes = serializeRunMetadata(runMetadata);
    this.runTags.add(tag);
    this.add(new Event({ taggedRunMetadata: { tag, runMetadata: bytes } }), globalStep);
  }

  /** Adds that training started, stopped, or wrote a checkpoint. */
  addSessionLog(sessionLog: SessionLog, globalStep: StepLike | null = null): void {
    this.add(new Event({ sessionLog }), globalStep);
  }

  /** Settles when all that was added is in the file. */
  async flush(): Promise<void> {
    if (!this.isClosed) await this.events.flush();
  }

  /** Ends the file. A second call does nothing. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    if (!this.shared || --this.shared.users === 0) await this.events.close();
    else await this.events.flush();
  }

  /** Begins another file after `close`; nothing where one is open. */
  reopen(): void {
    if (!this.isClosed) return;
    this.isClosed = false;
    if (this.shared) this.shared.users++;
    this.events.open();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private add(event: Event, step: StepLike | null): void {
    if (!this.checkOpen()) return;
    event.wallTime = wallTime();
    if (step !== null) event.step = stepOf(step);
    this.events.add(event);
  }

  private checkOpen(): boolean {
    if (this.isClosed) {
      console.warn(
        'Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is explicitly reopened.',
      );
    }
    return !this.isClosed;
  }
}

function sharedWriter(session: object, logdir: string, make: () => EventFileWriter): Shared {
  const byFolder = sharedWriters.get(session) ?? new Map<string, Shared>();
  sharedWriters.set(session, byFolder);
  const shared = byFolder.get(logdir) ?? { writer: make(), users: 0 };
  byFolder.set(logdir, shared);
  shared.users++;
  shared.writer.open();
  return shared;
}

function bytesOfSummary(summary: unknown): Uint8Array {
  if (summary instanceof Uint8Array) return summary;
  if (summary instanceof Summary) return summary.serializeToString();
  if (summary instanceof NdArray && summary.dtype === string && summary.size === 1) {
    return (summary.data as Uint8Array[])[0];
  }
  throw new TypeError(`Expected a Summary or its bytes, got ${pythonTypeName(summary)}`);
}

function stepOf(step: StepLike): number {
  return Math.trunc(Number(step instanceof NdArray ? step.data[0] : step));
}

interface ChosenGraph {
  readonly def: GraphDef;
  /** Null for a graph that came as a message: it has no collections. */
  readonly graph: Graph | null;
}

function chosenGraph(graph: unknown, graphDef: unknown): ChosenGraph {
  if (graph != null && graphDef != null) {
    throw new ValueError('Please pass only graph, or graph_def (deprecated), but not both.');
  }
  const given = graph ?? graphDef;
  if (given instanceof Graph) return { def: GraphDef.of(given, { addShapes: true }), graph: given };
  if (given instanceof GraphDef) return { def: given, graph: null };
  throw new TypeError('The passed graph must be an instance of `Graph` or the deprecated `GraphDef`');
}

const writers = new Map<string, FileWriter>();

/**
 * The writers of a program, one for each folder.
 *
 *     const writer = tf.summary.FileWriterCache.get('logs');
 */
// biome-ignore lint/complexity/noStaticOnlyClass: TensorFlow's name for it
export class FileWriterCache {
  /** The writer of a folder; a new one begins with the default graph. */
  static get(logdir: string): FileWriter {
    const known = writers.get(logdir);
    if (known) return known;
    const writer = new FileWriter(logdir, getDefaultGraph());
    writers.set(logdir, writer);
    return writer;
  }

  /** Closes all writers and forgets them. */
  static async clear(): Promise<void> {
    const all = [...writers.values()];
    writers.clear();
    await Promise.all(all.map((writer) => writer.close()));
  }
}
