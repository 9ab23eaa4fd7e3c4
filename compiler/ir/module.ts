/**
 * The intermediate representation: a plain list of nodes in run order. Printing is `printer.ts`'s job, reading text
 * `parser.ts`'s, rules `verify.ts`'s.
 */
import type { Attrs, Endpoint, NodeId, TensorSpec } from '../../src/graph/node.ts';

/** Output `index` of the IR node with id `node`. */
export interface IrValue {
  readonly node: number;
  readonly index: number;
}

/** One operation. Ids are unique in a module and keep their meaning from pass to pass; order is the list's. */
export interface IrNode {
  readonly id: number;
  readonly op: string;
  readonly inputs: readonly IrValue[];
  readonly attrs: Attrs;
  /** Shapes are concrete, except where they depend on data. */
  readonly outputs: readonly TensorSpec[];
  /** The graph nodes this one stands for; never empty. The first is the one that errors name. */
  readonly origin: readonly NodeId[];
  /** The name of the first origin, for people. */
  readonly name: string;
}

/** A fed value: an `_Arg` node of the module, and the tensor of the graph that it replaces. */
export interface IrFeed {
  readonly node: number;
  readonly endpoint: Endpoint;
}

/** A program: what one request of a session runs. */
export interface IrModule {
  readonly nodes: readonly IrNode[];
  readonly feeds: readonly IrFeed[];
  /** What the run returns, in the order asked for. */
  readonly fetches: readonly IrValue[];
  /** Ids of nodes that must run though nobody takes their outputs: writes, input and output, explicit targets. */
  readonly effects: readonly number[];
  /** An id greater than any in use. */
  readonly nextId: number;
}

/** The op type of a fed value. */
export const ARG = '_Arg';
