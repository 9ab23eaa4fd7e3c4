/**
 * The generated messages of graph files to and from the plain values of `messages.ts`. Tensors are
 * `graph-def-tensor.ts`'s; bytes and text come from the messages.
 */
import { create } from '@bufbuild/protobuf';
import { asDType } from '../util/dtype.ts';
import { InvalidArgumentError } from '../util/errors.ts';
import { FillBudget, shapeFromProto, shapeToProto, tensorFromProto, tensorToProto } from './graph-def-tensor.ts';
import type {
  AttrValueDef,
  FunctionArg,
  FunctionDef,
  FunctionDefLibrary,
  NameAttrList,
  NodeDef,
  VersionDef,
} from './messages.ts';
import {
  type AttrValue,
  type AttrValue_ListValue,
  AttrValue_ListValueSchema,
  AttrValueSchema,
  type NameAttrList as NameAttrListMessage,
  NameAttrListSchema,
} from './proto/attr_value_pb.ts';
import {
  FunctionDef_ArgAttrsSchema,
  type FunctionDefLibrary as FunctionDefLibraryMessage,
  FunctionDefLibrarySchema,
  type FunctionDef as FunctionDefMessage,
  FunctionDefSchema,
  GradientDefSchema,
} from './proto/function_pb.ts';
import { type GraphDef as GraphDefMessage, GraphDefSchema } from './proto/graph_pb.ts';
import { type NodeDef as NodeDefMessage, NodeDefSchema } from './proto/node_def_pb.ts';
import { type OpDef_ArgDef, OpDef_ArgDefSchema, OpDefSchema } from './proto/op_def_pb.ts';
import { VersionDefSchema } from './proto/versions_pb.ts';

/** The parts of a graph in plain form, as `GraphDef` holds them. */
export interface GraphParts {
  readonly node: readonly NodeDef[];
  readonly library: FunctionDefLibrary;
  readonly versions: VersionDef;
}

/** The empty libraries that files spell out, which TensorFlow does at times; others that are empty are not written. */
const spelledOut = new WeakSet<FunctionDefLibrary>();

/** Throws `InvalidArgumentError`, with node and attribute, for a value that cannot be. */
export function graphFromMessage(message: GraphDefMessage): GraphParts {
  const budget = new FillBudget();
  const { versions } = message;
  return {
    node: message.node.map((node) => nodeFromMessage(node, budget)),
    library: message.library ? libraryFromMessage(message.library, budget) : { function: [], gradient: [] },
    versions: {
      producer: versions ? versions.producer : message.version,
      minConsumer: versions?.minConsumer ?? 0,
      badConsumers: versions?.badConsumers ?? [],
    },
  };
}

export function graphToMessage({ node, library, versions }: GraphParts): GraphDefMessage {
  const message = create(GraphDefSchema);
  message.node = node.map(nodeToMessage);
  if (library.function.length > 0 || library.gradient.length > 0 || spelledOut.has(library)) {
    message.library = libraryToMessage(library);
  }
  if (versions.producer || versions.minConsumer || versions.badConsumers.length > 0) {
    message.versions = create(VersionDefSchema, { ...versions, badConsumers: [...versions.badConsumers] });
  }
  return message;
}

// ---------------------------------------------------------------------------------------------------------------------
// Nodes

export function nodeFromMessage(message: NodeDefMessage, budget: FillBudget = new FillBudget()): NodeDef {
  const { name, op, input, device, experimentalDebugInfo, experimentalType } = message;
  const attr = attrsFromMessage(message.attr, `NodeDef ${name}`, budget);
  if (!experimentalDebugInfo && !experimentalType) return { name, op, input, device, attr };
  return { name, op, input, device, attr, rest: { experimentalDebugInfo, experimentalType } };
}

export function nodeToMessage(node: NodeDef): NodeDefMessage {
  const message = create(NodeDefSchema);
  message.name = node.name;
  message.op = node.op;
  message.input = [...node.input];
  message.device = node.device;
  message.attr = attrsToMessage(node.attr);
  return Object.assign(message, node.rest);
}

// ---------------------------------------------------------------------------------------------------------------------
// Attributes

type AttrMessages = Record<string, AttrValue>;

/** Sorted by name. Attributes without a value are left out. */
export function attrsFromMessage(
  attrs: AttrMessages,
  owner: string,
  budget: FillBudget = new FillBudget(),
): Map<string, AttrValueDef> {
  const map = new Map<string, AttrValueDef>();
  for (const key of Object.keys(attrs).sort()) {
    try {
      const value = attrFromMessage(attrs[key], budget);
      if (value) map.set(key, value);
    } catch (error) {
      const { message } = error as Error;
      // Names the innermost owner only: that of an attribute in a function's name says little.
      throw error instanceof AttrError ? error : new AttrError(null, `${owner}, attr '${key}': ${message}`);
    }
  }
  return map;
}

class AttrError extends InvalidArgumentError {
  override name = 'InvalidArgumentError';
}

export function attrsToMessage(attrs: ReadonlyMap<string, AttrValueDef>): AttrMessages {
  return recordOf(attrs, attrToMessage);
}

/** By `defineProperty`, as `__proto__` is a key like any other. */
function recordOf<V, W>(map: ReadonlyMap<string, V>, convert: (value: V) => W): Record<string, W> {
  const record: Record<string, W> = {};
  for (const [key, value] of map) {
    if (key !== '__proto__') record[key] = convert(value);
    else Object.defineProperty(record, key, { value: convert(value), enumerable: true, configurable: true });
  }
  return record;
}

/** Null for an attribute without a value. */
function attrFromMessage({ value: field }: AttrValue, budget: FillBudget): AttrValueDef | null {
  switch (field.case) {
    case 's':
      return { s: field.value };
    case 'i':
      return { i: numberOf(field.value) };
    case 'f':
      return { f: field.value };
    case 'b':
      return { b: field.value };
    case 'type':
      return { type: asDType(field.value) };
    case 'shape':
      return { shape: shapeFromProto(field.value) };
    case 'tensor':
      return { tensor: tensorFromProto(field.value, budget) };
    case 'func':
      return { func: nameAttrListFromMessage(field.value, budget) };
    case 'placeholder':
      return { placeholder: field.value };
    case 'list':
      return { list: listFromMessage(field.value, budget) };
  }
  return null;
}

function numberOf(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function listFromMessage(list: AttrValue_ListValue, budget: FillBudget): AttrValueDef[] {
  return [
    ...list.s.map((s) => ({ s })),
    ...list.i.map((i) => ({ i: numberOf(i) })),
    ...list.f.map((f) => ({ f })),
    ...list.b.map((b) => ({ b })),
    ...list.type.map((type) => ({ type: asDType(type) })),
    ...list.shape.map((shape) => ({ shape: shapeFromProto(shape) })),
    ...list.tensor.map((tensor) => ({ tensor: tensorFromProto(tensor, budget) })),
    ...list.func.map((func) => ({ func: nameAttrListFromMessage(func, budget) })),
  ];
}

function nameAttrListFromMessage({ name, attr }: NameAttrListMessage, budget: FillBudget): NameAttrList {
  return { name, attr: attrsFromMessage(attr, `function ${name}`, budget) };
}

function attrToMessage(attr: AttrValueDef): AttrValue {
  const message = create(AttrValueSchema);
  message.value = oneofOf(attr);
  return message;
}

function oneofOf(attr: AttrValueDef): AttrValue['value'] {
  if ('s' in attr) return { case: 's', value: attr.s };
  if ('i' in attr) return { case: 'i', value: BigInt(attr.i) };
  if ('f' in attr) return { case: 'f', value: attr.f };
  if ('b' in attr) return { case: 'b', value: attr.b };
  if ('type' in attr) return { case: 'type', value: attr.type.asDatatypeEnum };
  if ('shape' in attr) return { case: 'shape', value: shapeToProto(attr.shape) };
  if ('tensor' in attr) return { case: 'tensor', value: tensorToProto(attr.tensor) };
  if ('func' in attr) return { case: 'func', value: nameAttrListToMessage(attr.func) };
  if ('placeholder' in attr) return { case: 'placeholder', value: attr.placeholder };
  return { case: 'list', value: listToMessage(attr.list) };
}

function listToMessage(items: readonly AttrValueDef[]): AttrValue_ListValue {
  const list = create(AttrValue_ListValueSchema);
  for (const item of items) {
    const field = oneofOf(item);
    if (field.case === 'list' || field.case === 'placeholder' || field.case === undefined) {
      throw new InvalidArgumentError(null, `An attribute's list cannot hold a ${field.case}.`);
    }
    (list[field.case] as unknown[]).push(field.value);
  }
  return list;
}

function nameAttrListToMessage({ name, attr }: NameAttrList): NameAttrListMessage {
  return create(NameAttrListSchema, { name, attr: attrsToMessage(attr) });
}

// ---------------------------------------------------------------------------------------------------------------------
// Functions

export function libraryFromMessage(
  message: FunctionDefLibraryMessage,
  budget: FillBudget = new FillBudget(),
): FunctionDefLibrary {
  const library: FunctionDefLibrary = {
    function: message.function.map((f) => functionFromMessage(f, budget)),
    gradient: message.gradient.map(({ functionName, gradientFunc }) => ({ functionName, gradientFunc })),
  };
  spelledOut.add(library);
  return library;
}

export function libraryToMessage(library: FunctionDefLibrary): FunctionDefLibraryMessage {
  const message = create(FunctionDefLibrarySchema);
  message.function = library.function.map(functionToMessage);
  message.gradient = library.gradient.map((gradient) => create(GradientDefSchema, { ...gradient }));
  return message;
}

function functionFromMessage(message: FunctionDefMessage, budget: FillBudget): FunctionDef {
  const { name = '', inputArg = [], outputArg = [], controlOutput = [], isStateful = false } = message.signature ?? {};
  const owner = `FunctionDef ${name}`;
  const argAttr = Object.entries(message.argAttr).map(
    ([index, { attr }]) => [Number(index), attrsFromMessage(attr, owner, budget)] as const,
  );
  const signature = Object.assign(create(OpDefSchema), message.signature, {
    name: '',
    inputArg: [],
    outputArg: [],
    controlOutput: [],
    isStateful: false,
  });
  return {
    name,
    inputArg: inputArg.map(argFromMessage),
    outputArg: outputArg.map(argFromMessage),
    isStateful,
    controlOutput,
    nodeDef: message.nodeDef.map((node) => nodeFromMessage(node, budget)),
    ret: new Map(Object.entries(message.ret)),
    controlRet: new Map(Object.entries(message.controlRet)),
    attr: attrsFromMessage(message.attr, owner, budget),
    argAttr: new Map(argAttr),
    rest: { signature, resourceArgUniqueId: message.resourceArgUniqueId },
  };
}

function functionToMessage(def: FunctionDef): FunctionDefMessage {
  const message = create(FunctionDefSchema);
  message.signature = Object.assign(create(OpDefSchema), def.rest?.signature, {
    name: def.name,
    inputArg: def.inputArg.map(argToMessage),
    outputArg: def.outputArg.map(argToMessage),
    controlOutput: [...def.controlOutput],
    isStateful: def.isStateful,
  });
  message.nodeDef = def.nodeDef.map(nodeToMessage);
  message.ret = recordOf(def.ret, (value) => value);
  message.controlRet = recordOf(def.controlRet, (value) => value);
  message.attr = attrsToMessage(def.attr);
  for (const [index, attr] of def.argAttr) {
    const attrs = create(FunctionDef_ArgAttrsSchema);
    attrs.attr = attrsToMessage(attr);
    message.argAttr[index] = attrs;
  }
  message.resourceArgUniqueId = { ...def.rest?.resourceArgUniqueId };
  return message;
}

function argFromMessage(arg: OpDef_ArgDef): FunctionArg {
  const { description, handleData, isRef, experimentalFullType } = arg;
  return {
    name: arg.name,
    type: arg.type === 0 ? null : asDType(arg.type),
    ...(arg.typeAttr && { typeAttr: arg.typeAttr }),
    ...(arg.numberAttr && { numberAttr: arg.numberAttr }),
    ...(arg.typeListAttr && { typeListAttr: arg.typeListAttr }),
    ...((description || handleData.length > 0 || isRef || experimentalFullType) && {
      rest: { description, handleData, isRef, experimentalFullType },
    }),
  };
}

function argToMessage(arg: FunctionArg): OpDef_ArgDef {
  const message = create(OpDef_ArgDefSchema);
  message.name = arg.name;
  message.type = arg.type?.asDatatypeEnum ?? 0;
  message.typeAttr = arg.typeAttr ?? '';
  message.numberAttr = arg.numberAttr ?? '';
  message.typeListAttr = arg.typeListAttr ?? '';
  return Object.assign(message, arg.rest);
}
