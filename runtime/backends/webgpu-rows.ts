/** Kernels of webgpu that go along an axis: running sums and products, softmax. Those that take windows are `webgpu-pool.ts`. */
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../src/util/shape.ts';
import { wgslFunctionsFor } from './webgpu-functions.ts';
import type { Uniform, WebgpuProgram } from './webgpu-native.ts';
import { LOWEST, main, native, perElement, THREADS } from './webgpu-programs.ts';

/** tfjs makes its steps, powers of two, by `pow`, which gives less than 2 for 2¹ on some drivers. */
export function scan(operator: '+' | '*', start: number): KernelFunc {
  const code = main(`let place = (index / uniforms.inner) % uniforms.extent;
  let other = place - uniforms.step;
  var value = f32(A[index]);
  if (uniforms.shift == 1) { value = ${start}.0; }
  if (other >= 0 && other < uniforms.extent) {
    let before = f32(A[index - uniforms.step * uniforms.inner]);
    if (uniforms.shift == 1) { value = before; } else { value = value ${operator} before; }
  }
  setOutputAtIndex(index, value);`);
  return ({ inputs, attrs, backend }) => {
    const { x } = inputs as { x: TensorInfo };
    const { axis, exclusive, reverse } = attrs as unknown as { axis: number; exclusive: boolean; reverse: boolean };
    const gpu = native(backend);
    const extent = x.shape[axis];
    const inner = sizeOf(x.shape.slice(axis + 1));
    const program: WebgpuProgram = {
      variableNames: ['A'],
      outputShape: x.shape,
      shaderKey: `tf scan ${operator}`,
      ...perElement(x.shape),
      uniforms: 'inner : i32, extent : i32, step : i32, shift : i32,',
      getUserCode: () => code,
    };
    let result = x;
    const pass = (step: number, shift: number) => {
      const uniforms = [inner, extent, reverse ? -step : step, shift].map(
        (n): Uniform => ({ type: 'int32', data: [n] }),
      );
      const next = gpu.runWebGPUProgram({ ...program }, [result], x.dtype, uniforms);
      if (result !== x) gpu.disposeData(result.dataId);
      result = next;
    };
    if (exclusive) pass(1, 1);
    // A step of nothing beyond the end copies, so that the result is never the input.
    else if (extent <= 1) pass(extent, 0);
    for (let step = 1; step < extent; step *= 2) pass(step, 0);
    return result;
  };
}

/** tfjs loses NaN, and what an infinity makes of its row; of logarithms it has no kernel. A row is a workgroup's. */
export const softmax =
  (form: 'plain' | 'log'): KernelFunc =>
  ({ inputs, backend }) => {
    const { logits } = inputs as { logits: TensorInfo };
    const result = form === 'plain' ? 'tf_exp(x) / whole' : 'x - tf_log(whole)';
    const gpu = native(backend);
    const columns = logits.shape[logits.shape.length - 1] ?? 1;
    const rows = columns === 0 ? 0 : sizeOf(logits.shape) / columns;
    const flat = [rows, columns];
    const fold = (operation: string) => `workgroupBarrier();
  for (var half = ${THREADS / 2}; half > 0; half = half >> 1u) {
    if (thread < half) { ${operation} }
    workgroupBarrier();
  }`;
    const program: WebgpuProgram = {
      variableNames: ['A'],
      outputShape: flat,
      shaderKey: `tf softmax ${form}`,
      workgroupSize: [THREADS, 1, 1],
      dispatchLayout: { x: [0, 1] },
      dispatch: [rows, 1, 1],
      getUserCode: () => `${wgslFunctionsFor(`tf_exp( tf_inf( ${result}`)}
var<workgroup> buffer : array<f32, ${THREADS}>;
fn main(index : i32) {
  let row = index / ${THREADS};
  let thread = i32(localId.x);
  // Workgroups are started in a rectangle: some may be beyond the last row.
  let end = select(0, uniforms.outShape[1], row < uniforms.outShape[0]);
  let start = row * uniforms.outShape[1];
  var best = ${LOWEST};
  for (var column = thread; column < end; column = column + ${THREADS}) {
    let value = f32(A[start + column]);
    best = select(best, value, value > best);
    if (isnan(value)) { best = uniforms.INFINITY; }
  }
  buffer[thread] = best;
  ${fold('buffer[thread] = max(buffer[thread], buffer[thread + half]);')}
  let most = buffer[0];
  workgroupBarrier();
  var total = 0.0;
  for (var column = thread; column < end; column = column + ${THREADS}) {
    total = total + tf_exp(f32(A[start + column]) - most);
  }
  buffer[thread] = total;
  ${fold('buffer[thread] = buffer[thread] + buffer[thread + half];')}
  let whole = buffer[0];
  for (var column = thread; column < end; column = column + ${THREADS}) {
    let x = f32(A[start + column]) - most;
    var value = ${result};
    if (tf_inf(most) || whole == 0.0) { value = uniforms.NAN; }
    setOutputAtIndex(start + column, value);
  }
}`,
    };
    const found = gpu.runWebGPUProgram(program, [{ ...logits, shape: flat }], 'float32');
    return { ...found, shape: logits.shape };
  };
