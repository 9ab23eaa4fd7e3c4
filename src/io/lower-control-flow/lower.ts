/**
 * Control flow in TF1's own form: walks a graph, or the body of a function, and writes its nodes; loops, branches and calls
 * as `Switch`, `Merge`, `Enter`, `Exit`, `NextIteration` and `LoopCond` around the nodes of their bodies. How each of them is
 * written is told in `loops.ts`, `branches.ts` and `calls.ts`.
 */
import type { GraphFunction } from '../../graph/function.ts';
import type { Attrs, AttrValue, Endpoint, Node, NodeId } from '../../graph/node.ts';
import type { GraphSnapshot } from '../../graph/snapshot.ts';
import type { NodeDef } from '../messages.ts';
import { lowerBranches } from './branches.ts';
import { lowerCall } from './calls.ts';
import { lowerLoop } from './loops.ts';
import { needed } from './needed.ts';
import type { Lowered, Results, Site, Step } from './step.ts';
import type { Place, Ref, Writer } from './writer.ts';

/** The nodes of a graph. Names outside of loops and branches stay: what a loop or branch gives can be fetched as before. */
export function lowerGraph(writer: Writer, snapshot: GraphSnapshot, from: NodeId): NodeDef[] {
  const walk = new Walk(writer, { prefix: '', pivot: null }, snapshot, new Map(), from);
  run(walk.nodes(snapshot.nodes()));
  return writer.nodes;
}

/** The nodes of a function that stays one. */
export function lowerFunction(writer: Writer, fn: GraphFunction, args: readonly Ref[]): Results {
  return run(
    lowerBody(
      writer,
      { prefix: '', pivot: null },
      fn,
      args.map((arg) => () => arg),
    ),
  );
}

/** Runs steps that wait for others, which may be nested to any depth. */
function run<T>(first: Step<T>): T {
  const stack: Step<unknown>[] = [first];
  let value: unknown;
  while (stack.length > 0) {
    const next = stack[stack.length - 1].next(value);
    value = next.done ? next.value : undefined;
    if (next.done) stack.pop();
    else stack.push(next.value);
  }
  return value as T;
}

function* lowerBody(
  writer: Writer,
  place: Place,
  fn: GraphFunction,
  args: readonly (() => Ref)[],
  wanted?: readonly number[],
): Step<Results> {
  const { body, inputs, targets } = fn;
  const outputs = wanted ? wanted.map((i) => fn.outputs[i]) : fn.outputs;
  const isNeeded = needed(body, outputs, targets);
  const walk = new Walk(writer, place, body, new Map(inputs.map((id, i) => [id, args[i]])), 0);
  yield walk.nodes([...body.nodes()].filter(({ id }) => isNeeded.has(id)));
  return { outputs: outputs.map((endpoint) => walk.ref(endpoint)), targets: walk.done(targets) };
}

type Lower = (site: Site) => Step<Lowered>;

const KINDS: ReadonlyMap<string, Lower> = new Map<string, Lower>([
  ['If', lowerBranches],
  ['StatelessIf', lowerBranches],
  ['Case', lowerBranches],
  ['StatelessCase', lowerBranches],
  ['While', lowerLoop],
  ['StatelessWhile', lowerLoop],
  ['PartitionedCall', lowerCall],
  ['StatefulPartitionedCall', lowerCall],
]);

/** The nodes of one graph or body on their way. */
class Walk {
  private readonly refs = new Map<NodeId, readonly Ref[]>();
  /** By node the one to wait for in its place; of loops, branches and calls it is written when the first one asks. */
  private readonly names = new Map<NodeId, string | (() => string)>();

  constructor(
    private readonly writer: Writer,
    private readonly place: Place,
    private readonly graph: GraphSnapshot,
    private readonly args: ReadonlyMap<NodeId, () => Ref>,
    private readonly from: NodeId,
  ) {}

  *nodes(nodes: Iterable<Node>): Step<void> {
    const { writer, args } = this;
    for (const node of nodes) {
      if (args.has(node.id)) continue;
      const first = writer.nodes.length;
      const inputs = node.inputs.map((endpoint) => this.ref(endpoint));
      const controls = this.done(node.controls);
      // At top level nodes keep their names.
      const name = this.isTop ? node.name : writer.nameIn(this.place, node.name);
      const lower = KINDS.get(node.op);
      if (lower) {
        const { place } = this;
        const body: Site['body'] = (...given) => lowerBody(writer, ...given);
        const lowered = (yield lower({ writer, place, node, name, inputs, controls, body })) as Lowered;
        this.refs.set(node.id, lowered.outputs);
        this.conclude(node, name, lowered);
      } else {
        const attrs = this.withPlaces(node.attrs);
        this.refs.set(node.id, writer.copy(this.place, { ...node, attrs }, name, inputs, controls));
        this.names.set(node.id, name);
      }
      if (node.id < this.from) writer.nodes.length = first;
    }
  }

  private get isTop(): boolean {
    return this.place.prefix === '';
  }

  ref({ node, index }: Endpoint): Ref {
    return this.args.get(node)?.() ?? (this.refs.get(node) as readonly Ref[])[index];
  }

  /** The nodes to wait for. Arguments are there from the start: nothing waits for them. */
  done(ids: readonly NodeId[]): string[] {
    return ids.flatMap((id) => {
      let name = this.names.get(id);
      if (typeof name === 'function') {
        name = name();
        this.names.set(id, name);
      }
      return name ?? [];
    });
  }

  /** A node of the call's own name, with its outputs; within bodies only where one waits for it. */
  private conclude({ id }: Node, name: string, { outputs, ends }: Lowered): void {
    const { writer, place } = this;
    const write = (): string => {
      const isWaiting = outputs.some(({ node }) => node !== null && ends.includes(node));
      const T = outputs.map(({ spec }) => spec.dtype);
      const specs = outputs.map(({ spec }) => spec);
      const [op, attrs] = outputs.length === 0 ? ['NoOp', {}] : ['IdentityN', { T: T as readonly AttrValue[] }];
      writer.copy(place, { op, attrs, outputs: specs, device: '' }, name, outputs, isWaiting ? [] : ends);
      return name;
    };
    if (this.isTop) this.names.set(id, write());
    else this.names.set(id, ends.length === 1 ? ends[0] : write);
  }

  /** The nodes of bodies are placed beside each other under their new names. */
  private withPlaces(attrs: Attrs): Attrs {
    const places = attrs._class;
    if (this.isTop || !Array.isArray(places)) return attrs;
    const renamed = (places as readonly string[]).flatMap((place) => {
      const node = this.graph.find(String(place).replace(/^loc:@/, ''));
      const name = node && this.names.get(node.id);
      return typeof name === 'string' ? [`loc:@${name}`] : [];
    });
    const { _class: _, ...others } = attrs;
    return renamed.length > 0 ? { ...others, _class: renamed } : others;
  }
}
