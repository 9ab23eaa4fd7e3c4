/**
 * `cluster`: brings ops together that one generated kernel computes, and numbers the kernels. A node joins the kernel at hand
 * only when all it takes is there or in the kernel already, so that no order of kernels can be a circle. The kernels
 * themselves are made from the numbers when the plan is.
 *
 * The model of costs: a call and a pass through memory cost more than anything that an element-wise op computes, so that
 * whatever can join, does; but scalars that the host computes of its own scalars cost it less than bringing those to the
 * backend, and each kernel that takes them would have to wait for the one that computed them. Not worth a kernel are views
 * alone, which are free, and a scalar alone. Where kernels of scalars run is decided with the plan.
 */
import type { Shape } from '../../src/util/shape.ts';
import { isLoopOp, isView, LoopBuilder, type LoopRules, loopRules, placesOf } from '../codegen/index.ts';
import { Facts } from '../ir/context.ts';
import { effectOf, mustRun } from '../ir/effects.ts';
import { ARG, type IrModule, type IrNode } from '../ir/module.ts';
import type { Target } from '../lowering/lowering.ts';
import type { Pass, PassContext } from './pass.ts';

/** The attribute that numbers the kernels; its value is an integer. */
export const CLUSTER = '_cluster';

/** So many ops on scalars are worth a kernel: one in JavaScript, if not one of the backend. */
const SCALARS = 2;
/** So many nodes are brought forward, at most, for another that may join. */
const PULLED = 32;
/** A value that more nodes take is no reason to look at them all. */
const USERS = 16;

export const cluster: Pass = {
  name: 'cluster',
  doc: 'Brings ops together that one generated kernel computes.',
  run(module: IrModule, { target }: PassContext): IrModule {
    if (!target.renderer || !module.nodes.some((node) => isLoopOp(node.op))) return module;
    const nodes = new Clustering(module, target, loopRules(target.renderer)).run();
    return nodes ? { ...module, nodes } : module;
  },
};

/** Ops that compute nothing. */
const FREE: ReadonlySet<string> = new Set(['Const', 'VarHandleOp', 'TensorListPopBack', 'TensorListGetItem']);

/**
 * The scalars that the host computes of what it has: variables that are scalars, what is fed, constants. Of Adam it is by how
 * much to update, which all its kernels take, and which only the first could have computed.
 */
function scalarsOfHost({ nodes, nextId }: IrModule, target: Target): Uint8Array {
  const found = new Uint8Array(nextId);
  if (!target.scalarsOnHost) return found;
  const has = new Uint8Array(nextId);
  for (const { id, op, inputs, outputs } of nodes) {
    if (!outputs.every(({ shape }) => shape?.length === 0)) continue;
    const isTaken = op === ARG || op === 'Const' || op === 'ReadVariableOp';
    const isComputed =
      !isTaken && inputs.length > 0 && target.hasHost(op) && inputs.every(({ node }) => has[node] === 1);
    if (isTaken || isComputed) has[id] = 1;
    if (isComputed) found[id] = 1;
  }
  return found;
}

class Clustering {
  private readonly facts: Facts;
  private readonly users: IrNode[][] = [];
  /** By id, 1 for nodes that have their place. */
  private readonly placed: Uint8Array;
  private readonly positions: Int32Array;
  private readonly out: IrNode[] = [];
  private count = 0;
  /** The position of the first node, in the old order, that has an effect and no place yet. */
  private barrier = 0;
  /** By id, 1 for scalars that the host computes of its own. */
  private readonly ofHost: Uint8Array;

  constructor(
    private readonly module: IrModule,
    target: Target,
    private readonly rules: LoopRules,
  ) {
    this.facts = new Facts(module.nodes);
    this.ofHost = scalarsOfHost(module, target);
    this.placed = new Uint8Array(module.nextId);
    this.positions = new Int32Array(module.nextId);
    module.nodes.forEach((node, i) => {
      this.positions[node.id] = i;
      this.users[node.id] = [];
      for (const { node: source } of node.inputs) {
        const users = this.users[source];
        if (users[users.length - 1] !== node) users.push(node);
      }
    });
  }

  /** The nodes in their new order, with numbers; null where there is no kernel. */
  run(): IrNode[] | null {
    for (const node of this.module.nodes) {
      if (this.placed[node.id]) continue;
      this.placeAll(node, this.canJoin(node) ? this.grow(node, () => true) : []);
    }
    return this.count > 0 ? this.out : null;
  }

  /** Places a node and, where it has one, its kernel. */
  private placeAll(node: IrNode, found: readonly IrNode[]): void {
    for (const member of found) this.place({ ...member, attrs: { ...member.attrs, [CLUSTER]: this.count } });
    if (found.length > 0) this.count++;
    // Not worth a kernel, or a view that the kernel does without.
    if (!this.placed[node.id]) this.place(node);
  }

  private place(node: IrNode): void {
    this.placed[node.id] = 1;
    this.out.push(node);
  }

  private canJoin(node: IrNode): boolean {
    return isLoopOp(node.op) && effectOf(node) === 'pure';
  }

  /**
   * Places a scalar of the host before the kernel at hand, with others of the host: these need nothing that is in the kernel.
   */
  private placeAside(node: IrNode): void {
    this.placeAll(
      node,
      this.grow(node, ({ id }) => this.ofHost[id] === 1),
    );
  }

  /** The nodes of the kernel that begins with this one, in order, among those asked for; none where it is not worth it. */
  private grow(first: IrNode, isAskedFor: (node: IrNode) => boolean): readonly IrNode[] {
    const builder = new LoopBuilder(this.facts);
    const limits = this.rules.limits(this.facts);
    if (!limits.admits(first) || !builder.tryAdd(first)) return [];
    const members = new Set([first.id]);
    const tried = new Set([first.id]);
    const queue = [first];
    for (let at = 0; at < queue.length; at++) {
      for (const node of this.neighbours(queue[at], members)) {
        if (tried.has(node.id) || members.has(node.id) || this.placed[node.id]) continue;
        if (!this.canJoin(node) || this.isAside(first, node) || !isAskedFor(node)) continue;
        const missing = this.missing(node, members);
        if (!missing) continue;
        tried.add(node.id);
        for (const each of [...missing, node]) {
          if (this.placed[each.id]) continue;
          if (!this.canJoin(each)) this.place(each);
          else if (this.ofHost[each.id] && this.isAside(first, each)) this.placeAside(each);
          else if (limits.admits(each) && builder.tryAdd(each)) {
            members.add(each.id);
            queue.push(each);
          } else if (each !== node && this.isReady(each)) this.place(each);
          else break;
        }
      }
    }
    return this.worthwhile(builder.nodes);
  }

  /**
   * What has to come before the node and has no place yet, in order, if all of it can be put before the kernel or into it;
   * else null.
   */
  private missing(node: IrNode, members: ReadonlySet<number>): IrNode[] | null {
    const found = new Map<number, IrNode>();
    const stack = [node];
    for (let next = stack.pop(); next; next = stack.pop()) {
      const isBefore = !this.canJoin(next);
      for (const { node: source } of next.inputs) {
        if (this.placed[source]) continue;
        const input = this.facts.node(source);
        // What goes before the kernel cannot take anything that is computed in it.
        if (isBefore && !this.canMove(input)) return null;
        if (members.has(source) || found.has(source)) continue;
        if (found.size === PULLED || !(this.canJoin(input) || this.canMove(input))) return null;
        found.set(source, input);
        stack.push(input);
      }
    }
    return [...found.values()].sort((a, b) => this.positions[a.id] - this.positions[b.id]);
  }

  /** Whether the node can be done now: it costs nothing, or reads a variable to which nothing is written before. */
  private canMove(node: IrNode): boolean {
    if (FREE.has(node.op)) return true;
    if (node.op !== 'ReadVariableOp') return false;
    const { nodes } = this.module;
    while (this.barrier < nodes.length && !this.isBarrier(nodes[this.barrier])) this.barrier++;
    return this.positions[node.id] < this.barrier;
  }
  /** Whether the node is about scalars, of types that no kernel has, and can be done before the kernel. */
  private isReady({ inputs, outputs }: IrNode): boolean {
    const isScalar = ({ shape }: { readonly shape: Shape }) => shape?.length === 0;
    return (
      outputs.every(isScalar) &&
      inputs.every((input) => this.placed[input.node] === 1 && isScalar(this.facts.spec(input)))
    );
  }
  private isBarrier(node: IrNode): boolean {
    return !this.placed[node.id] && mustRun(effectOf(node));
  }

  /** Whether the node is about scalars, and the kernel is not: the host may want them, and joins only what needs them. */
  private isAside(first: IrNode, node: IrNode): boolean {
    const isScalar = (each: IrNode) => placesOf(this.facts, each)?.length === 0;
    return isScalar(node) && !isScalar(first);
  }

  /** Those that take what the node gives, and those that take what it takes, in the order of the module. */
  private neighbours(node: IrNode, members: ReadonlySet<number>): IrNode[] {
    const found = [...this.users[node.id]];
    for (const { node: source } of node.inputs) {
      const users = this.users[source];
      const isShared = users.length <= USERS && !members.has(source) && this.facts.node(source).op !== 'Const';
      if (isShared) found.push(...users);
    }
    return found.sort((a, b) => this.positions[a.id] - this.positions[b.id]);
  }

  private worthwhile(nodes: readonly IrNode[]): readonly IrNode[] {
    // Views at the end would be written once more; after the kernel they are free.
    const inside = new Set(nodes.map(({ id }) => id));
    const kept: IrNode[] = [];
    for (const node of [...nodes].reverse()) {
      const isTaken = this.users[node.id].some(({ id }) => inside.has(id));
      if (isView(node.op) && !isTaken) inside.delete(node.id);
      else kept.push(node);
    }
    kept.reverse();
    const places = kept.length > 0 && placesOf(this.facts, nodes[0]);
    const isScalar = places && places.length === 0;
    const work = kept.filter((node) => this.rules.computes(node)).length;
    return work === 0 || (isScalar && work < SCALARS) ? [] : kept;
  }
}
