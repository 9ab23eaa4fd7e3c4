/**
 * The text form of protocol buffer messages of any type, by their descriptors: printed as Python's `text_format` prints
 * it, which is what TensorFlow writes. Reading is `proto/text-parser.ts`'s work.
 */
import { type DescField, type DescFile, type DescMessage, type MessageShape, ScalarType } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type Any, Edition } from '@bufbuild/protobuf/wkt';
import { float64Spec, scalarText } from '../util/decimal.ts';
import { DataLossError } from '../util/errors.ts';
import { decodeMessage } from './proto/codec.ts';
import { messageNamed } from './proto/file-types.ts';

export { parseText } from './proto/text-parser.ts';

/**
 * The message as text, a line a scalar: set fields by number, map entries by key.
 *
 *     formatText(VersionDefSchema, create(VersionDefSchema, { producer: 27 })) // 'producer: 27\n'
 */
export function formatText<Desc extends DescMessage>(desc: Desc, message: MessageShape<Desc>): string {
  const out: Output = { lines: [], file: desc.file };
  printMessage(out, reflect(desc, message), '');
  return out.lines.length > 0 ? `${out.lines.join('\n')}\n` : '';
}

interface Output {
  readonly lines: string[];
  /** Where the types are looked up that an `Any` names. */
  readonly file: DescFile;
}

/** Nesting is as deep as the message's. */
function printMessage(out: Output, message: ReflectMessage, indent: string): void {
  if (message.desc.typeName === 'google.protobuf.Any' && printAny(out, message.message as Any, indent)) return;
  for (const field of message.sortedFields) {
    if (!message.isSet(field)) continue;
    switch (field.fieldKind) {
      case 'list':
        for (const value of message.get(field)) printField(out, field, value, indent);
        break;
      case 'map':
        printEntries(out, message, field, indent);
        break;
      default:
        printField(out, field, message.get(field), indent);
    }
  }
}

/** What an `Any` holds; false, and nothing printed, where its type is not known or its bytes are of another. */
function printAny(out: Output, { typeUrl, value }: Any, indent: string): boolean {
  const type = typeUrl.includes('/') && messageNamed(out.file, typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
  if (!type) return false;
  try {
    printBody(out, `[${typeUrl}]`, reflect(type, decodeMessage(type, value)), indent);
  } catch (error) {
    if (error instanceof DataLossError) return false;
    throw error;
  }
  return true;
}

function printEntries(
  out: Output,
  message: ReflectMessage,
  field: DescField & { fieldKind: 'map' },
  indent: string,
): void {
  const inner = `${indent}  `;
  const entries = [...(message.get(field) as Iterable<[string | number, unknown]>)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  for (const [key, value] of entries) {
    out.lines.push(`${indent}${field.name} {`);
    // An entry is a message like others: in proto3 what is zero or empty is not set.
    const all = field.parent.file.edition === Edition.EDITION_PROTO2;
    if (all || key) out.lines.push(`${inner}key: ${scalar(field.mapKey, key)}`);
    if (field.mapKind === 'message') printBody(out, 'value', value as ReflectMessage, inner);
    else if (all || !isZero(value)) out.lines.push(`${inner}value: ${plain(field, value)}`);
    out.lines.push(`${indent}}`);
  }
}

function isZero(value: unknown): boolean {
  return value instanceof Uint8Array ? value.length === 0 : !value && !Object.is(value, -0);
}

function printField(out: Output, field: DescField, value: unknown, indent: string): void {
  if (field.message) printBody(out, field.name, value as ReflectMessage, indent);
  else out.lines.push(`${indent}${field.name}: ${plain(field, value)}`);
}

function printBody(out: Output, name: string, value: ReflectMessage, indent: string): void {
  out.lines.push(`${indent}${name} {`);
  printMessage(out, value, `${indent}  `);
  out.lines.push(`${indent}}`);
}

function plain(field: DescField, value: unknown): string {
  if (!field.enum) return scalar(field.scalar as ScalarType, value);
  return field.enum.value[value as number]?.name ?? String(value);
}

function scalar(type: ScalarType, value: unknown): string {
  switch (type) {
    case ScalarType.STRING:
      return `"${escapeText(value as string)}"`;
    case ScalarType.BYTES:
      return `"${escapeBytes(value as Uint8Array)}"`;
    case ScalarType.FLOAT:
      return scalarText(shortestFloat(value as number), float64Spec, '.0');
    case ScalarType.DOUBLE:
      return scalarText(value as number, float64Spec, '.0');
  }
  return String(value);
}

/** The number with the fewest decimal digits, but six at least, that is the same float32. */
export function shortestFloat(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  for (let digits = 6; digits <= 9; digits++) {
    const text = value.toExponential(digits - 1);
    if (Math.fround(Number(text)) !== value) continue;
    const near = Number(tieToEven(value, text));
    if (Math.fround(near) === value) return near;
  }
  return value;
}

/** `text` is `value` in so many digits. JavaScript rounds a tie up in magnitude, C and Python to the even digit. */
function tieToEven(value: number, text: string): string {
  const rounded = text.slice(0, text.indexOf('e'));
  if (Number(rounded.at(-1)) % 2 === 0) return text;
  const [mantissa, exponent] = value.toExponential(100).split('e');
  const kept = rounded.length;
  return /^50*$/.test(mantissa.slice(kept)) ? `${mantissa.slice(0, kept)}e${exponent}` : text;
}

const NAMED: Readonly<Record<number, string>> = { 10: '\\n', 13: '\\r', 9: '\\t', 34: '\\"', 39: "\\'", 92: '\\\\' };

/** By byte what is printed for it in a field of type bytes. */
const ESCAPED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  if (NAMED[byte]) return NAMED[byte];
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
});

function escapeBytes(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (const byte of bytes) parts.push(ESCAPED[byte]);
  return parts.join('');
}

/** Text keeps its letters of any script; only controls, quotes and the backslash are escaped. */
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\x00-\x1f"'\\\x7f]/g, (c) => ESCAPED[c.charCodeAt(0)]);
}
