/**
 * How types, attributes and array elements are written in the texts of graph, IR and plan. The lines are the printers'
 * business, reading them back `parser.ts`'s.
 */
import type { Attrs, AttrValue, TensorSpec } from '../../src/graph/node.ts';
import { findOpDef } from '../../src/ops/opdef/define.ts';
import { DType } from '../../src/util/dtype.ts';
import { type Element, NdArray, type NestedArray } from '../../src/util/ndarray.ts';
import { type Shape, sameShape } from '../../src/util/shape.ts';

/** Arrays of more elements are written as a summary. */
export const LITERAL_SIZE = 16;

/** `f32[?,10]`, `f32[*]` for an unknown rank, `res[]<f32[10]>` for a handle. */
export function formatSpec({ dtype, shape, handle }: TensorSpec): string {
  const refers = handle ? `<${formatSpec(handle)}>` : '';
  return dtype.shortName + formatDims(shape) + refers;
}

function formatDims(shape: Shape): string {
  return shape === null ? '[*]' : `[${shape.map((d) => d ?? '?').join(',')}]`;
}

/** The types of a node's outputs: one as it is, else in parentheses. */
export function formatSpecs(specs: readonly TensorSpec[]): string {
  return specs.length === 1 ? formatSpec(specs[0]) : `(${specs.map(formatSpec).join(', ')})`;
}

/** ` {transpose_b, axis=1}`; empty where nothing has to be said: types that inputs or outputs tell, and defaults. */
export function formatNodeAttrs(op: string, attrs: Attrs): string {
  const told = derivable(op);
  const items: string[] = [];
  for (const name of Object.keys(attrs)) {
    const value = attrs[name];
    if (told.has(name)) continue;
    const preset = findOpDef(op)?.attrs.find((attr) => attr.name === name)?.default;
    if (preset !== undefined && sameAttr(preset, value)) continue;
    items.push(value === true ? name : `${name}=${formatAttrValue(value)}`);
  }
  return items.length === 0 ? '' : ` {${items.join(', ')}}`;
}

/** The attributes of an op that follow from the types of its inputs and outputs. */
export function derivable(op: string): ReadonlySet<string> {
  const names = new Set<string>();
  const def = findOpDef(op);
  for (const arg of def?.inputs ?? []) {
    for (const name of [arg.typeAttr, arg.typeListAttr, arg.numberAttr]) if (name !== null) names.add(name);
  }
  for (const arg of def?.outputs ?? []) if (arg.typeAttr !== null && arg.numberAttr === null) names.add(arg.typeAttr);
  return names;
}

export function sameAttr(a: AttrValue, b: AttrValue): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => sameAttr(item, b[i]));
  if (a instanceof NdArray && b instanceof NdArray) return a === b || sameArray(a, b);
  // A function with a body is itself; its name only serves people.
  if (isFunc(a) && isFunc(b)) return a === b || (!('body' in a) && !('body' in b) && a.func === b.func);
  return Object.is(a, b);
}

function isFunc(value: AttrValue): value is { readonly func: string } {
  return typeof value === 'object' && value !== null && 'func' in value;
}

/** Whether two arrays are the same bit by bit. */
export function sameArray(a: NdArray, b: NdArray): boolean {
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape) || a.data.length !== b.data.length) return false;
  if (Array.isArray(a.data)) {
    const other = b.data as Uint8Array[];
    return a.data.every((bytes, i) => sameBytes(bytes, other[i]));
  }
  return sameBytes(bytesOf(a.data), bytesOf(b.data as Uint8Array));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A 32-bit hash (FNV-1a) of an array's elements. */
export function hashArray(array: NdArray): number {
  let hash = 0x811c9dc5;
  const parts = Array.isArray(array.data) ? array.data : [bytesOf(array.data)];
  for (const bytes of parts) {
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
    hash = Math.imul(hash ^ bytes.length, 0x01000193);
  }
  return hash >>> 0;
}

/** One attribute value. */
export function formatAttrValue(value: AttrValue): string {
  if (value === null) return '?';
  if (value instanceof DType) return value.shortName;
  if (value instanceof NdArray) return `<${formatSpec(value)} ${formatElements(value)}>`;
  if (Array.isArray(value)) return `[${value.map(formatAttrValue).join(', ')}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (isFunc(value)) return `@${value.func}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The elements, nested; for a long array their number and a hash, `#256:1a2b3c4d`. */
export function formatElements(array: NdArray): string {
  if (!isLiteral(array)) return `#${array.size}:${hashArray(array).toString(16).padStart(8, '0')}`;
  return formatNested(array.array(), array.dtype);
}

/** Whether the elements are written out, so that the text can be read back. */
export function isLiteral(array: NdArray): boolean {
  if (array.size > LITERAL_SIZE) return false;
  return !Array.isArray(array.data) || array.data.every((_, i) => typeof array.at(i) === 'string');
}

function formatNested(value: NestedArray, dtype: DType): string {
  if (Array.isArray(value)) {
    return `[${(value as NestedArray[]).map((item) => formatNested(item, dtype)).join(', ')}]`;
  }
  return formatElement(value as Element, dtype);
}

function formatElement(value: Element, dtype: DType): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'number') return String(value);
  if (Object.is(value, -0)) return '-0';
  if (!dtype.isFloating || dtype.size === 8 || !Number.isFinite(value)) return String(value);
  // The shortest decimal that reads back as the same float32.
  for (let digits = 1; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(value);
}

/** Pads a line so that comments stand in a column. */
export function withComment(line: string, comment: string): string {
  return `${line.padEnd(56)} # ${comment}`;
}
