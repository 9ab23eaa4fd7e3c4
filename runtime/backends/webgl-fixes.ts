/**
 * What has to be mended around kernels of tfjs-webgl 4.22, so that they compute what TensorFlow does. Their textures hold two
 * by two elements a texel; where a length is odd there are places beyond the array, and what lies in them is anything.
 * Ranks that the kernels do not know are the lowering tables' business.
 */
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { functionsFor } from '../../compiler/codegen/webgl/functions.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { fusedProduct, product } from './webgl-matmul.ts';
import type { Program, WebglNative } from './webgl-native.ts';

/** The kernels that are functions of one value, in GLSL. */
const UNARY: ReadonlyMap<string, string> = new Map(
  (
    'Acos Acosh Asin Asinh Atan Atanh Cos Cosh Elu Erf Expm1 Log Log1p Relu Relu6 Selu Sigmoid Sin Sinh Softplus ' +
    'Tan Tanh'
  )
    .split(' ')
    .map((name) => [name, `tf_${name.toLowerCase()}(x)`]),
);

/** Those of two, with tfjs's names of the operands. */
const BINARY: ReadonlyMap<string, readonly [expression: string, a: string, b: string]> = new Map([
  ['Atan2', ['tf_atan2(a, b)', 'a', 'b']],
  ['EluGrad', ['mix(a, a * (b + 1.0), lessThan(b, vec4(0.0)))', 'dy', 'y']],
  ['Pow', ['tf_pow(a, b)', 'a', 'b']],
  ['RealDiv', ['a / b', 'a', 'b']],
]);

/** The kernel as it may be called; itself where nothing is wrong with it. */
export function mendedOnWebgl(name: string, kernel: KernelFunc): KernelFunc {
  const unary = UNARY.get(name);
  if (unary) return elementwise(unary);
  const binary = BINARY.get(name);
  if (binary) return elementwise2(...binary);
  switch (name) {
    case 'LeakyRelu':
      return (args) => {
        const { alpha } = args.attrs as unknown as { alpha: number };
        return elementwise(`mix(${number(alpha)} * x, x, greaterThan(x, vec4(0.0)))`)(args);
      };
    case 'ClipByValue':
      return (args) => {
        const { clipValueMin, clipValueMax } = args.attrs as unknown as { clipValueMin: number; clipValueMax: number };
        return elementwise(`tf_clip(x, ${number(clipValueMin)}, ${number(clipValueMax)})`)(args);
      };
    case 'AddN':
      return sum(kernel);
    case 'BatchMatMul':
      return product(kernel);
    case '_FusedMatMul':
      return fusedProduct(kernel);
    case 'Conv2D':
    case 'FusedConv2D':
      return withCleanDepth(kernel);
    case 'Conv2DBackpropInput':
      return withCleanChannels(kernel);
    case 'MaxPoolGrad':
      return maxPoolGradient;
    case 'GatherV2':
    case 'OneHot':
      return keepingIntegers(kernel);
    case 'MaxPool':
      return maxPool;
  }
  return kernel;
}

/** So many arrays one program reads. */
const TEXTURES = 16;

/** Of more arrays the kernel makes sums of some of them first, which it leaves behind. */
function sum(kernel: KernelFunc): KernelFunc {
  return (args) => {
    let inputs = args.inputs as unknown as readonly TensorInfo[];
    let partial: TensorInfo | null = null;
    while (inputs.length > TEXTURES) {
      const some = inputs.slice(0, TEXTURES) as unknown as typeof args.inputs;
      const next = kernel({ ...args, inputs: some }) as TensorInfo;
      if (partial) native(args.backend).disposeIntermediateTensorInfo(partial);
      partial = next;
      inputs = [partial, ...inputs.slice(TEXTURES)];
    }
    const result = kernel({ ...args, inputs: inputs as unknown as typeof args.inputs });
    if (partial) native(args.backend).disposeIntermediateTensorInfo(partial);
    return result;
  };
}

/** Integers that a texture has too few digits for stay on the host, for others to read. */
function keepingIntegers(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const { indices } = args.inputs as { indices: TensorInfo };
    const data = native(args.backend).texData.get(indices.dataId);
    const { values } = data;
    const result = kernel(args);
    if (values !== null && data.values === null) data.values = values;
    return result;
  };
}

/** A number as GLSL writes it. */
function number(value: number): string {
  const rounded = Math.fround(value);
  if (rounded === Infinity) return 'uintBitsToFloat(0x7f800000u)';
  if (rounded === -Infinity) return 'uintBitsToFloat(0xff800000u)';
  const text = `${rounded}`;
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const native = (backend: object): WebglNative => backend as WebglNative;

function unaryProgram(shape: readonly number[], expression: string): Program {
  return {
    variableNames: ['A'],
    outputShape: shape,
    packedInputs: true,
    packedOutput: true,
    userCode: `${functionsFor(expression)}
      void main() {
        vec4 x = getAAtOutCoords();
        setOutput(${expression});
      }`,
  };
}

function elementwise(expression: string): KernelFunc {
  return ({ inputs, backend }) => {
    const x = (inputs as { x: TensorInfo }).x;
    return native(backend).runWebGLProgram(unaryProgram(x.shape, expression), [x], x.dtype);
  };
}

function elementwise2(expression: string, first: string, second: string): KernelFunc {
  return ({ inputs, backend }) => {
    const { [first]: a, [second]: b } = inputs as Record<string, TensorInfo>;
    const program: Program = {
      variableNames: ['A', 'B'],
      outputShape: broadcast(a.shape, b.shape),
      packedInputs: true,
      packedOutput: true,
      userCode: `${functionsFor(expression)}
        void main() {
          vec4 a = getAAtOutCoords();
          vec4 b = getBAtOutCoords();
          setOutput(${expression});
        }`,
    };
    return native(backend).runWebGLProgram(program, [a, b], 'float32');
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

/** The array with zeros in the places of its texels that are beyond it. It has two axes to four. */
function cleaned(backend: WebglNative, array: TensorInfo): TensorInfo {
  const { shape } = array;
  const rank = shape.length;
  const program: Program = {
    variableNames: ['A'],
    outputShape: shape,
    packedInputs: true,
    packedOutput: true,
    userCode: `
      void main() {
        ivec${rank} at = getOutputCoords();
        vec4 x = getAAtOutCoords();
        if (at[${rank - 2}] + 1 >= ${shape[rank - 2]}) x.zw = vec2(0.0);
        if (at[${rank - 1}] + 1 >= ${shape[rank - 1]}) x.yw = vec2(0.0);
        setOutput(x);
      }`,
  };
  return backend.runWebGLProgram(program, [array], array.dtype);
}

/** The kernel with some of its inputs cleaned, under these shapes where they have gaps. */
function cleanedFor(
  kernel: KernelFunc,
  args: Parameters<KernelFunc>[0],
  shapes: Readonly<Record<string, readonly number[]>>,
): ReturnType<KernelFunc> {
  const backend = native(args.backend);
  const inputs = { ...(args.inputs as Record<string, TensorInfo>) };
  const made: TensorInfo[] = [];
  try {
    for (const [name, shape] of Object.entries(shapes)) {
      const input = inputs[name];
      // What is not packed has no gaps.
      if (!backend.texData.get(input.dataId).isPacked) continue;
      const result = cleaned(backend, { ...input, shape: [...shape] });
      made.push(result);
      inputs[name] = { ...result, shape: input.shape };
    }
    return kernel({ ...args, inputs });
  } finally {
    for (const info of made) backend.disposeIntermediateTensorInfo(info);
  }
}

const isOdd = (length: number): boolean => length % 2 === 1;

/**
 * tfjs makes convolutions products of matrices, which add up what lies beyond an odd depth, in the image (under windows of
 * one element) and in the filter.
 */
function withCleanDepth(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const { x, filter } = args.inputs as { x: TensorInfo; filter: TensorInfo };
    const [rows, columns, depth, channels] = filter.shape;
    const shapes: Record<string, readonly number[]> = {};
    if (isOdd(rows * columns * depth)) {
      shapes.filter = [rows * columns * depth, channels];
      if (rows * columns === 1) shapes.x = [sizeOf(x.shape) / depth, depth];
    }
    return cleanedFor(kernel, args, shapes);
  };
}

/** The input's gradient adds up pairs of channels. */
function withCleanChannels(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const { dy, filter } = args.inputs as { dy: TensorInfo; filter: TensorInfo };
    return cleanedFor(kernel, args, isOdd(dy.shape[3]) ? { dy: dy.shape, filter: filter.shape } : {});
  };
}

interface PoolAttrs {
  readonly filterSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pad: 'valid' | readonly (readonly [number, number])[];
}

/** The least finite float32: what TensorFlow starts a maximum with. */
const LOWEST = '-3.4028234663852886e38';

/** tfjs gives a window's gradient to another element than the first of the greatest. */
const maxPoolGradient: KernelFunc = ({ inputs, attrs, backend }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
  const [above, left] = pad === 'valid' ? [0, 0] : [pad[1][0], pad[2][0]];
  const [, height, width] = input.shape;
  const [, rows, columns] = dy.shape;
  const program: Program = {
    variableNames: ['dy', 'x'],
    outputShape: input.shape,
    userCode: `
      void main() {
        ivec4 at = getOutputCoords();
        float own = getX(at.x, at.y, at.z, at.w);
        float sum = 0.0;
        for (int i = 0; i < ${filterSize[0]}; i++) {
          int top = at.y + ${above} - i;
          int row = top / ${strides[0]};
          if (top < 0 || row * ${strides[0]} != top || row >= ${rows}) continue;
          for (int j = 0; j < ${filterSize[1]}; j++) {
            int first = at.z + ${left} - j;
            int column = first / ${strides[1]};
            if (first < 0 || column * ${strides[1]} != first || column >= ${columns}) continue;
            float best = 0.0;
            int found = -1;
            for (int p = 0; p < ${filterSize[0]}; p++) {
              int r = top - ${above} + p;
              if (r < 0 || r >= ${height}) continue;
              for (int q = 0; q < ${filterSize[1]}; q++) {
                int c = first - ${left} + q;
                if (c < 0 || c >= ${width}) continue;
                float value = getX(at.x, r, c, at.w);
                if (found < 0 || value > best) { best = value; found = p * ${filterSize[1]} + q; }
              }
            }
            if (found == i * ${filterSize[1]} + j) sum += getDy(at.x, row, column, at.w);
          }
        }
        setOutput(sum);
      }`,
  };
  return native(backend).runWebGLProgram(program, [dy, input], 'float32');
};

/** tfjs starts a maximum with −10²⁰. TensorFlow leaves NaN out, and what nothing is greater than is the least finite number. */
const maxPool: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x } = inputs as { x: TensorInfo };
  const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
  const [top, bottom, left, right] = pad === 'valid' ? [0, 0, 0, 0] : [...pad[1], ...pad[2]];
  const [batch, height, width, depth] = x.shape;
  const rows = Math.floor((height + top + bottom - filterSize[0]) / strides[0]) + 1;
  const columns = Math.floor((width + left + right - filterSize[1]) / strides[1]) + 1;
  const program: Program = {
    variableNames: ['x'],
    outputShape: [batch, rows, columns, depth],
    userCode: `
      void main() {
        ivec4 at = getOutputCoords();
        float best = ${LOWEST};
        for (int i = 0; i < ${filterSize[0]}; i++) {
          int r = at.y * ${strides[0]} - ${top} + i;
          if (r < 0 || r >= ${height}) continue;
          for (int j = 0; j < ${filterSize[1]}; j++) {
            int c = at.z * ${strides[1]} - ${left} + j;
            if (c < 0 || c >= ${width}) continue;
            float value = getX(at.x, r, c, at.w);
            if (value > best) best = value;
          }
        }
        setOutput(best);
      }`,
  };
  return native(backend).runWebGLProgram(program, [x], 'float32');
};
