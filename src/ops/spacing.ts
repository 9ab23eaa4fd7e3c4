/**
 * Moving blocks of space to depth or to the batch, and back.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { emitOne } from './emit.ts';
import { defineOp, type InferContext, type OpInit, type OpView, ShapeError, sample } from './opdef/define.ts';
import { mergeDim, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { intsOf } from './opdef/small-ints.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const range = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

/** A length cut into parts. */
function divided(d: Dim, by: number): Dim {
  if (d === null) return null;
  if (d % by !== 0) throw new ShapeError(`Dimension size must be evenly divisible by ${by} but is ${d}`);
  return d / by;
}

const times = (d: Dim, by: number): Dim => (d === null ? null : d * by);

// Depth

function depthOp(name: 'SpaceToDepth' | 'DepthToSpace', doc: string, samples: OpInit['samples']): OpInit {
  const other = name === 'SpaceToDepth' ? 'DepthToSpace' : 'SpaceToDepth';
  return {
    name,
    doc,
    inputs: ['input: T'],
    outputs: ['output: T'],
    attrs: ['T: type', 'block_size: int >= 2', 'data_format: {"NHWC", "NCHW", "NCHW_VECT_C"} = "NHWC"'],
    infer: (op) => {
      const format = op.attr<string>('data_format');
      if (format === 'NCHW_VECT_C') throw new ShapeError('NCHW_VECT_C is not supported here');
      const block = Number(op.attr('block_size'));
      const shape = withRank(op.shape(0), 4);
      const channel = format === 'NHWC' ? 3 : 1;
      const toDepth = name === 'SpaceToDepth';
      return [
        shape.map((d, axis) => {
          if (axis === 0) return d;
          if (axis === channel) return toDepth ? times(d, block * block) : divided(d, block * block);
          return toDepth ? divided(d, block) : times(d, block);
        }),
      ];
    },
    grad: (op, [dy], $) => {
      if (dy === null) return [null];
      return [$.op(other, [dy], { block_size: op.attr('block_size'), data_format: op.attr('data_format') })];
    },
    decompose: (op, $) => [name === 'SpaceToDepth' ? toDepth(op, $) : fromDepth(op, $)].filter((v) => v !== null),
    samples,
  };
}

interface Geometry {
  readonly dims: readonly [n: number, h: number, w: number, c: number];
  readonly block: number;
  readonly channelsLast: boolean;
}

function geometry<V>(op: OpView<V>, $: Vocabulary<V>): Geometry | null {
  const shape = $.shapeOf(op.inputs[0]);
  if (!shape?.every((d) => d !== null)) return null;
  const channelsLast = op.attr('data_format') === 'NHWC';
  const [n, a, b, c] = shape as number[];
  return { dims: channelsLast ? [n, a, b, c] : [n, b, c, a], block: Number(op.attr('block_size')), channelsLast };
}

function toDepth<V>(op: OpView<V>, $: Vocabulary<V>): V | null {
  const g = geometry(op, $);
  if (!g) return null;
  const [n, h, w, c] = g.dims;
  const b = g.block;
  const [rows, columns] = [h / b, w / b];
  const parts = g.channelsLast ? [n, rows, b, columns, b, c] : [n, c, rows, b, columns, b];
  const perm = g.channelsLast ? [0, 1, 3, 2, 4, 5] : [0, 3, 5, 1, 2, 4];
  const out = g.channelsLast ? [n, rows, columns, b * b * c] : [n, b * b * c, rows, columns];
  return $.reshape($.transpose($.reshape(op.inputs[0], parts), perm), out);
}

function fromDepth<V>(op: OpView<V>, $: Vocabulary<V>): V | null {
  const g = geometry(op, $);
  if (!g) return null;
  const [n, h, w, depth] = g.dims;
  const b = g.block;
  const c = depth / (b * b);
  const parts = g.channelsLast ? [n, h, w, b, b, c] : [n, b, b, c, h, w];
  const perm = g.channelsLast ? [0, 1, 3, 2, 4, 5] : [0, 3, 4, 1, 5, 2];
  const out = g.channelsLast ? [n, h * b, w * b, c] : [n, c, h * b, w * b];
  return $.reshape($.transpose($.reshape(op.inputs[0], parts), perm), out);
}

defineOp(
  depthOp('SpaceToDepth', 'Blocks of space as channels of one place.', [
    {
      inputs: [sample(float32, [1, 2, 2, 1], [1, 2, 3, 4])],
      attrs: { block_size: 2 },
      outputs: [sample(float32, [1, 1, 1, 4], [1, 2, 3, 4])],
    },
    {
      inputs: [sample(float32, [1, 1, 2, 2], [1, 2, 3, 4])],
      attrs: { block_size: 2, data_format: 'NCHW' },
      outputs: [sample(float32, [1, 4, 1, 1], [1, 2, 3, 4])],
    },
  ]),
);
defineOp(
  depthOp('DepthToSpace', 'Channels of one place as a block of space.', [
    {
      inputs: [sample(float32, [1, 1, 1, 4], [1, 2, 3, 4])],
      attrs: { block_size: 2 },
      outputs: [sample(float32, [1, 2, 2, 1], [1, 2, 3, 4])],
    },
    {
      inputs: [sample(float32, [1, 4, 1, 1], [1, 2, 3, 4])],
      attrs: { block_size: 2, data_format: 'NCHW' },
      outputs: [sample(float32, [1, 1, 2, 2], [1, 2, 3, 4])],
    },
  ]),
);

// Batch

/** The operands of a move between space and batch: blocks per axis, paddings or crops as pairs. */
function batchOperands(op: InferContext): { blocks: number[] | null; pairs: number[] | null; count: Dim } {
  const [rows, columns] = withRank(op.shape(2), 2);
  const count = mergeDim(withRank(op.shape(1), 1)[0], rows);
  mergeDim(columns, 2);
  const blocks = intsOf(op.constant(1));
  const bad = blocks?.find((b) => b < 1);
  if (bad !== undefined) throw new ShapeError(`block_shape must be positive, got ${bad}`);
  return { blocks, pairs: intsOf(op.constant(2)), count };
}

function batchShape(op: InferContext, toBatch: boolean): Shape {
  const { blocks, pairs, count } = batchOperands(op);
  const shape = withRankAtLeast(op.shape(0), (count ?? 0) + 1);
  if (shape === null || count === null) return null;
  if (!blocks) return shape.map((d, i) => (i > count ? d : null));
  const volume = blocks.reduce((a, b) => a * b, 1);
  return shape.map((d, axis): Dim => {
    if (axis === 0) return toBatch ? times(d, volume) : divided(d, volume);
    if (axis > count) return d;
    const [block, before, after] = [blocks[axis - 1], pairs?.[2 * axis - 2], pairs?.[2 * axis - 1]];
    if (before === undefined || after === undefined || d === null) return null;
    if (before < 0 || after < 0) throw new ShapeError(`${toBatch ? 'paddings' : 'crops'} cannot be negative`);
    if (toBatch) return divided(d + before + after, block);
    if (d * block < before + after) {
      throw new ShapeError(`Negative dimension size caused by subtracting ${before + after} from ${d * block}`);
    }
    return d * block - before - after;
  });
}

defineOp({
  name: 'SpaceToBatchND',
  doc: 'Blocks of (padded) space as further batches.',
  inputs: ['input: T', 'block_shape: Tblock_shape', 'paddings: Tpaddings'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tblock_shape: {int32, int64} = int32', 'Tpaddings: {int32, int64} = int32'],
  infer: (op) => [batchShape(op, true)],
  grad: (op, [dy], $) => [dy === null ? null : $.op('BatchToSpaceND', [dy, op.inputs[1], op.inputs[2]]), null, null],
  decompose: (op, $) => {
    const [x, blockInput, padInput] = op.inputs;
    const [shape, blocks, pairs] = [
      $.shapeOf(x),
      intsOf($.constantValue(blockInput)),
      intsOf($.constantValue(padInput)),
    ];
    if (!shape?.every((d) => d !== null) || !blocks || !pairs) return null;
    const count = blocks.length;
    const rest = (shape as number[]).slice(count + 1);
    const all = [0, 0, ...pairs, ...rest.flatMap(() => [0, 0])];
    const table = $.constant({ data: Int32Array.from(all), shape: [shape.length, 2] }, int32, 'paddings');
    const lengths = range(count).map((i) => ((shape[i + 1] as number) + pairs[2 * i] + pairs[2 * i + 1]) / blocks[i]);
    const parts = [shape[0] as number, ...range(count).flatMap((i) => [lengths[i], blocks[i]]), ...rest];
    const perm = [
      ...range(count).map((i) => 2 * i + 2),
      0,
      ...range(count).map((i) => 2 * i + 1),
      ...range(rest.length, 2 * count + 1),
    ];
    const volume = blocks.reduce((a, b) => a * b, 1);
    const moved = $.transpose($.reshape($.op('Pad', [x, table]), parts), perm);
    return [$.reshape(moved, [(shape[0] as number) * volume, ...lengths, ...rest])];
  },
  samples: [
    {
      inputs: [sample(float32, [1, 3, 1], [1, 2, 3]), sample(int32, [1], [2]), sample(int32, [1, 2], [0, 1])],
      outputs: [sample(float32, [2, 2, 1], [1, 3, 2, 0])],
    },
  ],
});

defineOp({
  name: 'BatchToSpaceND',
  doc: 'Batches as blocks of space, cropped.',
  inputs: ['input: T', 'block_shape: Tblock_shape', 'crops: Tcrops'],
  outputs: ['output: T'],
  attrs: ['T: type', 'Tblock_shape: {int32, int64} = int32', 'Tcrops: {int32, int64} = int32'],
  infer: (op) => [batchShape(op, false)],
  grad: (op, [dy], $) => [dy === null ? null : $.op('SpaceToBatchND', [dy, op.inputs[1], op.inputs[2]]), null, null],
  decompose: (op, $) => {
    const [x, blockInput, cropInput] = op.inputs;
    const [shape, blocks, pairs] = [
      $.shapeOf(x),
      intsOf($.constantValue(blockInput)),
      intsOf($.constantValue(cropInput)),
    ];
    if (!shape?.every((d) => d !== null) || !blocks || !pairs) return null;
    const count = blocks.length;
    const dims = shape as number[];
    const rest = dims.slice(count + 1);
    const batch = dims[0] / blocks.reduce((a, b) => a * b, 1);
    const parts = [...blocks, batch, ...dims.slice(1)];
    const perm = [count, ...range(count).flatMap((i) => [count + 1 + i, i]), ...range(rest.length, 2 * count + 1)];
    const lengths = range(count).map((i) => dims[i + 1] * blocks[i]);
    const whole = $.reshape($.transpose($.reshape(x, parts), perm), [batch, ...lengths, ...rest]);
    const begin = [0, ...range(count).map((i) => pairs[2 * i]), ...rest.map(() => 0)];
    const size = [batch, ...range(count).map((i) => lengths[i] - pairs[2 * i] - pairs[2 * i + 1]), ...rest];
    return [$.slice(whole, begin, size)];
  },
  samples: [
    {
      inputs: [sample(float32, [2, 2, 1], [1, 3, 2, 4]), sample(int32, [1], [2]), sample(int32, [1, 2], [0, 1])],
      outputs: [sample(float32, [1, 3, 1], [1, 2, 3])],
    },
  ],
});

/** The older ops for two axes and one block size. */
function squareOp(name: 'SpaceToBatch' | 'BatchToSpace', doc: string, samples: OpInit['samples']): OpInit {
  const toBatch = name === 'SpaceToBatch';
  const other = toBatch ? 'BatchToSpace' : 'SpaceToBatch';
  return {
    name,
    doc,
    inputs: toBatch ? ['input: T', 'paddings: Tpaddings'] : ['input: T', 'crops: Tidx'],
    outputs: ['output: T'],
    attrs: toBatch
      ? ['T: type', 'Tpaddings: {int32, int64} = int32', 'block_size: int >= 2']
      : ['T: type', 'block_size: int >= 2', 'Tidx: {int32, int64} = int32'],
    infer: (op) => {
      const block = Number(op.attr('block_size'));
      const shape = withRank(op.shape(0), 4);
      const pairs = intsOf(op.constant(1));
      return [
        shape.map((d, axis): Dim => {
          if (axis === 0) return toBatch ? times(d, block * block) : divided(d, block * block);
          if (axis === 3) return d;
          if (!pairs || d === null) return null;
          const around = pairs[2 * axis - 2] + pairs[2 * axis - 1];
          return toBatch ? divided(d + around, block) : d * block - around;
        }),
      ];
    },
    grad: (op, [dy], $) => {
      if (dy === null) return [null, null];
      return [$.op(other, [dy, op.inputs[1]], { block_size: op.attr('block_size') }), null];
    },
    decompose: (op, $) => {
      const block = Number(op.attr('block_size'));
      return [$.op(`${name}ND`, [op.inputs[0], $.ints([block, block]), op.inputs[1]])];
    },
    samples,
  };
}

defineOp(
  squareOp('SpaceToBatch', 'Blocks of (padded) images as further batches.', [
    {
      inputs: [sample(float32, [1, 2, 2, 1], [1, 2, 3, 4]), sample(int32, [2, 2], [0, 0, 0, 0])],
      attrs: { block_size: 2 },
      outputs: [sample(float32, [4, 1, 1, 1], [1, 2, 3, 4])],
    },
  ]),
);
defineOp(
  squareOp('BatchToSpace', 'Batches as blocks of images, cropped.', [
    {
      inputs: [sample(float32, [4, 1, 1, 1], [1, 2, 3, 4]), sample(int32, [2, 2], [0, 0, 0, 0])],
      attrs: { block_size: 2 },
      outputs: [sample(float32, [1, 2, 2, 1], [1, 2, 3, 4])],
    },
  ]),
);

interface NameOption {
  readonly name?: string | null;
}
interface DepthOptions extends NameOption {
  readonly dataFormat?: string;
}

/**
 * Blocks of `blockSize` × `blockSize` places as channels of one. The lengths must divide, else `ValueError`.
 *
 *     tf.spaceToDepth(images, 2)    // [n, h, w, c] → [n, h/2, w/2, 4c]
 */
export function spaceToDepth(
  input: TensorLike,
  blockSize: number,
  ...rest: Rest<[name: string | null, dataFormat: string], DepthOptions>
): Tensor {
  const { name, dataFormat = 'NHWC' } = bind<DepthOptions>(['name', 'dataFormat'], rest);
  return emitOne('SpaceToDepth', [input], { block_size: blockSize, data_format: dataFormat }, name);
}

/**
 * Channels of one place as a block of `blockSize` × `blockSize`: the inverse of `spaceToDepth`.
 *
 *     tf.depthToSpace(x, 2)    // [n, h, w, 4c] → [n, 2h, 2w, c]
 */
export function depthToSpace(
  input: TensorLike,
  blockSize: number,
  ...rest: Rest<[name: string | null, dataFormat: string], DepthOptions>
): Tensor {
  const { name, dataFormat = 'NHWC' } = bind<DepthOptions>(['name', 'dataFormat'], rest);
  return emitOne('DepthToSpace', [input], { block_size: blockSize, data_format: dataFormat }, name);
}

/** The space after the batch axis, padded, cut into blocks whose places become batches. */
export function spaceToBatchNd(
  input: TensorLike,
  blockShape: TensorLike,
  paddings: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('SpaceToBatchND', [input, blockShape, paddings], {}, name);
}

/** The inverse of `spaceToBatchNd`; `crops` is cut off the result. */
export function batchToSpaceNd(
  input: TensorLike,
  blockShape: TensorLike,
  crops: TensorLike,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('BatchToSpaceND', [input, blockShape, crops], {}, name);
}

interface BlockOptions extends NameOption {
  readonly blockSize?: number;
}

/** `spaceToBatchNd` for images with one block size. Throws `ValueError` without it. */
export function spaceToBatch(
  input: TensorLike,
  paddings: TensorLike,
  ...rest: Rest<[blockSize: number, name: string | null], BlockOptions>
): Tensor {
  const { blockSize, name } = bind<BlockOptions>(['blockSize', 'name'], rest);
  if (blockSize === undefined) throw new ValueError('block_size must be specified.');
  return spaceToBatchNd(input, [blockSize, blockSize], paddings, { name: name ?? null });
}

/** `batchToSpaceNd` for images with one block size. Throws `ValueError` without it. */
export function batchToSpace(
  input: TensorLike,
  crops: TensorLike,
  ...rest: Rest<[blockSize: number, name: string | null], BlockOptions>
): Tensor {
  const { blockSize, name } = bind<BlockOptions>(['blockSize', 'name'], rest);
  if (blockSize === undefined) throw new ValueError('block_size must be specified.');
  return batchToSpaceNd(input, [blockSize, blockSize], crops, { name: name ?? null });
}
