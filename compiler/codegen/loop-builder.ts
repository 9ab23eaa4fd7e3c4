/**
 * Builds one kernel from several ops: element-wise ones, broadcasts, reductions over the same axes. The ops come one by one,
 * each after those it takes values of; whether it fits is said at once. Which ops to try is `passes/cluster.ts`'s business.
 */
import { isFullyDefined, type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { type Facts, NodeContext } from '../ir/context.ts';
import type { IrNode, IrValue } from '../ir/module.ts';
import { elementRules, elementType } from './elements.ts';
import type { LoopKernel, Operand, Reduction, Stage } from './kernel.ts';
import { isJoinOp, isPartOp, joinOf, partSource, partsOf } from './parts.ts';
import { type ElementType, type ValueId, Values } from './values.ts';

/** More inputs and outputs than this, and the loop has more places to keep than a processor has registers. */
const OPERANDS = 16;
/** Kernels of more values take long to be made ready, and gain nothing by it. */
const VALUES = 256;

/** By dimension of a value, the axis of the kernel that it goes along; -1 for dimensions of one element. */
type Layout = readonly number[];

interface Item {
  readonly value: ValueId;
  readonly layout: Layout;
}

/** A result that is put together from values, and is none itself. */
interface Joined {
  readonly pieces: readonly { readonly value: ValueId; readonly strides: readonly number[]; readonly offset: number }[];
}

const reductions: ReadonlyMap<string, Reduction> = new Map([
  ['Sum', 'sum'],
  ['Mean', 'sum'],
  ['BiasAddGrad', 'sum'],
  ['L2Loss', 'sum'],
  ['Prod', 'prod'],
  ['Max', 'max'],
  ['Min', 'min'],
  ['Any', 'any'],
  ['All', 'all'],
]);

/** Ops that give their input under a shape that differs in dimensions of one element. */
const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'ExpandDims', 'Squeeze']);
/** Ops on the rows of their input, the last dimension. */
const ROWS: ReadonlySet<string> = new Set(['Softmax', 'LogSoftmax', 'SoftmaxCrossEntropyWithLogits']);

/** Whether an op only gives its input, maybe under another shape: it costs nothing without a kernel. */
export function isView(op: string): boolean {
  return VIEWS.has(op) || op === 'Identity';
}

/** Whether ops of this type can be parts of such kernels. */
export function isLoopOp(op: string): boolean {
  const isMove = isPartOp(op) || isJoinOp(op);
  return isMove || elementRules.has(op) || reductions.has(op) || VIEWS.has(op) || ROWS.has(op) || op === 'BroadcastTo';
}

/** The shape whose places a kernel for the node would go through; null where it is not known. */
export function placesOf(facts: Facts, node: IrNode): KnownShape | null {
  const isOfInput = reductions.has(node.op) || ROWS.has(node.op) || isJoinOp(node.op);
  const shape = isOfInput ? facts.spec(dataOf(node)[0]).shape : node.outputs[0].shape;
  return isFullyDefined(shape) ? shape : null;
}

/** The inputs that are computed with: others say shapes and axes. */
function dataOf({ op, inputs }: IrNode): readonly IrValue[] {
  if (isPartOp(op)) return [inputs[partSource(op)]];
  if (op === 'ConcatV2') return inputs.slice(0, -1);
  if (op === 'Concat') return inputs.slice(1);
  return reductions.has(op) || VIEWS.has(op) || op === 'BroadcastTo' ? inputs.slice(0, 1) : inputs;
}

/** A kernel, the values that it takes and those that it gives. */
export interface BuiltLoop {
  readonly kernel: LoopKernel;
  readonly inputs: readonly IrValue[];
  readonly outputs: readonly IrValue[];
}

export class LoopBuilder {
  private readonly $ = new Values();
  /** The dimensions of the first op, which the axes are. */
  private shape: KnownShape | null = null;
  private reduced: ReadonlySet<number> | null = null;
  private readonly items = new Map<number, (Item | Joined)[]>();
  private readonly inputs: { readonly from: IrValue; readonly operand: Operand }[] = [];
  private readonly stages: Stage[] = [];
  readonly nodes: IrNode[] = [];

  constructor(private readonly facts: Facts) {}

  /** Takes the op in, if it fits; nothing has changed if not. */
  tryAdd(node: IrNode): boolean {
    const before = { shape: this.shape, reduced: this.reduced, inputs: this.inputs.length, stages: this.stages.length };
    const items = this.isPlain(node) ? this.compute(node) : null;
    const fits = items !== null && this.inputs.length <= OPERANDS && this.$.list.length <= VALUES;
    if (fits) {
      this.items.set(node.id, items);
      this.nodes.push(node);
      return true;
    }
    this.shape = before.shape;
    this.reduced = before.reduced;
    this.inputs.length = before.inputs;
    this.stages.length = before.stages;
    return false;
  }

  /** Whether buffers hold all that the op takes and gives, and all shapes are known and not empty. */
  private isPlain(node: IrNode): boolean {
    // A shape that is not known may not fit, which is an error of the run.
    const asks = VIEWS.has(node.op) || node.op === 'BroadcastTo';
    if (asks && node.inputs.length > 1 && !this.facts.constant(node.inputs[1])) return false;
    const specs = [...node.outputs, ...dataOf(node).map((input) => this.facts.spec(input))];
    return specs.every(({ dtype, shape }) => elementType(dtype) && isFullyDefined(shape) && sizeOf(shape) > 0);
  }

  private compute(node: IrNode): (Item | Joined)[] | null {
    const op = new NodeContext(this.facts, node);
    if (!this.shape) {
      const places = placesOf(this.facts, node);
      if (!places) return null;
      this.shape = places;
    }
    if (reductions.has(node.op)) return this.reduction(node, op);
    if (ROWS.has(node.op)) return this.rows(node, op);
    if (VIEWS.has(node.op)) return this.view(node);
    if (isPartOp(node.op)) return this.parts(node, op);
    if (isJoinOp(node.op)) return this.join(node, op);
    const layout = this.layoutOf(node);
    if (!layout) return null;
    const args = dataOf(node).map((input) => this.argument(input, layout));
    if (!args.every((arg) => arg !== null)) return null;
    const rule = elementRules.get(node.op);
    const value = rule ? rule(this.$, args, op) : args[0];
    return value === null ? null : [{ value, layout }];
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Layouts

  private item({ node, index }: IrValue): Item | Joined | undefined {
    return this.items.get(node)?.[index];
  }

  /** How the dimensions of an element-wise result go along the axes: as those of the inputs that are known here. */
  private layoutOf(node: IrNode): Layout | null {
    const shape = node.outputs[0].shape as KnownShape;
    const layout = this.natural(shape) ?? shape.map(() => -1);
    const told = new Uint8Array(shape.length);
    for (const input of node.inputs) {
      const item = this.item(input);
      if (!item || 'pieces' in item) continue;
      const shift = shape.length - item.layout.length;
      for (let i = 0; i < item.layout.length; i++) {
        const axis = item.layout[i];
        if (axis < 0) continue;
        if (told[i + shift] && layout[i + shift] !== axis) return null;
        told[i + shift] = 1;
        (layout as number[])[i + shift] = axis;
      }
    }
    const isWhole = layout.every((axis, i) => (axis >= 0 ? this.extent(axis) === shape[i] : shape[i] === 1));
    // No two dimensions go along one axis.
    const used = layout.filter((axis) => axis >= 0);
    return isWhole && new Set(used).size === used.length ? layout : null;
  }

  /** The layout of a value that has the shape of the kernel, but for dimensions of one element. */
  private natural(shape: KnownShape): number[] | null {
    const own = this.shape as KnownShape;
    const fits = shape.length === own.length && shape.every((extent, i) => extent === 1 || extent === own[i]);
    return fits ? shape.map((extent, i) => (extent === 1 ? -1 : i)) : null;
  }
  private extent(axis: number): number {
    return (this.shape as KnownShape)[axis];
  }

  /** An input of an op whose result has the layout: a value that is known here, or one to be read. */
  private argument(input: IrValue, layout: Layout): ValueId | null {
    const item = this.item(input);
    if (item && 'pieces' in item) return null;
    if (item) {
      const shift = layout.length - item.layout.length;
      return item.layout.every((axis, i) => axis < 0 || axis === layout[i + shift]) ? item.value : null;
    }
    const { dtype, shape } = this.facts.spec(input);
    const known = this.facts.constant(input);
    const type = elementType(dtype) as ElementType;
    if (known?.size === 1) return this.$.constant(Number(known.data[0]), type);
    return this.load(input, type, shape as KnownShape, layout);
  }

  private load(from: IrValue, type: ElementType, shape: KnownShape, layout: Layout): ValueId | null {
    const shift = layout.length - shape.length;
    if (shift < 0) return null;
    const strides: number[] = (this.shape as KnownShape).map(() => 0);
    let size = 1;
    for (let i = shape.length - 1; i >= 0; i--) {
      const axis = layout[i + shift];
      if (shape[i] > 1) {
        if (axis < 0 || this.extent(axis) !== shape[i]) return null;
        strides[axis] = size;
      }
      size *= shape[i];
    }
    return this.read(from, { type, strides, offset: 0 });
  }

  /** The value that lies so in a buffer. */
  private read(from: IrValue, operand: Operand): ValueId {
    const { type, strides, offset } = operand;
    const same = this.inputs.findIndex(
      (input) =>
        input.from.node === from.node &&
        input.from.index === from.index &&
        input.operand.offset === offset &&
        String(input.operand.strides) === String(strides),
    );
    if (same >= 0) return this.$.load(type, same);
    return this.$.load(type, this.inputs.push({ from, operand }) - 1);
  }

  /** An input of a reduction or view, whose layout is its own. */
  private source(input: IrValue): Item | null {
    const known = this.item(input);
    if (known) return 'pieces' in known ? null : known;
    const layout = this.natural(this.facts.spec(input).shape as KnownShape);
    const value = layout && this.argument(input, layout);
    return value === null || !layout ? null : { value, layout };
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Ops that are not element-wise

  /** Other dimensions of one element, the same others in the same order. */
  private view(node: IrNode): Item[] | null {
    const source = this.source(node.inputs[0]);
    if (!source) return null;
    const axes = source.layout.filter((axis) => axis >= 0);
    const shape = node.outputs[0].shape as KnownShape;
    const long = shape.filter((extent) => extent > 1);
    if (long.length !== axes.length || long.some((extent, i) => extent !== this.extent(axes[i]))) return null;
    let next = 0;
    return [{ value: source.value, layout: shape.map((extent) => (extent > 1 ? axes[next++] : -1)) }];
  }

  /** Parts of a buffer, read where they lie. What is computed here lies nowhere. */
  private parts(node: IrNode, op: NodeContext): Item[] | null {
    const source = dataOf(node)[0];
    const views = this.item(source) ? null : partsOf(op);
    if (views?.length !== node.outputs.length) return null;
    const type = elementType(op.outputDType(0)) as ElementType;
    const items: Item[] = [];
    for (const [k, { strides, offset }] of views.entries()) {
      const layout = this.natural(node.outputs[k].shape as KnownShape);
      if (!layout) return null;
      const along = (this.shape as KnownShape).map((_, axis) => {
        const dim = layout.indexOf(axis);
        return dim < 0 ? 0 : strides[dim];
      });
      items.push({ value: this.read(source, { type, strides: along, offset }), layout });
    }
    return items;
  }

  /** Values of one shape side by side; nothing here can go on with the whole. */
  private join(node: IrNode, op: NodeContext): Joined[] | null {
    const join = joinOf(op);
    const sources = dataOf(node).map((input) => this.source(input));
    if (!join || !sources.every((source) => source !== null)) return null;
    const [{ layout }] = sources;
    const isWhole = (this.shape as KnownShape).every((extent, axis) => extent === 1 || layout.includes(axis));
    if (!isWhole || sources.some((source) => String(source.layout) !== String(layout))) return null;
    const pieces = sources.map(({ value }, k) => {
      const { strides, offset } = join.views[k];
      const along = (this.shape as KnownShape).map((_, axis) => {
        const dim = layout.indexOf(axis);
        return dim < 0 ? 0 : strides[dim];
      });
      return { value, strides: along, offset };
    });
    return [{ pieces }];
  }

  private reduction(node: IrNode, op: NodeContext): Item[] | null {
    const source = this.source(node.inputs[0]);
    const type = source && this.$.type(source.value);
    if (!source || !type) return null;
    const dims = this.reducedDims(node, op, source.layout.length);
    if (!dims) return null;
    let { value } = source;
    if (node.op === 'L2Loss') value = this.$.op('mul', this.$.op('mul', value, value), this.$.constant(0.5));
    if (type === 'i32' && node.op === 'Mean') return null;
    const axes = dims.map((dim) => source.layout[dim]).filter((axis) => axis >= 0);
    let result = this.reduce(reductions.get(node.op) as Reduction, value, axes);
    if (result === null) return null;
    if (node.op === 'Mean') {
      const count = axes.reduce((product, axis) => product * this.extent(axis), 1);
      result = this.$.op('div', result, this.$.constant(count));
    }
    const shape = node.outputs[0].shape as KnownShape;
    const kept = source.layout.filter((_, dim) => !dims.includes(dim));
    const layout =
      shape.length === kept.length ? kept : source.layout.map((axis, dim) => (dims.includes(dim) ? -1 : axis));
    return [{ value: result, layout }];
  }

  private reducedDims(node: IrNode, op: NodeContext, rank: number): number[] | null {
    if (node.op === 'L2Loss') return Array.from({ length: rank }, (_, i) => i);
    if (node.op === 'BiasAddGrad') {
      return op.attr('data_format') === 'NHWC' ? Array.from({ length: rank - 1 }, (_, i) => i) : null;
    }
    const axes = this.facts.constant(node.inputs[1]);
    if (!axes) return null;
    const dims = Array.from(
      axes.data as ArrayLike<number | bigint>,
      (axis) => Number(axis) + (Number(axis) < 0 ? rank : 0),
    );
    return dims.every((dim) => dim >= 0 && dim < rank) && new Set(dims).size === dims.length ? dims : null;
  }

  /** The value reduced along axes; all reductions of a kernel go along the same ones. */
  private reduce(reduction: Reduction, value: ValueId, axes: readonly number[]): ValueId | null {
    if (axes.length === 0) return value;
    if (this.reduced && (this.reduced.size !== axes.length || axes.some((axis) => !this.reduced?.has(axis))))
      return null;
    this.reduced = new Set(axes);
    const stage = this.stages.push({ kind: 'reduce', reduction, value }) - 1;
    return this.$.reduced(this.$.type(value), stage);
  }

  private rows(node: IrNode, op: NodeContext): Item[] | null {
    const { $ } = this;
    if (op.dtype(0) !== node.outputs[0].dtype) return null;
    const logits = this.source(node.inputs[0]);
    if (!logits || logits.layout.length === 0) return null;
    const { layout } = logits;
    const axis = layout[layout.length - 1];
    const axes = axis < 0 ? [] : [axis];
    const over = (reduction: Reduction, value: ValueId) => this.reduce(reduction, value, axes);
    const most = over('max', logits.value);
    if (most === null) return null;
    const shifted = $.op('sub', logits.value, most);
    const exponential = $.op('exp', shifted);
    const total = over('sum', exponential) as ValueId;
    if (node.op === 'Softmax') return [{ value: $.op('div', exponential, total), layout }];
    const logTotal = $.op('log', total);
    if (node.op === 'LogSoftmax') return [{ value: $.op('sub', shifted, logTotal), layout }];
    const labels = this.argument(node.inputs[1], layout);
    if (labels === null || String(op.shape(0)) !== String(op.shape(1))) return null;
    const terms = $.op('mul', labels, $.op('sub', logTotal, shifted));
    const loss = over('sum', terms) as ValueId;
    return [
      { value: loss, layout: layout.slice(0, -1) },
      { value: $.op('sub', $.op('div', exponential, total), labels), layout },
    ];
  }

  // -------------------------------------------------------------------------------------------------------------------

  /** The kernel that gives these of the values. */
  finish(outputs: readonly IrValue[]): BuiltLoop {
    const shape = this.shape as KnownShape;
    const written: { readonly operand: Operand; readonly value: ValueId; readonly buffer: number }[] = [];
    outputs.forEach((output, buffer) => {
      const item = this.item(output) as Item | Joined;
      const pieces =
        'pieces' in item ? item.pieces : [{ value: item.value, strides: this.dense(item.layout), offset: 0 }];
      for (const { value, strides, offset } of pieces) {
        written.push({ operand: { type: this.$.type(value), strides, offset }, value, buffer });
      }
    });
    const buffers = written.length > outputs.length ? { buffers: written.map(({ buffer }) => buffer) } : {};
    return {
      kernel: {
        kind: 'loops',
        axes: shape.map((extent, axis) => ({ extent, isReduced: this.reduced?.has(axis) ?? false })),
        inputs: this.inputs.map(({ operand }) => operand),
        scalars: [],
        outputs: written.map(({ operand }) => operand),
        ...buffers,
        values: this.$.list,
        stages: [...this.stages, ...written.map(({ value }, k): Stage => ({ kind: 'store', output: k, value }))],
      },
      inputs: this.inputs.map(({ from }) => from),
      outputs,
    };
  }

  /** How a value of this layout lies in a buffer of its own. */
  private dense(layout: Layout): number[] {
    const strides: number[] = (this.shape as KnownShape).map(() => 0);
    let size = 1;
    for (let i = layout.length - 1; i >= 0; i--) {
      if (layout[i] < 0) continue;
      strides[layout[i]] = size;
      size *= this.extent(layout[i]);
    }
    return strides;
  }
}
