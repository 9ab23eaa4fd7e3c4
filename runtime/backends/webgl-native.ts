/**
 * What is taken of tfjs's webgl backend beyond its public interface: the members are tfjs's own, and stay as they are while
 * the version does. What is done with them is its neighbours' business.
 */
import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

/** A shader with what it reads, as tfjs's backend runs it. */
export interface Program {
  readonly variableNames: readonly string[];
  readonly outputShape: readonly number[];
  readonly userCode: string;
  readonly packedInputs?: boolean;
  readonly packedOutput?: boolean;
}

/** What tfjs knows of a buffer. */
export interface TextureData {
  /** The values, where they are on the host. */
  values: unknown;
  readonly isPacked?: boolean;
  /** There where the buffer is a part of another one's texture. */
  readonly slice?: unknown;
  readonly texture: { readonly texture: WebGLTexture } | null;
  /** Rows and columns in elements, gaps included. */
  readonly texShape: readonly [number, number];
  readonly refCount: number;
}

export interface WebglNative extends KernelBackend {
  readonly texData: { get(id: object): TextureData; has(id: object): boolean };
  readonly gpgpu: {
    readonly gl: WebGL2RenderingContext;
  };
  /** The compiled programs of all backends. */
  readonly binaryCache: Record<string, unknown>;
  /** Whether its textures and programs were given back. */
  disposed: boolean;
  /** Runs a program; what it gives is the caller's. */
  runWebGLProgram(program: Program, inputs: readonly TensorInfo[], dtype: TensorInfo['dtype']): TensorInfo;
  disposeIntermediateTensorInfo(info: TensorInfo): void;
  /** The values of what is on the GPU, which stays there. */
  getValuesFromTexture(id: object): Float32Array;
  /** The same values four to a texel, without gaps. */
  decode(id: object): TensorInfo;
}
