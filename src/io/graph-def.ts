/**
 * `GraphDef`: a graph as TensorFlow's message of that name, made from a snapshot. Its text form is `text-format.ts`.
 */
import { type ExportedGraph, type ExportOptions, installExporter } from '../graph/exporter.ts';
import { Graph } from '../graph/graph.ts';
import type { Attrs, AttrValue, Node } from '../graph/node.ts';
import type { GraphSnapshot } from '../graph/snapshot.ts';
import { findOpDef } from '../ops/opdef/define.ts';
import type { AttrDef } from '../ops/opdef/signature.ts';
import { bool, complex64, complex128, DType, float32, float64, int64, string, uint32, uint64 } from '../util/dtype.ts';
import { encodeString, NdArray, type NumericData } from '../util/ndarray.ts';
import type { Shape } from '../util/shape.ts';
import type { AttrValueDef, FunctionDefLibrary, NodeDef, TensorShapeProto, VersionDef } from './messages.ts';
import { formatMessage, type TextField } from './text-format.ts';

/** The version that an exported graph claims: that of the TensorFlow whose behaviour is the reference. */
const PRODUCER = 2474;

/**
 * A graph in TensorFlow's exchange form.
 *
 *     const def = tf.GraphDef.of(tf.getDefaultGraph(), {addShapes: true});
 *     def.toText()   // what TensorFlow writes as .pbtxt
 */
export class GraphDef implements ExportedGraph {
  constructor(
    readonly node: readonly NodeDef[],
    readonly library: FunctionDefLibrary = { function: [], gradient: [] },
    readonly versions: VersionDef = { producer: PRODUCER, minConsumer: 0, badConsumers: [] },
  ) {}

  static of(graph: Graph | GraphSnapshot, options: ExportOptions = {}): GraphDef {
    const snapshot = graph instanceof Graph ? graph.snapshot() : graph;
    return new GraphDef(Array.from(snapshot.nodes(), (node) => nodeDef(snapshot, node, options)));
  }

  /** The text form (`.pbtxt`), as TensorFlow prints it. */
  toText(): string {
    return formatMessage([
      ...this.node.map((node): TextField => ['node', nodeFields(node)]),
      ['versions', [['producer', { literal: String(this.versions.producer) }]]],
    ]);
  }
}

installExporter(GraphDef.of);

function nodeDef(snapshot: GraphSnapshot, node: Node, options: ExportOptions): NodeDef {
  const inputs = node.inputs.map(({ node: id, index }) => {
    const { name } = snapshot.node(id);
    return index === 0 ? name : `${name}:${index}`;
  });
  const controls = node.controls.map((id) => `^${snapshot.node(id).name}`).sort();
  const attr = attrDefs(node.op, node.attrs);
  if (options.addShapes && node.outputs.length > 0) {
    attr.set('_output_shapes', { list: node.outputs.map((spec) => ({ shape: shapeProto(spec.shape) })) });
  }
  return {
    name: node.name,
    op: node.op,
    input: [...inputs, ...controls],
    device: node.device,
    attr: new Map([...attr].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function attrDefs(op: string, attrs: Attrs): Map<string, AttrValueDef> {
  const declared = new Map(findOpDef(op)?.attrs.map((attr) => [attr.name, attr]));
  return new Map(Object.entries(attrs).map(([key, value]) => [key, attrDef(value, declared.get(key))]));
}

/** The declaration tells a float from an int and a shape from a list of ints; without one the value does as it can. */
function attrDef(value: AttrValue, declared: AttrDef | undefined): AttrValueDef {
  if (declared?.isList || (!declared && Array.isArray(value))) {
    const item = declared && { ...declared, isList: false };
    return { list: (value as readonly AttrValue[]).map((v) => attrDef(v, item)) };
  }
  if (value === null || Array.isArray(value)) return { shape: shapeProto(value as Shape) };
  if (value instanceof DType) return { type: value };
  if (value instanceof NdArray) return { tensor: value };
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

function nodeFields(node: NodeDef): TextField[] {
  const fields: TextField[] = [
    ['name', { text: node.name }],
    ['op', { text: node.op }],
    ...node.input.map((input): TextField => ['input', { text: input }]),
  ];
  if (node.device) fields.push(['device', { text: node.device }]);
  for (const [key, value] of node.attr) {
    fields.push([
      'attr',
      [
        ['key', { text: key }],
        ['value', attrFields(value)],
      ],
    ]);
  }
  return fields;
}

function attrFields(value: AttrValueDef): TextField[] {
  if ('s' in value) return [['s', { bytes: value.s }]];
  if ('i' in value) return [['i', { literal: String(value.i) }]];
  if ('f' in value) return [['f', { literal: formatFloat(value.f) }]];
  if ('b' in value) return [['b', { literal: String(value.b) }]];
  if ('type' in value) return [['type', { literal: value.type.protoName }]];
  if ('shape' in value) return [['shape', shapeFields(value.shape)]];
  if ('tensor' in value) return [['tensor', tensorFields(value.tensor)]];
  if ('func' in value) return [['func', [['name', { text: value.func.name }]]]];
  if ('placeholder' in value) return [['placeholder', { text: value.placeholder }]];
  return [['list', value.list.flatMap(attrFields)]];
}

function shapeFields(shape: TensorShapeProto): TextField[] {
  if (shape.unknownRank) return [['unknown_rank', { literal: 'true' }]];
  return shape.dim.map((size) => ['dim', [['size', { literal: String(size) }]]]);
}

/** `TensorProto`: a single element under its type's field, more as bytes, strings one by one: as `tf.constant` makes it. */
function tensorFields(array: NdArray): TextField[] {
  const { dtype, data } = array;
  const fields: TextField[] = [
    ['dtype', { literal: dtype.protoName }],
    ['tensor_shape', shapeFields({ dim: array.shape })],
  ];
  if (Array.isArray(data)) return [...fields, ...data.map((bytes): TextField => ['string_val', { bytes }])];
  if (array.size === 1) {
    const name = valueField(dtype);
    const elements =
      dtype.name === 'float16' || dtype.name === 'bfloat16'
        ? [halfBits(array)]
        : Array.from<number | bigint>(data as Float32Array);
    return [...fields, ...elements.map((element): TextField => [name, { literal: formatElement(dtype, element) }])];
  }
  if (array.size === 0) return fields;
  return [...fields, ['tensor_content', { bytes: contentBytes(array) }]];
}

function valueField(dtype: DType): string {
  switch (dtype) {
    case float32:
      return 'float_val';
    case float64:
      return 'double_val';
    case int64:
      return 'int64_val';
    case bool:
      return 'bool_val';
    case string:
      return 'string_val';
    case complex64:
      return 'scomplex_val';
    case complex128:
      return 'dcomplex_val';
    case uint32:
      return 'uint32_val';
    case uint64:
      return 'uint64_val';
  }
  return dtype.isFloating ? 'half_val' : 'int_val';
}

function formatElement(dtype: DType, element: number | bigint): string {
  if (dtype === bool) return element ? 'true' : 'false';
  if (dtype === float32 || dtype === complex64) return formatFloat(element as number);
  if (dtype === float64 || dtype === complex128) return formatDouble(element as number);
  return String(element);
}

/** The shortest decimal that reads back to the same float32. */
function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return formatDouble(value);
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return formatDouble(Number(text));
  }
  return formatDouble(value);
}

function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0';
  // C prints two digits of exponent at least: 1e-05.
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** The 16 bits of a float16 or bfloat16, which lie in storage as float32. */
function halfBits(array: NdArray): number {
  const view = new DataView(contentBytes(array).buffer);
  return view.getUint16(0, true);
}

/** The elements in memory order, little endian, two bytes each for the half types. */
function contentBytes(array: NdArray): Uint8Array {
  const data = array.data as NumericData;
  if (array.dtype.name !== 'float16' && array.dtype.name !== 'bfloat16') {
    return new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer);
  }
  const bits = new Uint32Array(Float32Array.from(data as Float32Array).buffer);
  const toHalf = array.dtype.name === 'bfloat16' ? (b: number) => b >>> 16 : float32BitsToHalf;
  return new Uint8Array(Uint16Array.from(bits, toHalf).buffer);
}

/** The float16 bits of a float32 that is representable as float16. */
function float32BitsToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const fraction = bits & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent >= -14) return sign | ((exponent + 15) << 10) | (fraction >>> 13);
  if (exponent >= -24) return sign | ((fraction | 0x800000) >>> (-exponent - 1));
  return sign;
}
