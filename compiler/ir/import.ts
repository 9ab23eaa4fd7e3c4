/**
 * Takes from a graph snapshot what a request needs: the closure over inputs and controls from fetches and targets, cut
 * at the feeds. Shapes stay as the graph has them; binding them to the feeds is the first pass's job.
 */
import type { Attrs, Endpoint, ListElements, Node, NodeId } from '../../src/graph/node.ts';
import type { GraphSnapshot } from '../../src/graph/snapshot.ts';
import { findOpDef } from '../../src/ops/opdef/define.ts';
import { type DType, float16, float32, float64 } from '../../src/util/dtype.ts';
import { InvalidArgumentError, NotFoundError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type Shape } from '../../src/util/shape.ts';
import { mustRun } from './effects.ts';
import { extraVariables } from './extra-variables.ts';
import { ARG, type IrModule, type IrNode, type IrValue } from './module.ts';
import { reshapedVariables, resolveReferences, touchesReferences } from './references.ts';
import './internal-ops.ts';

/** A tensor that the run is fed, with the type and shape of the fed value. */
export interface Feed {
  readonly endpoint: Endpoint;
  readonly dtype: DType;
  /** Concrete for what a user feeds; an argument of a function may be known less well. */
  readonly shape: Shape;
  /**
   * Whether the tensor has a value of its own in the graph, from which static shapes may follow that do not hold in this
   * run. `compile` says so.
   */
  readonly overrides?: boolean;
  /** The fed value itself, where the plan is to be made for this value alone. */
  readonly value?: NdArray | null;
  /** What is known of the elements of a list of tensors, as an argument of a function. */
  readonly elements?: ListElements;
  /** The variable that is fed the handle of, to the body of a function. */
  readonly variable?: VariableRef | null;
}

/** A variable of the session: container and shared name. */
export interface VariableRef {
  readonly container: string;
  readonly name: string;
}

/** What one run asks for. */
export interface Request {
  readonly fetches: readonly Endpoint[];
  /** Operations to run though nothing of them is fetched. */
  readonly targets: readonly NodeId[];
  readonly feeds: readonly Feed[];
  /** Nodes that have run already and must not run again; what is needed of their outputs is fed. */
  readonly done?: ReadonlySet<NodeId>;
}

/**
 * The module of a request: the fed values, then the needed nodes in the order of their ids, without references. Throws
 * `InvalidArgumentError` for a needed placeholder that is not fed, `NotFoundError` for an op type that nobody defined.
 */
export function importGraph(snapshot: GraphSnapshot, request: Request): IrModule {
  const fed = indexFeeds(request.feeds);
  const ordered = new Set(request.targets);
  const needed = closure(snapshot, request, fed, ordered);
  const nodes: IrNode[] = [];
  const ids = new Map<NodeId, number>();
  const feedIds = request.feeds.map((feed, index) => {
    const source = snapshot.node(feed.endpoint.node);
    nodes.push({
      id: index,
      op: ARG,
      inputs: [],
      attrs: { T: source.outputs[feed.endpoint.index].dtype, index },
      outputs: [source.outputs[feed.endpoint.index]],
      origin: [source.id],
      name: source.name,
    });
    return index;
  });
  const take = ({ node, index }: Endpoint): IrValue => {
    const feed = fed.get(node)?.get(index);
    return feed === undefined ? { node: ids.get(node) as number, index } : { node: feedIds[feed], index: 0 };
  };
  const targets = new Set(request.targets);
  const effects: number[] = [];
  let hasReferences = false;
  for (const id of needed) {
    const source = snapshot.node(id);
    const def = findOpDef(source.op);
    if (!def) throw new NotFoundError(opOf(source), `Op type not registered '${source.op}' in this library.`);
    if (isPlaceholder(source)) throw unfed(source);
    if (touchesReferences(def)) hasReferences = true;
    // A default that nothing replaces is handed on: its static shape says what could be fed, not what flows.
    const isDefault = source.op === 'PlaceholderWithDefault';
    const extra = extraVariables({ origin: [id], name: source.name }, source.attrs, nodes.length);
    nodes.push(...extra.nodes);
    const node: IrNode = {
      id: nodes.length,
      op: isDefault ? 'Identity' : source.op,
      inputs: [...source.inputs.map(take), ...extra.values],
      attrs: isDefault
        ? { T: source.outputs[0].dtype }
        : ordered.has(id) && isEffectfulCall(source)
          ? { ...ownAttrs(source.attrs), [WHOLE]: true }
          : ownAttrs(source.attrs),
      outputs: source.outputs,
      origin: [id],
      name: source.name,
    };
    ids.set(id, node.id);
    nodes.push(node);
    if (mustRun(def.effect) || targets.has(id) || (ordered.has(id) && takesFromCall(snapshot, source))) {
      effects.push(node.id);
    }
  }
  const module: IrModule = {
    nodes,
    feeds: request.feeds.map(({ endpoint }, i) => ({ node: feedIds[i], endpoint })),
    fetches: request.fetches.map(take),
    effects,
    nextId: nodes.length,
  };
  if (!hasReferences) return module;
  const reshaped = reshapedVariables(snapshot);
  return resolveReferences(module, (variable) => reshaped.has(variable));
}

/** An attribute on calls with effects that are run for themselves: everything in them runs, not only what somebody takes. */
export const WHOLE = '_whole';

function isEffectfulCall(node: Node): boolean {
  return EFFECTFUL_CALLS.has(node.op);
}
const EFFECTFUL_CALLS: ReadonlySet<string> = new Set(['If', 'Case', 'While', 'StatefulPartitionedCall']);

/** Whether waiting for the node is waiting for a result of a call with effects. */
function takesFromCall(snapshot: GraphSnapshot, node: Node): boolean {
  return node.inputs.some((input) => isEffectfulCall(snapshot.node(input.node)));
}

/** The attributes without those that only speak of placement, such as `_class`: they would make equal ops differ. */
function ownAttrs(attrs: Attrs): Attrs {
  const names = Object.keys(attrs);
  if (!names.some((name) => name.startsWith('_'))) return attrs;
  return Object.fromEntries(names.filter((name) => !name.startsWith('_')).map((name) => [name, attrs[name]]));
}

/** The ids of the graph nodes that the request needs, ascending. */
export function prune(snapshot: GraphSnapshot, request: Request): NodeId[] {
  return closure(snapshot, request, indexFeeds(request.feeds));
}

function indexFeeds(feeds: readonly Feed[]): Map<NodeId, Map<number, number>> {
  const fed = new Map<NodeId, Map<number, number>>();
  feeds.forEach(({ endpoint: { node, index } }, i) => {
    const outputs = fed.get(node);
    if (outputs) outputs.set(index, i);
    else fed.set(node, new Map([[index, i]]));
  });
  return fed;
}

/** @param ordered is given the nodes that others wait for, whether or not they take their outputs */
function closure(
  snapshot: GraphSnapshot,
  request: Request,
  fed: Map<NodeId, Map<number, number>>,
  ordered: Set<NodeId> = new Set(),
): NodeId[] {
  const needed = new Set<NodeId>();
  const stack: NodeId[] = [];
  const visit = (id: NodeId): void => {
    if (needed.has(id) || request.done?.has(id)) return;
    // Whoever waits for a fed placeholder waits for the feed.
    if (fed.has(id) && isPlaceholder(snapshot.node(id))) return;
    needed.add(id);
    stack.push(id);
  };
  const visitValue = ({ node, index }: Endpoint): void => {
    if (!fed.get(node)?.has(index)) visit(node);
  };
  for (const fetch of request.fetches) visitValue(fetch);
  for (const target of request.targets) visit(target);
  while (stack.length > 0) {
    const node = snapshot.node(stack.pop() as NodeId);
    for (const input of node.inputs) visitValue(input);
    for (const control of node.controls) {
      ordered.add(control);
      visit(control);
    }
  }
  return [...needed].sort((a, b) => a - b);
}

/** Whether the node has no value unless it is fed. */
export function isPlaceholder(node: Node): boolean {
  return node.op === 'Placeholder' || node.op === 'PlaceholderV2';
}

function unfed(node: Node): InvalidArgumentError {
  const { dtype } = node.outputs[0];
  const shape = (node.attrs.shape ?? null) as Shape;
  const tail = shape !== null && shape.length > 0 ? ` and shape ${formatShapeBrackets(shape)}` : '';
  return new InvalidArgumentError(
    opOf(node),
    `You must feed a value for placeholder tensor '${node.name}' with dtype ${protoTypeName(dtype)}${tail}`,
  );
}

function opOf(node: Node): { readonly name: string; readonly type: string } {
  return { name: node.name, type: node.op };
}

/** The type as TensorFlow's C++ names it in messages. */
function protoTypeName(dtype: DType): string {
  if (dtype === float32) return 'float';
  if (dtype === float64) return 'double';
  return dtype === float16 ? 'half' : dtype.name;
}
