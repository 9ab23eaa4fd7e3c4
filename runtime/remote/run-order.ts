/**
 * The order of a remote session's runs: what a program starts later sees what it started before, as in a session of this
 * process, though the server would run all at once. Sending them is `remote-runner.ts`'s job.
 */

import { effectOf, mayWait } from '../../compiler/ir/effects.ts';
import { prune, type Request } from '../../compiler/ir/import.ts';
import { GraphFunction } from '../../src/graph/function.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { Node } from '../../src/graph/node.ts';
import { UnimplementedError } from '../../src/util/errors.ts';
import type { CancelToken } from '../cancel.ts';

/**
 * What a run is to those beside it: runs that only read go on together; one that changes something goes on alone; one that
 * may wait for others begins in its turn and holds nobody up.
 */
export type RunKind = 'reads' | 'writes' | 'waits';

interface Waiting {
  readonly kind: RunKind;
  start(): void;
}

export class RunOrder {
  private readers = 0;
  private isWriting = false;
  private readonly queue: Waiting[] = [];

  /** Whether a run of this kind that is added now begins at once. */
  isFree(kind: RunKind): boolean {
    return this.queue.length === 0 && this.mayStart(kind);
  }

  /** The job's outcome. A job that can start does so before the call returns; one that waits is dropped when cancelled. */
  add<T>(kind: RunKind, job: () => Promise<T>, token: CancelToken): Promise<T> {
    if (this.isFree(kind)) return token.race(this.start(kind, job));
    return token.race(
      new Promise<T>((resolve, reject) => {
        const start = (): void => {
          if (!token.reason) this.start(kind, job).then(resolve, reject);
        };
        this.queue.push({ kind, start });
      }),
    );
  }

  private mayStart(kind: RunKind): boolean {
    return !this.isWriting && (kind === 'reads' || this.readers === 0);
  }

  private start<T>(kind: RunKind, job: () => Promise<T>): Promise<T> {
    if (kind === 'waits') return job();
    if (kind === 'writes') this.isWriting = true;
    else this.readers++;
    return job().finally(() => {
      if (kind === 'writes') this.isWriting = false;
      else this.readers--;
      this.next();
    });
  }

  private next(): void {
    for (let first = this.queue[0]; first && this.mayStart(first.kind); first = this.queue[0]) {
      this.queue.shift();
      first.start();
    }
  }
}

const KNOWN_REQUESTS = 256;
const CALLS: ReadonlySet<string> = new Set(['If', 'Case', 'While', 'StatefulPartitionedCall']);

/** Tells the kinds of the runs of one graph, and remembers them. */
export class RunKinds {
  private readonly known = new Map<string, RunKind>();

  constructor(private readonly graph: Graph) {}

  /** Throws `UnimplementedError` where the run would call functions of this program. */
  of(request: Request): RunKind {
    const ids = ({ fetches, targets, feeds }: Request): string =>
      `${fetches.map(({ node, index }) => `${node}:${index}`)}|${targets}|${feeds.map(({ endpoint: e }) => `${e.node}:${e.index}`)}`;
    const key = ids(request);
    const found = this.known.get(key);
    if (found) return found;
    const kind = this.find(request);
    if (this.known.size >= KNOWN_REQUESTS) this.known.delete(this.known.keys().next().value as string);
    this.known.set(key, kind);
    return kind;
  }

  private find(request: Request): RunKind {
    const { graph } = this;
    let kind: RunKind = 'reads';
    const seen = new Set<GraphFunction>();
    const look = (node: Node): void => {
      refuseFunctions(node, graph);
      const isCall = CALLS.has(node.op);
      if (mayWait(node) && !isCall) kind = 'waits';
      const effect = effectOf(node);
      if (kind === 'reads' && effect !== 'pure' && effect !== 'reads') kind = 'writes';
      for (const attr of Object.values(node.attrs).flat()) if (attr instanceof GraphFunction) seen.add(attr);
    };
    for (const id of prune(graph.snapshot(), request)) look(graph.node(id));
    // The set grows while bodies call further functions.
    for (const { body } of seen) for (const node of body.nodes()) look(node);
    return kind;
  }
}

function refuseFunctions(node: Node, graph: Graph): void {
  if (node.op !== 'PyFunc' && node.op !== 'PyFuncStateless') return;
  const op = graph.snapshot().find(node.name) ? graph.getOperationByName(node.name) : { name: node.name };
  throw new UnimplementedError(
    op,
    `The operation '${node.name}' calls a function of this program, which a server cannot do. Run it in a session without a target, and feed the server what it gives.`,
  );
}
