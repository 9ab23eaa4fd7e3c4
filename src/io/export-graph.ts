/**
 * A graph as the messages of files: its nodes, and the functions that their attributes hold as a library. Bytes and text
 * are `graph-def.ts`'s work.
 */
import type { ExportOptions } from '../graph/exporter.ts';
import { GraphFunction } from '../graph/function.ts';
import type { Attrs, AttrValue, Endpoint, Node, NodeInit } from '../graph/node.ts';
import type { GraphSnapshot } from '../graph/snapshot.ts';
import { findOpDef } from '../ops/opdef/define.ts';
import { argLength } from '../ops/opdef/resolve.ts';
import type { AttrDef } from '../ops/opdef/signature.ts';
import { DType } from '../util/dtype.ts';
import { encodeString, NdArray } from '../util/ndarray.ts';
import type { Shape } from '../util/shape.ts';
import type { AttrValueDef, FunctionDef, FunctionDefLibrary, NodeDef, TensorShapeProto } from './messages.ts';

/** The nodes of a graph and the functions that they need, in the order in which they come up. */
export function exportNodes(
  snapshot: GraphSnapshot,
  options: ExportOptions,
): { readonly node: NodeDef[]; readonly library: FunctionDefLibrary } {
  const functions = new FunctionExport();
  const inputOf = ({ node, index }: Endpoint) => {
    const { name } = snapshot.node(node);
    return index === 0 ? name : `${name}:${index}`;
  };
  const from = options.fromVersion ?? 0;
  const node: NodeDef[] = [];
  for (const each of snapshot.nodes())
    if (each.id >= from) node.push(nodeDef(snapshot, each, inputOf, functions, options));
  return { node, library: { function: functions.finish(), gradient: [] } };
}

function nodeDef(
  snapshot: GraphSnapshot,
  node: NodeInit,
  inputOf: (endpoint: Endpoint) => string,
  functions: FunctionExport,
  options: ExportOptions,
): NodeDef {
  const controls = node.controls.map((id) => `^${snapshot.node(id).name}`).sort();
  const attr = attrDefs(node.op, node.attrs, functions);
  if (options.addShapes && node.outputs.length > 0) {
    attr.set('_output_shapes', { list: node.outputs.map((spec) => ({ shape: shapeProto(spec.shape) })) });
  }
  return {
    name: node.name,
    op: node.op,
    input: [...node.inputs.map(inputOf), ...controls],
    device: node.device,
    attr: new Map([...attr].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** The functions of one export: each gets a name of its own, and is written once. */
class FunctionExport {
  private readonly names = new Map<GraphFunction, string>();
  private readonly taken = new Set<string>();

  nameOf(fn: GraphFunction): string {
    let name = this.names.get(fn);
    if (name === undefined) {
      name = unused(fn.func, this.taken);
      this.names.set(fn, name);
    }
    return name;
  }

  finish(): FunctionDef[] {
    const written: FunctionDef[] = [];
    // The map grows while bodies name further functions.
    for (const [fn, name] of this.names) written.push(this.functionDef(fn, name));
    return written;
  }

  private functionDef(fn: GraphFunction, name: string): FunctionDef {
    const { body, inputs, outputs } = fn;
    const positions = new Map(inputs.map((id, i) => [id, i]));
    const nodes = [...body.nodes()].filter((node) => !positions.has(node.id));
    const taken = new Set(nodes.map((node) => node.name));
    const args = fn.inputNames.map((arg) => unused(argName(arg), taken));
    const results = fn.outputNames.map((result) => unused(argName(result), taken));
    const inputOf = (endpoint: Endpoint): string => {
      const argument = positions.get(endpoint.node);
      return argument === undefined ? outputName(body.node(endpoint.node), endpoint.index) : args[argument];
    };
    const controlRet = new Map(fn.targets.map((id) => [body.node(id).name, body.node(id).name]));
    return {
      name,
      inputArg: fn.inputSpecs.map(({ dtype }, i) => ({ name: args[i], type: dtype })),
      outputArg: fn.outputSpecs.map(({ dtype }, i) => ({ name: results[i], type: dtype })),
      isStateful: fn.isStateful,
      controlOutput: [...controlRet.keys()],
      nodeDef: nodes.map((node) => {
        // Arguments are there from the start: nothing waits for them.
        const controls = node.controls.filter((id) => !positions.has(id));
        return nodeDef(body, { ...node, controls }, inputOf, this, {});
      }),
      ret: new Map(outputs.map((endpoint, i) => [results[i], inputOf(endpoint)])),
      controlRet,
      attr: new Map(),
      argAttr: new Map(
        fn.inputSpecs.map(({ shape }, i) => [
          i,
          new Map([['_output_shapes', { list: [{ shape: shapeProto(shape) }] }]]),
        ]),
      ),
    };
  }
}

/** Names of arguments and results: lower case, digits and underscores, a letter first. */
function argName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9_]/g, '_');
  return /^[a-z]/.test(plain) ? plain : `arg_${plain}`;
}

function unused(wished: string, taken: Set<string>): string {
  let name = wished;
  for (let k = 1; taken.has(name); k++) name = `${wished}_${k}`;
  taken.add(name);
  return name;
}

/** An output as bodies of functions write it: `node:output_arg:index`. */
function outputName({ name, op, attrs }: Node, index: number): string {
  let offset = 0;
  for (const arg of findOpDef(op)?.outputs ?? []) {
    const length = argLength(arg, attrs);
    if (index < offset + length) return `${name}:${arg.name}:${index - offset}`;
    offset += length;
  }
  return `${name}:output:${index}`;
}

function attrDefs(op: string, attrs: Attrs, functions: FunctionExport): Map<string, AttrValueDef> {
  const declared = new Map(findOpDef(op)?.attrs.map((attr) => [attr.name, attr]));
  return new Map(Object.entries(attrs).map(([key, value]) => [key, attrDef(value, declared.get(key), functions)]));
}

/** The declaration tells a float from an int and a shape from a list of ints; without one the value does as it can. */
function attrDef(value: AttrValue, declared: AttrDef | undefined, functions: FunctionExport): AttrValueDef {
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

function shapeProto(shape: Shape): TensorShapeProto {
  return shape === null ? { unknownRank: true, dim: [] } : { dim: shape.map((d) => d ?? -1) };
}
