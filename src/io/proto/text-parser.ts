/**
 * Messages of any type from protobuf's text form, by their descriptors. Tokens are `text-scanner.ts`'s.
 */
import {
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { ValueError } from '../../util/errors.ts';
import { encodeMessage } from './codec.ts';
import { messageNamed } from './file-types.ts';
import { TextScanner, unquote } from './text-scanner.ts';

/** As for bytes. */
const MAX_DEPTH = 100;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The message that the text describes. ValueError, with line and column, where it describes none: an unknown field, a
 * value out of range, a field given twice.
 *
 *     parseText(VersionDefSchema, 'producer: 27').producer // 27
 */
export function parseText<Desc extends DescMessage>(desc: Desc, text: string): MessageShape<Desc> {
  const scanner = new Source(text, desc.file);
  const message = reflect(desc);
  while (!scanner.atEnd) parseField(scanner, message, 1);
  return message.message as MessageShape<Desc>;
}

class Source extends TextScanner {
  constructor(
    text: string,
    /** Where the types are looked up that an `Any` names. */
    readonly file: DescFile,
  ) {
    super(text);
  }
}

const fieldsByName = new WeakMap<DescMessage, Map<string, DescField>>();

function fieldNamed(desc: DescMessage, name: string): DescField | undefined {
  let fields = fieldsByName.get(desc);
  if (!fields) {
    fields = new Map(desc.fields.map((field) => [field.name, field]));
    fieldsByName.set(desc, fields);
  }
  return fields.get(name);
}

function parseField(scanner: Source, message: ReflectMessage, depth: number): void {
  const { desc } = message;
  if (scanner.take('[')) {
    if (desc.typeName === 'google.protobuf.Any') {
      parseAny(scanner, message, depth);
      return;
    }
    do {
      if (scanner.kind !== 'name') throw scanner.error('Expected identifier.');
      scanner.next();
    } while (scanner.take('.'));
    throw scanner.errorBefore(`Message type "${desc.typeName}" does not have extensions.`);
  }
  if (scanner.kind !== 'name' && scanner.kind !== 'number') {
    throw scanner.error(`Expected identifier or number, got ${scanner.token}.`);
  }
  const name = scanner.token;
  const field = fieldNamed(desc, name);
  scanner.next();
  if (!field) throw scanner.errorBefore(`Message type "${desc.typeName}" has no field named "${name}".`);
  const other = field.oneof && message.oneofCase(field.oneof);
  if (other && other !== field) {
    throw scanner.errorBefore(
      `Field "${name}" is specified along with field "${other.name}", another member of oneof ` +
        `"${field.oneof?.name}" for message type "${desc.typeName}".`,
    );
  }
  const isMessage = field.fieldKind === 'map' || field.message !== undefined;
  if (!scanner.take(':') && !isMessage) scanner.expect(':');
  if ((field.fieldKind === 'list' || field.fieldKind === 'map') && scanner.take('[')) {
    if (!scanner.take(']')) {
      for (;;) {
        parseValue(scanner, message, field, depth);
        if (scanner.take(']')) break;
        scanner.expect(',');
      }
    }
  } else {
    parseValue(scanner, message, field, depth);
  }
  if (!scanner.take(',')) scanner.take(';');
}

function parseValue(scanner: Source, message: ReflectMessage, field: DescField, depth: number): void {
  switch (field.fieldKind) {
    case 'map':
      parseEntry(scanner, message, field, depth);
      return;
    case 'list': {
      const list = message.get(field);
      if (field.listKind === 'message') {
        list.add(parseMessage(scanner, reflect(field.message), depth));
      } else {
        list.add(field.listKind === 'enum' ? parseEnum(scanner, field.enum) : parseScalar(scanner, field.scalar));
      }
      return;
    }
    case 'message': {
      const close = openBody(scanner, depth);
      if (message.isSet(field)) throw twice(scanner, message.desc, field);
      message.set(field, parseBody(scanner, reflect(field.message), close, depth));
      return;
    }
  }
  const value = field.fieldKind === 'enum' ? parseEnum(scanner, field.enum) : parseScalar(scanner, field.scalar);
  if (message.isSet(field)) throw twice(scanner, message.desc, field);
  message.set(field, value);
}

function twice(scanner: Source, desc: DescMessage, field: DescField): ValueError {
  return scanner.errorBefore(`Message type "${desc.typeName}" should not have multiple "${field.name}" fields.`);
}

/** The body in braces, into the message. */
function parseMessage(scanner: Source, message: ReflectMessage, depth: number): ReflectMessage {
  return parseBody(scanner, message, openBody(scanner, depth), depth);
}

function parseBody(scanner: Source, message: ReflectMessage, close: string, depth: number): ReflectMessage {
  while (!scanner.take(close)) {
    if (scanner.atEnd) throw scanner.errorBefore(`Expected "${close}".`);
    parseField(scanner, message, depth + 1);
  }
  return message;
}

function openBody(scanner: Source, depth: number): string {
  const close = scanner.take('<') ? '>' : '}';
  if (close === '}') scanner.expect('{');
  if (depth >= MAX_DEPTH) throw scanner.errorBefore(`Message too deep. Max recursion depth is ${MAX_DEPTH}`);
  return close;
}

/** The message of an `Any`, by its type: `[type.googleapis.com/tensorflow.AssetFileDef] { … }`. */
function parseAny(scanner: Source, message: ReflectMessage, depth: number): void {
  let typeUrl = '';
  for (; !scanner.take(']'); scanner.next()) {
    if (scanner.atEnd || scanner.kind === 'string') throw scanner.error('Expected "]".');
    typeUrl += scanner.token;
  }
  const name = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const type = messageNamed(scanner.file, name);
  if (!type || !typeUrl.includes('/')) throw scanner.errorBefore(`Type ${name} not found in descriptor pool`);
  scanner.take(':');
  const { message: value } = parseMessage(scanner, reflect(type), depth);
  Object.assign(message.message, { typeUrl, value: encodeMessage(type, value) });
  if (!scanner.take(',')) scanner.take(';');
}

/** An entry of a map: a message of `key` and `value`, each zero or empty where it is missing. */
function parseEntry(
  scanner: Source,
  message: ReflectMessage,
  field: DescField & { fieldKind: 'map' },
  depth: number,
): void {
  const close = openBody(scanner, depth);
  let key: unknown;
  let value: unknown;
  while (!scanner.take(close)) {
    if (scanner.atEnd) throw scanner.errorBefore(`Expected "${close}".`);
    const name = scanner.token;
    scanner.next();
    if (name === 'key') {
      scanner.expect(':');
      const given = parseScalar(scanner, field.mapKey);
      if (key !== undefined) throw entryTwice(scanner, field, name);
      key = given;
    } else if (name === 'value') {
      if (!scanner.take(':') && field.mapKind !== 'message') scanner.expect(':');
      if (value !== undefined) throw entryTwice(scanner, field, name);
      if (field.mapKind === 'message') value = parseMessage(scanner, reflect(field.message), depth + 1);
      else value = field.mapKind === 'enum' ? parseEnum(scanner, field.enum) : parseScalar(scanner, field.scalar);
    } else {
      throw scanner.errorBefore(`Message type "${entryName(field)}" has no field named "${name}".`);
    }
    if (!scanner.take(',')) scanner.take(';');
  }
  if (field.mapKind === 'message') value ??= reflect(field.message);
  else value ??= field.mapKind === 'enum' ? field.enum.values[0].number : zero(field.scalar);
  const map = message.get(field);
  map.set((key ?? zero(field.mapKey)) as never, value);
}

/** The name that protobuf gives the message type of a map's entries. */
function entryName(field: DescField): string {
  const camel = field.name.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
  return `${field.parent.typeName}.${camel}Entry`;
}

function entryTwice(scanner: Source, field: DescField, name: string): ValueError {
  return scanner.errorBefore(`Message type "${entryName(field)}" should not have multiple "${name}" fields.`);
}

function parseEnum(scanner: Source, type: DescEnum): number {
  const { token } = scanner;
  if (scanner.kind === 'number') {
    const number = Number(parseInteger(scanner, ScalarType.INT32));
    if (!type.open && !type.value[number]) {
      throw scanner.errorBefore(`Enum type "${type.typeName}" has no value with number ${number}.`);
    }
    return number;
  }
  const value = type.values.find(({ name }) => name === token);
  if (!value) throw scanner.error(`Enum type "${type.typeName}" has no value named ${token}.`);
  scanner.next();
  return value.number;
}

function parseScalar(scanner: Source, type: ScalarType): unknown {
  switch (type) {
    case ScalarType.STRING:
      return parseString(scanner);
    case ScalarType.BYTES:
      return parseBytes(scanner);
    case ScalarType.BOOL:
      return parseBool(scanner);
    case ScalarType.FLOAT:
      return Math.fround(parseFloatText(scanner));
    case ScalarType.DOUBLE:
      return parseFloatText(scanner);
  }
  const value = parseInteger(scanner, type);
  return LONG.has(type) ? value : Number(value);
}

function parseBytes(scanner: Source): Uint8Array {
  if (scanner.kind !== 'string') throw scanner.error(`Expected string but found: '${scanner.token}'`);
  const parts: Uint8Array[] = [];
  while (scanner.kind === 'string') {
    try {
      parts.push(unquote(scanner.token));
    } catch (error) {
      throw scanner.error((error as Error).message);
    }
    scanner.next();
  }
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function parseString(scanner: Source): string {
  const bytes = parseBytes(scanner);
  try {
    return decoder.decode(bytes);
  } catch {
    throw scanner.errorBefore("Couldn't parse string: it is no UTF-8");
  }
}

function parseBool(scanner: Source): boolean {
  const { token } = scanner;
  const yes = ['true', 't', '1', 'True'].includes(token);
  if (!yes && !['false', 'f', '0', 'False'].includes(token)) throw scanner.error('Expected "true" or "false".');
  scanner.next();
  return yes;
}

function parseFloatText(scanner: Source): number {
  const { token } = scanner;
  const value = floatOf(token.toLowerCase());
  if (value === null) {
    throw scanner.error(`${/^-?0[0-9]+/.test(token) ? 'Invalid octal float:' : "Couldn't parse float:"} ${token}`);
  }
  scanner.next();
  return value;
}

function floatOf(text: string): number | null {
  if (/^-?(?:inf|infinity)f?$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^-?nanf?$/.test(text)) return Number.NaN;
  if (/^-?0[0-9]/.test(text) || !/^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?f?$/.test(text)) return null;
  return Number(text.replace(/f$/, ''));
}

const LONG: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);

const UNSIGNED: ReadonlySet<ScalarType> = new Set([
  ScalarType.UINT32,
  ScalarType.FIXED32,
  ScalarType.UINT64,
  ScalarType.FIXED64,
]);

function parseInteger(scanner: Source, type: ScalarType): bigint {
  const { token } = scanner;
  const match = /^(-?)(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(token);
  const octal = match && /^0[0-9]/.test(match[2]);
  if (!match || (octal && /[89]/.test(match[2]))) throw scanner.error(`Couldn't parse integer: ${token}`);
  const magnitude = BigInt(octal ? `0o${match[2].slice(1)}` : match[2]);
  const value = match[1] ? -magnitude : magnitude;
  const bits = LONG.has(type) ? 64 : 32;
  if (value !== (UNSIGNED.has(type) ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value))) {
    throw scanner.error(`Value out of range: ${value}`);
  }
  scanner.next();
  return value;
}

/** What a missing key or value stands for. */
function zero(type: ScalarType): unknown {
  if (type === ScalarType.STRING) return '';
  if (type === ScalarType.BYTES) return new Uint8Array(0);
  if (type === ScalarType.BOOL) return false;
  return LONG.has(type) ? 0n : 0;
}
