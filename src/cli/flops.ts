/**
 * An estimate of the floating-point operations of one run, by the rules of TensorFlow's profiler where it has some. It
 * counts nodes of the graph, each once: bodies of functions and loops are left out.
 *
 * | op | count |
 * | --- | --- |
 * | MatMul, BatchMatMul* | 2 · elements of the output · inner length |
 * | Conv2D, Conv3D | 2 · elements of the output · elements of the filter / output channels |
 * | DepthwiseConv2dNative | 2 · elements of the output · height and width of the filter |
 * | gradients of convolutions | as the convolution that they belong to |
 * | pooling | elements of the output · elements of the window |
 * | Sum, Mean, Max, Min, Prod, ArgMax … | an operation for each element that goes in, less those that come out (Mean: none less) |
 * | Softmax, LogSoftmax | 5 for each element |
 * | Rsqrt, SquaredDifference | 2 for each element |
 * | RsqrtGrad | 4 for each element |
 * | L2Loss | 3 for each element, less 1 |
 * | AddN | an operation for each element, and each input but the first |
 * | other elementwise arithmetic and functions, BiasAdd | 1 for each element of the output |
 * | all else: shapes, copies, gathers, random numbers | 0 |
 */
import type { Node } from '../graph/node.ts';
import type { GraphSnapshot } from '../graph/snapshot.ts';
import type { Shape } from '../util/shape.ts';

export interface FlopsEstimate {
  readonly total: number;
  /** By op type, most first. */
  readonly byOp: ReadonlyMap<string, number>;
  /** Whether a size was not known, and 1 was taken for it. */
  readonly isPartial: boolean;
}

class Sizes {
  isPartial = false;

  constructor(
    private readonly snapshot: GraphSnapshot,
    readonly node: Node,
  ) {}

  shape(index: number): Shape {
    const input = this.node.inputs[index];
    return input ? this.snapshot.spec(input).shape : null;
  }
  /** Elements of a shape, or 1 for what is not known. */
  count(shape: Shape): number {
    if (shape === null) {
      this.isPartial = true;
      return 1;
    }
    return shape.reduce<number>((product, size) => product * this.known(size), 1);
  }
  known(size: number | null | undefined): number {
    if (size === null || size === undefined) this.isPartial = true;
    return size ?? 1;
  }
  in(index = 0): number {
    return this.count(this.shape(index));
  }
  out(): number {
    return this.count(this.node.outputs[0]?.shape ?? null);
  }
  list(name: string): readonly number[] {
    const value = this.node.attrs[name];
    return Array.isArray(value) ? (value as number[]) : [];
  }
}

type Rule = (sizes: Sizes) => number;

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
const each =
  (flops: number): Rule =>
  (s) =>
    flops * s.out();
const reduction: Rule = (s) => s.in() - s.out();
const pool: Rule = (s) => s.out() * product(s.list('ksize'));

function matmul(s: Sizes): number {
  const a = s.shape(0);
  const isTransposed = s.node.attrs.transpose_a === true || s.node.attrs.adj_x === true;
  return 2 * s.out() * s.known(a?.[a.length - (isTransposed ? 2 : 1)]);
}

/** The filter's last axis is that of the output's channels. */
function convolution(s: Sizes, filter: Shape, output: Shape): number {
  return (2 * s.count(output) * s.count(filter)) / s.known(filter?.at(-1));
}

function depthwise(s: Sizes, filter: Shape, output: Shape): number {
  return 2 * s.count(output) * s.known(filter?.[0]) * s.known(filter?.[1]);
}

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...['MatMul', 'BatchMatMul', 'BatchMatMulV2', 'BatchMatMulV3'].map((op) => [op, matmul] as const),
  ...['Conv2D', 'Conv3D'].map(
    (op) => [op, ((s) => convolution(s, s.shape(1), s.node.outputs[0].shape)) as Rule] as const,
  ),
  ...['Conv2DBackpropInput', 'Conv3DBackpropInputV2'].map(
    (op) => [op, ((s) => convolution(s, s.shape(1), s.shape(2))) as Rule] as const,
  ),
  ...['Conv2DBackpropFilter', 'Conv3DBackpropFilterV2'].map(
    (op) => [op, ((s) => convolution(s, s.node.outputs[0].shape, s.shape(2))) as Rule] as const,
  ),
  ['DepthwiseConv2dNative', (s) => depthwise(s, s.shape(1), s.node.outputs[0].shape)],
  ['DepthwiseConv2dNativeBackpropInput', (s) => depthwise(s, s.shape(1), s.shape(2))],
  ['DepthwiseConv2dNativeBackpropFilter', (s) => depthwise(s, s.node.outputs[0].shape, s.shape(2))],
  ...['AvgPool', 'MaxPool', 'AvgPool3D', 'MaxPool3D'].map((op) => [op, pool] as const),
  ['AvgPoolGrad', (s) => 2 * s.in(1) * product(s.list('ksize'))],
  ['MaxPoolGrad', (s) => s.in(1) * (product(s.list('ksize')) + 1)],
  ...['Sum', 'Max', 'Min', 'Prod', 'ArgMax', 'ArgMin', 'BiasAddGrad'].map((op) => [op, reduction] as const),
  ['Mean', (s) => s.in()],
  ['Softmax', each(5)],
  ['LogSoftmax', each(5)],
  ['Rsqrt', each(2)],
  ['SquaredDifference', each(2)],
  ['RsqrtGrad', each(4)],
  ['L2Loss', (s) => 3 * s.in() - 1],
  ['AddN', (s) => s.out() * Math.max(0, s.node.inputs.length - 1)],
  ...[
    'Abs Acos Acosh Asin Asinh Atan Atan2 Atanh Ceil Cos Cosh Elu EluGrad Erf Erfc Exp Expm1 Floor Log Log1p Neg',
    'Reciprocal ReciprocalGrad Relu Relu6 Relu6Grad ReluGrad LeakyRelu LeakyReluGrad Rint Round Selu SeluGrad Sigmoid',
    'SigmoidGrad Sign Sin Sinh Softplus SoftplusGrad Softsign SoftsignGrad Sqrt SqrtGrad Square Tan Tanh TanhGrad',
    'Add AddV2 BiasAdd BiasAddV1 Div DivNoNan FloorDiv FloorMod Maximum Minimum Mod Mul MulNoNan Pow RealDiv Sub',
    'TruncateDiv TruncateMod Xdivy Xlogy Equal NotEqual Greater GreaterEqual Less LessEqual AssignAdd AssignSub',
  ]
    .flatMap((line) => line.split(' '))
    .map((op) => [op, each(1)] as const),
]);

export function estimateFlops(snapshot: GraphSnapshot): FlopsEstimate {
  const byOp = new Map<string, number>();
  let isPartial = false;
  let total = 0;
  for (const node of snapshot.nodes()) {
    const rule = RULES.get(node.op);
    if (!rule) continue;
    const sizes = new Sizes(snapshot, node);
    const flops = rule(sizes);
    if (sizes.isPartial) isPartial = true;
    total += flops;
    byOp.set(node.op, (byOp.get(node.op) ?? 0) + flops);
  }
  return { total, byOp: new Map([...byOp].sort(([, a], [, b]) => b - a)), isPartial };
}
