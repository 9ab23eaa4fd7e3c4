/**
 * `$` over the tensors of a graph: what the gradient functions of op definitions build with. Which gradient is built when
 * is `gradients.ts`'s business.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import type { AttrValue, TensorSpec } from '../graph/node.ts';
import { constantOp, emit } from '../ops/emit.ts';
import type { OpView } from '../ops/opdef/define.ts';
import { type Builder, type BuildInput, Vocabulary } from '../ops/opdef/vocabulary.ts';
import { constantValue } from '../ops/static-value.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';

/** What `isFirst` was asked for. */
const seen = new WeakMap<Graph, Set<string>>();

function isEmptyList(array: NdArray): boolean {
  return array.rank === 1 && array.size === 0;
}

/** Builds on the default graph. */
class GraphBuilder implements Builder<Tensor> {
  op(
    type: string,
    inputs: readonly BuildInput<Tensor>[],
    attrs: Readonly<Record<string, AttrValue>>,
    name: string,
  ): readonly Tensor[] {
    // An empty list goes as such, since its type is found out by TensorFlow's way.
    const given = inputs.map((input) => (input instanceof NdArray && isEmptyList(input) ? [] : input));
    return emit(type, given, attrs, name).outputs;
  }
  constant(value: NdArray, name: string): Tensor {
    return constantOp(value, name);
  }
  spec(value: Tensor): TensorSpec {
    return value.spec;
  }
  constantValue(value: Tensor): NdArray | null {
    return constantValue(value);
  }
  isFirst(key: string): boolean {
    const graph = getDefaultGraph();
    let keys = seen.get(graph);
    if (!keys) {
      keys = new Set();
      seen.set(graph, keys);
    }
    const known = keys.has(key);
    keys.add(key);
    return !known;
  }
  gradientScope({ name }: Tensor): string {
    const parts = name.split('/');
    const last = parts.findLastIndex((part) => part.startsWith('gradients'));
    if (last < 0) {
      throw new ValueError(
        `Expected op/tensor name to start with gradients (excluding scope), got: ${name}. This means that a tf.gradients op with this op in its dependency path has a custom name that does not start with 'gradients'. Please make sure all calls to tf.gradients that have non-empty \`name\` arguments use names that start with 'gradients'.`,
      );
    }
    return parts.slice(0, last + 1).join('/');
  }
  isZeros(value: Tensor): boolean {
    return value.op.type === 'ZerosLike';
  }
  after<R>(controls: readonly Tensor[], body: () => R): R {
    return getDefaultGraph().controlDependencies(controls, body);
  }
}

/** The vocabulary over tensors of the default graph. */
export const tensorVocabulary = new Vocabulary<Tensor>(new GraphBuilder());

/** An operation as its gradient function sees it. */
export class OperationView implements OpView<Tensor> {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];

  constructor(private readonly operation: Operation) {
    this.type = operation.type;
    this.name = operation.name;
    this.inputs = operation.inputs;
    this.outputs = operation.outputs;
  }
  attr<T extends AttrValue = AttrValue>(name: string): T {
    return this.operation.getAttr(name) as T;
  }
}
