/**
 * The neutral model that every picture is made from: nodes with printed attributes, edges, functions. Making one is
 * `from-graph.ts`'s, `from-compiled.ts`'s and `from-graph-def.ts`'s work, drawing it that of the formats.
 */

/** What a run's metadata says of a node: microseconds, bytes of its outputs. */
export interface NodeStats {
  readonly micros: number;
  readonly bytes: number;
}

/** One node. It is plain data, so that a page can carry it as JSON. */
export interface VizNode {
  /** The position in the model's list. */
  readonly id: number;
  readonly name: string;
  readonly op: string;
  /** 0 for the graph itself, else 1 + the position of the function that the node is in the body of. */
  readonly owner: number;
  /** Pairs of name and printed value. */
  readonly attrs: readonly (readonly [name: string, value: string])[];
  /** Type and shape of each output: `float32[?,10]`; empty where unknown. */
  readonly outputs: readonly string[];
  readonly device: string;
  /** The line of user code that built it; empty where unknown. */
  readonly site: string;
  /** Positions of the functions that its attributes hold. */
  readonly calls: readonly number[];
  readonly stats: NodeStats | null;
}

/** A tensor that goes from node to node, or a control dependency, which has neither output nor input. */
export interface VizEdge {
  readonly from: number;
  readonly to: number;
  readonly output: number;
  readonly input: number;
  readonly control: boolean;
}

export interface VizModel {
  readonly title: string;
  readonly nodes: readonly VizNode[];
  readonly edges: readonly VizEdge[];
  /** The names of functions, whose bodies' nodes are among the nodes. */
  readonly functions: readonly string[];
}

/** What nodes are told apart by at a glance. */
export type Category = 'input' | 'output' | 'constant' | 'variable' | 'write' | 'control' | 'compute';

const CATEGORIES: readonly (readonly [Category, RegExp])[] = [
  ['input', /^(Placeholder|PlaceholderV2|PlaceholderWithDefault|_Arg|feed)$/],
  ['output', /^(_Retval|fetch)$/],
  ['constant', /^(Const|HostConst|const)$/],
  ['variable', /^(VarHandleOp|Variable|VariableV2|AutoReloadVariable|ReadVariableOp|read)$/],
  ['write', /^(Assign|Resource(Sparse)?Apply|ResourceScatter|(Sparse)?Apply|assign|Scatter(Add|Sub|Update))/],
  ['control', /^(Stateless)?(While|If|Case|(Stateful)?PartitionedCall|while|branch)$/],
  ['control', /^(Ref)?(Switch|Merge|Enter|Exit|NextIteration)$|^(LoopCond|NoOp|ControlTrigger|_SwitchN)$/],
];

export function categoryOf(op: string): Category {
  return CATEGORIES.find(([, pattern]) => pattern.test(op))?.[0] ?? 'compute';
}

/** The last part of a name: what is left to say inside of its scopes. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1) || name;
}

/** What an edge carries, in words: empty for a control dependency. */
export function edgeText(model: VizModel, edge: VizEdge): string {
  return edge.control ? '' : (model.nodes[edge.from].outputs[edge.output] ?? '');
}

/** Collects a model's parts; ids are given in the order in which nodes come. */
export class ModelBuilder {
  readonly nodes: VizNode[] = [];
  readonly edges: VizEdge[] = [];
  readonly functions: string[] = [];

  node(init: Partial<VizNode> & { readonly name: string; readonly op: string; readonly owner: number }): number {
    const { attrs = [], outputs = [], device = '', site = '', calls = [], stats = null } = init;
    const id = this.nodes.length;
    this.nodes.push({
      id,
      name: init.name,
      op: init.op,
      owner: init.owner,
      attrs,
      outputs,
      device,
      site,
      calls,
      stats,
    });
    return id;
  }
  data(from: number, output: number, to: number, input: number): void {
    this.edges.push({ from, to, output, input, control: false });
  }
  control(from: number, to: number): void {
    this.edges.push({ from, to, output: -1, input: -1, control: true });
  }
  finish(title: string): VizModel {
    return { title, nodes: this.nodes, edges: this.edges, functions: this.functions };
  }
}
