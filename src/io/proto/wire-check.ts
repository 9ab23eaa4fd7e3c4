/**
 * The structure of a message's bytes: every tag known to be well formed, every length within its message, before
 * anything is allocated for it. What the fields hold is the decoder's business.
 */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { DataLossError } from '../../util/errors.ts';

/** As protobuf's own decoders allow. */
const MAX_DEPTH = 100;

interface FieldLayout {
  readonly name: string;
  readonly wire: WireType;
  /** Whether the elements may also come as one run of bytes. */
  readonly packable: boolean;
  readonly message: Layout | null;
}

interface Layout {
  readonly typeName: string;
  readonly fields: Map<number, FieldLayout>;
}

const layouts = new WeakMap<DescMessage, Layout>();

/** Throws DataLossError, with the offset, where the bytes are no message of the type. */
export function checkWire(schema: DescMessage, bytes: Uint8Array): void {
  const layout = layoutOf(schema);
  const ends: number[] = [];
  const types: Layout[] = [];
  let type = layout;
  let end = bytes.length;
  let pos = 0;
  const fail = (what: string): never => {
    throw new DataLossError(null, `Error parsing message: ${schema.typeName}: ${what} (in ${type.typeName})`);
  };
  /** A varint below 2^32: a tag or a length. */
  const varint32 = (): number => {
    const start = pos;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (pos >= end) fail(`truncated at byte ${start}`);
      const byte = bytes[pos++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return fail(`a malformed number at byte ${start}`);
  };
  for (;;) {
    while (pos === end) {
      if (ends.length === 0) return;
      end = ends.pop() as number;
      type = types.pop() as Layout;
    }
    const start = pos;
    const tag = varint32();
    const number = Math.floor(tag / 8);
    const wire = tag & 7;
    if (number === 0) fail(`field number 0 at byte ${start}`);
    const field = type.fields.get(number);
    if (field && wire !== field.wire && !(field.packable && wire === WireType.LengthDelimited)) {
      fail(`wire type ${wire} for field ${field.name} at byte ${start}`);
    }
    switch (wire) {
      case WireType.Varint: {
        const limit = Math.min(end, pos + 10);
        while (pos < limit && bytes[pos] >= 0x80) pos++;
        if (pos === limit) fail(`a malformed number at byte ${start}`);
        pos++;
        break;
      }
      case WireType.Bit64:
        pos += 8;
        break;
      case WireType.Bit32:
        pos += 4;
        break;
      case WireType.LengthDelimited: {
        const length = varint32();
        if (length > end - pos) {
          fail(`the length ${length} of field ${field?.name ?? number} at byte ${start} runs past the end`);
        }
        if (field?.message) {
          if (ends.length >= MAX_DEPTH) fail(`more than ${MAX_DEPTH} messages within one another at byte ${start}`);
          ends.push(end);
          types.push(type);
          end = pos + length;
          type = field.message;
        } else {
          if (field?.packable && wire !== field.wire) checkPacked(field, pos, length);
          pos += length;
        }
        break;
      }
      default:
        fail(`wire type ${wire} at byte ${start}`);
    }
    if (pos > end) fail(`truncated at byte ${start}`);
  }

  function checkPacked(field: FieldLayout, from: number, length: number): void {
    const whole =
      field.wire === WireType.Varint
        ? length === 0 || bytes[from + length - 1] < 0x80
        : length % (field.wire === WireType.Bit64 ? 8 : 4) === 0;
    if (!whole) fail(`the elements of field ${field.name} at byte ${from} do not fill their length`);
  }
}

function layoutOf(desc: DescMessage): Layout {
  const known = layouts.get(desc);
  if (known) return known;
  const layout: Layout = { typeName: desc.typeName, fields: new Map() };
  // Before the fields: types refer to themselves.
  layouts.set(desc, layout);
  for (const field of desc.fields) layout.fields.set(field.number, fieldLayout(field));
  return layout;
}

function fieldLayout(field: DescField): FieldLayout {
  const { name } = field;
  if (field.fieldKind === 'map') {
    const value: FieldLayout = {
      name: `${name}.value`,
      wire: field.mapKind === 'scalar' ? wireOf(field.scalar) : field.message ? WireType.LengthDelimited : 0,
      packable: false,
      message: field.message ? layoutOf(field.message) : null,
    };
    const key: FieldLayout = { name: `${name}.key`, wire: wireOf(field.mapKey), packable: false, message: null };
    const entry: Layout = {
      typeName: `${field.parent.typeName}.${name}`,
      fields: new Map([
        [1, key],
        [2, value],
      ]),
    };
    return { name, wire: WireType.LengthDelimited, packable: false, message: entry };
  }
  if (field.message) {
    return { name, wire: WireType.LengthDelimited, packable: false, message: layoutOf(field.message) };
  }
  const wire = field.scalar === undefined ? WireType.Varint : wireOf(field.scalar);
  return { name, wire, packable: field.fieldKind === 'list' && wire !== WireType.LengthDelimited, message: null };
}

function wireOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    default:
      return WireType.Varint;
  }
}
