/**
 * Programs of WebGL on tfjs's textures: compiled once, kept by their text, and started without tfjs's own way of calling, which
 * looks at each program's whole text once more. Which programs, and on what, is `webgl-kernels.ts`'s business.
 */
import type { DataType } from '@tensorflow/tfjs-core';
import { InternalError } from '../../src/util/errors.ts';
import type { KnownShape } from '../../src/util/shape.ts';
import type { BufferId, DeviceValue } from './backend.ts';

export type Values = Float32Array | Int32Array | Uint8Array;

/** What tfjs knows of a buffer. */
export interface TextureData {
  shape: readonly number[];
  /** The texture's rows and columns: of elements, so that a packed one has half as many texels each way. */
  texShape: readonly [number, number] | null;
  readonly texture?: { readonly texture: WebGLTexture } | null;
  /** There instead of a texture, or beside it. */
  values: Values | null;
  isPacked: boolean;
  readonly slice?: { readonly flatOffset: number } | null;
}

/** What is used of tfjs's backend. */
export interface Native {
  readonly gpgpu: { readonly gl: WebGL2RenderingContext };
  readonly texData: { get(id: BufferId): TextureData };
  makeTensorInfo(shape: KnownShape, dtype: DataType, values?: Values): DeviceValue;
  /** Makes the texture where there is none. */
  uploadToGPU(id: BufferId): void;
  disposeData(id: BufferId): void;
}

/** So many programs are kept; the one that was asked for longest ago goes first. */
const KEPT = 1024;
const VERTICES = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

/** A program on the device, and what it was called with last. */
export interface Linked {
  readonly program: WebGLProgram;
  readonly integers: WebGLUniformLocation | null;
  readonly floats: WebGLUniformLocation | null;
  lastIntegers: Int32Array | null;
  lastFloats: Float32Array | null;
}

/** A program with the numbers that it is called with. */
export interface ProgramCall {
  readonly linked: Linked;
  /** By sampler, which of the inputs it reads. */
  readonly samplers: readonly number[];
  readonly integers: Int32Array;
  readonly floats: Float32Array;
  /** Whether the floats are other ones now and then. */
  readonly isVarying: boolean;
  /** Texels of the textures that are written. */
  readonly width: number;
  readonly height: number;
}

export class WebglPrograms {
  readonly gl: WebGL2RenderingContext;
  private readonly programs = new Map<string, Linked>();
  private vertices: WebGLShader | null = null;
  private corners: WebGLVertexArrayObject | null = null;
  /** By number of textures that are written. */
  private readonly framebuffers: WebGLFramebuffer[] = [];

  constructor(readonly native: Native) {
    this.gl = native.gpgpu.gl;
  }

  /** Gives back what holds on to textures. */
  release(): void {
    for (const framebuffer of this.framebuffers) if (framebuffer) this.gl.deleteFramebuffer(framebuffer);
    this.framebuffers.length = 0;
  }

  /** The program of a text, compiled on first use. */
  link(source: string, samplers: number): Linked {
    const known = this.programs.get(source) ?? this.compile(source, samplers);
    // The last in the map is the one that was asked for last. The device's copy of a program goes with the last reference.
    this.programs.delete(source);
    this.programs.set(source, known);
    if (this.programs.size > KEPT) this.programs.delete(this.programs.keys().next().value as string);
    return known;
  }

  private compile(source: string, samplers: number): Linked {
    const { gl } = this;
    const program = gl.createProgram() as WebGLProgram;
    this.vertices ??= this.shader(gl.VERTEX_SHADER, VERTICES);
    const fragments = this.shader(gl.FRAGMENT_SHADER, source);
    gl.attachShader(program, this.vertices);
    gl.attachShader(program, fragments);
    gl.linkProgram(program);
    gl.deleteShader(fragments);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      const log = gl.getShaderInfoLog(fragments) || gl.getProgramInfoLog(program);
      throw new InternalError(null, `A generated program does not compile: ${log}\n${source}`);
    }
    gl.useProgram(program);
    for (let k = 0; k < samplers; k++) gl.uniform1i(gl.getUniformLocation(program, `X${k}`), k);
    return {
      program,
      integers: gl.getUniformLocation(program, 'S'),
      floats: gl.getUniformLocation(program, 'K'),
      lastIntegers: null,
      lastFloats: null,
    };
  }

  private shader(type: number, source: string): WebGLShader {
    const shader = this.gl.createShader(type) as WebGLShader;
    this.gl.shaderSource(shader, source);
    this.gl.compileShader(shader);
    return shader;
  }

  /** Runs a program on textures, which are all of one size. */
  draw(call: ProgramCall, inputs: readonly TextureData[], outputs: readonly TextureData[]): void {
    const { gl } = this;
    const { linked, integers, floats, samplers, width, height } = call;
    gl.useProgram(linked.program);
    if (linked.integers && linked.lastIntegers !== integers) gl.uniform4iv(linked.integers, integers);
    const isSame = linked.lastFloats === floats && !call.isVarying;
    if (linked.floats && !isSame) gl.uniform4fv(linked.floats, floats);
    linked.lastIntegers = integers;
    linked.lastFloats = floats;
    for (let k = 0; k < samplers.length; k++) {
      gl.activeTexture(gl.TEXTURE0 + k);
      gl.bindTexture(gl.TEXTURE_2D, textureOf(inputs[samplers[k]]));
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer(outputs.length));
    for (let k = 0; k < outputs.length; k++) {
      const texture = textureOf(outputs[k]);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + k, gl.TEXTURE_2D, texture, 0);
    }
    gl.viewport(0, 0, width, height);
    gl.scissor(0, 0, width, height);
    this.corners ??= gl.createVertexArray();
    gl.bindVertexArray(this.corners);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** One for each number of textures: none of them keeps a texture of an earlier program, which may now be read. */
  private framebuffer(count: number): WebGLFramebuffer {
    const known = this.framebuffers[count];
    if (known) return known;
    const { gl } = this;
    const made = gl.createFramebuffer() as WebGLFramebuffer;
    gl.bindFramebuffer(gl.FRAMEBUFFER, made);
    gl.drawBuffers(Array.from({ length: count }, (_, k) => gl.COLOR_ATTACHMENT0 + k));
    this.framebuffers[count] = made;
    return made;
  }
}

function textureOf({ texture }: TextureData): WebGLTexture {
  return (texture as NonNullable<TextureData['texture']>).texture;
}
