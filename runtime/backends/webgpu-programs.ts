/** What the programs in WGSL have in common: how threads are dealt out to elements. The programs are in the files beside this. */
import { sizeOf } from '../../src/util/shape.ts';
import type { WebgpuNative, WebgpuProgram } from './webgpu-native.ts';

export const native = (backend: object): WebgpuNative => backend as WebgpuNative;

export const THREADS = 64;

type Layout = Pick<WebgpuProgram, 'workgroupSize' | 'dispatchLayout' | 'dispatch' | 'size'>;

/** One thread an element; `index` and `uniforms.size` say which and how many. */
export function perElement(shape: readonly number[]): Layout {
  return {
    workgroupSize: [THREADS, 1, 1],
    dispatchLayout: { x: shape.map((_, axis) => axis) },
    dispatch: [Math.ceil(sizeOf(shape) / THREADS), 1, 1],
    size: true,
  };
}

export const main = (body: string): string => `fn main(index : i32) {
  if (index >= uniforms.size) { return; }
  ${body}
}`;

/** The least finite float32: what TensorFlow starts a maximum with. */
export const LOWEST = '-0x1.fffffep+127f';
