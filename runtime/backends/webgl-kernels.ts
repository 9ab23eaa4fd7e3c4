/**
 * Generated kernels on tfjs's webgl backend: in parts, each of which is a program for its inputs as they come. Results are
 * textures as tfjs's own kernels make them. What the programs compute is decided in `compiler/codegen`, how they are started
 * in `webgl-programs.ts`.
 */
import { type DataType, env, type KernelBackend } from '@tensorflow/tfjs-core';
import type { LoopKernel } from '../../compiler/codegen/kernel.ts';
import type { ElementType } from '../../compiler/codegen/values.ts';
import {
  flatLayout,
  type Part,
  packedLayout,
  partOf,
  renderProgram,
  runKernel,
  type Source,
  type Split,
  splitReduction,
} from '../../compiler/codegen/webgl/index.ts';
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import { sizeOf } from '../../src/util/shape.ts';
import type { DeviceValue, ResultSpec, ValueKernel } from './backend.ts';
import { type Native, type ProgramCall, type TextureData, type Values, WebglPrograms } from './webgl-programs.ts';

/** Arrays of fewer elements than this are computed by the processor where they are all there, as tfjs does. */
const SMALL = 128;

export class WebglKernels {
  private readonly programs: WebglPrograms;

  private constructor(native: Native) {
    this.programs = new WebglPrograms(native);
  }

  /** The kernels of a backend; null where it has no WebGL 2, which the programs are written for. */
  static on(native: KernelBackend): WebglKernels | null {
    return env().getNumber('WEBGL_VERSION') === 2 ? new WebglKernels(native as unknown as Native) : null;
  }

  make(kernel: LoopKernel, results: readonly ResultSpec[]): ValueKernel {
    const launch = new Launch(this.programs, kernel, results);
    return (inputs) => launch.run(inputs);
  }

  /** Gives back what holds on to textures. */
  release(): void {
    this.programs.release();
  }
}

/** A program for inputs that come in one way. */
interface Variant extends ProgramCall {
  /** The way, in numbers. */
  readonly ways: Int32Array;
  /** Where in the floats the inputs go that come as numbers. */
  readonly given: readonly { readonly input: number; readonly place: number }[];
}

/** Numbers that say how an input comes: kind, rows and columns of the texture, rows and columns of matrices, offset. */
const WAY = 6;
const [NUMBER, PACKED, FLAT] = [0, 1, 2];
/** So many ways are remembered. */
const WAYS = 16;

/** Computes some of the outputs of a kernel. */
interface Launched {
  /** @param data what is known of the inputs */
  run(inputs: readonly DeviceValue[], data: readonly TextureData[], outputs: DeviceValue[]): void;
}

/** A kernel of a plan, in parts. */
class Launch {
  private readonly parts: readonly Launched[];
  private readonly data: TextureData[] = [];

  constructor(
    private readonly programs: WebglPrograms,
    kernel: LoopKernel,
    results: readonly ResultSpec[],
  ) {
    const most = programs.gl.getParameter(programs.gl.MAX_DRAW_BUFFERS) as number;
    this.parts = partsOf(kernel, results, most).map((part) => {
      const split = splitReduction(part.kernel);
      return split
        ? new TwoSteps(programs, part, split, kernel.inputs.length, results)
        : new LaunchedPart(programs, part, results);
    });
  }

  run(inputs: readonly DeviceValue[]): DeviceValue[] {
    const { data } = this;
    const { native } = this.programs;
    for (let i = 0; i < inputs.length; i++) data[i] = native.texData.get(inputs[i].dataId);
    const outputs: DeviceValue[] = [];
    try {
      for (const part of this.parts) part.run(inputs, data, outputs);
    } catch (error) {
      for (const output of outputs) if (output) native.disposeData(output.dataId);
      throw error;
    } finally {
      data.length = 0;
    }
    return outputs;
  }
}

/** Outputs go together where their elements lie at the same places. */
function partsOf(kernel: LoopKernel, results: readonly ResultSpec[], most: number): Part[] {
  const groups = new Map<string, number[][]>();
  results.forEach(({ shape }, k) => {
    const key = `${shape} ${kernel.outputs[k].strides}`;
    const known = groups.get(key) ?? [];
    groups.set(key, known);
    const last = known[known.length - 1];
    if (last && last.length < most) last.push(k);
    else known.push([k]);
  });
  return [...groups.values()].flat().map((outputs) => partOf(kernel, outputs));
}

/** A part that is computed in two programs, with arrays between them that nobody else sees. */
class TwoSteps implements Launched {
  private readonly first: LaunchedPart;
  private readonly second: LaunchedPart;

  /** @param count how many inputs the kernel takes, that this is a part of */
  constructor(
    private readonly programs: WebglPrograms,
    part: Part,
    { first, second, rows, columns }: Split,
    count: number,
    results: readonly ResultSpec[],
  ) {
    const all = (kernel: LoopKernel) =>
      partOf(
        kernel,
        kernel.outputs.map((_, k) => k),
      );
    const before = all(first);
    const after = all(second);
    const shape = columns === 1 ? [rows] : [rows, columns];
    const between = first.outputs.map(({ type }) => ({ shape, dtype: dtypeOf[type] }));
    this.first = new LaunchedPart(
      programs,
      { ...before, inputs: before.inputs.map((input) => part.inputs[input]) },
      between,
    );
    // What the second takes beyond the inputs lies after them.
    const own = (input: number) => part.inputs[input] ?? count + input - part.inputs.length;
    const outputs = after.outputs.map((output) => part.outputs[output]);
    this.second = new LaunchedPart(programs, { ...after, inputs: after.inputs.map(own), outputs }, results);
  }

  run(inputs: readonly DeviceValue[], data: readonly TextureData[], outputs: DeviceValue[]): void {
    const { native } = this.programs;
    const between: DeviceValue[] = [];
    try {
      this.first.run(inputs, data, between);
      const made = between.map(({ dataId }) => native.texData.get(dataId));
      this.second.run([...inputs, ...between], [...data, ...made], outputs);
    } finally {
      for (const value of between) if (value) native.disposeData(value.dataId);
    }
  }
}

/** A part that is one program, or computed with the processor. */
class LaunchedPart implements Launched {
  private readonly results: readonly ResultSpec[];
  private readonly types: readonly DataType[];
  private readonly isSmall: boolean;
  /** How the inputs come, this time. */
  private readonly ways: Int32Array;
  /** The size of the textures that are written; known when they have been made once. */
  private texShape: readonly [number, number] | null = null;
  private readonly variants: Variant[] = [];
  private readonly read: TextureData[] = [];
  private readonly written: TextureData[] = [];

  constructor(
    private readonly programs: WebglPrograms,
    private readonly part: Part,
    results: readonly ResultSpec[],
  ) {
    const { kernel, inputs, outputs } = part;
    this.results = outputs.map((output) => results[output]);
    this.types = this.results.map(({ dtype }) => (dtype === bool ? 'bool' : dtype === int32 ? 'int32' : 'float32'));
    const places = kernel.axes.reduce((product, { extent }) => product * extent, 1);
    this.isSmall = Math.max(places, sizeOf(this.results[0].shape)) < SMALL;
    this.ways = new Int32Array(inputs.length * WAY);
  }

  /** Computes the part of the outputs that is its own. */
  run(inputs: readonly DeviceValue[], data: readonly TextureData[], outputs: DeviceValue[]): void {
    const { part, read } = this;
    let isHere = this.isSmall;
    for (let i = 0; i < part.inputs.length; i++) {
      read[i] = data[part.inputs[i]];
      if (read[i].texture) isHere = false;
    }
    if (isHere && env().getBool('WEBGL_CPU_FORWARD')) this.runHere(outputs);
    else {
      for (let i = 0; i < part.inputs.length; i++) this.bring(i, inputs[part.inputs[i]]);
      this.makeOutputs(outputs);
      const variant = this.variant();
      for (const { input, place } of variant.given) variant.floats[place] = (read[input].values as Values)[0];
      this.programs.draw(variant, read, this.written);
    }
    read.length = 0;
  }

  /** Computes with the processor. */
  private runHere(outputs: DeviceValue[]): void {
    const { part, results, types } = this;
    const arrays = results.map(({ dtype, shape }) => emptyOf(dtype, sizeOf(shape)));
    runKernel(
      part.kernel,
      this.read.map(({ values }) => values as Values),
      arrays,
    );
    part.outputs.forEach((output, k) => {
      outputs[output] = this.programs.native.makeTensorInfo(results[k].shape, types[k], arrays[k]);
    });
  }

  /** Makes sure that the input can be read, and notes how. */
  private bring(i: number, { dataId, shape }: DeviceValue): void {
    const { ways } = this;
    const data = this.read[i];
    const at = i * WAY;
    if (!data.texture) {
      if (data.values?.length === 1) {
        ways.fill(0, at, at + WAY);
        ways[at] = NUMBER;
        return;
      }
      const { values } = data;
      data.isPacked = true;
      data.shape = shape;
      this.programs.native.uploadToGPU(dataId);
      // A texture has too few digits for some integers: others read them here.
      if (this.part.kernel.inputs[i].type === 'i32') data.values = values;
    }
    const [rows, columns] = data.texShape as readonly [number, number];
    const rank = data.shape.length;
    ways[at] = data.isPacked ? PACKED : FLAT;
    ways[at + 1] = rows;
    ways[at + 2] = columns;
    ways[at + 3] = rank > 1 ? data.shape[rank - 2] : 1;
    ways[at + 4] = rank > 0 ? data.shape[rank - 1] : 1;
    ways[at + 5] = data.slice?.flatOffset ?? 0;
  }

  private makeOutputs(outputs: DeviceValue[]): void {
    const { native } = this.programs;
    this.written.length = 0;
    for (let k = 0; k < this.results.length; k++) {
      const value = native.makeTensorInfo(this.results[k].shape, this.types[k]);
      outputs[this.part.outputs[k]] = value;
      const data = native.texData.get(value.dataId);
      data.isPacked = true;
      if (this.texShape) data.texShape = this.texShape;
      native.uploadToGPU(value.dataId);
      this.texShape = data.texShape;
      this.written.push(data);
    }
  }

  /** The program for the inputs as they come. */
  private variant(): Variant {
    const { variants } = this;
    for (const known of variants) if (this.isSame(known.ways)) return known;
    const made = this.render();
    variants.unshift(made);
    if (variants.length > WAYS) variants.pop();
    return made;
  }

  private isSame(ways: Int32Array): boolean {
    for (let i = 0; i < ways.length; i++) if (ways[i] !== this.ways[i]) return false;
    return true;
  }

  private render(): Variant {
    const { kernel, inputs } = this.part;
    const [rows, columns] = this.texShape as readonly [number, number];
    const target = packedLayout(this.results[0].shape, half(columns), half(rows));
    const sources = inputs.map((_, i) => this.source(i));
    const { source, ...program } = renderProgram(kernel, sources, target);
    const linked = this.programs.link(source, program.samplers.length);
    const { width, height } = target;
    return { ...program, linked, ways: this.ways.slice(), isVarying: program.given.length > 0, width, height };
  }

  private source(i: number): Source {
    const [kind, rows, columns, , , offset] = this.ways.subarray(i * WAY);
    if (kind === NUMBER) return 'number';
    return kind === PACKED
      ? packedLayout(this.read[i].shape, half(columns), half(rows))
      : flatLayout(columns, rows, offset);
  }
}

const dtypeOf: Readonly<Record<ElementType, DType>> = { f32: float32, i32: int32, bool };

/** Texels of a packed texture along so many elements. */
function half(elements: number): number {
  return Math.max(1, Math.ceil(elements / 2));
}

function emptyOf(dtype: DType, size: number): Values {
  return dtype === bool ? new Uint8Array(size) : dtype === int32 ? new Int32Array(size) : new Float32Array(size);
}
