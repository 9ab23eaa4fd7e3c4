/** Max-pooling on webgpu, and its gradient: which element of a window counts, as TensorFlow has it. Averages are tfjs's. */
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { Uniform, WebgpuProgram } from './webgpu-native.ts';
import { LOWEST, main, native, perElement } from './webgpu-programs.ts';

interface PoolAttrs {
  readonly filterSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pad: 'valid' | readonly (readonly [number, number])[];
}

/** tfjs starts a maximum with −10²⁰. TensorFlow leaves NaN out, and what nothing is greater than is the least finite number. */
export const maxPool: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x } = inputs as { x: TensorInfo };
  const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
  const [top, bottom, left, right] = pad === 'valid' ? [0, 0, 0, 0] : [...pad[1], ...pad[2]];
  const [batch, height, width, depth] = x.shape;
  const rows = Math.floor((height + top + bottom - filterSize[0]) / strides[0]) + 1;
  const columns = Math.floor((width + left + right - filterSize[1]) / strides[1]) + 1;
  const outputShape = [batch, rows, columns, depth];
  const program: WebgpuProgram = {
    variableNames: ['x'],
    outputShape,
    shaderKey: 'tf maxpool',
    ...perElement(outputShape),
    uniforms: WINDOW,
    getUserCode: () =>
      main(`let at = getCoordsFromIndex(index);
  let first = at.yz * uniforms.stride - uniforms.before;
  var best = ${LOWEST};
  for (var i = 0; i < uniforms.extent.x; i = i + 1) {
    let r = first.x + i;
    if (r < 0 || r >= uniforms.xShape.y) { continue; }
    for (var j = 0; j < uniforms.extent.y; j = j + 1) {
      let c = first.y + j;
      if (c < 0 || c >= uniforms.xShape.z) { continue; }
      let value = getX(at.x, r, c, at.w);
      if (!isnan(value) && value > best) { best = value; }
    }
  }
  setOutputAtIndex(index, best);`),
  };
  return native(backend).runWebGPUProgram(program, [x], 'float32', windowUniforms(filterSize, strides, [top, left]));
};

const WINDOW = 'extent : vec2<i32>, stride : vec2<i32>, before : vec2<i32>,';

const windowUniforms = (...pairs: (readonly [number, number] | number[])[]): Uniform[] =>
  pairs.map((data) => ({ type: 'int32', data: [...data] }));

/** tfjs gives a window's gradient to the last of the greatest elements, TensorFlow to the first. */
export const maxPoolGradient: KernelFunc = ({ inputs, attrs, backend }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
  const before = pad === 'valid' ? [0, 0] : [pad[1][0], pad[2][0]];
  const program: WebgpuProgram = {
    variableNames: ['dy', 'x'],
    outputShape: input.shape,
    shaderKey: 'tf maxpoolgrad',
    ...perElement(input.shape),
    uniforms: WINDOW,
    getUserCode: () =>
      main(`let at = getCoordsFromIndex(index);
  var total = 0.0;
  for (var i = 0; i < uniforms.extent.x; i = i + 1) {
    let top = at.y + uniforms.before.x - i;
    let row = top / uniforms.stride.x;
    if (top < 0 || row * uniforms.stride.x != top || row >= uniforms.dyShape.y) { continue; }
    for (var j = 0; j < uniforms.extent.y; j = j + 1) {
      let left = at.z + uniforms.before.y - j;
      let column = left / uniforms.stride.y;
      if (left < 0 || column * uniforms.stride.y != left || column >= uniforms.dyShape.z) { continue; }
      var best = 0.0;
      var found = -1;
      for (var p = 0; p < uniforms.extent.x; p = p + 1) {
        let r = top - uniforms.before.x + p;
        if (r < 0 || r >= uniforms.xShape.y) { continue; }
        for (var q = 0; q < uniforms.extent.y; q = q + 1) {
          let c = left - uniforms.before.y + q;
          if (c < 0 || c >= uniforms.xShape.z) { continue; }
          let value = getX(at.x, r, c, at.w);
          if (found < 0 || (!isnan(value) && value > best)) { best = value; found = p * uniforms.extent.y + q; }
        }
      }
      if (found == i * uniforms.extent.y + j) { total = total + getDy(at.x, row, column, at.w); }
    }
  }
  setOutputAtIndex(index, total);`),
  };
  return native(backend).runWebGPUProgram(program, [dy, input], 'float32', windowUniforms(filterSize, strides, before));
};
