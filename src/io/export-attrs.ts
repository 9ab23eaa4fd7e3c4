/**
 * Attributes of nodes as the messages of files. Which nodes are written, and under which names, is `export-graph.ts`'s and
 * `lower-control-flow/`'s business.
 */
import { GraphFunction } from '../graph/function.ts';
import type { Attrs, AttrValue } from '../graph/node.ts';
import { findOpDef } from '../ops/opdef/define.ts';
import { argLength } from '../ops/opdef/resolve.ts';
import type { AttrDef } from '../ops/opdef/signature.ts';
import { DType } from '../util/dtype.ts';
import { encodeString, NdArray } from '../util/ndarray.ts';
import type { Shape } from '../util/shape.ts';
import type { AttrValueDef, TensorShapeProto } from './messages.ts';

/** The names under which functions are written. */
export interface FunctionNames {
  nameOf(fn: GraphFunction): string;
}

/** What only this library's own graphs say: notes for gradients, and of variables that a loop has beside its inputs. */
const PRIVATE: ReadonlySet<string> = new Set(['_extra', '_counted', '_checked']);

/** The attributes of a node, sorted by name. */
export function attrDefs(op: string, attrs: Attrs, functions: FunctionNames): Map<string, AttrValueDef> {
  const declared = new Map(findOpDef(op)?.attrs.map((attr) => [attr.name, attr]));
  const written = Object.entries(attrs).filter(([key]) => !PRIVATE.has(key));
  written.sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(written.map(([key, value]) => [key, attrDef(value, declared.get(key), functions)]));
}

/** The declaration tells a float from an int and a shape from a list of ints; without one the value does as it can. */
function attrDef(value: AttrValue, declared: AttrDef | undefined, functions: FunctionNames): AttrValueDef {
  if (declared?.isList || (!declared && Array.isArray(value))) {
    const item = declared && { ...declared, isList: false };
    return { list: (value as readonly AttrValue[]).map((v) => attrDef(v, item, functions)) };
  }
  if (value === null || Array.isArray(value)) return { shape: shapeProto(value as Shape) };
  if (value instanceof DType) return { type: value };
  if (value instanceof NdArray) return { tensor: value };
  if (value instanceof GraphFunction) return { func: { name: functions.nameOf(value), attr: new Map() } };
  switch (typeof value) {
    case 'string':
      return { s: encodeString(value) };
    case 'boolean':
      return { b: value };
    case 'bigint':
      return { i: value };
    case 'number':
      return declared?.type === 'float' || !Number.isInteger(value) ? { f: value } : { i: value };
  }
  return { func: { name: (value as { func: string }).func, attr: new Map() } };
}

export function shapeProto(shape: Shape): TensorShapeProto {
  return shape === null ? { unknownRank: true, dim: [] } : { dim: shape.map((d) => d ?? -1) };
}

/** An output as bodies of functions write it: `node:output_arg:index`. */
export function outputName(name: string, op: string, attrs: Attrs, index: number): string {
  let offset = 0;
  for (const arg of findOpDef(op)?.outputs ?? []) {
    const length = argLength(arg, attrs);
    if (index < offset + length) return `${name}:${arg.name}:${index - offset}`;
    offset += length;
  }
  return `${name}:${V1_OUTPUTS.get(op)?.[index] ?? 'output'}:0`;
}

/** Of ops that stand in files only. */
const V1_OUTPUTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Switch', ['output_false', 'output_true']],
  ['Merge', ['output', 'value_index']],
]);
