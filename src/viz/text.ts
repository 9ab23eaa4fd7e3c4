/** How attributes and types are printed in pictures. Escaping is `escape.ts`'s work and that of the formats. */
import type { AttrValue, TensorSpec } from '../graph/node.ts';
import { DType } from '../util/dtype.ts';
import { NdArray } from '../util/ndarray.ts';
import { formatShapeBrackets, type Shape } from '../util/shape.ts';
import { clip, LONGEST } from './escape.ts';

/** Arrays of more elements are told by type and shape alone. */
const ELEMENTS = 16;

/** `float32[?,10]`; of a resource handle also what it refers to. */
export function specText({ dtype, shape, handle }: TensorSpec): string {
  return typeText(dtype, shape) + (handle ? ` → ${typeText(handle.dtype, handle.shape)}` : '');
}

export function typeText(dtype: DType, shape: Shape): string {
  return `${dtype.name}${shape === null ? '[*]' : formatShapeBrackets(shape)}`;
}

/** An attribute of a node or of a step of a plan. Values may be nested as deep as JSON. */
export function attrText(value: AttrValue | unknown): string {
  return clip(print(value));
}

function print(value: unknown): string {
  if (value === null || value === undefined) return '?';
  if (typeof value === 'string') return JSON.stringify(clip(value));
  if (typeof value !== 'object') return String(value);
  if (value instanceof DType) return value.name;
  if (value instanceof NdArray) return arrayText(value);
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (Array.isArray(value)) return `[${value.slice(0, LONGEST).map(print).join(', ')}]`;
  const { func } = value as { func?: unknown };
  if (typeof func === 'string') return func;
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item)) ?? String(value);
}

function arrayText(array: NdArray): string {
  const type = typeText(array.dtype, array.shape);
  if (array.size > ELEMENTS || array.dtype.kind === 'handle') return type;
  return `${type} ${String(array).replace(/\s+/g, ' ')}`;
}
