/**
 * The attributes of an op as JSON, in the form that protocol buffers give to a `NodeDef`, and back. Whole graphs are
 * `io`'s business.
 */
import type { Attrs, AttrValue } from '../../graph/node.ts';
import { getOpDef } from '../../ops/opdef/define.ts';
import type { AttrDef } from '../../ops/opdef/signature.ts';
import { type DType, dtypes } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { decodeString, encodeString } from '../../util/ndarray.ts';

/** One attribute: exactly one member is set. */
type AttrJson = { readonly [kind: string]: unknown };

export interface NodeDefJson {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: { readonly [name: string]: AttrJson };
}

/** The attributes that the op declares. Throws `ValueError` for values that JSON has no form for here. */
export function attrsToJson(op: string, attrs: Attrs): { [name: string]: AttrJson } {
  const declared = getOpDef(op).attrs.filter(({ name }) => Object.hasOwn(attrs, name));
  return Object.fromEntries(declared.map((attr) => [attr.name, toJson(attr, attrs[attr.name])]));
}

function toJson(attr: AttrDef, value: AttrValue): AttrJson {
  if (!attr.isList) return scalarToJson(attr, value);
  const items = (value as readonly AttrValue[]).map((item) => scalarToJson(attr, item));
  const kind = items.length > 0 ? Object.keys(items[0])[0] : null;
  return { list: kind ? { [kind]: items.map((item) => item[kind]) } : {} };
}

function scalarToJson({ name, type }: AttrDef, value: AttrValue): AttrJson {
  switch (type) {
    case 'type':
      return { type: (value as DType).protoName };
    case 'int':
      return { i: String(value) };
    case 'float':
      return { f: value };
    case 'bool':
      return { b: value };
    case 'string':
      return { s: toBase64(value as string) };
    case 'shape':
      return {
        shape:
          value === null
            ? { unknownRank: true }
            : { dim: (value as (number | null)[]).map((size) => ({ size: String(size ?? -1) })) },
      };
  }
  throw new ValueError(`The attribute '${name}' cannot be saved in a model's configuration (its kind is ${type}).`);
}

/** The attributes of a `NodeDef`, as `emit` takes them. */
export function attrsFromJson({ op, attr = {} }: NodeDefJson): Attrs {
  const declared = getOpDef(op).attrs.filter(({ name }) => Object.hasOwn(attr, name));
  return Object.fromEntries(declared.map((def) => [def.name, fromJson(def, attr[def.name])]));
}

function fromJson(def: AttrDef, value: AttrJson): AttrValue {
  if (!def.isList) return scalarFromJson(def, value);
  const list = (value.list ?? {}) as { readonly [kind: string]: readonly unknown[] };
  const kind = Object.keys(list)[0];
  return kind ? list[kind].map((item) => scalarFromJson(def, { [kind]: item })) : [];
}

function scalarFromJson({ name, type }: AttrDef, value: AttrJson): AttrValue {
  switch (type) {
    case 'type': {
      const found = dtypeNamed(value.type as string);
      if (found) return found;
      break;
    }
    case 'int':
      return Number(value.i ?? 0);
    case 'float':
      return Number(value.f ?? 0);
    case 'bool':
      return value.b === true;
    case 'string':
      return fromBase64((value.s as string) ?? '');
    case 'shape':
      return shapeFrom(value.shape as ShapeJson);
  }
  throw new ValueError(`The attribute '${name}' of a saved TensorFlow op is not understood: ${JSON.stringify(value)}`);
}

interface ShapeJson {
  readonly unknownRank?: boolean;
  readonly dim?: readonly { readonly size?: string }[];
}

function shapeFrom({ unknownRank, dim = [] }: ShapeJson): (number | null)[] | null {
  if (unknownRank) return null;
  return dim.map(({ size }) => (Number(size) < 0 ? null : Number(size ?? 0)));
}

function dtypeNamed(protoName: string): DType | undefined {
  return dtypes.find((dtype) => dtype.protoName === protoName);
}

function toBase64(text: string): string {
  return btoa(String.fromCharCode(...encodeString(text)));
}
function fromBase64(text: string): string {
  const found = decodeString(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
  if (typeof found === 'string') return found;
  throw new ValueError('An attribute of a saved TensorFlow op is not text.');
}
