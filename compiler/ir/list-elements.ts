/**
 * What is known of the shape that the written elements of a list of tensors have, beyond what the list was made for: from
 * this follow the shapes of what bodies of loops take out. The rules of the ops, which TensorFlow's errors come from, are
 * in `src/ops/tensor-lists.ts`.
 */
import type { ListElements, TensorSpec } from '../../src/graph/node.ts';
import { int32, int64 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { commonShape, type Shape, sameShape } from '../../src/util/shape.ts';
import type { IrNode, IrValue } from './module.ts';

/** What is known of values: `Facts`. */
interface Known {
  spec(value: IrValue): TensorSpec;
  constant(value: IrValue): NdArray | null;
}

/** What holds of elements of either kind. */
export function commonElements(a: ListElements | undefined, b: ListElements | undefined): ListElements | undefined {
  if (!a || !b) return undefined;
  if (sameElements(a, b)) return a;
  const shape = a.shape === 'none' ? b.shape : b.shape === 'none' ? a.shape : commonShape(a.shape, b.shape);
  const value = a.shape === 'none' ? b.value : b.shape === 'none' || sameValue(a, b) ? a.value : null;
  return { shape, isWhole: a.isWhole && b.isWhole, value };
}

export function sameElements(a: ListElements | undefined, b: ListElements | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.isWhole !== b.isWhole || (a.shape === 'none') !== (b.shape === 'none')) return false;
  return a.shape === 'none' || (sameShape(a.shape, b.shape as Shape) && sameValue(a, b));
}

function sameValue({ value: a = null }: ListElements, { value: b = null }: ListElements): boolean {
  if (a === b) return true;
  if (!a || !b || a.size !== b.size || a.dtype !== b.dtype) return false;
  for (let i = 0; i < a.size; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}

/** Shapes and numbers of steps, which gradients take from the rounds of a loop: others are not worth a comparison. */
const LONGEST = 16;

function integers(value: NdArray | null): NdArray | null {
  return value && value.size <= LONGEST && (value.dtype === int32 || value.dtype === int64) ? value : null;
}

/** The values of the outputs of a node that takes the last element of a list, where all elements are one and the same. */
export function takenValues(list: ListElements | undefined): readonly (NdArray | null)[] | null {
  return list?.isWhole && list.value ? [null, list.value] : null;
}

/** What a rule knows of a node and its inputs. */
class ListOp {
  constructor(
    private readonly facts: Known,
    readonly node: IrNode,
  ) {}
  /** What is known of the elements of the list that the op takes. */
  get list(): ListElements | undefined {
    return this.facts.spec(this.node.inputs[0]).elements;
  }
  shape(input: number): Shape {
    return this.facts.spec(this.node.inputs[input]).shape;
  }
  /** The elements after one has been written. */
  written(input: number): ListElements | undefined {
    const value = integers(this.facts.constant(this.node.inputs[input]));
    return commonElements(this.list, { shape: this.shape(input), isWhole: true, value });
  }
  /** The rows of the tensor that the op takes as elements. */
  rows(isWhole: boolean): ListElements {
    return { shape: this.shape(0)?.slice(1) ?? null, isWhole };
  }
}

type Outputs = readonly TensorSpec[];

function listed([list, ...others]: Outputs, elements: ListElements | undefined): Outputs {
  return elements ? [{ ...list, elements }, ...others] : [list, ...others];
}

const rules: ReadonlyMap<string, (op: ListOp, outputs: Outputs) => Outputs> = new Map([
  ['EmptyTensorList', (_, outputs) => listed(outputs, { shape: 'none', isWhole: true })],
  ['TensorListReserve', (_, outputs) => listed(outputs, { shape: 'none', isWhole: false })],
  ['TensorListFromTensor', (op, outputs) => listed(outputs, op.rows(true))],
  ['TensorListScatter', (op, outputs) => listed(outputs, op.rows(false))],
  ['TensorListScatterV2', (op, outputs) => listed(outputs, op.rows(false))],
  ['TensorListPushBack', (op, outputs) => listed(outputs, op.written(1))],
  [
    'TensorListSetItem',
    (op, outputs) =>
      listed(outputs, op.node.attrs.resize_if_index_out_of_bounds ? withGaps(op.written(2)) : op.written(2)),
  ],
  ['TensorListResize', (op, outputs) => listed(outputs, withGaps(op.list))],
  ['Identity', (op, outputs) => (op.list ? listed(outputs, op.list) : outputs)],
  ['ZerosLike', (op, outputs) => (op.list ? listed(outputs, { ...op.list, value: null }) : outputs)],
  ['TensorListGetItem', (op, outputs) => [taken(outputs[0], op.list, [])]],
  ['TensorListPopBack', (op, outputs) => [listed(outputs, op.list)[0], taken(outputs[1], op.list, [])]],
  ['TensorListGather', (op, outputs) => [taken(outputs[0], op.list, [op.shape(1)?.[0] ?? null])]],
  // Elements that are not written become zeros of the shape of the others.
  [
    'TensorListStack',
    (op, [found]) => [taken(found, op.list && { ...op.list, isWhole: true }, [found.shape?.[0] ?? null])],
  ],
]);

/** The outputs that the shape rule gave, with what is known of elements of lists. */
export function withElements(facts: Known, node: IrNode, outputs: Outputs): Outputs {
  const rule = rules.get(node.op);
  return rule ? rule(new ListOp(facts, node), outputs) : outputs;
}

function withGaps(elements: ListElements | undefined): ListElements | undefined {
  return elements && { ...elements, isWhole: false };
}

/** Of an element, or of a stack of some; one that is not written takes its shape from elsewhere. */
function taken(found: TensorSpec, elements: ListElements | undefined, before: readonly (number | null)[]): TensorSpec {
  if (!elements?.isWhole || elements.shape === 'none' || elements.shape === null) return found;
  const own = [...before, ...elements.shape];
  if (found.shape === null) return { ...found, shape: own };
  // Where both disagree, the run fails with the words for it.
  if (found.shape.length !== own.length || found.shape.some((d, i) => d !== null && own[i] !== null && d !== own[i])) {
    return found;
  }
  return { ...found, shape: found.shape.map((d, i) => d ?? own[i]) };
}
