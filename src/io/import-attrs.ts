/**
 * The attributes of a node in a file as those of an op: defaults filled in, values checked against the op's definition.
 * What a function attribute names is found by `import-functions.ts`.
 */
import type { AttrValue } from '../graph/node.ts';
import type { OpDef } from '../ops/opdef/define.ts';
import type { ArgDef, AttrDef } from '../ops/opdef/signature.ts';
import { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import type { Shape } from '../util/shape.ts';
import type { AttrValueDef, NameAttrList, NodeDef, TensorShapeProto } from './messages.ts';

/** What an attribute may refer to: functions, and the values that stand for placeholders in a function's body. */
export interface AttrScope {
  function(name: NameAttrList): AttrValue;
  placeholder(name: string): AttrValueDef | undefined;
}

/** Attributes that say what import finds out by itself. */
const DROPPED = '_output_shapes';

/**
 * Every attribute of the op, then those that it does not know. Throws `ValueError` for one that is missing or of a wrong
 * kind, in TensorFlow's words.
 *
 * @param name the node's name in the graph, for messages
 */
export function importAttrs(def: OpDef, node: NodeDef, name: string, scope: AttrScope): Record<string, AttrValue> {
  const attrs: Record<string, AttrValue> = {};
  const missing: string[] = [];
  for (const attr of def.attrs) {
    const given = node.attr.get(attr.name);
    const value = given && 'placeholder' in given ? scope.placeholder(given.placeholder) : given;
    if (value !== undefined) attrs[attr.name] = declaredAttr(def, attr, value, name, scope);
    else if (attr.default !== undefined) attrs[attr.name] = attr.default;
    else missing.push(attr.name);
  }
  if (missing.length > 0) {
    const list = missing.map((key) => `'${key}'`).join(', ');
    throw new ValueError(
      `NodeDef missing attr${missing.length > 1 ? 's' : ''} ${list} from ${summarizeOp(def)}; NodeDef: {{node ${name}}}`,
    );
  }
  for (const [key, value] of node.attr) {
    if (Object.hasOwn(attrs, key) || key === DROPPED) continue;
    const extra = undeclaredAttr(value, scope);
    if (extra !== undefined) attrs[key] = extra;
  }
  return attrs;
}

function declaredAttr(def: OpDef, attr: AttrDef, value: AttrValueDef, name: string, scope: AttrScope): AttrValue {
  const about = { def, attr, name };
  if (!attr.isList) {
    const converted = itemOf(about, value, scope);
    if (attr.minimum !== null && (converted as number) < attr.minimum) {
      throw refused(about, `Value for attr '${attr.name}' of ${converted} must be at least minimum ${attr.minimum}`);
    }
    return converted;
  }
  if (!('list' in value)) throw wrongKind(about, kindOf(value));
  const { length } = value.list;
  if (attr.minimum !== null && length < attr.minimum) {
    throw refused(about, `Length for attr '${attr.name}' of ${length} must be at least minimum ${attr.minimum}`);
  }
  return Object.freeze(value.list.map((item) => itemOf(about, item, scope)));
}

/** What messages on an attribute tell. */
interface About {
  readonly def: OpDef;
  readonly attr: AttrDef;
  readonly name: string;
}

function itemOf(about: About, item: AttrValueDef, scope: AttrScope): AttrValue {
  const { attr } = about;
  if (kindOf(item) !== attr.type) throw wrongKind(about, kindOf(item));
  const converted = convert(item, scope);
  if (attr.allowed && !attr.allowed.includes(converted as DType | string)) {
    const allowed = attr.allowed.map(printed).join(', ');
    throw refused(
      about,
      `Value for attr '${attr.name}' of ${printed(converted)} is not in the list of allowed values: ${allowed}`,
    );
  }
  return converted;
}

function refused({ def, name }: About, text: string): ValueError {
  return new ValueError(`${text}\n\t; NodeDef: {{node ${name}}}; ${summarizeOp(def)}`);
}

function wrongKind(about: About, found: string): ValueError {
  const { name, type, isList } = about.attr;
  const wanted = isList ? `list(${type})` : type;
  return refused(about, `AttrValue had value with type '${found}' when '${wanted}' expected\n\t for attr '${name}'`);
}

/** A value that no definition tells of; undefined for what a node here has no use for. */
function undeclaredAttr(value: AttrValueDef, scope: AttrScope): AttrValue | undefined {
  if ('placeholder' in value) {
    const found = scope.placeholder(value.placeholder);
    return found && undeclaredAttr(found, scope);
  }
  // A function that only a hint names need not be there.
  if ('func' in value) return undefined;
  if ('list' in value) return Object.freeze(value.list.flatMap((item) => undeclaredAttr(item, scope) ?? []));
  return convert(value, scope);
}

function convert(value: AttrValueDef, scope: AttrScope): AttrValue {
  if ('s' in value) return textOf(value.s);
  if ('i' in value) return integer(value.i);
  if ('f' in value) return value.f;
  if ('b' in value) return value.b;
  if ('type' in value) return value.type;
  if ('shape' in value) return shapeOf(value.shape);
  if ('tensor' in value) return value.tensor;
  if ('func' in value) return scope.function(value.func);
  if ('list' in value) return Object.freeze(value.list.map((item) => convert(item, scope)));
  throw new ValueError(`The placeholder '${value.placeholder}' has no value.`);
}

function integer(value: number | bigint): number | bigint {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const decoder = new TextDecoder();

/** Attributes are text here; bytes that are no UTF-8 do not survive. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A shape of a file. Throws `ValueError` for a negative size other than -1. */
export function shapeOf(shape: TensorShapeProto): Shape {
  if (shape.unknownRank) return null;
  const bad = shape.dim.find((size) => size < -1);
  if (bad !== undefined) throw new ValueError(`Shape [${shape.dim.join()}] has negative dimensions`);
  return Object.freeze(shape.dim.map((size) => (size < 0 ? null : size)));
}

function kindOf(value: AttrValueDef): string {
  if ('s' in value) return 'string';
  if ('i' in value) return 'int';
  if ('f' in value) return 'float';
  if ('b' in value) return 'bool';
  if ('list' in value) return value.list.length > 0 ? `list(${kindOf(value.list[0])})` : 'list';
  return Object.keys(value)[0];
}

/** Element types in messages have C++'s names: `half`, `float`, `double`. */
export function cppTypeName(dtype: DType): string {
  switch (dtype.name) {
    case 'float16':
      return 'half';
    case 'float32':
      return 'float';
    case 'float64':
      return 'double';
  }
  return dtype.name;
}

function printed(value: AttrValue): string {
  if (value instanceof DType) return cppTypeName(value);
  return typeof value === 'string' ? `"${value}"` : String(value);
}

/** The definition of an op as TensorFlow prints it in messages: `Op<name=Exp; signature=x:T -> y:T; attr=T:type,…>`. */
export function summarizeOp(def: OpDef): string {
  const args = (list: readonly ArgDef[]) => list.map((arg) => `${arg.name}:${argType(arg)}`).join(', ');
  const attrs = def.attrs.map((attr) => `; attr=${attrSummary(attr)}`).join('');
  const stateful = def.effect === 'pure' ? '' : '; is_stateful=true';
  const commutative = def.commutative ? '; is_commutative=true' : '';
  return `Op<name=${def.name}; signature=${args(def.inputs)} -> ${args(def.outputs)}${attrs}${commutative}${stateful}>`;
}

function argType(arg: ArgDef): string {
  const type = arg.typeListAttr ?? arg.typeAttr ?? cppTypeName(arg.type as DType);
  return `${arg.numberAttr ? `${arg.numberAttr}*` : ''}${arg.isRef ? `Ref(${type})` : type}`;
}

function attrSummary(attr: AttrDef): string {
  const parts = [`${attr.name}:${attr.isList ? `list(${attr.type})` : attr.type}`];
  if (attr.default !== undefined) parts.push(`default=${summarizeValue(attr.default, attr)}`);
  if (attr.minimum !== null) parts.push(`min=${attr.minimum}`);
  if (attr.allowed) parts.push(`allowed=[${attr.allowed.map((v) => summarizeValue(v, attr)).join(', ')}]`);
  return parts.join(',');
}

function summarizeValue(value: AttrValue, attr: AttrDef): string {
  if (value instanceof DType) return value.protoName;
  if (attr.type === 'shape' && value === null) return '<unknown>';
  if (Array.isArray(value)) return `[${value.map((v) => summarizeValue(v, attr)).join(', ')}]`;
  if (value instanceof NdArray) return '<tensor>';
  return typeof value === 'string' ? `"${value}"` : String(value);
}
