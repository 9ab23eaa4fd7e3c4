/**
 * Takes reference variables out of a module: a variable becomes the handle of one, an op that writes through a reference
 * becomes its form on handles, and whoever takes a reference as a value reads the variable right before it runs.
 *
 * TensorFlow writes to a variable in place, and both a reference that an op hands on and an `Identity` of one share its
 * buffer. So each stands for the variable itself here: who takes it gets the value of that moment, and what is fetched is
 * read when everything else has run. Reading, assigning and what becomes of it are `src/ops/state.ts`'s business.
 */
import type { Attrs, Node, NodeId } from '../../src/graph/node.ts';
import type { GraphSnapshot } from '../../src/graph/snapshot.ts';
import { findOpDef, type OpDef, ShapeError } from '../../src/ops/opdef/define.ts';
import { argLength } from '../../src/ops/opdef/resolve.ts';
import { type DType, resource } from '../../src/util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, isFullyDefined, type KnownShape, type Shape, sameShape } from '../../src/util/shape.ts';
import { inferOutputs } from './context.ts';
import { ARG, type IrModule, type IrNode, type IrValue } from './module.ts';
import { Rewriter } from './rewriter.ts';

/**
 * An attribute on handles of reference variables; its value is the name by which errors call the variable. References and
 * resources of one name are different variables.
 */
export const REFERENCE = '_reference';

/** Variables of one run; no user can name the container. */
const TEMPORARY = '_temporary';

const VARIABLES: ReadonlySet<string> = new Set(['VariableV2', 'Variable', 'TemporaryVariable']);

/** Ops whose output shares the buffer of their input, and with it the value that a variable has later. */
const VIEWS: ReadonlySet<string> = new Set(['Identity', 'StopGradient', 'PreventGradient']);

/** What stands for a variable. */
interface View {
  readonly handle: IrValue;
  /** The node that looked the variable up, which errors name; null for a reference, which whoever takes it looks up. */
  readonly reader: IrNode | null;
}

/** Whether the op has to do with references to variables. Those of a fixed type are names of other things. */
export function touchesReferences(def: OpDef): boolean {
  return [def.inputs[0], def.outputs[0]].some((arg) => arg?.isRef === true && arg.type === null);
}

// Variables whose shape may change

/**
 * Whether the node is an assignment that may give its variable another shape than the graph says it has. From then on
 * no static shape that follows from the variable holds.
 */
export function mayReshape(node: Node, nodeOf: (id: NodeId) => Node): boolean {
  if (node.op !== 'Assign' || node.attrs.validate_shape !== false) return false;
  const [ref, value] = node.inputs.map((input) => nodeOf(input.node).outputs[input.index].shape);
  return !isFullyDefined(value) || !sameShape(ref, value);
}

const reshapedBySnapshot = new WeakMap<GraphSnapshot, ReadonlySet<NodeId>>();

/** The variables of the graph that some assignment may give another shape. */
export function reshapedVariables(snapshot: GraphSnapshot): ReadonlySet<NodeId> {
  let found = reshapedBySnapshot.get(snapshot);
  if (!found) {
    found = findReshaped(snapshot);
    reshapedBySnapshot.set(snapshot, found);
  }
  return found;
}

function findReshaped(snapshot: GraphSnapshot): Set<NodeId> {
  const found = new Set<NodeId>();
  /** The variable behind the first output of each node that hands a reference on. */
  const variables = new Map<NodeId, NodeId>();
  for (const node of snapshot.nodes()) {
    if (VARIABLES.has(node.op)) variables.set(node.id, node.id);
    else if (node.inputs.length > 0 && findOpDef(node.op)?.outputs[0]?.isRef) {
      const variable = variables.get(node.inputs[0].node);
      if (variable === undefined) continue;
      variables.set(node.id, variable);
      if (mayReshape(node, (id) => snapshot.node(id))) found.add(variable);
    }
  }
  return found;
}

// The rewrite

/** The op on handles for each op on references that has one of the same inputs, and its attributes. */
function formOnHandles({ op, attrs }: IrNode): { readonly op: string; readonly attrs: Attrs } | null {
  const { T: dtype, Tindices } = attrs;
  switch (op) {
    case 'IsVariableInitialized':
      return { op: 'VarIsInitializedOp', attrs: {} };
    case 'AssignAdd':
    case 'AssignSub':
      return { op: `${op}VariableOp`, attrs: { dtype } };
    case 'CountUpTo':
    case 'StridedSliceAssign':
    case 'ScatterNdUpdate':
    case 'ScatterNdAdd':
    case 'ScatterNdSub':
      return { op: `Resource${op}`, attrs };
  }
  if (op.startsWith('Scatter')) return { op: `Resource${op}`, attrs: { dtype, Tindices } };
  return op.startsWith('Apply') || op.startsWith('SparseApply') ? { op: `Resource${op}`, attrs } : null;
}

/**
 * The module without references; the same object where there are none.
 *
 * @param isReshaped whether the shape of the variable that a graph node makes may change
 */
export function resolveReferences(module: IrModule, isReshaped: (variable: NodeId) => boolean): IrModule {
  const walk = new Walk(module, isReshaped);
  for (const node of module.nodes) walk.visit(node);
  return walk.finish();
}

class Walk {
  private readonly rewriter: Rewriter;
  /** By the id of a node, what variable its first output stands for. */
  private readonly views = new Map<number, View>();
  /** By the id of a handle's node, the shape of the variable before anything is assigned to it. */
  private readonly shapes = new Map<number, KnownShape>();
  /** Handles of variables that may have another shape than the graph says. */
  private readonly reshaped = new Set<number>();
  /** Nodes whose static shapes do not hold. */
  private readonly stale = new Set<number>();

  constructor(
    private readonly module: IrModule,
    private readonly isReshaped: (variable: NodeId) => boolean,
  ) {
    this.rewriter = new Rewriter(module);
  }

  visit(node: IrNode): void {
    const current = this.rewriter.resolved(node);
    if (VARIABLES.has(node.op)) {
      this.variable(node);
      return;
    }
    const def = findOpDef(node.op) as OpDef;
    if (touchesReferences(def)) {
      this.throughReference(node, this.inputs(current, def));
      return;
    }
    if (!current.inputs.some((input) => this.viewOf(input))) {
      this.keep(current, node);
      return;
    }
    const view = VIEWS.has(node.op) ? this.viewOf(current.inputs[0]) : undefined;
    this.keep({ ...current, inputs: this.inputs(current, def) }, node);
    if (view) this.views.set(node.id, { handle: view.handle, reader: view.reader ?? node });
  }

  finish(): IrModule {
    if (this.views.size === 0) return this.rewriter.finish();
    const reads = new Map<number, IrValue>();
    const fetches = this.module.fetches.map((fetch) => {
      const value = this.rewriter.resolve(fetch);
      const view = this.viewOf(value);
      if (!view) return value;
      const read = reads.get(view.handle.node) ?? this.read(view, this.rewriter.facts.node(value.node));
      reads.set(view.handle.node, read);
      return read;
    });
    return { ...this.rewriter.finish(), fetches };
  }

  private viewOf({ node, index }: IrValue): View | undefined {
    return index === 0 ? this.views.get(node) : undefined;
  }

  private read({ handle, reader }: View, user: IrNode): IrValue {
    const { handle: held } = this.rewriter.facts.spec(handle);
    const value = this.rewriter.at(reader ?? user).$.readVariable(handle, held?.dtype as DType);
    if (this.reshaped.has(handle.node)) this.stale.add(value.node);
    return value;
  }

  /** What the node takes: handles for references, values for the rest. */
  private inputs(node: IrNode, def: OpDef): IrValue[] {
    const isRef = def.inputs.flatMap((arg) => new Array<boolean>(argLength(arg, node.attrs)).fill(arg.isRef));
    const reads = new Map<number, IrValue>();
    return node.inputs.map((input, i) => {
      const view = this.viewOf(input);
      if (isRef[i]) {
        if (!view || view.reader) throw this.notReference(node, i);
        return view.handle;
      }
      if (!view) return input;
      const value = reads.get(view.handle.node) ?? this.read(view, node);
      reads.set(view.handle.node, value);
      return value;
    });
  }

  /** Keeps a node. Where it takes what has another shape than the graph says, so may its outputs have. */
  private keep(node: IrNode, original: IrNode): void {
    if (this.stale.size === 0 || !node.inputs.some((input) => this.stale.has(input.node))) {
      this.rewriter.keep(node, original);
      return;
    }
    this.stale.add(node.id);
    this.rewriter.keep({ ...node, outputs: this.inferred(node) }, original);
  }

  private inferred(node: IrNode): IrNode['outputs'] {
    try {
      return inferOutputs(this.rewriter.facts, node);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      return node.outputs.map((spec) => ({ ...spec, shape: null }));
    }
  }

  private variable(node: IrNode): void {
    const { attrs } = node;
    const isTemporary = node.op === 'TemporaryVariable';
    const initial = initialShape(node);
    const dtype = attrs.dtype as DType;
    const isReshaped = this.isReshaped(node.origin[0]);
    if (isReshaped) this.reshaped.add(node.id);
    const shape = isReshaped || attrs.shape === null ? null : initial;
    const named = isTemporary
      ? { container: TEMPORARY, shared_name: attrs.var_name || node.name }
      : { container: attrs.container, shared_name: attrs.shared_name };
    this.rewriter.keep(
      {
        ...node,
        op: 'VarHandleOp',
        attrs: { ...named, debug_name: node.name, dtype, shape, allowed_devices: [], [REFERENCE]: node.name },
        outputs: [{ dtype: resource, shape: [], handle: { dtype, shape } }],
      },
      node,
    );
    const handle = { node: node.id, index: 0 };
    this.views.set(node.id, { handle, reader: null });
    this.shapes.set(node.id, initial);
    if (!isTemporary) return;
    const { $, builder } = this.rewriter.at(node);
    $.assignVariable(handle, builder.constant(NdArray.zeros(dtype, initial), 'zeros'));
  }

  private throughReference(node: IrNode, inputs: readonly IrValue[]): void {
    const [handle] = inputs;
    if (node.op === 'RefIdentity') {
      this.rewriter.replace(node, [handle]);
      return;
    }
    if (node.op === 'DestroyTemporaryVariable') {
      this.destroy(node, handle);
      return;
    }
    const form = node.op === 'Assign' ? this.assignment(node, inputs) : formOnHandles(node);
    if (!form || !findOpDef(form.op)) {
      const message = `References through op '${node.op}' (node '${node.name}') are not supported.`;
      throw new UnimplementedError({ name: node.name, type: node.op }, message);
    }
    const isHandedOn = findOpDef(node.op)?.outputs[0]?.isRef;
    if (isHandedOn) this.views.set(node.id, { handle, reader: null });
    this.rewriter.keep({ ...node, ...form, inputs, outputs: isHandedOn ? [] : node.outputs }, node);
  }

  private assignment({ attrs }: IrNode, [handle, value]: readonly IrValue[]): { op: string; attrs: Attrs } {
    const { facts } = this.rewriter;
    const dtype = attrs.T;
    const shape = facts.spec(handle).handle?.shape ?? null;
    const assigned = facts.spec(value).shape;
    const fits = isFullyDefined(shape) && isFullyDefined(assigned) && sameShape(shape, assigned);
    if (!attrs.validate_shape || fits) return { op: 'AssignVariableOp', attrs: { dtype, validate_shape: false } };
    return { op: '_AssignReference', attrs: { dtype, shape: this.shapes.get(handle.node) as Shape } };
  }

  private destroy(node: IrNode, handle: IrValue): void {
    const value = this.read({ handle, reader: null }, node);
    const { $ } = this.rewriter.at(node);
    const { handle: held } = this.rewriter.facts.spec(handle);
    const named = { container: TEMPORARY, shared_name: node.attrs.var_name, debug_name: node.name };
    const asked = $.op('VarHandleOp', [], { ...named, ...held, [REFERENCE]: node.name });
    $.ops('DestroyResourceOp', [asked], { ignore_lookup_error: false });
    this.rewriter.replace(node, [value]);
  }

  /** For a value where a reference is asked for: what is fed is none. */
  private notReference(node: IrNode, input: number): InvalidArgumentError {
    const value = node.inputs[input];
    const source = this.rewriter.facts.node(value.node);
    const type = typeName(source.outputs[value.index].dtype);
    const feed = this.module.feeds.findIndex((item) => item.node === source.id);
    const name =
      source.op === ARG && feed >= 0
        ? `_arg_${source.name}_${this.module.feeds[feed].endpoint.index}_${feed}:0`
        : `${source.name}:${value.index}`;
    return new InvalidArgumentError(
      { name: node.name, type: node.op },
      `Input ${input} of node ${node.name} was passed ${type} from ${name} incompatible with expected ${type}_ref.`,
    );
  }
}

/** The shape of a variable before anything is assigned to it; without one it counts as a scalar. */
function initialShape({ name, op, attrs }: IrNode): KnownShape {
  const shape = attrs.shape as Shape;
  if (shape === null) return [];
  if (isFullyDefined(shape)) return shape;
  throw new InvalidArgumentError({ name, type: op }, `Shape ${formatShapeBrackets(shape)} is not fully defined`);
}

/** The type as TensorFlow's C++ names it in messages. */
function typeName({ name }: DType): string {
  const names: Readonly<Record<string, string>> = { float32: 'float', float64: 'double', float16: 'half' };
  return names[name] ?? name;
}
