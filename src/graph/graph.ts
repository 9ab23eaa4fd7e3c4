/**
 * `Graph` and the handles it hands out, `Operation` and `Tensor`. The graph is the only mutable thing here; nodes,
 * names and scopes are values and small classes of their own. What an op means is the op registry's business.
 */

import type { DType } from '../util/dtype.ts';
import { OperatorNotAllowedInGraphError, RuntimeError, TypeError, ValueError } from '../util/errors.ts';
import { flags } from '../util/flags.ts';
import { pythonTypeName } from '../util/python-names.ts';
import { type OpenScope, scopeOf, within } from '../util/scope.ts';
import { asShape, formatShape, type Shape, type ShapeLike, TensorShape } from '../util/shape.ts';
import { ConsumerIndex } from './consumers.ts';
import { ControlStack } from './controls.ts';
import { DefaultStack } from './default-stack.ts';
import { findElement } from './element-names.ts';
import { type Evaluator, evaluatorFor } from './evaluator.ts';
import { type ExportedGraph, type ExportOptions, exportGraph } from './exporter.ts';
import { graphName } from './live-graphs.ts';
import { invalidOpName, isValidOpName, NameRegistry, nameFromScopeName } from './names.ts';
import { type Attrs, type AttrValue, type Endpoint, Node, type NodeId, type TensorSpec } from './node.ts';
import { Chainable } from './operators.ts';
import { type DeviceLike, PlacementScopes } from './placement.ts';
import { callSite } from './site.ts';
import { diffSnapshots, type GraphSnapshot, type SnapshotDiff } from './snapshot.ts';
import { GraphStore } from './store.ts';

export const graphStack = new DefaultStack<Graph>('Graph');

/** Everything `Graph.createOp` needs; `src/ops` fills it in. */
export interface OpInit {
  readonly type: string;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  readonly outputs: readonly TensorSpec[];
  /** The name wished for: made unique in the current scope, taken as is where it ends in a slash. */
  readonly name: string;
  /** Control inputs beside those of the open scopes. */
  readonly controls?: readonly NodeId[];
  /** A device of its own, which wins over the open scopes. */
  readonly device?: string;
}

/** What a graph element can be given as: itself, its name, or something that stands for one (a variable). */
export type GraphElementLike = Tensor | Operation | string | { asGraphElement(): Tensor | Operation };

/** What Node prints an object with: a handle stands for its node, not for the whole graph behind it. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A graph under construction. Nodes are only ever added; `snapshot()` gives the graph as a frozen value.
 *
 *     const g = new tf.Graph();
 *     using _ = g.asDefault();            // or g.asDefault(() => { … })
 *     const x = tf.constant(1, {name: 'x'});
 *     g.getTensorByName('x:0') === x      // true
 */
export class Graph {
  private readonly store: GraphStore;
  private readonly names = new NameRegistry();
  private readonly controls = new ControlStack();
  private readonly placement = new PlacementScopes();
  private readonly handles: (Operation | undefined)[] = [];
  private readonly consumers = new ConsumerIndex((id) => this.store.node(id));
  private readonly unfeedable = new Set<string>();
  private readonly unfetchable = new Set<NodeId>();
  private frozen = false;
  private depth = 0;
  /** Nodes that a build in progress has put others in the place of, in order. */
  private readonly replaced: Node[] = [];

  /** @param listed whether reports count the graph; bodies of functions are part of another one */
  constructor(listed = true) {
    this.store = new GraphStore(listed);
  }

  /** The graph around this one, for the body of a function; null for a graph of its own. */
  get outer(): Graph | null {
    return null;
  }
  /** The graph that is nobody's body: this one, or the outermost around it. Variables live there. */
  get root(): Graph {
    return this;
  }
  /** Whether `graph` is around this one. */
  isInside(_graph: Graph): boolean {
    return false;
  }
  /**
   * Where an op on these tensors is built that was to be built here: another graph for what that graph can tell as well, so
   * that less has to be captured.
   */
  placeFor(_type: string, _inputs: readonly Tensor[]): Graph {
    return this;
  }
  /** Builds, in a graph that may be finished, what others need of it. */
  extend<R>(build: () => R): R {
    return this.asDefault(build);
  }
  /** What stands here for a tensor of a graph around this one. Throws `ValueError` for one of another graph. */
  capture(tensor: Tensor): Tensor {
    if (tensor.graph === this) return tensor;
    throw new ValueError(`Tensor ${tensor} is not an element of this graph.`);
  }

  /** The number of operations. */
  get size(): number {
    return this.store.size;
  }
  /** Grows with every operation added: what `asGraphDef({fromVersion})` takes. */
  get version(): number {
    return this.store.size;
  }
  /** Tells this graph from every other of the process. */
  get epoch(): number {
    return this.store.epoch;
  }
  get finalized(): boolean {
    return this.frozen;
  }
  /** The graph-level random seed; null where none was set. */
  get seed(): number | null {
    return this.store.seed;
  }
  set seed(value: number | null) {
    this.store.seed = value;
  }
  /** From now on adding an op or to a collection throws `RuntimeError`. */
  finalize(): void {
    this.frozen = true;
  }
  /** Takes that back, for whoever finalized the graph for a time. */
  unfinalize(): void {
    this.frozen = false;
  }
  /** The graph as a frozen value; the same object until something is added. */
  snapshot(): GraphSnapshot {
    return this.store.snapshot();
  }
  /** What came to this graph after `before`, up to now or to a later snapshot: nodes, shapes and collections. */
  diff(before: GraphSnapshot, after: GraphSnapshot = this.snapshot()): SnapshotDiff {
    return diffSnapshots(before, after);
  }
  /** The graph in TensorFlow's exchange form. `g.asGraphDef({addShapes: true}).toText()   // a .pbtxt file` */
  asGraphDef(options: ExportOptions = {}): ExportedGraph {
    return exportGraph(this.snapshot(), options);
  }

  /** Makes this graph the default one, until the scope is disposed or for the time of `body`. */
  asDefault(): OpenScope<Graph>;
  asDefault<R>(body: (graph: Graph) => R): R;
  asDefault<R>(body?: (graph: Graph) => R): OpenScope<Graph> | R {
    return within(() => graphStack.push(this), body);
  }

  // Building

  /**
   * Adds an op. Low-level: `src/ops/emit.ts` checks types and infers shapes before it calls this.
   * Throws `RuntimeError` on a finalized graph, `ValueError` for an invalid or duplicate name; then nothing is added.
   */
  createOp(init: OpInit): Operation {
    this.assertOpen();
    const asIs = init.name.endsWith('/');
    if (!asIs && !isValidOpName(this.names.scope ? `x/${init.name}` : init.name)) throw invalidOpName(init.name);
    const scoped = this.controls.forInputs(init.inputs);
    const controls = init.controls?.length ? [...new Set([...init.controls, ...scoped])] : scoped;
    const attrs = this.placement.attrsOf(init.type, init.attrs);
    const name = asIs ? nameFromScopeName(init.name) : this.names.unique(init.name);
    if (asIs) this.reserve(name);
    const node = new Node(this.store.size, {
      name,
      op: init.type,
      inputs: init.inputs.map((t) => t.endpoint),
      controls,
      attrs,
      outputs: init.outputs,
      device: this.placement.deviceOf(name, init.type, init.device),
      site: flags.debug ? callSite() : undefined,
    });
    this.store.add(node);
    this.controls.record(node.id);
    return this.operation(node.id);
  }

  private reserve(name: string): void {
    if (this.store.find(name) !== undefined) throw new ValueError(`Duplicate node name in graph: '${name}'`);
    if (!isValidOpName(name)) throw invalidOpName(name);
    this.names.reserve(name);
  }

  /**
   * Runs `build`; if it throws, every node, name and collection item that it added is taken back. Nothing else of the
   * graph may be changed by `build`.
   */
  atomic<R>(build: () => R): R {
    const size = this.store.size;
    const names = this.names.mark();
    const scope = this.names.scope;
    const collections = this.store.collectionMark;
    const replaced = this.replaced.length;
    this.depth++;
    try {
      return build();
    } catch (error) {
      while (this.replaced.length > replaced) this.store.replace(this.replaced.pop() as Node);
      this.truncate(size);
      this.names.rollback(names);
      this.names.scope = scope;
      this.store.truncateCollections(collections);
      throw error;
    } finally {
      if (--this.depth === 0) {
        this.names.commit();
        this.replaced.length = 0;
      }
    }
  }

  private truncate(size: number): void {
    this.store.truncate(size);
    this.controls.truncate(size);
    this.handles.length = Math.min(this.handles.length, size);
    this.consumers.truncate(size);
  }

  // Names and scopes

  /**
   * A name that no op or scope of the graph has, in the current name scope; `markAsUsed` false previews it.
   * Works on a finalized graph.
   */
  uniqueName(name: string, markAsUsed = true): string {
    return this.names.unique(name, markAsUsed);
  }

  /** The current name scope without its final slash; `''` at the root. */
  getNameScope(): string {
    return this.names.scope;
  }

  /**
   * Prefixes the names of ops. A name that ends in `/` re-enters that scope; null or `''` goes to the root. The scope's
   * value is its name with a final slash.
   *
   *     g.nameScope('layer', () => tf.constant(1, {name: 'c'})).name   // 'layer/c:0'
   */
  nameScope(name: string | null): OpenScope<string>;
  nameScope<R>(name: string | null, body: (scope: string) => R): R;
  nameScope<R>(name: string | null, body?: (scope: string) => R): OpenScope<string> | R {
    return within(() => {
      const outer = this.names.scope;
      const scope = name ? this.names.scopeFor(name) : '';
      this.names.scope = scope;
      return {
        value: scope ? `${scope}/` : '',
        [Symbol.dispose]: () => {
          this.names.scope = outer;
        },
      };
    }, body);
  }

  /** Ops built inside run after these. Null clears the outer scopes. */
  controlDependencies(inputs: readonly GraphElementLike[] | null): OpenScope;
  controlDependencies<R>(inputs: readonly GraphElementLike[] | null, body: () => R): R;
  controlDependencies<R>(inputs: readonly GraphElementLike[] | null, body?: () => R): OpenScope | R {
    return within(() => {
      const ids = inputs?.map((input) => operationOf(this.asGraphElement(writerOf(input))).id) ?? null;
      const close = this.controls.push(ids === null ? null : [...new Set(ids)]);
      return scopeOf(close);
    }, body);
  }

  /** Ops built inside get this device, field by field, innermost first. Null clears the outer scopes. */
  device(device: DeviceLike): OpenScope;
  device<R>(device: DeviceLike, body: () => R): R;
  device<R>(device: DeviceLike, body?: () => R): OpenScope | R {
    return within(() => scopeOf(this.placement.openDevice(device)), body);
  }

  /** What ops built inside keep for a session goes into this container, unless they name one. */
  container<R>(name: string, body?: () => R): OpenScope | R {
    return within(() => scopeOf(this.placement.openContainer(name)), body);
  }
  /** Ops built inside are placed with `op`; outer devices do not count. Null (with `ignoreExisting`) clears. */
  colocateWith(op: GraphElementLike | null, ignoreExisting?: boolean): OpenScope;
  colocateWith<R>(op: GraphElementLike | null, ignoreExisting: boolean, body: () => R): R;
  colocateWith<R>(op: GraphElementLike | null, ignoreExisting = false, body?: () => R): OpenScope | R {
    if (op === null && !ignoreExisting) {
      throw new ValueError('Trying to reset colocation (op is None) but ignore_existing is not True');
    }
    return within(() => {
      const node = op === null ? null : operationOf(this.asGraphElement(op)).node;
      return scopeOf(this.placement.openColocation(node, ignoreExisting));
    }, body);
  }

  /** Ops of these types built inside get the gradient registered under the given name. */
  gradientOverrideMap(map: Readonly<Record<string, string>> | ReadonlyMap<string, string>): OpenScope;
  gradientOverrideMap<R>(map: Readonly<Record<string, string>> | ReadonlyMap<string, string>, body: () => R): R;
  gradientOverrideMap<R>(
    map: Readonly<Record<string, string>> | ReadonlyMap<string, string>,
    body?: () => R,
  ): OpenScope | R {
    return within(() => scopeOf(this.placement.openOverrides(map)), body);
  }

  // Looking up

  node(id: NodeId): Node {
    return this.store.node(id);
  }

  operation(id: NodeId): Operation {
    let handle = this.handles[id];
    if (!handle) {
      handle = new Operation(this, id);
      this.handles[id] = handle;
    }
    return handle;
  }

  /** Whether there is an operation of exactly this name. */
  hasOperation(name: string): boolean {
    return this.store.find(name) !== undefined;
  }

  /** The operations in the order in which they were built. */
  getOperations(): Operation[] {
    return Array.from({ length: this.size }, (_, id) => this.operation(id));
  }

  /** Throws `KeyError` where there is no such operation, `ValueError` for a tensor's name. */
  getOperationByName(name: string): Operation {
    if (typeof name !== 'string') throw new TypeError(`Operation names are strings (or similar), not ${typeof name}.`);
    return this.asGraphElement(name, false, true) as Operation;
  }

  /** @param name `<op name>:<output index>`. Throws `KeyError` where there is none, `ValueError` for an op's name. */
  getTensorByName(name: string): Tensor {
    if (typeof name !== 'string') throw new TypeError(`Tensor names are strings (or similar), not ${typeof name}.`);
    return this.asGraphElement(name, true, false) as Tensor;
  }

  /** The tensor or operation of this graph that `value` is, names or stands for. */
  asGraphElement(value: GraphElementLike, allowTensor = true, allowOperation = true): Tensor | Operation {
    const element =
      typeof value === 'object' && value !== null && 'asGraphElement' in value ? value.asGraphElement() : value;
    const wanted = allowTensor ? (allowOperation ? 'Tensor or Operation' : 'Tensor') : 'Operation';
    if (typeof element === 'string') return this.elementByName(element, allowTensor, allowOperation);
    if ((element instanceof Tensor && allowTensor) || (element instanceof Operation && allowOperation)) {
      if (element.graph !== this) {
        throw new ValueError(
          `${element instanceof Tensor ? 'Tensor' : 'Operation'} ${element} is not an element of this graph.`,
        );
      }
      return element;
    }
    throw new TypeError(`Can not convert a ${pythonTypeName(element)} into a ${wanted}.`);
  }

  private elementByName(name: string, allowTensor: boolean, allowOperation: boolean): Tensor | Operation {
    const { id, index } = findElement(name, this.store, allowTensor, allowOperation);
    return index === null ? this.operation(id) : this.operation(id).outputs[index];
  }

  /** The ops that take output `index` of node `id`, in the order in which they were built. */
  consumersOf(id: NodeId, index: number): Operation[] {
    return this.consumers.of(id, index, this.size).map((user) => this.operation(user));
  }

  /** Narrows the static shape of an output to what both say. Throws `ValueError` where they contradict each other. */
  refineShape(endpoint: Endpoint, shape: Shape): void {
    const node = this.node(endpoint.node);
    const refined = node.withShape(endpoint.index, shape);
    if (refined !== node) this.replaceNode(refined);
  }

  /**
   * Gives an operation other attributes and more outputs: a loop or branch whose gradient needs more of it. Its outputs so
   * far stay what they are.
   */
  extendOp(op: Operation, attrs: Attrs, outputs: readonly TensorSpec[]): void {
    this.assertOpen();
    this.replaceNode(new Node(op.id, { ...op.node, attrs, outputs }));
  }

  private replaceNode(node: Node): void {
    if (this.depth > 0) this.replaced.push(this.node(node.id));
    this.store.replace(node);
  }

  // Collections

  addToCollection(name: string, value: unknown): void {
    this.assertOpen();
    this.store.addToCollection(name, value);
  }
  /** A string is one name; an array or set of names adds the value to each once. */
  addToCollections(names: string | Iterable<string>, value: unknown): void {
    for (const name of typeof names === 'string' ? [names] : new Set(names)) this.addToCollection(name, value);
  }
  /** A copy of the collection; with `scope` the items whose name matches that regular expression at its start. */
  getCollection(name: string, scope?: string | null): unknown[] {
    return this.store.collectionItems(name, scope);
  }
  /** The live list itself; made empty and attached where the key is new. */
  getCollectionRef(name: string): unknown[] {
    return this.store.collectionRef(name);
  }
  getAllCollectionKeys(): string[] {
    return this.store.collectionKeys();
  }
  clearCollection(name: string): void {
    this.store.clearCollection(name);
  }

  // Feeding and fetching

  preventFeeding(tensor: Tensor): void {
    this.unfeedable.add(tensor.name);
  }
  isFeedable(tensor: Tensor): boolean {
    return !this.unfeedable.has(tensor.name);
  }
  preventFetching(op: Operation): void {
    this.unfetchable.add(op.id);
  }
  isFetchable(element: Tensor | Operation): boolean {
    return !this.unfetchable.has(operationOf(element).id);
  }

  toString(): string {
    return graphName(this.store.record);
  }
  [INSPECT](): string {
    return this.toString();
  }

  private assertOpen(): void {
    if (this.frozen) throw new RuntimeError('Graph is finalized and cannot be modified.');
  }
}

/** Waiting for a variable is waiting for the op that made or updated it, not for a read. */
function writerOf(input: GraphElementLike): GraphElementLike {
  if (typeof input === 'string' || !('asGraphElement' in input)) return input;
  const { op } = input as { readonly op?: unknown };
  return op instanceof Operation ? op : input;
}

function operationOf(element: Tensor | Operation): Operation {
  return element instanceof Tensor ? element.op : element;
}

/** A node of a graph, as a handle: two handles of one node are the same object. */
export class Operation {
  /** The outputs asked for so far: most ops have one, which needs no list. */
  private first: Tensor | null = null;
  private list: readonly Tensor[] | null = null;

  /** Handles are made by their graph. */
  constructor(
    readonly graph: Graph,
    readonly id: NodeId,
  ) {}

  get node(): Node {
    return this.graph.node(this.id);
  }
  get name(): string {
    return this.node.name;
  }
  get type(): string {
    return this.node.op;
  }
  get device(): string {
    return this.node.device;
  }
  get inputs(): Tensor[] {
    return this.node.inputs.map((e) => this.graph.operation(e.node).output(e.index));
  }
  get controlInputs(): Operation[] {
    return this.node.controls.map((id) => this.graph.operation(id));
  }
  get outputs(): readonly Tensor[] {
    const { length } = this.node.outputs;
    // An operation may get more outputs, and lose them again where the build fails that gave it them.
    if (this.list?.length !== length) {
      const known = this.list ?? (this.first ? [this.first] : []);
      this.list = Array.from({ length }, (_, i) => known[i] ?? new Tensor(this, i));
    }
    return this.list;
  }
  /** One of the outputs, which must exist. */
  output(index: number): Tensor {
    if (index > 0 || this.list) return this.outputs[index];
    this.first ??= new Tensor(this, 0);
    return this.first;
  }

  /** The value of an attribute, under TensorFlow's name. Throws `ValueError` where there is none. */
  getAttr(name: string): AttrValue {
    const { attrs } = this.node;
    if (!Object.hasOwn(attrs, name)) throw new ValueError(`Operation '${this.name}' has no attr named '${name}'.`);
    return attrs[name];
  }

  /** Runs the operation in `session`, or in the default one. Throws `ValueError` where there is none for its graph. */
  async run(feedDict?: unknown, session?: Evaluator | null): Promise<void> {
    await evaluatorFor(this.graph, session, 'operation').run(this, { feedDict });
  }

  toString(): string {
    return `<tf.Operation '${this.name}' type=${this.type}>`;
  }
  [INSPECT](): string {
    return this.toString();
  }
}

/** Output `index` of an operation: a symbol that has a shape and a type, and gets its value in a run. */
export class Tensor extends Chainable<Tensor> {
  /** Where the tensor comes from; the nodes that take it share this object. */
  readonly endpoint: Endpoint;

  /** Handles are made by their operation. */
  constructor(
    readonly op: Operation,
    readonly index: number,
  ) {
    super();
    this.endpoint = Object.freeze({ node: op.id, index });
  }

  get graph(): Graph {
    return this.op.graph;
  }
  get spec(): TensorSpec {
    return this.op.node.outputs[this.index];
  }
  get dtype(): DType {
    return this.spec.dtype;
  }
  /** The static shape: null for an unknown rank, null entries for unknown dimensions. */
  get shape(): Shape {
    return this.spec.shape;
  }
  /** The rank; null where it is not known. */
  get rank(): number | null {
    return this.shape?.length ?? null;
  }
  get name(): string {
    return `${this.op.name}:${this.index}`;
  }
  get device(): string {
    return this.op.device;
  }

  /** The static shape as an object with `asList()`, `ndims` and so on. */
  getShape(): TensorShape {
    return new TensorShape(this.shape);
  }
  /** Adds what is known of the shape. Throws `ValueError` where it contradicts what was known. */
  setShape(shape: ShapeLike): void {
    this.graph.refineShape(this.endpoint, asShape(shape));
  }
  /** The operations that take this tensor. */
  consumers(): Operation[] {
    return this.graph.consumersOf(this.op.id, this.index);
  }

  /** The value in `session`, or in the default one. Throws `ValueError` where there is none for this graph. */
  async eval(feedDict?: unknown, session?: Evaluator | null): Promise<unknown> {
    return evaluatorFor(this.graph, session, 'tensor').run(this, { feedDict });
  }

  [Symbol.iterator](): never {
    throw new OperatorNotAllowedInGraphError(
      'Iterating over a symbolic `tf.Tensor` is not allowed. Use `tf.unstack` for a list of its parts.',
    );
  }

  /** Template strings print the tensor; arithmetic on it is refused, since it has no value yet. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new OperatorNotAllowedInGraphError(
      `Using the symbolic tensor ${this.name} as a JavaScript value is not allowed. Use its methods (x.add(y)), or run it in a session.`,
    );
  }

  override toString(): string {
    const { shape } = this;
    const printed = shape === null ? '' : ` shape=${formatShape(shape)},`;
    return `Tensor("${this.name}",${printed} dtype=${this.dtype.name})`;
  }
  [INSPECT](): string {
    return this.toString();
  }
}
