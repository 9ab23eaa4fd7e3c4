/**
 * `GraphFunction`: a function over tensors as a value: the body of a loop, a branch, a function of a library. It is what a
 * function attribute of a node holds. Building one is `func-graph.ts`'s business.
 */
import type { Endpoint, NodeId, TensorSpec } from './node.ts';
import type { GraphSnapshot } from './snapshot.ts';

/** A frozen function. Two functions are the same where they are the same object: names only serve people and files. */
export class GraphFunction {
  constructor(
    /** The name, as function attributes hold it. */
    readonly func: string,
    /** The body. What its inputs stand for are placeholders of it. */
    readonly body: GraphSnapshot,
    readonly inputs: readonly NodeId[],
    readonly outputs: readonly Endpoint[],
    /** What a call runs beside what its results need. */
    readonly targets: readonly NodeId[],
    /** Whether a call does more than compute its results: draws, reads, writes, prints. */
    readonly isStateful: boolean,
    /** Names of the arguments and results, as they are exported. */
    readonly inputNames: readonly string[],
    readonly outputNames: readonly string[],
  ) {
    Object.freeze(inputs);
    Object.freeze(outputs);
    Object.freeze(targets);
    Object.freeze(this);
  }

  get inputSpecs(): TensorSpec[] {
    return this.inputs.map((id) => this.body.node(id).outputs[0]);
  }
  get outputSpecs(): TensorSpec[] {
    return this.outputs.map((endpoint) => this.body.spec(endpoint));
  }
  /** The input that the output is, unchanged; null for one that is computed. */
  passedThrough(output: number): number | null {
    const { node, index } = this.outputs[output];
    const position = index === 0 ? this.inputs.indexOf(node) : -1;
    return position < 0 ? null : position;
  }

  toString(): string {
    return `<tf.GraphFunction '${this.func}' of ${this.inputs.length} inputs and ${this.outputs.length} outputs>`;
  }
}
