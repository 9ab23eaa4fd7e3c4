/**
 * Messages as classes for programs: fields are properties, as in Python; made from values, written to bytes, read from
 * them. Which messages there are is told by their subclasses; bytes are `proto/codec.ts`'s.
 */
import { create, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { DataLossError, TypeError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { FillBudget, tensorFromProto, tensorToProto } from './graph-def-tensor.ts';
import { decodeMessage, encodeMessage } from './proto/codec.ts';
import type { TensorProto } from './proto/tensor_pb.ts';

/** What a class of messages is made by. */
type MessageClass = new (init?: object) => ProtoMessage;

type Values = Record<string, unknown>;

/** How a field of some type is held that is no message of this file's kind. */
interface Held {
  is(value: unknown): boolean;
  from(proto: unknown): unknown;
  to(value: unknown): unknown;
  /** What is wanted, for errors. */
  readonly name: string;
}
const held = new Map<string, Held>();

/** Says that fields of the message `typeName` hold values of a class that has its own way to and from messages. */
export function holdMessage(typeName: string, how: Held): void {
  held.set(typeName, how);
}

const schemas = new Map<object, DescMessage>();
const classes = new Map<string, MessageClass>();

/** Fields that a message had and its type has not: they are written back. */
const unknown = Symbol('unknown fields');

/**
 * Says which message a class is. To be called once for each, where it is declared.
 *
 * @param _parts classes of other files that its fields are of: named, they are there wherever the class is
 */
export function defineMessage(type: unknown, schema: DescMessage, _parts: readonly unknown[] = []): void {
  schemas.set(type as object, schema);
  classes.set(schema.typeName, type as MessageClass);
}

/**
 * A message of TensorFlow's. Fields are properties under camelCase names: numbers, texts, bytes (`Uint8Array`), arrays,
 * maps, other messages. A message field that is not set is null, and so is each member of a choice (`oneof`) but one. int64
 * fields are numbers, lists of int64 are bigints. Where bytes are wanted a text will do, as UTF-8; where a message is wanted,
 * an object of its fields.
 */
export abstract class ProtoMessage<Init extends object = object> {
  /** The message that the bytes hold. Throws `DataLossError` where they hold none. */
  static fromString<T extends ProtoMessage>(this: new () => T, bytes: Uint8Array): T {
    const message = new this();
    message.parseFromString(bytes);
    return message;
  }

  /** Throws `ValueError` for a field that the message does not have, `TypeError` for a value of another type. */
  constructor(init: Init = {} as Init) {
    const schema = schemaOf(this);
    for (const key of Object.keys(init)) {
      if (!schema.field[key]) throw new ValueError(`Protocol message ${schema.name} has no "${key}" field.`);
    }
    for (const field of schema.fields) {
      (this as unknown as Values)[field.localName] = taken(field, (init as Values)[field.localName] ?? null);
    }
  }

  /** The message as bytes; entries of maps by their keys. Throws `ValueError` where two members of a choice are set. */
  serializeToString(): Uint8Array {
    return encodeMessage(schemaOf(this), toProto(this));
  }

  /** Reads all fields anew from bytes, and gives how many these are. Throws `DataLossError` where they are no such message. */
  parseFromString(bytes: Uint8Array): number {
    const schema = schemaOf(this);
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`Expected bytes, got ${pythonTypeName(bytes)}`);
    let proto: Values;
    try {
      // A copy: fields may be views of it, and the caller's bytes may change.
      proto = decodeMessage(schema, bytes.slice()) as unknown as Values;
      fill(this, schema, proto);
    } catch (error) {
      throw new DataLossError(
        null,
        `Error parsing message with type '${schema.typeName}': ${(error as Error).message}`,
      );
    }
    return bytes.length;
  }

  /** Which member of a choice is set: its name, or null. */
  whichOneof(name: string): string | null {
    const oneof = schemaOf(this).oneofs.find((known) => known.localName === name);
    if (!oneof) throw new ValueError(`Protocol message has no oneof "${name}" field.`);
    const values = this as unknown as Values;
    return oneof.fields.find((field) => values[field.localName] != null)?.localName ?? null;
  }
}

function schemaOf(message: ProtoMessage): DescMessage {
  let type: object | null = message.constructor;
  // A program's own subclass is the message that its parent is.
  while (type && !schemas.has(type)) type = Object.getPrototypeOf(type);
  const schema = type && schemas.get(type);
  if (!schema) throw new TypeError(`${message.constructor.name} is no message`);
  return schema;
}

const TENSOR = 'tensorflow.TensorProto';
const encoder = new TextEncoder();

/** A given value as the property holds it. */
function taken(field: DescField, value: unknown): unknown {
  switch (field.fieldKind) {
    case 'list':
      return Array.from((value ?? []) as Iterable<unknown>, (item) => {
        return field.message ? messageOf(field.message, item) : scalarOf(field, field.scalar, item, true);
      });
    case 'map': {
      const entries = value instanceof Map ? value : Object.entries(value ?? {});
      return new Map(
        Array.from(entries as Iterable<[string, unknown]>, ([key, item]) => [
          key,
          field.message ? messageOf(field.message, item) : item,
        ]),
      );
    }
    case 'message':
      return value === null ? null : messageOf(field.message, value);
    case 'enum':
      return value ?? (field.oneof ? null : 0);
    default:
      if (value !== null) return scalarOf(field, field.scalar, value, false);
      return field.oneof ? null : emptyOf(field.scalar);
  }
}

function messageOf(schema: DescMessage, value: unknown): unknown {
  if (schema.typeName === TENSOR) {
    if (value instanceof NdArray) return value;
    throw new TypeError(`Expected an NdArray, got ${pythonTypeName(value)}`);
  }
  const other = held.get(schema.typeName);
  if (other) {
    if (other.is(value)) return value;
    throw new TypeError(`Expected a ${other.name}, got ${pythonTypeName(value)}`);
  }
  const type = classes.get(schema.typeName);
  // A message that programs have no class for stays what the codec makes of it.
  if (!type) return value;
  if (value instanceof type) return value;
  if (typeof value !== 'object' || value === null || value instanceof ProtoMessage) {
    throw new TypeError(
      `Parameter to initialize message field must be dict or instance of same class: expected ${schema.name} got ${pythonTypeName(value)}.`,
    );
  }
  return new type(value);
}

function isInt64(scalar: ScalarType | undefined): boolean {
  return scalar === ScalarType.INT64 || scalar === ScalarType.UINT64;
}

function scalarOf(field: DescField, scalar: ScalarType | undefined, value: unknown, isListed: boolean): unknown {
  const wrong = () =>
    new TypeError(`bad argument type for built-in operation: field ${field.name} got ${pythonTypeName(value)}`);
  if (scalar === ScalarType.BYTES) {
    if (typeof value === 'string') return encoder.encode(value);
    if (value instanceof Uint8Array) return value;
    throw wrong();
  }
  if (scalar === ScalarType.STRING || scalar === ScalarType.BOOL) {
    if (typeof value !== (scalar === ScalarType.STRING ? 'string' : 'boolean')) throw wrong();
    return value;
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') throw wrong();
  if (!isInt64(scalar)) return Number(value);
  if (typeof value === 'number' && !Number.isInteger(value)) throw wrong();
  return isListed ? BigInt(value) : Number(value);
}

function emptyOf(scalar: ScalarType | undefined): unknown {
  if (scalar === ScalarType.STRING) return '';
  if (scalar === ScalarType.BYTES) return new Uint8Array(0);
  return scalar === ScalarType.BOOL ? false : 0;
}

/** A few bytes can stand for many elements: in messages for display not for more than 64 MB. */
function smallBudget(): FillBudget {
  const budget = new FillBudget();
  budget.spend(2 ** 31 - 2 ** 26);
  return budget;
}

/** Sets the properties from what the codec read. */
function fill(message: ProtoMessage, schema: DescMessage, proto: Values): void {
  const values = message as unknown as Values;
  for (const field of schema.fields) {
    const { localName, oneof } = field;
    const held = oneof ? (proto[oneof.localName] as { case?: string; value?: unknown }) : null;
    const value = held ? (held.case === localName ? held.value : null) : proto[localName];
    if (field.fieldKind === 'list' && field.message) {
      const type = field.message;
      values[localName] = (value as Values[]).map((item) => wrapped(type, item));
    } else if (field.fieldKind === 'map') {
      const type = field.message;
      const entries = Object.entries(value as Values);
      values[localName] = new Map(entries.map(([key, item]) => [key, type ? wrapped(type, item as Values) : item]));
    } else if (field.fieldKind === 'message') {
      values[localName] = value == null ? null : wrapped(field.message, value as Values);
    } else {
      values[localName] = typeof value === 'bigint' ? Number(value) : (value ?? null);
    }
  }
  Object.defineProperty(message, unknown, { value: proto.$unknown, configurable: true });
}

function wrapped(schema: DescMessage, proto: Values): unknown {
  if (schema.typeName === TENSOR) return tensorFromProto(proto as unknown as TensorProto, smallBudget());
  const other = held.get(schema.typeName);
  if (other) return other.from(proto);
  const type = classes.get(schema.typeName);
  if (!type) return proto;
  const message = new type();
  fill(message, schema, proto);
  return message;
}

/** The message as the codec writes it. What was set after it was made is looked at only now. */
function toProto(message: ProtoMessage) {
  const schema = schemaOf(message);
  const values = message as unknown as Values;
  const proto = create(schema);
  const out = proto as unknown as Values;
  for (const field of schema.fields) {
    const { localName, oneof } = field;
    const given = values[localName] ?? null;
    if (given === null && (oneof || field.fieldKind === 'message')) continue;
    const value = stored(field, taken(field, given));
    if (!oneof) {
      out[localName] = value;
      continue;
    }
    const chosen = out[oneof.localName] as { case?: string };
    if (chosen.case !== undefined) {
      throw new ValueError(`Only one of ${chosen.case} and ${localName} of ${schema.name} can be set.`);
    }
    out[oneof.localName] = { case: localName, value };
  }
  const rest = (message as { [unknown]?: unknown })[unknown];
  if (rest) proto.$unknown = rest as typeof proto.$unknown;
  return proto;
}

function stored(field: DescField, value: unknown): unknown {
  const { message: type } = field;
  if (field.fieldKind === 'list') return type ? (value as unknown[]).map((item) => unwrapped(type, item)) : value;
  if (field.fieldKind === 'map') {
    const map: Values = {};
    for (const [key, item] of value as Map<string, unknown>) {
      // Not by assignment: `__proto__` is a key like any other.
      Object.defineProperty(map, key, {
        value: type ? unwrapped(type, item) : item,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return map;
  }
  if (type) return unwrapped(type, value);
  return isInt64(field.scalar) ? BigInt(Math.trunc(value as number)) : value;
}

function unwrapped(schema: DescMessage, value: unknown): unknown {
  if (value instanceof NdArray && schema.typeName === TENSOR) return tensorToProto(value);
  const other = held.get(schema.typeName);
  if (other) return other.to(value);
  return value instanceof ProtoMessage ? toProto(value) : value;
}

/** The message as the codec has it, for its text. */
export function protoOf(message: ProtoMessage): ReturnType<typeof toProto> {
  return toProto(message);
}

/** Sets all fields of `message` to those of what the codec or a text gave. */
export function fillFrom(message: ProtoMessage, proto: object): void {
  fill(message, schemaOf(message), proto as Values);
}
