/**
 * What has to be mended around kernels of tfjs-webgpu 4.22, so that they compute what TensorFlow does. Which ops come to the
 * kernels at all, and under which shapes, is the lowering table's business.
 */
import { backend_util, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../src/util/shape.ts';
import { wgslFunctionsFor } from './webgpu-functions.ts';
import type { Uniform, WebgpuNative, WebgpuProgram } from './webgpu-native.ts';
import { maxPool, maxPoolGradient } from './webgpu-pool.ts';
import { main, native, perElement } from './webgpu-programs.ts';
import { scan, softmax } from './webgpu-rows.ts';

/** The kernels that are functions of one value. */
const UNARY: ReadonlyMap<string, string> = new Map(
  (
    'Acos Acosh Asin Asinh Atan Atanh Cos Cosh Elu Erf Exp Expm1 Log Log1p Relu Relu6 Selu Sigmoid Sin Sinh Softplus ' +
    'Tan Tanh'
  )
    .split(' ')
    .map((name) => [name, `tf_${name.toLowerCase()}(x)`]),
);

/** Those of two, with tfjs's names of the operands. */
const BINARY: ReadonlyMap<string, readonly [expression: string, a: string, b: string]> = new Map([
  ['Atan2', ['tf_atan2(a, b)', 'a', 'b']],
  ['EluGrad', ['select(a, a * (b + 1.0), !isnan(b) && b < 0.0)', 'dy', 'y']],
  ['Pow', ['tf_pow(a, b)', 'a', 'b']],
]);

/** The kernel as it may be called; itself where nothing is wrong with it. Some are added to those of tfjs. */
export function mendedOnWebgpu(name: string, kernel: KernelFunc | undefined): KernelFunc | undefined {
  if (name === 'LogSoftmax') return softmax('log');
  return kernel && mended(name, kernel);
}

function mended(name: string, kernel: KernelFunc): KernelFunc {
  const unary = UNARY.get(name);
  if (unary) return elementwise(unary);
  const binary = BINARY.get(name);
  if (binary) return elementwise2(...binary);
  switch (name) {
    case 'LeakyRelu':
      return leakyRelu;
    case 'AddN':
      return sum(kernel);
    case 'Cumsum':
      return scan('+', 0);
    case 'Cumprod':
      return scan('*', 1);
    case 'Softmax':
      return softmax('plain');
    case 'Cast':
      return toFloats(kernel);
    case 'Transpose':
      return transposed(kernel);
    case 'All':
    case 'Any':
      return reduced(kernel);
    case 'MaxPool':
      return maxPool;
    case 'MaxPoolGrad':
      return maxPoolGradient;
  }
  return kernel;
}

function elementwise(expression: string): KernelFunc {
  const code = `${wgslFunctionsFor(expression)}
${main(`let x = getAByOutputIndex(index); setOutputAtIndex(index, ${expression});`)}`;
  return ({ inputs, backend }) => {
    const { x } = inputs as { x: TensorInfo };
    const program: WebgpuProgram = {
      variableNames: ['A'],
      outputShape: x.shape,
      shaderKey: `tf ${expression}`,
      ...perElement(x.shape),
      getUserCode: () => code,
    };
    return native(backend).runWebGPUProgram(program, [x], 'float32');
  };
}

/** tfjs gives truth values out as floats in the same buffer, of integers: what takes it for floats is refused by the device. */
function toFloats(kernel: KernelFunc): KernelFunc {
  const convert = elementwise('x');
  return (args) => {
    const { x } = args.inputs as { x: TensorInfo };
    const { dtype } = args.attrs as unknown as { dtype: string };
    if (dtype !== 'float32' || x.dtype === 'float32') return kernel(args);
    return convert(args);
  };
}

function elementwise2(expression: string, first: string, second: string): KernelFunc {
  const body = `let coords = getCoordsFromIndex(index);
  let a = getAByOutputCoords(coords);
  let b = getBByOutputCoords(coords);
  setOutputAtIndex(index, ${expression});`;
  const code = `${wgslFunctionsFor(expression)}\n${main(body)}`;
  return ({ inputs, backend }) => {
    const { [first]: a, [second]: b } = inputs as Record<string, TensorInfo>;
    const outputShape = broadcast(a.shape, b.shape);
    const program: WebgpuProgram = {
      variableNames: ['A', 'B'],
      outputShape,
      shaderKey: `tf ${expression}`,
      ...perElement(outputShape),
      getUserCode: () => code,
    };
    return native(backend).runWebGPUProgram(program, [a, b], 'float32');
  };
}

/** The shape of an operation on both; shapes that do not fit were refused when the op was built. */
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [p, q] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    return p === 1 ? q : p;
  });
}

/** tfjs multiplies by truth values, which makes NaN of infinities. */
const leakyRelu: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x } = inputs as { x: TensorInfo };
  const { alpha } = attrs as unknown as { alpha: number };
  const program: WebgpuProgram = {
    variableNames: ['A'],
    outputShape: x.shape,
    shaderKey: 'tf leakyrelu',
    ...perElement(x.shape),
    uniforms: 'alpha : f32,',
    getUserCode: () =>
      main(`let x = getAByOutputIndex(index);
  setOutputAtIndex(index, select(uniforms.alpha * x, x, !isnan(x) && x > 0.0));`),
  };
  return native(backend).runWebGPUProgram(program, [x], 'float32', [{ type: 'float32', data: [alpha] }]);
};

/** A program reads a few arrays only: of more the kernel makes sums of some first. With too many tfjs computes nothing. */
function sum(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const backend = native(args.backend);
    const most = backend.device.limits.maxStorageBuffersPerShaderStage - 1;
    let inputs = args.inputs as unknown as readonly TensorInfo[];
    let partial: TensorInfo | null = null;
    const drop = () => {
      if (partial) backend.disposeData(partial.dataId);
    };
    try {
      while (inputs.length > most) {
        const some = inputs.slice(0, most) as unknown as typeof args.inputs;
        const next = kernel({ ...args, inputs: some }) as TensorInfo;
        drop();
        partial = next;
        inputs = [partial, ...inputs.slice(most)];
      }
      return kernel({ ...args, inputs: inputs as unknown as typeof args.inputs });
    } finally {
      drop();
    }
  };
}

/** tfjs's program holds for floats alone: for others the device refuses it. */
function transposed(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const { x } = args.inputs as { x: TensorInfo };
    const { perm } = args.attrs as unknown as { perm: readonly number[] };
    return x.dtype === 'float32' ? kernel(args) : transposeIntegers(native(args.backend), x, perm);
  };
}

function transposeIntegers(backend: WebgpuNative, x: TensorInfo, perm: readonly number[]): TensorInfo {
  const outputShape = perm.map((axis) => x.shape[axis]);
  const program: WebgpuProgram = {
    variableNames: ['A'],
    outputShape,
    shaderKey: `tf transpose ${perm}`,
    ...perElement(outputShape),
    uniforms: `${perm.map((_, i) => `stride${i} : i32`).join(', ')},`,
    getUserCode: () =>
      main(`var rest = index;
  var at = 0;
  ${[...outputShape.keys()]
    .reverse()
    .map(
      (axis) => `at = at + (rest % ${extentOf(axis, outputShape.length)}) * uniforms.stride${axis};
  rest = rest / ${extentOf(axis, outputShape.length)};`,
    )
    .join('\n  ')}
  setOutputAtIndexI32(index, A[at]);`),
  };
  const strides = perm.map((axis): Uniform => ({ type: 'int32', data: [sizeOf(x.shape.slice(axis + 1))] }));
  return backend.runWebGPUProgram(program, [x], x.dtype, strides);
}

/** The uniform with the length of an axis of the output. */
function extentOf(axis: number, rank: number): string {
  return rank === 1 ? 'uniforms.outShape' : `uniforms.outShape.${'xyzwuv'[axis]}`;
}

/** tfjs reduces inner axes, and brings others there by its own transpose. */
function reduced(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const { x } = args.inputs as { x: TensorInfo };
    const { axis, keepDims } = args.attrs as unknown as { axis: number | number[]; keepDims: boolean };
    const axes = util.parseAxisParam(axis, x.shape);
    const perm = backend_util.getAxesPermutation(axes, x.shape.length);
    if (!perm) return kernel(args);
    const backend = native(args.backend);
    const turned = transposeIntegers(backend, x, perm);
    const inner = backend_util.getInnerMostAxes(axes.length, x.shape.length);
    const result = kernel({ ...args, inputs: { x: turned }, attrs: { axis: inner, keepDims: false } }) as TensorInfo;
    backend.disposeData(turned.dataId);
    return { ...result, shape: keepDims ? backend_util.expandShapeToKeepDim(result.shape, axes) : result.shape };
  };
}
