/**
 * Messages to and from bytes: strict about what it reads, deterministic in what it writes. The messages themselves are
 * generated from the .proto files beside it (`npm run proto`); their text form is `../text-format.ts`.
 */
import {
  type DescMessage,
  fromBinary,
  type Message,
  type MessageShape,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { DataLossError } from '../../util/errors.ts';
import { checkWire } from './wire-check.ts';

/**
 * The message in the bytes. Fields of type bytes are views of `bytes`, not copies. DataLossError where `bytes` is no
 * such message, with the place.
 *
 *     const header = decodeMessage(BundleHeaderProtoSchema, bytes);
 */
export function decodeMessage<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  checkWire(schema, bytes);
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new DataLossError(null, `Error parsing message: ${schema.typeName}: ${(error as Error).message}`);
  }
}

/** The message's bytes, fields by number and map entries by key, as TensorFlow in Python serialises deterministically. */
export function encodeMessage<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Uint8Array {
  return toBinary(schema, sortMaps(schema, message) as MessageShape<Desc>);
}

type Fields = Message & Record<string, unknown>;

const mapHolders = new Map<DescMessage, boolean>();

/** Whether a message of the type can hold a map, at any depth. */
function holdsMap(desc: DescMessage): boolean {
  const known = mapHolders.get(desc);
  if (known !== undefined) return known;
  const seen = new Set([desc]);
  for (const type of seen) {
    for (const field of type.fields) {
      if (field.fieldKind === 'map') {
        mapHolders.set(desc, true);
        return true;
      }
      if (field.message) seen.add(field.message);
    }
  }
  mapHolders.set(desc, false);
  return false;
}

/** The message with the entries of its maps in order; the same object where they are. */
function sortMaps(desc: DescMessage, message: Message): Message {
  if (!holdsMap(desc)) return message;
  const source = message as Fields;
  let copy: Fields | null = null;
  const put = (name: string, value: unknown): void => {
    copy ??= Object.assign(Object.create(Object.getPrototypeOf(source)), source) as Fields;
    copy[name] = value;
  };
  for (const field of desc.fields) {
    if (field.fieldKind === 'map') {
      const map = source[field.localName] as MessageMap;
      const compare =
        field.mapKey === ScalarType.STRING || field.mapKey === ScalarType.BOOL ? compareKeys : compareNumbers;
      const sorted = sortMap(map, field.mapKind === 'message' ? field.message : null, compare);
      if (sorted !== map) put(field.localName, sorted);
    } else if (!field.message) {
      // Scalars are in no order.
    } else if (field.fieldKind === 'list') {
      const list = source[field.localName] as Message[];
      const sorted = list.map((item) => sortMaps(field.message as DescMessage, item));
      if (sorted.some((item, i) => item !== list[i])) put(field.localName, sorted);
    } else if (field.oneof) {
      const member = source[field.oneof.localName] as { case?: string; value?: Message };
      if (member.case !== field.localName) continue;
      const sorted = sortMaps(field.message, member.value as Message);
      if (sorted !== member.value) put(field.oneof.localName, { case: member.case, value: sorted });
    } else {
      const child = source[field.localName] as Message | undefined;
      const sorted = child && sortMaps(field.message, child);
      if (sorted !== child) put(field.localName, sorted);
    }
  }
  return copy ?? message;
}

/** As protobuf's runtime for Python sorts them: by their UTF-8 bytes, and of `T` and `Tshape` the longer one first. */
function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codeUnitRank(x) - codeUnitRank(y);
  }
  return b.length - a.length;
}

/** Surrogates stand for code points above all that one unit can express. */
function codeUnitRank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** Whole numbers it sorts from the largest down. */
function compareNumbers(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? 1 : x > y ? -1 : 0;
}

type MessageMap = Record<string, Message>;

function sortMap(map: MessageMap, type: DescMessage | null, compare: (a: string, b: string) => number): MessageMap {
  const keys = Object.keys(map);
  let changed = false;
  for (let i = 1; i < keys.length && !changed; i++) changed = compare(keys[i - 1], keys[i]) > 0;
  if (changed) keys.sort(compare);
  const values = keys.map((key) => {
    const value = type ? sortMaps(type, map[key]) : map[key];
    changed ||= value !== map[key];
    return value;
  });
  if (!changed) return map;
  const sorted: MessageMap = {};
  // Not by assignment: `__proto__` is a key like any other.
  keys.forEach((key, i) => {
    Object.defineProperty(sorted, key, { value: values[i], writable: true, enumerable: true, configurable: true });
  });
  // Objects themselves give whole numbers as keys first, in ascending order.
  return new Proxy(sorted, { ownKeys: () => keys });
}
