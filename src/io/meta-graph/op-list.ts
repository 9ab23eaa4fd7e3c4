/**
 * The ops of a graph as TensorFlow's `OpList`, and nodes without the attributes that follow from it. Which graph that is
 * for is `export.ts`'s business.
 */
import { create } from '@bufbuild/protobuf';
import type { AttrValue as GraphAttrValue } from '../../graph/node.ts';
import { findOpDef, type OpDef } from '../../ops/opdef/define.ts';
import type { ArgDef, AttrDef } from '../../ops/opdef/signature.ts';
import { DType } from '../../util/dtype.ts';
import { encodeString, NdArray } from '../../util/ndarray.ts';
import { GraphDef } from '../graph-def.ts';
import { attrsFromMessage, attrsToMessage } from '../graph-def-message.ts';
import type { OpList as PlainOpList } from '../import-versions.ts';
import type { AttrValueDef, NodeDef } from '../messages.ts';
import type { AttrValue } from '../proto/attr_value_pb.ts';
import {
  type OpDef_ArgDef,
  OpDef_ArgDefSchema,
  type OpDef_AttrDef,
  OpDef_AttrDefSchema,
  type OpDef as OpDefMessage,
  OpDefSchema,
  type OpList,
  OpListSchema,
} from '../proto/op_def_pb.ts';
import { fullTypeOf } from './full-types.ts';

/** The definitions of the ops that a graph and its functions use, by name and without descriptions. */
export function strippedOpList(def: GraphDef): OpList {
  const used = new Set<string>();
  for (const { op } of def.node) used.add(op);
  for (const { nodeDef } of def.library.function) for (const { op } of nodeDef) used.add(op);
  return create(OpListSchema, {
    op: [...used].sort().flatMap((name) => {
      const op = findOpDef(name);
      return op ? [opDefMessage(op)] : [];
    }),
  });
}

/** What the effect of an op does not tell: TensorFlow calls these stateful, or not. */
const STATEFUL: ReadonlyMap<string, boolean> = new Map([
  ['CacheDataset', false],
  ['ExtractGlimpse', false],
  ['ExtractGlimpseV2', false],
  ['FractionalAvgPool', false],
  ['FractionalMaxPool', false],
  ['GuaranteeConst', true],
  ['PyFuncStateless', false],
  ['RangeDataset', true],
  ['ShuffleDataset', false],
  ['TensorDataset', true],
  ['TensorSliceDataset', true],
  ['VarHandleOp', true],
]);
const AGGREGATES: ReadonlySet<string> = new Set(['AccumulateNV2', 'AddN', 'AddV2']);
const TAKE_UNINITIALIZED: ReadonlySet<string> = new Set([
  'Assign',
  'IsVariableInitialized',
  'RefIdentity',
  'RefSwitch',
]);

function opDefMessage(op: OpDef): OpDefMessage {
  const writesReference = op.inputs.some((arg) => arg.isRef);
  return create(OpDefSchema, {
    name: op.name,
    inputArg: op.inputs.map(argMessage),
    outputArg: op.outputs.map((arg) => outputMessage(op, arg)),
    attr: op.attrs.map(attrMessage),
    isStateful: STATEFUL.get(op.name) ?? (op.effect !== 'pure' && !writesReference),
    isCommutative: op.commutative ?? false,
    isDistributedCommunication: op.name === 'StatefulPartitionedCall',
    isAggregate: AGGREGATES.has(op.name),
    allowsUninitializedInput: TAKE_UNINITIALIZED.has(op.name),
  });
}

function argMessage(arg: ArgDef): OpDef_ArgDef {
  return create(OpDef_ArgDefSchema, {
    name: arg.name,
    type: arg.type?.asDatatypeEnum ?? 0,
    typeAttr: arg.typeAttr ?? '',
    numberAttr: arg.numberAttr ?? '',
    typeListAttr: arg.typeListAttr ?? '',
    isRef: arg.isRef,
  });
}

function outputMessage(op: OpDef, arg: ArgDef): OpDef_ArgDef {
  const message = argMessage(arg);
  const type = fullTypeOf(op, arg);
  if (type) message.experimentalFullType = type;
  return message;
}

function attrMessage(attr: AttrDef): OpDef_AttrDef {
  const message = create(OpDef_AttrDefSchema, {
    name: attr.name,
    type: attr.isList ? `list(${attr.type})` : attr.type,
    hasMinimum: attr.minimum !== null,
    minimum: BigInt(attr.minimum ?? 0),
  });
  const preset = defaultOf(attr);
  if (preset) message.defaultValue = attrValue(preset);
  if (attr.allowed) {
    const list = attr.allowed.map((item) => (item instanceof DType ? { type: item } : { s: encodeString(item) }));
    message.allowedValues = attrValue({ list });
  }
  return message;
}

function attrValue(value: AttrValueDef): AttrValue {
  return attrsToMessage(new Map([['value', value]])).value;
}

/** The default of an attribute; null where it has none. */
function defaultOf(attr: AttrDef): AttrValueDef | null {
  const { default: preset } = attr;
  if (preset === undefined) return null;
  if (!attr.isList) return valueOf(attr, preset);
  return { list: (preset as readonly GraphAttrValue[]).map((item) => valueOf(attr, item)) };
}

function valueOf({ type }: AttrDef, value: GraphAttrValue): AttrValueDef {
  if (value instanceof DType) return { type: value };
  if (value instanceof NdArray) return { tensor: value };
  if (type === 'shape') {
    const shape = value as readonly (number | null)[] | null;
    return { shape: shape ? { dim: shape.map((d) => d ?? -1) } : { unknownRank: true, dim: [] } };
  }
  if (typeof value === 'string') return { s: encodeString(value) };
  if (typeof value === 'boolean') return { b: value };
  return type === 'float' ? { f: Number(value) } : { i: value as number | bigint };
}

// ---------------------------------------------------------------------------------------------------------------------
// Defaults

/** The graph without the attributes whose values are the defaults of their ops. */
export function withoutDefaults(def: GraphDef): GraphDef {
  const functions = new Set(def.library.function.map(({ name }) => name));
  const presets = new Map<string, ReadonlyMap<string, string>>();
  const presetsOf = (op: string) => {
    let known = presets.get(op);
    if (!known) {
      known = functions.has(op) ? new Map() : presetTexts(op);
      presets.set(op, known);
    }
    return known;
  };
  const strip = (node: NodeDef): NodeDef => {
    const defaults = presetsOf(node.op);
    if (defaults.size === 0) return node;
    const attr = [...node.attr].filter(([key, value]) => defaults.get(key) !== textOf(value));
    return attr.length === node.attr.size ? node : { ...node, attr: new Map(attr) };
  };
  const library = def.library.function.map((fn) => ({ ...fn, nodeDef: fn.nodeDef.map(strip) }));
  return new GraphDef(def.node.map(strip), { ...def.library, function: library }, def.versions);
}

function presetTexts(op: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const attr of findOpDef(op)?.attrs ?? []) {
    const preset = defaultOf(attr);
    if (preset) texts.set(attr.name, textOf(preset));
  }
  return texts;
}

/** The same for values that are the same in a file: floats have 32 bits there. */
function textOf(value: AttrValueDef): string {
  if ('tensor' in value && value.tensor.size > 64) return 'a large tensor';
  return JSON.stringify(value, (key, item) => {
    if (key === 'f') return String(Math.fround(item as number));
    if (typeof item === 'bigint') return Number(item);
    if (item instanceof DType) return item.name;
    if (item instanceof NdArray) return item.toJSON();
    if (item instanceof Uint8Array) return [...item];
    return item instanceof Map ? [...item] : item;
  });
}

/** The list as imports take it: only ops that the graph has. */
export function plainOpList(list: OpList, def: GraphDef): PlainOpList {
  const used = new Set(def.node.map(({ op }) => op));
  for (const { nodeDef } of def.library.function) for (const { op } of nodeDef) used.add(op);
  const op = list.op.filter(({ name }) => used.has(name));
  return {
    op: op.map(({ name, attr }) => ({
      name,
      attr: attr.map(({ name: key, defaultValue }) => ({
        name: key,
        defaultValue: defaultValue && attrsFromMessage({ value: defaultValue }, `OpDef ${name}`).get('value'),
      })),
    })),
  };
}
