/**
 * A `GraphDef` as a picture's model, as it stands in the file: nothing is imported, so that ops unknown here and loops of
 * TensorFlow 1 are drawn too. Reading files is `src/io`'s work.
 */
import type { GraphDef } from '../io/graph-def.ts';
import type { AttrValueDef, NodeDef, TensorShapeProto } from '../io/messages.ts';
import { findOpDef } from '../ops/opdef/define.ts';
import type { ArgDef } from '../ops/opdef/signature.ts';
import type { DType } from '../util/dtype.ts';
import { decodeString } from '../util/ndarray.ts';
import { formatShapeBrackets } from '../util/shape.ts';
import { ModelBuilder, type VizModel } from './model.ts';
import { attrText } from './text.ts';

export function fromGraphDef(def: GraphDef, title: string): VizModel {
  const builder = new ModelBuilder();
  const functions = new Map(def.library.function.map((fn, i) => [fn.name, i]));
  for (const { name } of def.library.function) builder.functions.push(name);
  addNodes(builder, def.node, 0, functions, new Map());
  def.library.function.forEach((fn, i) => {
    const owner = i + 1;
    const ids = new Map<string, number>();
    for (const { name, type } of fn.inputArg) {
      ids.set(name, builder.node({ name, op: '_Arg', owner, outputs: [type?.name ?? ''] }));
    }
    addNodes(builder, fn.nodeDef, owner, functions, ids);
    for (const [name, input] of fn.ret) {
      const id = builder.node({ name, op: '_Retval', owner });
      addInput(builder, ids, input, id, 0);
    }
  });
  return builder.finish(title);
}

/** Two rounds, as a loop's nodes take what stands further down. */
function addNodes(
  builder: ModelBuilder,
  nodes: readonly NodeDef[],
  owner: number,
  functions: ReadonlyMap<string, number>,
  ids: Map<string, number>,
): void {
  const first = builder.nodes.length;
  for (const node of nodes) {
    const attrs = [...node.attr].filter(([name]) => name !== '_output_shapes');
    const id = builder.node({
      name: node.name,
      op: node.op,
      owner,
      attrs: attrs.map(([name, value]) => [name, attrText(plain(value))] as const),
      outputs: outputsOf(node),
      device: node.device,
      calls: callsOf(node, functions),
    });
    ids.set(node.name, id);
  }
  nodes.forEach((node, i) => {
    node.input.forEach((input, position) => {
      addInput(builder, ids, input, first + i, position);
    });
  });
}

/** `name`, `name:1`, `^name`, or within a function `name:output_arg:0`. What it names may not be in the file. */
function addInput(
  builder: ModelBuilder,
  ids: ReadonlyMap<string, number>,
  input: string,
  to: number,
  position: number,
): void {
  if (input.startsWith('^')) {
    const from = ids.get(input.slice(1));
    if (from !== undefined) builder.control(from, to);
    return;
  }
  const colon = input.indexOf(':');
  const from = ids.get(colon < 0 ? input : input.slice(0, colon));
  if (from === undefined) return;
  const output = colon < 0 ? 0 : Number(input.slice(input.lastIndexOf(':') + 1));
  builder.data(from, Number.isInteger(output) ? output : 0, to, position);
}

function callsOf(node: NodeDef, functions: ReadonlyMap<string, number>): number[] {
  const called = [functions.get(node.op)];
  for (const value of node.attr.values()) {
    for (const item of 'list' in value ? value.list : [value])
      if ('func' in item) called.push(functions.get(item.func.name));
  }
  return called.filter((position) => position !== undefined);
}

/** The outputs' types from the op's definition, and their shapes where the file was written with them. */
function outputsOf(node: NodeDef): string[] {
  const shapes = node.attr.get('_output_shapes');
  const listed = shapes && 'list' in shapes ? shapes.list : [];
  const types = (findOpDef(node.op)?.outputs ?? []).flatMap((arg) => typesOf(node, arg));
  return Array.from({ length: Math.max(types.length, listed.length) }, (_, i) => {
    const item = listed[i];
    return `${types[i]?.name ?? ''}${item && 'shape' in item ? shapeText(item.shape) : ''}`;
  });
}

function typesOf(node: NodeDef, arg: ArgDef): (DType | null)[] {
  const typeOf = (name: string | null) => {
    const value = name === null ? undefined : node.attr.get(name);
    return value && 'type' in value ? value.type : null;
  };
  if (arg.typeListAttr !== null) {
    const list = node.attr.get(arg.typeListAttr);
    return list && 'list' in list ? list.list.map((item) => ('type' in item ? item.type : null)) : [];
  }
  const type = arg.type ?? typeOf(arg.typeAttr);
  if (arg.numberAttr === null) return [type];
  const count = node.attr.get(arg.numberAttr);
  // A file may say anything; no op has so many outputs.
  const length = count && 'i' in count ? Math.min(Math.max(0, Number(count.i)), 10_000) : 0;
  return new Array<DType | null>(length).fill(type);
}

function shapeText(shape: TensorShapeProto): string {
  return shape.unknownRank ? '[*]' : formatShapeBrackets(shape.dim.map((d) => (d < 0 ? null : d)));
}

/** The value of an attribute as the printer of attributes knows them. */
function plain(value: AttrValueDef): unknown {
  if ('list' in value) return value.list.map(plain);
  if ('s' in value) return decodeString(value.s);
  if ('shape' in value) return { func: shapeText(value.shape) };
  if ('tensor' in value) return value.tensor;
  if ('func' in value) return { func: value.func.name };
  if ('placeholder' in value) return { func: `$${value.placeholder}` };
  return Object.values(value)[0];
}
