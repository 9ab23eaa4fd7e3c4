/**
 * The graph as a server has it: which nodes it was sent, what it lacks, and the nodes beyond the program's that a session
 * asks with. Sending them is `remote-session.ts`'s job.
 */
import type { Graph } from '../../src/graph/graph.ts';
import type { Endpoint } from '../../src/graph/node.ts';
import { diffSnapshots, type GraphSnapshot } from '../../src/graph/snapshot.ts';
import { GraphStream } from '../../src/io/export-graph.ts';
import { GraphDef } from '../../src/io/graph-def.ts';
import { graphToMessage } from '../../src/io/graph-def-message.ts';
import type { FunctionDef, NodeDef } from '../../src/io/messages.ts';
import type { GraphDef as GraphMessage } from '../../src/io/proto/graph_pb.ts';

/** Where the nodes are that a session adds for itself. */
const OWN_SCOPE = 'tfjs_graph_session';

export class ServerGraph {
  private stream = new GraphStream();
  /** The last snapshot that was written. */
  private written: GraphSnapshot | null = null;
  /** What was written and has not arrived. */
  private node: NodeDef[] = [];
  private functions: FunctionDef[] = [];
  /** The nodes that tell whether variables have values, by the names of their handles. */
  private readonly probes = new Map<string, string>();

  constructor(private readonly graph: Graph) {}

  /** Whether the server has all. */
  get isCurrent(): boolean {
    return this.node.length === 0 && this.functions.length === 0 && this.graph.snapshot() === this.written;
  }

  /** Whether a node that was sent is another one now: a loop that was given variables for its gradient. */
  get isOutdated(): boolean {
    const { written } = this;
    const snapshot = this.graph.snapshot();
    if (!written || snapshot === written) return false;
    return diffSnapshots(written, snapshot).refined.some((node) => {
      const { attrs, inputs } = written.node(node.id);
      return attrs !== node.attrs || inputs.length !== node.inputs.length;
    });
  }

  /** What the server lacks, as a message: to be sent again until it has `arrived`. */
  lacking(): GraphMessage {
    const snapshot = this.graph.snapshot();
    if (snapshot !== this.written) {
      const { node, library } = this.stream.next(snapshot);
      for (const each of node) this.node.push(each);
      for (const each of library.function) this.functions.push(each);
      this.written = snapshot;
    }
    return graphToMessage(new GraphDef(this.node, { function: this.functions, gradient: [] }));
  }

  arrived(): void {
    this.node = [];
    this.functions = [];
  }

  /** Begins anew, for a server that has nothing. */
  restart(): void {
    this.stream = new GraphStream();
    this.written = null;
    this.arrived();
    this.probes.clear();
  }

  /** The name of a tensor that is true where the variable of the handle has a value. */
  probe(handle: Endpoint): string {
    const { graph } = this;
    const of = nameOf(graph, handle);
    let name = this.probes.get(of);
    if (name === undefined) {
      name = `${OWN_SCOPE}/is_initialized_${this.probes.size}`;
      this.probes.set(of, name);
      const { device } = graph.node(handle.node);
      this.node.push({ name, op: 'VarIsInitializedOp', input: [of], device, attr: new Map() });
    }
    return `${name}:0`;
  }
}

/** A tensor by its name. */
export function nameOf(graph: Graph, { node, index }: Endpoint): string {
  return `${graph.node(node).name}:${index}`;
}
