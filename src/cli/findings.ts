/**
 * What of a graph will not run, found without running it: ops and attributes by the registry, kernels by compiling for the
 * target until nothing is left that fails. How findings are shown is the `check` command's business.
 */
import { compile as compileRequest, type Feed } from '../../compiler/compile.ts';
import type { Target } from '../../compiler/lowering/lowering.ts';
import { makeTarget } from '../../compiler/lowering/target.ts';
import type { Call, ExecutionPlan } from '../../compiler/plan/plan.ts';
import { mayHaveKernel } from '../../runtime/backends/index.ts';
import { evaluate } from '../../runtime/host/evaluate.ts';
import { hasHostKernel } from '../../runtime/host/index.ts';
import type { Graph } from '../graph/graph.ts';
import type { Node, NodeId } from '../graph/node.ts';
import type { GraphSnapshot } from '../graph/snapshot.ts';
import { isV1ControlFlow } from '../io/functionalize/items.ts';
import { GraphDef } from '../io/graph-def.ts';
import { type AttrScope, importAttrs } from '../io/import-attrs.ts';
import type { NodeDef } from '../io/messages.ts';
import { findOpDef } from '../ops/opdef/define.ts';
import { OpError, UnimplementedError } from '../util/errors.ts';
import { isFullyDefined, type KnownShape, type Shape } from '../util/shape.ts';
import { buildGraph, filledShape, type GraphPart, isInput } from './model.ts';

export interface Finding {
  /** The node; for a function's body `function/node`. Null where the whole graph is meant. */
  readonly node: string | null;
  readonly op: string | null;
  readonly kind: 'op' | 'attribute' | 'graph' | 'kernel';
  readonly reason: string;
}

export interface Report {
  readonly findings: readonly Finding[];
  /** Steps of the plan, by the kernel's name: on the target's own kernels, and on the host. */
  readonly kernels: ReadonlyMap<string, number>;
  readonly host: ReadonlyMap<string, number>;
  /** Nodes that could not be looked at, since they need what will not run. */
  readonly unchecked: number;
}

/** More failing nodes than this are not told one by one. */
const MOST = 100;

/**
 * Looks at all nodes of the part. The target's backend has to have been started. `shapes` are those of placeholders, where
 * the graph leaves them open.
 */
export function findProblems(
  part: GraphPart,
  targetName: string,
  shapes: ReadonlyMap<string, KnownShape> = new Map(),
): Report {
  const listed = [...listedFindings(part.def)];
  const broken = new Set(listed.map(({ node }) => node));
  const sound = broken.size > 0 ? withoutNodes(part.def, broken) : part.def;
  const nothing = { kernels: new Map(), host: new Map(), unchecked: part.def.node.length - broken.size };
  let graph: Graph;
  try {
    graph = buildGraph({ ...part, def: sound }, shapes);
  } catch (error) {
    const { message } = error as Error;
    const node = /(?:[Nn]ode '|\{\{node )([^'}]+)/.exec(message)?.[1] ?? null;
    const op = part.def.node.find(({ name }) => name === node)?.op ?? null;
    return { ...nothing, findings: [...listed, { node, op, kind: 'graph', reason: message }] };
  }
  const target = makeTarget(targetName, {
    hasKernel: (kernel) => mayHaveKernel(targetName, kernel),
    hasHost: hasHostKernel,
    codegen: true,
  });
  const compiled = trial(graph, target);
  const left = part.def.node.length - sound.node.length - broken.size;
  return {
    ...compiled,
    findings: [...listed, ...compiled.findings],
    unchecked: Math.max(0, left) + compiled.unchecked,
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// By the registry

function* listedFindings({ node, library }: GraphDef): Generator<Finding> {
  const functions = new Set(library.function.map(({ name }) => name));
  yield* nodeFindings(node, functions, '');
  for (const { name, nodeDef } of library.function) yield* nodeFindings(nodeDef, functions, `${name}/`);
}

/** What attributes refer to is looked up when the graph is built; here it is enough that they have the right kind. */
const SCOPE: AttrScope = { function: ({ name }) => ({ func: name }), placeholder: () => undefined };

function* nodeFindings(nodes: readonly NodeDef[], functions: ReadonlySet<string>, prefix: string): Generator<Finding> {
  for (const node of nodes) {
    const def = findOpDef(node.op);
    const place = { node: prefix + node.name, op: node.op };
    if (!def) {
      if (functions.has(node.op) || isV1ControlFlow(node.op) || node.op === 'SymbolicGradient') continue;
      yield { ...place, kind: 'op', reason: 'the op is not known here' };
      continue;
    }
    // A function's own attributes have values only where it is called.
    if ([...node.attr.values()].some((value) => 'placeholder' in value)) continue;
    try {
      importAttrs(def, node, node.name, SCOPE);
    } catch (error) {
      yield { ...place, kind: 'attribute', reason: (error as Error).message.replace(/; NodeDef: .*| from Op<.*/s, '') };
    }
  }
}

/** The graph without these nodes, and all that need them. */
function withoutNodes(def: GraphDef, broken: ReadonlySet<string | null>): GraphDef {
  const users = new Map<string, NodeDef[]>();
  const lost = new Set<string>();
  const stack: string[] = [];
  const lose = (name: string) => {
    if (lost.has(name)) return;
    lost.add(name);
    stack.push(name);
  };
  for (const node of def.node) {
    for (const input of node.input) {
      const name = input.replace(/^\^/, '').replace(/:\d+$/, '');
      const known = users.get(name);
      if (known) known.push(node);
      else users.set(name, [node]);
    }
  }
  // A function whose body is broken takes all its callers along, which may be functions in turn.
  const functions = new Set<string>();
  const isBroken = (node: NodeDef) => functions.has(node.op) || calledBy(node).some((name) => functions.has(name));
  for (let before = -1; before < functions.size; ) {
    before = functions.size;
    for (const { name, nodeDef } of def.library.function) {
      if (nodeDef.some((node) => broken.has(`${name}/${node.name}`) || isBroken(node))) functions.add(name);
    }
  }
  for (const node of def.node) if (broken.has(node.name) || isBroken(node)) lose(node.name);
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    for (const user of users.get(name) ?? []) lose(user.name);
  }
  const node = def.node.filter(({ name }) => !lost.has(name));
  const library = { ...def.library, function: def.library.function.filter(({ name }) => !functions.has(name)) };
  return new GraphDef(node, library, def.versions);
}

function calledBy({ attr }: NodeDef): string[] {
  return [...attr.values()].flatMap((value) => {
    const items = 'list' in value ? value.list : [value];
    return items.flatMap((item) => ('func' in item ? [item.func.name] : []));
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// By compiling

/**
 * Kernels are chosen for shapes: 1 stands for every size of an input that is not known. Where that makes shapes that do not
 * fit, which real ones might, it is compiled with the sizes left open.
 */
function trial(graph: Graph, target: Target): Report {
  const filled = new Trial(graph, target, filledShape);
  const report = filled.compile();
  return filled.hasShapeErrors && filled.hasGuessed ? new Trial(graph, target, (shape) => shape).compile() : report;
}

/** Compiles the whole graph again and again, each time with what failed taken for done. */
class Trial {
  private readonly snapshot: GraphSnapshot;
  private readonly done = new Set<NodeId>();
  private readonly findings: Finding[] = [];
  private readonly users: readonly (readonly NodeId[])[];
  private unchecked = 0;
  hasShapeErrors = false;
  hasGuessed = false;

  constructor(
    graph: Graph,
    private readonly target: Target,
    private readonly shapeFor: (shape: Shape) => Shape,
  ) {
    this.snapshot = graph.snapshot();
    const users: NodeId[][] = Array.from({ length: this.snapshot.size }, () => []);
    for (const { id, inputs } of this.snapshot.nodes()) for (const { node } of inputs) users[node].push(id);
    this.users = users;
  }

  compile(): Report {
    for (;;) {
      try {
        const { plan } = this.attempt();
        const [kernels, host] = [new Map<string, number>(), new Map<string, number>()];
        countSteps(plan, kernels, host);
        return { findings: this.findings, kernels, host, unchecked: this.unchecked };
      } catch (error) {
        const node = this.nodeOf(error);
        const { op = null, detail } = error instanceof OpError ? error : { detail: String(error) };
        if (!(error instanceof UnimplementedError)) this.hasShapeErrors = true;
        const isNew = node !== null && !this.done.has(node.id);
        const place = { node: op?.name ?? node?.name ?? null, op: op?.type ?? node?.op ?? null };
        this.findings.push({ ...place, kind: 'kernel', reason: detail });
        if (!isNew || this.findings.length >= MOST) {
          const unchecked = this.snapshot.size - this.done.size;
          return { findings: this.findings, kernels: new Map(), host: new Map(), unchecked };
        }
        this.leaveOut(node);
      }
    }
  }

  private attempt() {
    const nodes = [...this.snapshot.nodes()].filter(({ id }) => !this.done.has(id));
    const targets = nodes.filter(({ op }) => !isInput(op)).map(({ id }) => id);
    const inputs = nodes.filter(({ op }) => isInput(op) && op !== 'PlaceholderWithDefault');
    if (inputs.some(({ outputs }) => !isFullyDefined(outputs[0].shape))) this.hasGuessed = true;
    const done = [...this.done].sort((a, b) => a - b).map((id) => this.snapshot.node(id));
    const feeds = [...inputs, ...done].flatMap((node) => this.feedsOf(node));
    const request = { fetches: [], targets, feeds, done: this.done };
    return compileRequest(this.snapshot, request, this.target, { passes: false, evaluate });
  }

  private feedsOf({ id, outputs }: Node): Feed[] {
    return outputs.map(({ dtype, shape }, index) => ({
      endpoint: { node: id, index },
      dtype,
      shape: this.shapeFor(shape),
    }));
  }

  /** The node of the graph: what the compiler makes of one has its name and more. */
  private nodeOf(error: unknown): Node | null {
    let name = error instanceof OpError ? (error.op?.name ?? '') : '';
    while (name !== '') {
      const node = this.snapshot.find(name);
      if (node) return node;
      name = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    }
    return null;
  }

  /** A handle that nothing has made is no use to those that take it: they go too. */
  private leaveOut(node: Node): void {
    const stack = [node];
    for (let next = stack.pop(); next; next = stack.pop()) {
      if (this.done.has(next.id)) continue;
      this.done.add(next.id);
      if (next !== node) this.unchecked++;
      if (!next.outputs.some(({ dtype }) => dtype.kind === 'handle')) continue;
      stack.push(...this.users[next.id].map((id) => this.snapshot.node(id)));
    }
  }
}

function countSteps(plan: ExecutionPlan, kernels: Map<string, number>, host: Map<string, number>): void {
  const stack = [plan];
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  for (let next = stack.pop(); next; next = stack.pop()) {
    for (const step of next.instructions) {
      if (step.kind === 'kernel' || step.kind === 'generated') count(kernels, step.kernel);
      else if (step.kind === 'host') count(host, step.kernel);
      else if (step.kind === 'branch') stack.push(...step.branches.map((call) => call.plan));
      else if (step.kind === 'while') {
        const calls: (Call | null)[] = [step.cond, step.body, step.condPrologue, step.bodyPrologue];
        stack.push(...calls.flatMap((call) => call?.plan ?? []));
      }
    }
  }
}
