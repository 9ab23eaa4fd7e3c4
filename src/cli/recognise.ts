/**
 * Tells by their first and last bytes what files hold: names play no part. Reading them whole is `load.ts`'s work.
 */
import { MAGIC_HIGH, MAGIC_LOW } from '../io/checkpoint/table-format.ts';
import { crc32c, maskCrc } from '../io/crc32c.ts';

export type FileKind = 'GraphDef' | 'MetaGraphDef' | 'SavedModel' | 'checkpoint' | 'records';

export interface Recognised {
  readonly kind: FileKind;
  readonly form: 'binary' | 'text' | 'json';
}

/** So much of a file's beginning is enough. */
export const HEAD = 65536;
/** The length of the number at the end of tables. */
export const TAIL = 8;

/** What a file with this beginning and these last bytes is; null where it is nothing that is known here. */
export function recognise(head: Uint8Array, tail: Uint8Array): Recognised | null {
  if (isTable(tail)) return { kind: 'checkpoint', form: 'binary' };
  if (isRecord(head)) return { kind: 'records', form: 'binary' };
  const text = textOf(head);
  if (text !== null) return ofText(text);
  const kind = ofWire(head);
  return kind && { kind, form: 'binary' };
}

/** Checkpoints of both versions are tables with a magic number at the end. */
function isTable(tail: Uint8Array): boolean {
  if (tail.length < TAIL) return false;
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  return view.getUint32(0, true) === MAGIC_LOW && view.getUint32(4, true) === MAGIC_HIGH;
}

/** Event files and other TFRecord files begin with a length and its checksum. */
function isRecord(head: Uint8Array): boolean {
  if (head.length < 12) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return view.getUint32(8, true) === maskCrc(crc32c(head.subarray(0, 8)));
}

// ---------------------------------------------------------------------------------------------------------------------
// Text

/** Every message writes bytes that no text has: small lengths and the tags of its fields. */
function textOf(head: Uint8Array): string | null {
  if (head.length === 0 || head.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d))
    return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
  } catch {
    return null;
  }
}

const FIELDS: readonly [FileKind, ReadonlySet<string>][] = [
  ['GraphDef', new Set(['node', 'library', 'version', 'versions', 'debug_info'])],
  [
    'MetaGraphDef',
    new Set([
      'meta_info_def',
      'graph_def',
      'saver_def',
      'collection_def',
      'signature_def',
      'asset_file_def',
      'object_graph_def',
    ]),
  ],
  ['SavedModel', new Set(['saved_model_schema_version', 'meta_graphs'])],
];

/** The first field says whose text it is. */
function ofText(text: string): Recognised | null {
  const json = /^\s*\{\s*(?:"(\w+)"\s*:|\})/.exec(text);
  const [, name] = json ?? /^(?:\s|#[^\n]*\n)*(\w+)\s*[:{<]/.exec(text) ?? [];
  if (name === undefined) return json ? { kind: 'GraphDef', form: 'json' } : null;
  const field = json ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
  const kind = FIELDS.find(([, fields]) => fields.has(field))?.[0];
  return kind ? { kind, form: json ? 'json' : 'text' } : null;
}

// ---------------------------------------------------------------------------------------------------------------------
// Messages

interface Field {
  readonly number: number;
  readonly isVarint: boolean;
  /** What there is of a field with a length: the head of the file may end within it. */
  readonly content: Uint8Array;
}

/** The fields of a message as far as they go; null in place of one where the bytes are no message. */
function* fieldsOf(bytes: Uint8Array): Generator<Field | null> {
  let at = 0;
  const varint = (): number | null => {
    let value = 0;
    for (let shift = 0; at < bytes.length && shift < 70; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag === null) return;
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (number === 0 || number > 100 || (type !== 0 && type !== 2)) {
      yield null;
      return;
    }
    const value = varint();
    if (value === null) return;
    const end = type === 2 ? at + value : at;
    yield { number, isVarint: type === 0, content: bytes.subarray(at, end) };
    at = end;
  }
}

/**
 * The three messages have different things under the same numbers: 1 is a node in a graph, what is told of a meta graph,
 * and a plain number in a SavedModel; 2 is a library of functions, a graph, and a meta graph. The first field decides.
 */
function ofWire(head: Uint8Array): FileKind | null {
  const [field] = fieldsOf(head);
  if (!field) return null;
  const { number, isVarint, content } = field;
  if (isVarint) return number === 1 ? 'SavedModel' : number === 3 ? 'GraphDef' : null;
  switch (number) {
    case 1:
      return isNode(content) ? 'GraphDef' : isInfo(content) ? 'MetaGraphDef' : null;
    case 2: {
      if (isLibrary(content)) return 'GraphDef';
      const inner = ofWire(content);
      return inner === 'GraphDef' ? 'MetaGraphDef' : inner === 'MetaGraphDef' ? 'SavedModel' : null;
    }
    case 4:
      return isVersions(content) ? 'GraphDef' : 'MetaGraphDef';
    case 3:
    case 5:
    case 6:
    case 7:
      return 'MetaGraphDef';
  }
  return null;
}

/** A node has a name and an op, and an op's name no character of the kind that messages begin with. */
function isNode(bytes: Uint8Array): boolean {
  const [name, op] = fieldsOf(bytes);
  return name?.number === 1 && op?.number === 2 && /^[A-Za-z0-9_>.]+$/.test(new TextDecoder().decode(op.content));
}

/** A function begins with its signature, which begins with its name. */
function isLibrary(bytes: Uint8Array): boolean {
  const [fn] = fieldsOf(bytes);
  if (fn?.number !== 1 || isNode(fn.content)) return false;
  const [signature] = fieldsOf(fn.content);
  return signature?.number === 1 && signature.content[0] === 0x0a;
}

function isInfo(bytes: Uint8Array): boolean {
  return [...fieldsOf(bytes)].every((field) => field !== null && field.number <= 8);
}

function isVersions(bytes: Uint8Array): boolean {
  return [...fieldsOf(bytes)].every((field) => field !== null && field.number <= 3 && field.content.length < 16);
}
