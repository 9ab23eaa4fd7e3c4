/**
 * `Einsum`: sums of products by a formula of subscripts, and `tf.einsum`, which splits formulas of more than two operands.
 * Plain products of matrices are in `matmul.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { type Dim, isFullyDefined, type Shape, sameShape } from '../util/shape.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { defineOp, type GradFn, type InferContext, type OpView, ShapeError, sample } from './opdef/define.ts';
import { broadcastPair, mergeDim, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { isOptions, type TensorLike } from './tensor-like.ts';

const ELLIPSIS = '...';

interface Equation {
  readonly inputs: readonly string[];
  readonly output: string;
}

function parse(equation: string): Equation {
  const sides = equation.split('->');
  if (sides.length !== 2) throw new ShapeError(`Expecting exactly one '->' in einsum equation: ${equation}`);
  const inputs = sides[0].split(',');
  if (inputs.length > 2) {
    throw new ShapeError(`Expecting 1 or 2 input subscripts in equation '${equation}' but got: ${inputs.length}`);
  }
  for (const subscripts of [...inputs, sides[1]]) {
    const periods = subscripts.split('.').length - 1;
    if (periods !== 0 && (periods !== 3 || !subscripts.includes(ELLIPSIS))) {
      const side = subscripts === sides[1] ? 'output' : 'input';
      throw new ShapeError(
        `Expected at most one ellipsis (...), but found ${periods} periods (.) in the ${side} subscript: ${subscripts}`,
      );
    }
  }
  return { inputs, output: sides[1] };
}

/** The labels before and after the ellipsis; all are before where there is none. */
function labelsOf(subscripts: string): { head: string; tail: string; broadcasts: boolean } {
  const at = subscripts.indexOf(ELLIPSIS);
  if (at < 0) return { head: subscripts, tail: '', broadcasts: false };
  return { head: subscripts.slice(0, at), tail: subscripts.slice(at + 3), broadcasts: true };
}

function ranked(op: InferContext, input: number, labels: number, broadcasts: boolean, equation: string): Shape {
  try {
    return broadcasts ? withRankAtLeast(op.shape(input), labels) : withRank(op.shape(input), labels);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new ShapeError(`${error.message}\n\t for ${input}th input and equation: ${equation}`);
  }
}

function infer(op: InferContext): [Shape] {
  const equation = op.attr<string>('equation');
  const { inputs, output } = parse(equation);
  if (inputs.length !== op.inputCount) {
    throw new ShapeError(`Expected ${inputs.length} inputs for equation ${equation} but got: ${op.inputCount}`);
  }
  const dims = new Map<string, Dim>();
  let batch: Shape = [];
  inputs.forEach((subscripts, i) => {
    const { head, tail, broadcasts } = labelsOf(subscripts);
    const shape = ranked(op, i, head.length + tail.length, broadcasts, equation);
    const note = (label: string, dim: Dim) => dims.set(label, mergeDim(dims.get(label) ?? null, dim));
    [...head].forEach((label, k) => {
      note(label, shape === null ? null : shape[k]);
    });
    [...tail].forEach((label, k) => {
      note(label, shape === null ? null : shape[shape.length - tail.length + k]);
    });
    if (broadcasts) {
      batch = broadcastPair(batch, shape?.slice(head.length, shape.length - tail.length) ?? null);
    }
  });
  const { head, tail, broadcasts } = labelsOf(output);
  for (const label of head + tail) {
    if (!dims.has(label)) {
      throw new ShapeError(
        `Einsum output subscripts for equation '${equation}' has label '${label}' which is not present in the input subscripts`,
      );
    }
  }
  const of = (labels: string) => [...labels].map((label) => dims.get(label) as Dim);
  if (broadcasts && batch === null) return [null];
  return [[...of(head), ...(broadcasts ? (batch ?? []) : []), ...of(tail)]];
}

// The gradient

function product<V>($: Vocabulary<V>, inputs: readonly V[], equation: string): V {
  return $.op('Einsum', [inputs], { equation });
}

/** The axis of a label; counted from the end where it stands behind an ellipsis. */
function axisOf(subscripts: string, label: string): number {
  const { head, tail } = labelsOf(subscripts);
  const at = head.indexOf(label);
  return at >= 0 ? at : tail.indexOf(label) - tail.length;
}

function vector(...values: number[]): NdArray {
  return new NdArray(int32, [values.length], Int32Array.from(values));
}

/** A vector of one element of a shape; the axis may be counted from the end. */
function dimension<V>($: Vocabulary<V>, shape: V, axis: number): V {
  const end = axis === -1 ? 0 : axis + 1;
  const mask = { end_mask: axis === -1 ? 1 : 0 };
  return $.op('StridedSlice', [shape, vector(axis), vector(end), vector(1)], mask, 'strided_slice');
}

/** The gradient of `x` where some of its labels are summed over: it is repeated along them. */
function repeated<V>($: Vocabulary<V>, dy: V, output: string, x: V, own: string, summed: readonly string[]): V {
  const xShape = $.shape(x);
  const dyShape = $.shape(dy);
  const dims = summed.map((label) => dimension($, xShape, axisOf(own, label)));
  // The repeated labels come first; a second formula puts them in place, or on a diagonal.
  const ones = $.ints(new Array<number>(summed.length).fill(1), 'ones');
  const thin = $.reshape(dy, $.concat([ones, dyShape], 0));
  const wide = $.broadcastTo(thin, $.concat([...dims, dyShape], 0));
  return product($, [wide], `${summed.join('')}${output}->${own}`);
}

/** The labels of `from` that none of the others has, each once. */
function missing(from: string, ...others: readonly string[]): string[] {
  return [...new Set(from)].filter((label) => label !== '.' && !others.some((other) => other.includes(label)));
}

function gradientOf<V>($: Vocabulary<V>, dy: V, output: string, x: V, own: string, other: V, others: string): V {
  const summed = missing(own, output, others);
  const left = [...own].filter((label) => !summed.includes(label)).join('');
  const found = product($, [dy, other], `${output},${others}->${left}`);
  return summed.length === 0 ? found : repeated($, found, left, x, own, summed);
}

const grad: GradFn = (op, [dy], $) => {
  const { inputs, output } = parse(op.attr<string>('equation'));
  if (inputs.length === 1) {
    const summed = missing(inputs[0], output);
    if (summed.length === 0) return [product($, [dy], `${output}->${inputs[0]}`)];
    return [repeated($, dy, output, op.inputs[0], inputs[0], summed)];
  }
  const conj = (v: typeof dy) => ($.dtypeOf(v).isComplex ? $.op('Conj', [v]) : v);
  const [x, y] = op.inputs.map(conj);
  // An operand without an ellipsis may still be broadcast: its gradient then has batch dimensions.
  const [a, b] = inputs.map((s) => (output.includes(ELLIPSIS) && !s.includes(ELLIPSIS) ? s + ELLIPSIS : s));
  const gx = gradientOf($, dy, output, x, a, y, b);
  const gy = gradientOf($, dy, output, y, b, x, a);
  if (!output.includes(ELLIPSIS)) return [gx, gy];
  const [batchX, batchY] = [batchOf($.shapeOf(x), a), batchOf($.shapeOf(y), b)];
  if (isFullyDefined(batchX) && isFullyDefined(batchY) && sameShape(batchX, batchY)) return [gx, gy];
  const [sx, sy] = [$.shape(x), $.shape(y)];
  const [rx, ry] = $.ops('BroadcastGradientArgs', [batchTensor($, sx, a), batchTensor($, sy, b)]);
  const reduce = (g: typeof dy, axes: typeof dy, shape: typeof dy, subscripts: string) =>
    $.reshape($.sum(g, $.add(axes, labelsOf(subscripts).head.length)), shape);
  return [reduce(gx, rx, sx, a), reduce(gy, ry, sy, b)];
};

function batchOf(shape: Shape, subscripts: string): Shape {
  const { head, tail } = labelsOf(subscripts);
  return shape?.slice(head.length, shape.length - tail.length) ?? null;
}

function batchTensor<V>($: Vocabulary<V>, shape: V, subscripts: string): V {
  const { head, tail } = labelsOf(subscripts);
  const attrs = { end_mask: tail.length === 0 ? 1 : 0 };
  return $.op('StridedSlice', [shape, vector(head.length), vector(-tail.length), vector(1)], attrs, 'strided_slice');
}

// As products of matrices

/** The formula as sums, transpositions and one batched product; null where a label stands twice or a shape is not known. */
function decompose<V>(op: OpView<V>, $: Vocabulary<V>): readonly V[] | null {
  const { inputs, output } = parse(op.attr<string>('equation'));
  const operands = op.inputs.map((value, i) => named($, value, inputs[i]));
  if (operands.some((operand) => operand === null)) return null;
  const known = operands as Named<V>[];
  const rank = Math.max(...known.map(({ labels }) => labels.filter((label) => label.startsWith('.')).length));
  const batch = Array.from({ length: rank }, (_, i) => `.${rank - i}`);
  const { head, tail, broadcasts } = labelsOf(output);
  const wanted = [...head, ...(broadcasts ? batch : []), ...tail];
  if (new Set(wanted).size !== wanted.length || (rank > 0 && !broadcasts)) return null;
  if (known.length === 1) {
    const summed = sumOthers($, known[0], wanted);
    return [arranged($, summed, wanted).value];
  }
  const dims = new Map<string, number>();
  for (const { labels, shape } of known) {
    labels.forEach((label, i) => {
      dims.set(label, Math.max(dims.get(label) ?? 0, shape[i]));
    });
  }
  // Dimensions of 1 that are broadcast: the batched product would have to repeat them.
  if (known.some(({ labels, shape }) => labels.some((label, i) => shape[i] !== dims.get(label)))) return null;
  const [x, y] = known.map((operand, i) => sumOthers($, operand, [...wanted, ...known[1 - i].labels]));
  const shared = x.labels.filter((label) => y.labels.includes(label));
  const [common, inner] = [true, false].map((kept) => shared.filter((label) => wanted.includes(label) === kept));
  const rows = x.labels.filter((label) => !shared.includes(label));
  const columns = y.labels.filter((label) => !shared.includes(label));
  const size = (labels: readonly string[]) => labels.reduce((n, label) => n * (dims.get(label) as number), 1);
  const lead = common.length > 0 ? [size(common)] : [];
  const left = $.reshape(arranged($, x, [...common, ...rows, ...inner]).value, [...lead, size(rows), size(inner)]);
  const right = $.reshape(arranged($, y, [...common, ...inner, ...columns]).value, [
    ...lead,
    size(inner),
    size(columns),
  ]);
  const multiplied = lead.length > 0 ? $.op('BatchMatMulV2', [left, right]) : $.matmul(left, right);
  const labels = [...common, ...rows, ...columns];
  const shape = labels.map((label) => dims.get(label) as number);
  return [arranged($, { value: $.reshape(multiplied, shape), labels, shape }, wanted).value];
}

/** A value with a label per axis; those of an ellipsis are numbered from the right. */
interface Named<V> {
  readonly value: V;
  readonly labels: readonly string[];
  readonly shape: readonly number[];
}

function named<V>($: Vocabulary<V>, value: V, subscripts: string): Named<V> | null {
  const shape = $.shapeOf(value);
  if (!isFullyDefined(shape) || !$.dtypeOf(value).isFloating) return null;
  const { head, tail, broadcasts } = labelsOf(subscripts);
  const batch = broadcasts ? shape.length - head.length - tail.length : 0;
  const labels = [...head, ...Array.from({ length: batch }, (_, i) => `.${batch - i}`), ...tail];
  return new Set(labels).size === labels.length ? { value, labels, shape } : null;
}

function sumOthers<V>($: Vocabulary<V>, x: Named<V>, kept: readonly string[]): Named<V> {
  const axes = x.labels.flatMap((label, i) => (kept.includes(label) ? [] : [i]));
  if (axes.length === 0) return x;
  const rest = <T>(list: readonly T[]) => list.filter((_, i) => !axes.includes(i));
  return { value: $.sum(x.value, axes), labels: rest(x.labels), shape: rest(x.shape) };
}

function arranged<V>($: Vocabulary<V>, x: Named<V>, order: readonly string[]): Named<V> {
  const perm = order.map((label) => x.labels.indexOf(label));
  if (perm.every((axis, i) => axis === i)) return x;
  return { value: $.transpose(x.value, perm), labels: order, shape: perm.map((axis) => x.shape[axis]) };
}

defineOp({
  name: 'Einsum',
  doc: 'The sum of products of one or two tensors by an equation of subscripts.',
  inputs: ['inputs: N * T'],
  outputs: ['output: T'],
  attrs: ['equation: string', 'N: int >= 1', 'T: type'],
  infer,
  grad,
  decompose,
  samples: [
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4]), sample(float32, [2], [5, 6])],
      attrs: { equation: 'ij,j->i' },
      outputs: [sample(float32, [2], [17, 39])],
    },
    {
      inputs: [sample(float32, [2, 2], [1, 2, 3, 4])],
      attrs: { equation: 'ii->i' },
      outputs: [sample(float32, [2], [1, 4])],
    },
    {
      inputs: [sample(float32, [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      attrs: { equation: 'iij->j' },
      outputs: [sample(float32, [2], [8, 10])],
    },
  ],
});

// The function

export interface EinsumOptions {
  readonly name?: string | null;
  /** In which order more than two operands meet; they meet from left to right, whatever is asked for. */
  readonly optimize?: string;
}

/**
 * The sum of products by an equation: a letter for each axis, `...` for further ones, which are broadcast; letters that
 * the output lacks are summed over, and without `->` those that stand twice. Throws `ValueError` for equations that are
 * none or do not fit the operands.
 *
 *     tf.einsum('bij,bjk->bik', a, b)          // products of batches of matrices
 *     tf.einsum('ij->ji', x)
 *     tf.einsum('ii', x)                       // the trace
 */
export function einsum(equation: string, ...inputs: readonly (TensorLike | EinsumOptions)[]): Tensor {
  const last = inputs[inputs.length - 1];
  const options: EinsumOptions = isOptions(last) ? last : {};
  const given = (isOptions(last) ? inputs.slice(0, -1) : inputs) as readonly TensorLike[];
  return opScope(options.name, 'einsum', given, () => {
    const { subscripts, output } = resolve(equation, given.length);
    let operands = given.map((value) => convertToTensor(value, { name: 'inputs' }));
    const remaining = [...subscripts];
    // Two at a time: what later operands and the output lack is summed over at once.
    while (operands.length > 2) {
      const needed = new Set([...remaining.slice(2), output].join(''));
      const [a, b] = remaining;
      const labels = [...new Set((a + b).replaceAll(ELLIPSIS, ''))].filter((label) => needed.has(label)).join('');
      const result = (a + b).includes(ELLIPSIS) ? ELLIPSIS + labels : labels;
      const product = emitOne('Einsum', [operands.slice(0, 2)], { equation: `${a},${b}->${result}` });
      operands = [product, ...operands.slice(2)];
      remaining.splice(0, 2, result);
    }
    return emitOne('Einsum', [operands], { equation: `${remaining.join(',')}->${output}` });
  });
}

/** The subscripts of the operands and of the output, also where the equation leaves it out. */
function resolve(equation: string, count: number): { subscripts: readonly string[]; output: string } {
  const compact = equation.replaceAll(' ', '');
  const short = compact.replaceAll(ELLIPSIS, '0');
  const shown = equation.includes(ELLIPSIS) ? short : compact;
  if (equation.includes(ELLIPSIS) && compact.includes('0')) {
    throw new ValueError(`Invalid character "0" in equation: ${equation}.`);
  }
  const match = /^([a-zA-Z0,]*)(?:->([a-zA-Z0]*))?$/.exec(short);
  if (!match || (!equation.includes(ELLIPSIS) && compact.includes('0'))) {
    throw new ValueError(`Subscripts have incorrect format: ${shown}`);
  }
  const inputs = match[1].split(',');
  if (inputs.length !== count) {
    throw new ValueError(`Got ${count} inputs for equation "${equation}", expecting ${inputs.length}`);
  }
  const letters = [...match[1]].filter((label) => label !== ',');
  const output =
    match[2] ??
    [...new Set(letters)]
      .filter((label) => letters.indexOf(label) === letters.lastIndexOf(label))
      .sort()
      .join('');
  if (new Set(output).size !== output.length) {
    throw new ValueError(`Output subscripts contain a label appearing more than once: ${equation}`);
  }
  for (const label of output) {
    if (label !== '0' && !letters.includes(label)) {
      throw new ValueError(`Output subscripts contain the label ${label} not present in the input subscripts.`);
    }
  }
  return { subscripts: inputs.map((s) => s.replaceAll('0', ELLIPSIS)), output: output.replaceAll('0', ELLIPSIS) };
}
