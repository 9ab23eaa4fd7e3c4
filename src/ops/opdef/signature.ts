/**
 * Reads op signatures in the notation of TensorFlow's op registrations: `'values: N * T'`, `'axis: int = 0'`.
 * What a signature asks of a call is `resolve.ts`'s business.
 */
import type { AttrValue } from '../../graph/node.ts';
import { toNdArray } from '../../util/array-convert.ts';
import { asDType, type DType, dtypes } from '../../util/dtype.ts';
import { InternalError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';

/** An input or output: one tensor, `numberAttr` tensors of one type, or a list of tensors of the types in `typeListAttr`. */
export interface ArgDef {
  readonly name: string;
  /** A fixed element type; else one of the two attributes says which. */
  readonly type: DType | null;
  readonly typeAttr: string | null;
  readonly numberAttr: string | null;
  readonly typeListAttr: string | null;
  readonly isRef: boolean;
}

export type AttrType = 'type' | 'int' | 'float' | 'bool' | 'string' | 'shape' | 'tensor' | 'func';

export interface AttrDef {
  readonly name: string;
  readonly type: AttrType;
  readonly isList: boolean;
  /** Undefined: the attribute has no default and must be given or follow from the inputs. */
  readonly default: AttrValue | undefined;
  readonly allowed: readonly (DType | string)[] | null;
  readonly minimum: number | null;
}

const named: Readonly<Record<string, readonly string[]>> = {
  numbertype:
    'float32 float64 int32 uint8 int16 int8 complex64 int64 qint8 quint8 qint32 bfloat16 qint16 quint16 uint16 complex128 float16 uint32 uint64'.split(
      ' ',
    ),
  realnumbertype: 'float32 float64 int32 uint8 int16 int8 int64 bfloat16 uint16 float16 uint32 uint64'.split(' '),
};

/** Reads `'name: type'`, `'name: N * T'`, `'name: Tlist'` (where `Tlist` is a `list(type)` attribute), `'name: Ref(T)'`. */
export function parseArg(text: string, attrs: readonly AttrDef[]): ArgDef {
  const match = /^(\w+):\s*(?:(\w+)\s*\*\s*)?(Ref\()?(\w+)\)?$/.exec(text);
  if (!match) throw new InternalError(null, `Bad argument signature: ${text}`);
  const [, name, numberAttr, ref, typeName] = match;
  const attr = attrs.find((a) => a.name === typeName);
  const isList = attr?.type === 'type' && attr.isList;
  return {
    name,
    type: attr ? null : asDType(typeName),
    typeAttr: attr && !isList ? typeName : null,
    typeListAttr: isList ? typeName : null,
    numberAttr: numberAttr ?? null,
    isRef: ref !== undefined,
  };
}

/**
 * Reads `'T: {float32, int32} = float32'`, `'N: int >= 1'`, `'strides: list(int)'`, `'padding: {"SAME", "VALID"}'`,
 * `'T: numbertype'`.
 */
export function parseAttr(text: string): AttrDef {
  const match = /^(\w+):\s*(list\()?(\{[^}]*\}|\w+)\)?\s*(?:>=\s*(-?\d+))?\s*(?:=\s*(.*))?$/s.exec(text);
  if (!match) throw new InternalError(null, `Bad attribute signature: ${text}`);
  const [, name, list, kind, minimum, preset] = match;
  const { type, allowed } = parseKind(kind);
  const isList = list !== undefined;
  return {
    name,
    type,
    isList,
    allowed,
    minimum: minimum === undefined ? null : Number(minimum),
    default: preset === undefined ? undefined : parseDefault(preset.trim(), type, isList),
  };
}

function parseKind(kind: string): { type: AttrType; allowed: readonly (DType | string)[] | null } {
  if (kind.startsWith('{')) {
    const items = kind
      .slice(1, -1)
      .split(',')
      .map((item) => item.trim());
    if (items[0].startsWith('"')) return { type: 'string', allowed: items.map((item) => item.slice(1, -1)) };
    return { type: 'type', allowed: items.map((item) => asDType(item)) };
  }
  if (Object.hasOwn(named, kind)) return { type: 'type', allowed: named[kind].map((item) => asDType(item)) };
  return { type: kind as AttrType, allowed: null };
}

function parseDefault(text: string, type: AttrType, isList: boolean): AttrValue {
  if (isList) {
    const body = text.slice(1, -1).trim();
    return Object.freeze(body === '' ? [] : body.split(',').map((item) => parseDefault(item.trim(), type, false)));
  }
  switch (type) {
    case 'bool':
      return text === 'true';
    case 'int':
    case 'float':
      return Number(text);
    case 'string':
      return text.slice(1, -1);
    case 'type':
      return asDType(text);
    case 'shape':
      return text === 'null' ? null : (JSON.parse(text) as number[]);
    case 'tensor':
      return parseVector(text);
    default:
      throw new InternalError(null, `No default can be written for an attribute of type ${type}: ${text}`);
  }
}

/** Reads `uint8[255, 0, 0, 255]`. */
function parseVector(text: string): NdArray {
  const match = /^(\w+)(\[.*\])$/.exec(text);
  if (!match) throw new InternalError(null, `Bad tensor in a signature: ${text}`);
  const elements = JSON.parse(match[2]) as number[];
  return toNdArray(elements, asDType(match[1]), [elements.length]);
}

/** Whether the name is that of an element type: for the checker of signatures. */
export function isTypeName(name: string): boolean {
  return dtypes.some((dtype) => dtype.name === name);
}
