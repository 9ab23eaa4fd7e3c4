/**
 * Reading textures back, at once: waiting for the GPU in turns of the event loop was measured to take one and a half to three
 * times as long. Unlike tfjs's own reading this leaves textures where they are: what was read is often used again, as
 * variables are. Types and shapes of what was read are the business of `tfjs.ts`.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../src/util/shape.ts';
import type { WebglNative } from './webgl-native.ts';

type Values = Float32Array | Int32Array | Uint8Array;

/** The values of a buffer. */
export function readTexture(native: WebglNative, { dataId }: TensorInfo): Values {
  return isOnGpu(native, dataId) ? native.getValuesFromTexture(dataId) : (native.readSync(dataId) as Values);
}

/** Whether the buffer has a texture of its own and no values on the host. */
function isOnGpu(native: WebglNative, id: object): boolean {
  const { texture, values, slice } = native.texData.get(id);
  return values == null && texture != null && slice == null;
}

/** Reads several textures with one wait: the GPU copies them side by side, in its turn, and that is read. */
export class TextureReader {
  private framebuffer: WebGLFramebuffer | null = null;

  constructor(private readonly native: WebglNative) {}

  /** The values of the buffers, in order. */
  readAll(infos: readonly TensorInfo[]): Values[] {
    const { native } = this;
    const onGpu = infos.filter(({ dataId }) => isOnGpu(native, dataId));
    if (onGpu.length < 2) return infos.map((info) => readTexture(native, info));
    const read = this.readTogether(onGpu);
    return infos.map((info) => read.get(info) ?? readTexture(native, info));
  }

  private readTogether(infos: readonly TensorInfo[]): Map<TensorInfo, Values> {
    const { native } = this;
    const { gl } = native.gpgpu;
    // Four elements a texel, without gaps.
    const dense = infos.map(({ dataId }) => native.decode(dataId));
    const texels = dense.map(({ dataId }) => native.texData.get(dataId).texShape.map((length) => length / 2));
    const sizes = texels.map(([rows, columns]) => rows * columns * 4);
    const all = new Float32Array(sizes.reduce((a, b) => a + b));
    this.framebuffer ??= gl.createFramebuffer();
    const buffer = gl.createBuffer();
    try {
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
      gl.bufferData(gl.PIXEL_PACK_BUFFER, all.byteLength, gl.STREAM_READ);
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
      let offset = 0;
      dense.forEach(({ dataId }, i) => {
        const { texture } = native.texData.get(dataId).texture as { texture: WebGLTexture };
        const [rows, columns] = texels[i];
        gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
        gl.readPixels(0, 0, columns, rows, gl.RGBA, gl.FLOAT, offset);
        offset += sizes[i] * 4;
      });
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, all);
    } finally {
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, null, 0);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
      gl.deleteBuffer(buffer);
      for (const info of dense) native.disposeIntermediateTensorInfo(info);
    }
    let start = 0;
    return new Map(
      infos.map((info, i) => {
        const values = all.slice(start, start + sizeOf(info.shape));
        start += sizes[i];
        return [info, values];
      }),
    );
  }
}
