/**
 * Reads what a command is pointed at: a graph file, a SavedModel, a checkpoint or an event file. What a file is, says
 * `recognise.ts`; graphs are built of it by `model.ts`.
 */

import { latestCheckpoint } from '../io/checkpoint/management.ts';
import { CheckpointReader, openCheckpoint } from '../io/checkpoint/reader.ts';
import { Event } from '../io/events/event-messages.ts';
import { basename, type FileSystem, fileSystem, joinPath, noSuchFile, readFile } from '../io/file-system.ts';
import { GraphDef } from '../io/graph-def.ts';
import { MetaGraphDef } from '../io/meta-graph/messages.ts';
import { tfRecordIterator } from '../io/records/record-files.ts';
import { SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT } from '../io/saved-model/constants.ts';
import { SavedModel, variablesPath } from '../io/saved-model/message.ts';
import { DataLossError, InvalidArgumentError, OpError } from '../util/errors.ts';
import { HEAD, type Recognised, recognise, TAIL } from './recognise.ts';

export interface GraphFile {
  readonly kind: 'GraphDef';
  readonly graph: GraphDef;
}
export interface MetaGraphFile {
  readonly kind: 'MetaGraphDef';
  readonly metaGraphs: readonly [MetaGraphDef];
}
export interface SavedModelFolder {
  readonly kind: 'SavedModel';
  readonly metaGraphs: readonly MetaGraphDef[];
  /** The prefix of its checkpoint; null where it has no variables. */
  readonly variables: string | null;
  /** Null for the file of the graphs alone. */
  readonly folder: string | null;
}
export interface Checkpoint {
  readonly kind: 'checkpoint';
  readonly prefix: string;
  readonly reader: CheckpointReader;
  /** The meta graph beside it, by TensorFlow's naming; null where there is none. */
  readonly metaFile: string | null;
}
export interface EventFile {
  readonly kind: 'events';
  readonly events: EventFacts;
}
export interface RecordFile {
  readonly kind: 'records';
  readonly count: number;
  /** Bytes of the shortest and the longest. */
  readonly lengths: readonly [number, number];
}

/** What stands at a path, with its size on disk. */
export type Loaded = { readonly path: string; readonly form: Recognised['form']; readonly bytes: number } & (
  | GraphFile
  | MetaGraphFile
  | SavedModelFolder
  | Checkpoint
  | EventFile
  | RecordFile
);

/** One tag of an event file. */
export interface TagFacts {
  readonly tag: string;
  readonly kind: string;
  count: number;
  firstStep: number;
  lastStep: number;
  /** The last value of a scalar. */
  last: number | null;
}
export interface EventFacts {
  count: number;
  readonly kinds: Map<string, number>;
  /** By kind and tag. */
  readonly tags: Map<string, TagFacts>;
  /** Seconds since 1970. */
  firstTime: number;
  lastTime: number;
  /** The last one, serialized. */
  graphDef: Uint8Array | null;
  metaGraphDef: Uint8Array | null;
  /** What traced runs told of themselves, serialized, by tag. */
  readonly runs: Map<string, Uint8Array>;
}

/**
 * Rejects with one of TensorFlow's errors, and the path in its text, for what is not there, damaged or nothing that is
 * known here.
 */
export async function load(path: string): Promise<Loaded> {
  const files = await fileSystem();
  const entries = await entriesOf(files, path);
  if (entries) return loadFolder(files, path, entries);
  if (!(await files.exists(path))) {
    const prefix = await checkpointAt(files, path);
    if (prefix === null) throw noSuchFile(path);
    return loadCheckpoint(files, prefix);
  }
  return loadFile(files, path);
}

/** The names in a folder; null for what is none. */
async function entriesOf(files: FileSystem, path: string): Promise<string[] | null> {
  return files.list(path).catch(() => null);
}

async function loadFile(files: FileSystem, path: string): Promise<Loaded> {
  const size = await files.size(path);
  if (size === 0) throw new DataLossError(null, `${path}: the file is empty`);
  const head = await files.readRange(path, 0, Math.min(size, HEAD));
  const tail = await files.readRange(path, Math.max(0, size - TAIL), TAIL);
  const what = recognise(head, tail);
  if (what?.kind === 'checkpoint') return loadCheckpoint(files, path.replace(/\.index$/, ''));
  if (what?.kind === 'records') return loadRecords(files, path, size);
  if (!what) {
    const prefix = await checkpointAt(files, path.replace(/\.data-\d{5}-of-\d{5}$/, ''));
    if (prefix !== null) return loadCheckpoint(files, prefix);
    throw new InvalidArgumentError(
      null,
      `${path}: neither a graph (binary, text or JSON) nor a meta graph, SavedModel, checkpoint, event or TFRecord file`,
    );
  }
  const bytes = await readFile(files, path);
  return blaming(path, () => {
    const facts = { path, form: what.form, bytes: size };
    if (what.kind === 'GraphDef') return { ...facts, kind: 'GraphDef', graph: parse(GraphDef, what, bytes) };
    if (what.kind === 'MetaGraphDef')
      return { ...facts, kind: 'MetaGraphDef', metaGraphs: [parse(MetaGraphDef, what, bytes)] };
    return { ...facts, kind: 'SavedModel', metaGraphs: metaGraphsOf(what, bytes), variables: null, folder: null };
  });
}

/** Puts the path before what errors say, unless it is there. */
async function blaming<T>(path: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { message } = error as Error;
    if (message.includes(path)) throw error;
    const blamed = new DataLossError(null, `${path}: ${error instanceof OpError ? error.detail : message}`);
    blamed.cause = error;
    throw blamed;
  }
}

interface Parser<T> {
  fromBinary(bytes: Uint8Array): T;
  fromText(text: string): T;
  fromJson(json: unknown): T;
}

function parse<T>(type: Parser<T>, { form }: Recognised, bytes: Uint8Array): T {
  if (form === 'binary') return type.fromBinary(bytes);
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  return form === 'text' ? type.fromText(text) : type.fromJson(text);
}

function metaGraphsOf({ form }: Recognised, bytes: Uint8Array): MetaGraphDef[] {
  if (form === 'json') throw new InvalidArgumentError(null, 'SavedModels are read in binary or text form, not as JSON');
  if (form === 'binary') return SavedModel.fromString(bytes).metaGraphs;
  return SavedModel.fromText(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).metaGraphs;
}

// ---------------------------------------------------------------------------------------------------------------------
// Folders and checkpoints

const MODEL_FILES = [SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT];

async function loadFolder(files: FileSystem, path: string, entries: readonly string[]): Promise<Loaded> {
  const model = MODEL_FILES.find((name) => entries.includes(name));
  if (model) return loadSavedModel(files, path, joinPath(path, model));
  if (entries.includes('checkpoint')) {
    const prefix = await latestCheckpoint(path);
    if (prefix !== null) return loadCheckpoint(files, prefix);
  }
  const logs: string[] = [];
  for (const name of entries) {
    const file = joinPath(path, name);
    if (await isEventFile(files, file)) logs.push(file);
  }
  if (logs.length === 1) return loadFile(files, logs[0]);
  const reason =
    logs.length > 1
      ? `the folder has ${logs.length} event files; name one of them, such as ${basename(logs[logs.length - 1])}`
      : 'the folder has no saved_model.pb, no checkpoint and no event file';
  throw new InvalidArgumentError(null, `${path}: ${reason}`);
}

async function isEventFile(files: FileSystem, path: string): Promise<boolean> {
  const head = await files.readRange(path, 0, 64).catch(() => null);
  // Every event file begins with its version.
  return head !== null && recognise(head, head.subarray(0, 0))?.kind === 'records' && includes(head, 'brain.Event:');
}

function includes(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder('latin1').decode(bytes).includes(text);
}

async function loadSavedModel(files: FileSystem, folder: string, file: string): Promise<Loaded> {
  const loaded = await loadFile(files, file);
  if (loaded.kind !== 'SavedModel')
    throw new InvalidArgumentError(null, `${file}: holds a ${loaded.kind}, no SavedModel`);
  const prefix = variablesPath(folder);
  const has = (await checkpointAt(files, prefix)) !== null;
  const bytes = loaded.bytes + (has ? await sizeOfCheckpoint(files, prefix) : 0);
  return { ...loaded, path: folder, bytes, variables: has ? prefix : null, folder };
}

/** The prefix where there is a checkpoint of that prefix, of one file or several; else null. */
async function checkpointAt(files: FileSystem, prefix: string): Promise<string | null> {
  if (await files.exists(`${prefix}.index`)) return prefix;
  const shards = (await partsOf(files, prefix)).filter((name) => /^-\d{5}-of-\d{5}$/.test(name));
  return shards.length > 0 ? `${prefix}-?????-of-?????` : null;
}

/** What the names of files have behind the prefix. */
async function partsOf(files: FileSystem, prefix: string): Promise<string[]> {
  const slash = prefix.lastIndexOf('/') + 1;
  const [folder, start] = [prefix.slice(0, slash), prefix.slice(slash)];
  const names = (await entriesOf(files, folder || '.')) ?? [];
  return names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
}

async function sizeOfCheckpoint(files: FileSystem, prefix: string): Promise<number> {
  const base = prefix.replace(/-\?{5}-of-\?{5}$/, '');
  let bytes = 0;
  for (const part of await partsOf(files, base)) {
    if (/^$|^\.index$|^(\.data)?-\d{5}-of-\d{5}$/.test(part)) bytes += await files.size(base + part);
  }
  return bytes;
}

async function loadCheckpoint(files: FileSystem, prefix: string): Promise<Loaded> {
  return blaming(prefix, async () => {
    const reader = new CheckpointReader(files, await openCheckpoint(files, prefix));
    const metaFile = `${prefix.replace(/-\?{5}-of-\?{5}$/, '')}.meta`;
    return {
      kind: 'checkpoint',
      path: prefix,
      form: 'binary',
      bytes: await sizeOfCheckpoint(files, prefix),
      prefix,
      reader,
      metaFile: (await files.exists(metaFile)) ? metaFile : null,
    };
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Records

async function loadRecords(files: FileSystem, path: string, bytes: number): Promise<Loaded> {
  const head = await files.readRange(path, 0, 64);
  const facts = { path, form: 'binary', bytes } as const;
  if (includes(head, 'brain.Event:'))
    return { ...facts, kind: 'events', events: await blaming(path, () => factsOf(path)) };
  return blaming(path, async () => {
    let [count, least, most] = [0, Infinity, 0];
    for await (const { length } of tfRecordIterator(path)) {
      count++;
      least = Math.min(least, length);
      most = Math.max(most, length);
    }
    return { ...facts, kind: 'records', count, lengths: [least, most] };
  });
}

async function factsOf(path: string): Promise<EventFacts> {
  const facts: EventFacts = {
    count: 0,
    kinds: new Map(),
    tags: new Map(),
    firstTime: Infinity,
    lastTime: -Infinity,
    graphDef: null,
    metaGraphDef: null,
    runs: new Map(),
  };
  for await (const record of tfRecordIterator(path)) {
    const event = Event.fromString(record);
    const what = event.whichOneof('what') ?? 'nothing';
    facts.count++;
    facts.kinds.set(what, (facts.kinds.get(what) ?? 0) + 1);
    facts.firstTime = Math.min(facts.firstTime, event.wallTime);
    facts.lastTime = Math.max(facts.lastTime, event.wallTime);
    if (event.graphDef) facts.graphDef = event.graphDef;
    if (event.metaGraphDef) facts.metaGraphDef = event.metaGraphDef;
    const { tag = '', runMetadata = null } = event.taggedRunMetadata ?? {};
    if (runMetadata) facts.runs.set(tag, runMetadata);
    for (const value of event.summary?.value ?? []) {
      const kind = kindOf(value);
      const key = `${kind} ${value.tag}`;
      const { tag } = value;
      const known = facts.tags.get(key) ?? { tag, kind, count: 0, firstStep: event.step, lastStep: 0, last: null };
      known.count++;
      known.lastStep = event.step;
      known.last = value.simpleValue ?? known.last;
      facts.tags.set(key, known);
    }
  }
  return facts;
}

type SummaryValue = NonNullable<Event['summary']>['value'][number];

function kindOf(value: SummaryValue): string {
  const plugin = value.metadata?.pluginData?.pluginName;
  if (value.simpleValue !== null) return 'scalar';
  if (value.image) return 'image';
  if (value.histo || value.obsoleteOldStyleHistogram) return 'histogram';
  if (value.audio) return 'audio';
  return plugin || 'tensor';
}
