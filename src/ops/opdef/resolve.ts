/**
 * Matches a call with an op's signature: fills in attributes from the inputs and from defaults, checks types, and tells
 * the element types of the outputs. Errors have TensorFlow's words.
 */
import type { Attrs, AttrValue } from '../../graph/node.ts';
import { DType } from '../../util/dtype.ts';
import { InternalError, TypeError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import type { OpDef } from './define.ts';
import type { ArgDef, AttrDef } from './signature.ts';

export interface Resolved {
  /** Every attribute of the op, in the order of its definition, then those not of the definition (`_class`). */
  readonly attrs: Attrs;
  readonly outputDTypes: readonly DType[];
}

/**
 * @param inputs per argument of the signature its element types: one, or one per tensor of a list
 * @param given attributes by name; those that follow from the inputs may be left out
 */
export function resolveSignature(
  def: OpDef,
  inputs: readonly (readonly DType[])[],
  given: Readonly<Record<string, AttrValue | undefined>>,
): Resolved {
  const inferred = new Map<string, AttrValue>();
  const source = new Map<string, string>();
  for (const [i, arg] of def.inputs.entries()) matchInput(def, arg, inputs[i], given, inferred, source);
  const attrs: Record<string, AttrValue> = {};
  for (const attr of def.attrs) {
    // Null is a value: an unknown shape.
    const asked = given[attr.name] === undefined ? attr.default : given[attr.name];
    const value = inferred.get(attr.name) ?? asked;
    if (value === undefined) throw new TypeError(`Missing value for attr '${attr.name}' of '${def.name}' Op.`);
    checkAttr(def, attr, value, source.get(attr.name));
    attrs[attr.name] = value;
  }
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (Object.hasOwn(attrs, key) || value === undefined) continue;
    if (!key.startsWith('_')) throw new TypeError(`'${def.name}' Op has no attr named '${key}'.`);
    attrs[key] = value;
  }
  return { attrs, outputDTypes: def.outputs.flatMap((arg) => argDTypes(arg, attrs)) };
}

/** So many element types, of five bits each, fit into a small integer. */
const KEYED = 6;

const remembered = new WeakMap<OpDef, Map<number, Resolved>>();

/**
 * `resolveSignature` for a call without attributes whose arguments are single tensors: what comes out depends on the
 * element types alone, so that ops alike share one frozen set of attributes.
 */
export function resolveByTypes(def: OpDef, dtypes: readonly DType[]): Resolved {
  const resolve = () =>
    resolveSignature(
      def,
      dtypes.map((dtype) => [dtype]),
      {},
    );
  if (dtypes.length > KEYED) return resolve();
  let key = 0;
  for (let i = 0; i < dtypes.length; i++) key = key * 32 + dtypes[i].asDatatypeEnum;
  let known = remembered.get(def);
  if (!known) {
    known = new Map();
    remembered.set(def, known);
  }
  let resolved = known.get(key);
  if (!resolved) {
    resolved = resolve();
    Object.freeze(resolved.attrs);
    known.set(key, resolved);
  }
  return resolved;
}

function matchInput(
  def: OpDef,
  arg: ArgDef,
  dtypes: readonly DType[],
  given: Readonly<Record<string, AttrValue | undefined>>,
  inferred: Map<string, AttrValue>,
  source: Map<string, string>,
): void {
  if (arg.typeListAttr) {
    inferred.set(arg.typeListAttr, Object.freeze([...dtypes]));
    return;
  }
  if (arg.numberAttr) {
    const known = inferred.get(arg.numberAttr);
    if (known !== undefined && known !== dtypes.length) {
      throw new ValueError(
        `List argument '${arg.name}' to '${def.name}' Op with length ${dtypes.length} must match length ${known} of argument '${source.get(arg.numberAttr)}'.`,
      );
    }
    inferred.set(arg.numberAttr, dtypes.length);
    source.set(arg.numberAttr, arg.name);
  }
  for (const dtype of dtypes) {
    if (arg.type) {
      if (dtype !== arg.type) {
        throw new TypeError(
          `Input '${arg.name}' of '${def.name}' Op has type ${dtype.name} that does not match expected type of ${arg.type.name}.`,
        );
      }
    } else if (arg.typeAttr) {
      const known = inferred.get(arg.typeAttr) ?? given[arg.typeAttr];
      if (known instanceof DType && known !== dtype) {
        const other = source.get(arg.typeAttr);
        const against =
          other === undefined ? `expected type of ${known.name}` : `type ${known.name} of argument '${other}'`;
        throw new TypeError(
          `Input '${arg.name}' of '${def.name}' Op has type ${dtype.name} that does not match ${against}.`,
        );
      }
      inferred.set(arg.typeAttr, dtype);
      if (!source.has(arg.typeAttr)) source.set(arg.typeAttr, arg.name);
    }
  }
}

/** The element types of an argument, from the attributes. */
export function argDTypes(arg: ArgDef, attrs: Attrs): readonly DType[] {
  if (arg.typeListAttr) return attrs[arg.typeListAttr] as readonly DType[];
  const dtype = arg.type ?? (attrs[arg.typeAttr as string] as DType);
  if (!(dtype instanceof DType)) throw new InternalError(null, `Argument ${arg.name} has no element type.`);
  const count = arg.numberAttr ? (attrs[arg.numberAttr] as number) : 1;
  return Array.from({ length: count }, () => dtype);
}

/** How many tensors an argument takes, from the attributes. */
export function argLength(arg: ArgDef, attrs: Attrs): number {
  if (arg.typeListAttr) return (attrs[arg.typeListAttr] as readonly DType[]).length;
  return arg.numberAttr ? (attrs[arg.numberAttr] as number) : 1;
}

function checkAttr(def: OpDef, attr: AttrDef, value: AttrValue, argument: string | undefined): void {
  const items = attr.isList ? value : [value];
  if (!Array.isArray(items)) {
    throw new TypeError(`Expected list for attr '${attr.name}' of '${def.name}' Op, got ${String(value)}.`);
  }
  if (attr.minimum !== null) checkMinimum(def, attr, attr.isList ? items.length : value);
  for (const item of items) {
    if (!isOfType(attr, item)) {
      throw new TypeError(`Expected ${attr.type} for attr '${attr.name}' of '${def.name}' Op, got ${String(item)}.`);
    }
    if (attr.allowed && !attr.allowed.includes(item as DType | string)) throw notAllowed(def, attr, item, argument);
  }
}

function checkMinimum(def: OpDef, attr: AttrDef, value: AttrValue): void {
  if (typeof value !== 'number' || value >= (attr.minimum as number)) return;
  throw new ValueError(`Attr '${attr.name}' of '${def.name}' Op passed ${value} less than minimum ${attr.minimum}.`);
}

function isOfType(attr: AttrDef, value: AttrValue): boolean {
  switch (attr.type) {
    case 'type':
      return value instanceof DType;
    case 'int':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'shape':
      return value === null || Array.isArray(value);
    case 'tensor':
      return value instanceof NdArray;
    case 'func':
      return typeof value === 'object' && value !== null && 'func' in value;
  }
}

function notAllowed(def: OpDef, attr: AttrDef, value: AttrValue, argument: string | undefined): Error {
  if (value instanceof DType) {
    const list = (attr.allowed as DType[]).map((dtype) => dtype.name).join(', ');
    const subject = argument === undefined ? `attr '${attr.name}' of '${def.name}' Op` : `parameter '${argument}'`;
    return new TypeError(
      `Value passed to ${subject} has DataType ${value.name} not in list of allowed values: ${list}`,
    );
  }
  const list = (attr.allowed as string[]).map((text) => `"${text}"`).join(', ');
  return new ValueError(`Attr '${attr.name}' of '${def.name}' Op passed string '${String(value)}' not in: ${list}.`);
}

/** The attributes as TensorFlow prints them in messages: sorted, `T=DT_FLOAT, transpose_a=false`. */
export function formatAttrs(attrs: Attrs): string {
  return Object.keys(attrs)
    .sort()
    .map((key) => `${key}=${formatAttr(attrs[key])}`)
    .join(', ');
}

/** One attribute value as TensorFlow prints it. */
export function formatAttr(value: AttrValue): string {
  if (value === null) return '<unknown>';
  if (value instanceof DType) return value.protoName;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof NdArray) return `<${value.dtype.name} [${value.shape.join(',')}]>`;
  if (Array.isArray(value)) return `[${value.map((item) => (item === null ? '?' : formatAttr(item))).join(', ')}]`;
  if (typeof value === 'object' && 'func' in value) return value.func;
  return String(value);
}
