/**
 * `FuncGraph`: the graph of a function's body under construction. Tensors of the graphs around it are captured: each becomes
 * a further argument. What calls the function is the business of the ops that take it as an attribute.
 */
import { InaccessibleTensorError, ValueError } from '../util/errors.ts';
import { type OpenScope, within } from '../util/scope.ts';
import { GraphFunction } from './function.ts';
import { Graph, type GraphElementLike, Operation, type OpInit, Tensor } from './graph.ts';
import type { NodeId, TensorSpec } from './node.ts';

export interface FinishOptions {
  /** Whether a call does more than compute its results. */
  readonly isStateful: boolean;
  /** The arguments in the order of calls; as they were made, without it. */
  readonly inputs?: readonly Tensor[];
  /** Operations that every call runs, needed or not. */
  readonly targets?: readonly Operation[];
  readonly outputNames?: readonly string[];
}

/** The handles of a function's body: by them it is differentiated, and extended where its gradient needs more of it. */
const bodies = new WeakMap<GraphFunction, FuncGraph>();

/** The graph that a function was built in. */
export function funcGraphOf(fn: GraphFunction): FuncGraph {
  const graph = bodies.get(fn);
  if (!graph) throw new ValueError(`The body of ${fn} was not built here.`);
  return graph;
}

/**
 * The body of a function. Ops built while it is the default graph become part of it.
 *
 *     const body = new FuncGraph('square', outer);
 *     const x = body.addInput({dtype: float32, shape: []}, 'x');
 *     const fn = body.finish([body.asDefault(() => square(x))], {isStateful: false});
 */
export class FuncGraph extends Graph {
  private readonly parameters: Tensor[] = [];
  private readonly inner = new Map<Tensor, Tensor>();
  private readonly sources = new Map<NodeId, Tensor>();
  private readonly waitsFor = new Set<Operation>();
  private closed = false;

  constructor(
    /** The name of the function. */
    readonly functionName: string,
    private readonly around: Graph,
  ) {
    super(false);
    this.seed = around.seed;
  }

  override get outer(): Graph {
    return this.around;
  }
  override get root(): Graph {
    return this.around.root;
  }
  override isInside(graph: Graph): boolean {
    return graph === this.around || this.around.isInside(graph);
  }

  /** The arguments so far, captured ones included. */
  get inputs(): readonly Tensor[] {
    return this.parameters;
  }
  /** What was captured of the graphs around, in the order of capture: tensors of `outer`. */
  get captured(): readonly Tensor[] {
    return [...this.inner.keys()];
  }
  /** What the body's ops were to wait for outside: whoever calls the function waits for it. */
  get outerControls(): readonly Operation[] {
    return [...this.waitsFor];
  }

  /** A further argument. */
  addInput({ dtype, shape, handle }: TensorSpec, name = 'Placeholder'): Tensor {
    const outputs = [handle ? { dtype, shape, handle } : { dtype, shape }];
    const build = () =>
      this.controlDependencies(null, () =>
        this.createOp({ type: 'Placeholder', inputs: [], attrs: { dtype, shape }, outputs, name }),
      );
    const tensor = this.opened(() => this.nameScope(null, build)).output(0);
    this.parameters.push(tensor);
    return tensor;
  }

  /** What stands in the body for a tensor of a graph around it. */
  override capture(tensor: Tensor): Tensor {
    if (tensor.graph === this) return tensor;
    if (!this.isInside(tensor.graph)) return super.capture(tensor);
    const near = this.around.capture(tensor);
    let found = this.inner.get(near);
    if (!found) {
      found = this.addInput(near.spec, near.op.name.replaceAll('/', '_'));
      this.inner.set(near, found);
      this.sources.set(found.op.id, near);
    }
    return found;
  }
  /** The tensor of the graph around that an argument, by its node, stands for; undefined for one that is no capture. */
  sourceOf(input: NodeId): Tensor | undefined {
    return this.sources.get(input);
  }

  /** Adds to a finished body what a gradient needs of it. */
  override extend<R>(build: () => R): R {
    return this.opened(() => this.asDefault(() => this.nameScope(null, build)));
  }
  private opened<R>(build: () => R): R {
    const { closed } = this;
    this.closed = false;
    try {
      return build();
    } finally {
      this.closed = closed;
    }
  }

  override createOp(init: OpInit): Operation {
    if (this.closed) {
      const [about = `An op of type ${init.type}`] = init.inputs.map(String);
      throw new InaccessibleTensorError(
        `${about} is out of scope and cannot be used here. Use return values, explicit Python locals or TensorFlow collections to access it.`,
      );
    }
    return super.createOp(init);
  }

  /** Ops outside cannot be waited for by single ops of the body: the call waits for them. */
  override controlDependencies(inputs: readonly GraphElementLike[] | null): OpenScope;
  override controlDependencies<R>(inputs: readonly GraphElementLike[] | null, body: () => R): R;
  override controlDependencies<R>(inputs: readonly GraphElementLike[] | null, body?: () => R): OpenScope | R {
    const own = inputs?.filter((input) => !this.noteOuter(input)) ?? null;
    return within(() => super.controlDependencies(own), body);
  }
  private noteOuter(input: GraphElementLike): boolean {
    if (typeof input === 'string') return false;
    const element = 'asGraphElement' in input ? input.asGraphElement() : input;
    const op = element instanceof Tensor ? element.op : (element as Operation);
    if (!(op instanceof Operation) || !this.isInside(op.graph)) return false;
    this.waitsFor.add(op);
    return true;
  }

  /** Nothing of the body is placed with an op outside. */
  override colocateWith(op: GraphElementLike | null, ignoreExisting?: boolean): OpenScope;
  override colocateWith<R>(op: GraphElementLike | null, ignoreExisting: boolean, body: () => R): R;
  override colocateWith<R>(op: GraphElementLike | null, ignoreExisting = false, body?: () => R): OpenScope | R {
    const element = op !== null && typeof op === 'object' && 'asGraphElement' in op ? op.asGraphElement() : op;
    const isOuter = element !== null && typeof element === 'object' && element.graph !== this;
    return within(() => (isOuter ? super.device(() => '') : super.colocateWith(op, ignoreExisting)) as OpenScope, body);
  }

  /**
   * The function as a value, with the arguments there are now.
   *
   * @param outputs tensors of the body, or of the graphs around it: these are captured
   */
  finish(outputs: readonly Tensor[], options: FinishOptions): GraphFunction {
    this.closed = false;
    const results = outputs.map((output) => this.capture(output));
    const inputs = options.inputs ?? this.parameters;
    const fn = new GraphFunction(
      this.functionName,
      this.snapshot(),
      inputs.map((input) => input.op.id),
      results.map((output) => output.endpoint),
      (options.targets ?? []).map((op) => op.id),
      options.isStateful,
      inputs.map((input) => input.op.name),
      options.outputNames ?? results.map((output) => output.op.name),
    );
    bodies.set(fn, this);
    this.closed = true;
    return fn;
  }

  override toString(): string {
    return `<FuncGraph '${this.functionName}'>`;
  }
}
