/**
 * Builds ops: converts inputs, resolves the signature, infers shapes, adds the node. A failed build leaves the graph as
 * it was. Which ops there are is the op families' business.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { type Graph, type Operation, Tensor } from '../graph/graph.ts';
import { buildingGraph, commonGraph } from '../graph/graph-of.ts';
import type { Attrs, AttrValue, NodeId, TensorSpec } from '../graph/node.ts';
import { type ArrayValue, toNdArray } from '../util/array-convert.ts';
import { type DType, int32 } from '../util/dtype.ts';
import { TypeError, ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { formatShapeBrackets, type Shape } from '../util/shape.ts';
import { getOpDef, type InferContext, type Inferred, type OpDef, ShapeError } from './opdef/define.ts';
import { argDTypes, formatAttrs, type Resolved, resolveByTypes, resolveSignature } from './opdef/resolve.ts';
import type { ArgDef } from './opdef/signature.ts';
import { constantShape, constantValue } from './static-value.ts';
import { isSymbolic, type TensorLike } from './tensor-like.ts';

export type EmitAttrs = Readonly<Record<string, AttrValue | undefined>>;

/**
 * Adds an op to the graph of its inputs (without tensors among them, to the default graph) and returns it.
 *
 * @param inputs per argument of the signature a value, or an array of values for a list argument
 * @param attrs attributes under TensorFlow's names; those that follow from the inputs may be left out
 * @param name the name wished for; the op type where it is null
 */
export function emit(
  type: string,
  inputs: readonly (TensorLike | readonly TensorLike[])[],
  attrs: EmitAttrs = {},
  name?: string | null,
): Operation {
  const def = getOpDef(type);
  const wished = name || type;
  if (areTensors(def, inputs)) {
    const first = inputs[0];
    const graph = first instanceof Tensor ? buildingGraph(first.graph) : graphOf(inputs);
    return build(graph, def, inputs as readonly (Tensor | readonly Tensor[])[], attrs, wished);
  }
  const graph = graphOf(inputs);
  // The op's name is a scope for what its inputs need: a constant becomes `add/y`.
  return graph.atomic(() =>
    graph.asDefault(() =>
      graph.nameScope(wished, (scope) => build(graph, def, convertInputs(def, inputs, attrs), attrs, scope)),
    ),
  );
}

/** `emit`, for ops with one output. */
export function emitOne(
  type: string,
  inputs: readonly (TensorLike | readonly TensorLike[])[],
  attrs: EmitAttrs = {},
  name?: string | null,
): Tensor {
  return emit(type, inputs, attrs, name).output(0);
}

/**
 * The frame of a function that builds several ops: its own name scope, on the graph of `inputs`, all or nothing.
 * The scope's name (with its slash) names the final op.
 *
 *     opScope(name, 'l2_normalize', [x], (scope) => multiply(x, factor, {name: scope}))
 */
export function opScope<R>(
  name: string | null | undefined,
  defaultName: string,
  inputs: readonly unknown[],
  body: (scope: string) => R,
): R {
  const graph = graphOf(inputs);
  return graph.atomic(() => graph.asDefault(() => graph.nameScope(name || defaultName, body)));
}

/** The graph that these belong to: that of the first symbolic one, else the default. Mixing graphs throws `ValueError`. */
export function graphOf(inputs: readonly unknown[]): Graph {
  return commonGraph(inputs) ?? getDefaultGraph();
}

function areTensors(def: OpDef, inputs: readonly unknown[]): boolean {
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (input instanceof Tensor) continue;
    const isList = def.inputs[i]?.numberAttr !== null || def.inputs[i]?.typeListAttr !== null;
    if (isList && Array.isArray(input) && input.every((item) => item instanceof Tensor)) continue;
    return false;
  }
  return true;
}

function isListArg(arg: ArgDef): boolean {
  return arg.numberAttr !== null || arg.typeListAttr !== null;
}

/** Where TensorFlow names the constants of an op otherwise than its arguments. */
const constantNames: Readonly<Record<string, readonly string[] | undefined>> = {
  StridedSlice: ['input', 'stack', 'stack_1', 'stack_2'],
};

function convertInputs(def: OpDef, inputs: readonly unknown[], attrs: EmitAttrs): (Tensor | Tensor[])[] {
  const types = knownTypes(def, inputs, attrs);
  return def.inputs.map((arg, i) => {
    const value = inputs[i];
    if (!isListArg(arg)) {
      return convertInput(def, arg, value as TensorLike, types, constantNames[def.name]?.[i] ?? arg.name);
    }
    if (!Array.isArray(value)) {
      throw new TypeError(`Expected list for '${arg.name}' argument to '${def.name}' Op, not ${String(value)}.`);
    }
    const isTyped = value.some((item) => item instanceof Tensor);
    return value.map((item, k) =>
      convertInput(def, arg, item as TensorLike, types, `${arg.name}_${k}`, k === 0 && !isTyped ? arg.name : undefined),
    );
  });
}

/** The element types that the symbolic inputs fix, by type attribute: plain values then take theirs. */
function knownTypes(def: OpDef, inputs: readonly unknown[], attrs: EmitAttrs): Map<string, DType> {
  const types = new Map<string, DType>();
  for (const attr of def.attrs) {
    const given = attrs[attr.name];
    if (attr.type === 'type' && !attr.isList && given) types.set(attr.name, given as DType);
  }
  def.inputs.forEach((arg, i) => {
    if (!arg.typeAttr || types.has(arg.typeAttr)) return;
    const candidates = isListArg(arg) && Array.isArray(inputs[i]) ? (inputs[i] as unknown[]) : [inputs[i]];
    const symbolic = candidates.find((item) => isSymbolic(item)) as { dtype?: DType } | undefined;
    if (symbolic?.dtype) types.set(arg.typeAttr, symbolic.dtype);
  });
  return types;
}

function convertInput(
  def: OpDef,
  arg: ArgDef,
  value: TensorLike,
  types: Map<string, DType>,
  name: string,
  first?: string,
): Tensor {
  const fallback = arg.typeAttr ? def.attrs.find((a) => a.name === arg.typeAttr)?.default : undefined;
  const wanted = arg.type ?? (arg.typeAttr ? types.get(arg.typeAttr) : undefined) ?? null;
  // An empty list is float32 by itself; where only integers will do, TensorFlow leaves that constant unused.
  const isOddOneOut = wanted === null && Array.isArray(value) && value.length === 0 && fallback === int32;
  if (isOddOneOut) convertToTensor([], { name });
  // A symbolic input keeps its type, so that a mismatch is reported in terms of the op's signature.
  const tensor = isSymbolic(value)
    ? asTensor(value, null, first ?? name)
    : convertToTensor(value, { dtype: wanted ?? undefined, preferredDtype: fallback as DType | undefined, name });
  if (arg.typeAttr && !types.has(arg.typeAttr)) types.set(arg.typeAttr, tensor.dtype);
  return tensor;
}

function build(
  graph: Graph,
  def: OpDef,
  inputs: readonly (Tensor | readonly Tensor[])[],
  attrs: EmitAttrs,
  name: string,
): Operation {
  if (inputs.length !== def.inputs.length) {
    throw new TypeError(`'${def.name}' Op takes ${def.inputs.length} inputs, got ${inputs.length}.`);
  }
  const flat = flatten(inputs);
  let isWithin = true;
  for (let i = 0; i < flat.length; i++) {
    if (flat[i].graph === graph) continue;
    isWithin = false;
    if (!graph.isInside(flat[i].graph)) {
      throw new ValueError(
        `${flat[i]} must be from the same graph as ${flat[0]} (graphs are ${flat[i].graph} and ${flat[0].graph}).`,
      );
    }
  }
  if (!isWithin) {
    const place = graph.placeFor(def.name, flat);
    if (place !== graph) return place.extend(() => build(place, def, inputs, attrs, def.name));
  }
  const own = isWithin ? flat : flat.map((tensor) => graph.capture(tensor));
  return add(graph, def, own, resolve(def, inputs, flat, attrs), { name });
}

/** What a node that exists already, in a file, brings along. The name is taken as it is where it ends in a slash. */
export interface NodePlace {
  readonly name: string;
  readonly controls?: readonly NodeId[];
  readonly device?: string;
}

/**
 * Adds a node whose attributes are complete and whose input types are known to fit: one that is read from a file. Shapes
 * are inferred and errors of shapes told as for any op.
 */
export function emitNode(
  graph: Graph,
  def: OpDef,
  inputs: readonly Tensor[],
  attrs: Attrs,
  place: NodePlace,
): Operation {
  const outputDTypes = def.outputs.flatMap((arg) => argDTypes(arg, attrs));
  return add(graph, def, inputs, { attrs, outputDTypes }, place);
}

function add(graph: Graph, def: OpDef, flat: readonly Tensor[], resolved: Resolved, place: NodePlace): Operation {
  const { attrs, outputDTypes } = resolved;
  const { name } = place;
  const context = new TensorContext(def, flat, attrs, outputDTypes);
  let inferred: Inferred;
  try {
    inferred = def.infer(context);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const final = name.endsWith('/') ? name.slice(0, -1) : graph.uniqueName(name, false);
    throw new ValueError(explain(error.message, final, def, flat, attrs, outputDTypes));
  }
  const outputs = specsOf(inferred, outputDTypes, flat);
  return graph.createOp({ ...place, type: def.name, inputs: flat, attrs, outputs });
}

function flatten(inputs: readonly (Tensor | readonly Tensor[])[]): readonly Tensor[] {
  return inputs.every((input) => input instanceof Tensor) ? inputs : inputs.flat();
}

function resolve(
  def: OpDef,
  inputs: readonly (Tensor | readonly Tensor[])[],
  flat: readonly Tensor[],
  attrs: EmitAttrs,
): Resolved {
  if (flat === inputs && isEmpty(attrs)) {
    return resolveByTypes(
      def,
      flat.map((tensor) => tensor.dtype),
    );
  }
  const dtypes = inputs.map((input) => (input instanceof Tensor ? [input] : input).map((tensor) => tensor.dtype));
  return resolveSignature(def, dtypes, attrs);
}

function isEmpty(attrs: EmitAttrs): boolean {
  for (const _key in attrs) return false;
  return true;
}

/** The specs of the outputs; those of the first input's op itself where nothing differs, as for most ops on elements. */
function specsOf(inferred: Inferred, dtypes: readonly DType[], inputs: readonly Tensor[]): readonly TensorSpec[] {
  if (inferred.length === 1 && inputs.length > 0) {
    const { outputs } = inputs[0].op.node;
    const [{ dtype, shape, handle }] = outputs;
    if (outputs.length === 1 && shape === inferred[0] && dtype === dtypes[0] && handle === undefined) return outputs;
  }
  return inferred.map((found, i) =>
    found === null || Array.isArray(found)
      ? { dtype: dtypes[i], shape: Object.freeze(found) as Shape }
      : { dtype: dtypes[i], ...(found as { shape: Shape; handle: TensorSpec['handle'] }) },
  );
}

/** An op that is about to be built, as its shape rule sees it. */
class TensorContext implements InferContext {
  readonly type: string;
  readonly inputCount: number;

  constructor(
    def: OpDef,
    protected readonly inputs: readonly Tensor[],
    private readonly attrs: Readonly<Record<string, AttrValue>>,
    private readonly dtypes: readonly DType[],
  ) {
    this.type = def.name;
    this.inputCount = inputs.length;
  }
  shape(input: number): Shape {
    return this.inputs[input].shape;
  }
  dtype(input: number): DType {
    return this.inputs[input].dtype;
  }
  attr<T extends AttrValue = AttrValue>(name: string): T {
    return this.attrs[name] as T;
  }
  constant(input: number): NdArray | null {
    return constantValue(this.inputs[input]);
  }
  constantShape(input: number): Shape {
    return constantShape(this.inputs[input]);
  }
  handle(input: number): TensorSpec['handle'] {
    return this.inputs[input].spec.handle;
  }
  outputDType(output: number): DType {
    return this.dtypes[output];
  }
}

/** Remembers which values a shape rule looks at, for the message of its error. */
class WatchedContext extends TensorContext {
  readonly values = new Map<number, NdArray>();
  readonly shapes = new Map<number, Shape>();

  override constant(input: number): NdArray | null {
    const value = super.constant(input);
    if (value) this.values.set(input, value);
    return value;
  }
  override constantShape(input: number): Shape {
    const shape = super.constantShape(input);
    if (shape) this.shapes.set(input, shape);
    return shape;
  }
}

/**
 * The message of a shape error in TensorFlow's form, with the node, the input shapes and the values that the rule looked
 * at: the rule is asked once more, watched.
 */
function explain(
  message: string,
  name: string,
  def: OpDef,
  inputs: readonly Tensor[],
  attrs: Readonly<Record<string, AttrValue>>,
  dtypes: readonly DType[],
): string {
  const watched = new WatchedContext(def, inputs, attrs, dtypes);
  try {
    def.infer(watched);
  } catch {
    // The error is known; what matters is what was looked at before it.
  }
  const sources = inputs.map((t) => (t.index === 0 ? t.op.name : t.name)).join(', ');
  const shapes = inputs.map((t) => formatShapeBrackets(t.shape)).join(', ');
  const values = [...watched.values].map(([i, v]) => `input[${i}] = <${summarize(v)}>`).join(', ');
  const partial = [...watched.shapes].map(([i, s]) => `input[${i}] = ${formatShapeBrackets(s)}`).join(', ');
  return (
    `${message} for '{{node ${name}}} = ${def.name}[${formatAttrs(attrs)}](${sources})' with input shapes: ${shapes}` +
    (values ? ` and with computed input tensors: ${values}` : '') +
    (partial ? ` and with input tensors computed as partial shapes: ${partial}` : '') +
    '.'
  );
}

function summarize(value: NdArray): string {
  return Array.from({ length: Math.min(value.size, 8) }, (_, i) => String(value.at(i))).join(' ');
}

export interface ConvertOptions {
  /** The type that the tensor must have. */
  readonly dtype?: DType | null;
  /** The type that a value is given if it can be; a preference that cannot hold is dropped. */
  readonly preferredDtype?: DType | null;
  /** The name of the constant, `Const` without it. */
  readonly name?: string | null;
}

/**
 * The value as a tensor: a tensor as it is, a variable as a read of it, an array as a constant, a list with tensors in
 * it packed. Throws `ValueError` for a tensor of another type than asked for, `TypeError` for what is no value.
 */
export function convertToTensor(value: TensorLike, options: ConvertOptions = {}): Tensor {
  const { dtype, preferredDtype, name } = options;
  if (isSymbolic(value)) return asTensor(value, dtype ?? null, name ?? undefined);
  if (Array.isArray(value) && containsSymbolic(value)) return pack(value, dtype ?? null, name ?? 'packed');
  const array = dtype ? toNdArray(value as ArrayValue, dtype) : preferred(value as ArrayValue, preferredDtype ?? null);
  return constantOp(array, name ?? 'Const');
}

function preferred(value: ArrayValue, dtype: DType | null): NdArray {
  if (dtype) {
    try {
      return toNdArray(value, dtype);
    } catch {
      // The preference does not hold for this value.
    }
  }
  rejectOpaque(value);
  return toNdArray(value);
}

function rejectOpaque(value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return;
  if (value instanceof NdArray || ('data' in value && 'shape' in value)) return;
  const name = (value as { name?: unknown }).name;
  if ('controlInputs' in value) throw new TypeError(`Can't convert Operation '${name}' to Tensor`);
  throw new TypeError(
    `Failed to convert elements of ${String(value)} to Tensor. Consider casting elements to a supported type. (${pythonTypeName(value)})`,
  );
}

function asTensor(
  value: Tensor | { asTensor(dtype?: DType | null, name?: string): Tensor },
  dtype: DType | null,
  name?: string,
): Tensor {
  const tensor = value instanceof Tensor ? value : value.asTensor(dtype, name);
  if (dtype && tensor.dtype !== dtype) {
    throw new ValueError(
      `Tensor conversion requested dtype ${dtype.name} for Tensor with dtype ${tensor.dtype.name}: ${describe(tensor)}`,
    );
  }
  return tensor;
}

function describe(tensor: Tensor): string {
  const shape = tensor.getShape();
  return `<tf.Tensor '${tensor.name}' shape=${shape} dtype=${tensor.dtype.name}>`;
}

function containsSymbolic(list: readonly unknown[]): boolean {
  const stack: unknown[] = [...list];
  while (stack.length > 0) {
    const item = stack.pop();
    if (isSymbolic(item)) return true;
    if (Array.isArray(item)) for (const inner of item) if (typeof inner === 'object') stack.push(inner);
  }
  return false;
}

/** `[tf.shape(x)[0], 10]`: a list with tensors in it, packed under `name` with its constants named by position. */
function pack(list: readonly unknown[], dtype: DType | null, name: string): Tensor {
  const wanted = dtype ?? firstSymbolicType(list);
  return opScope(name, name, [list], (scope) => {
    const items = list.map((item, i) =>
      Array.isArray(item) && containsSymbolic(item)
        ? pack(item, wanted, String(i))
        : convertToTensor(item as TensorLike, { dtype: wanted, name: String(i) }),
    );
    return emitOne('Pack', [items], { axis: 0 }, scope);
  });
}

function firstSymbolicType(list: readonly unknown[]): DType | null {
  const stack: unknown[] = [...list].reverse();
  while (stack.length > 0) {
    const item = stack.pop();
    if (isSymbolic(item)) return (item as unknown as { dtype?: DType }).dtype ?? null;
    if (Array.isArray(item)) for (let i = item.length - 1; i >= 0; i--) stack.push(item[i]);
  }
  return null;
}

/** A `Const` on the default graph. */
export function constantOp(value: NdArray, name: string): Tensor {
  return emitOne('Const', [], { value, dtype: value.dtype }, name);
}
