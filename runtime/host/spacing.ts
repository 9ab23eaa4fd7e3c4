/** Host kernels that move blocks of space to depth or to the batch, and back. */
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { sizeOf, stridesOf } from '../../src/util/shape.ts';
import { fillArray, sliceArray, transposeArray, writeWindow } from '../../src/util/strided.ts';
import { integers } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

const range = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

function fail(message: string): never {
  throw new InvalidArgumentError(null, message);
}

function depth(x: NdArray, op: HostOp, toDepth: boolean): NdArray {
  const b = Number(op.attr('block_size'));
  const last = op.attr('data_format') === 'NHWC';
  if (x.rank !== 4) fail(`Input rank should be: 4 instead of: ${x.rank}`);
  const [n, h, w, c] = last ? x.shape : [x.shape[0], x.shape[2], x.shape[3], x.shape[1]];
  if (toDepth) {
    if (h % b !== 0 || w % b !== 0) fail(`Image width ${w} and height ${h} should be divisible by block_size: ${b}`);
    const parts = last ? [n, h / b, b, w / b, b, c] : [n, c, h / b, b, w / b, b];
    const out = last ? [n, h / b, w / b, b * b * c] : [n, b * b * c, h / b, w / b];
    return transposeArray(x.reshape(parts), last ? [0, 1, 3, 2, 4, 5] : [0, 3, 5, 1, 2, 4]).reshape(out);
  }
  if (c % (b * b) !== 0) fail(`Input depth dimension ${c} should be divisible by: ${b * b}`);
  const parts = last ? [n, h, w, b, b, c / (b * b)] : [n, b, b, c / (b * b), h, w];
  const out = last ? [n, h * b, w * b, c / (b * b)] : [n, c / (b * b), h * b, w * b];
  return transposeArray(x.reshape(parts), last ? [0, 1, 3, 2, 4, 5] : [0, 3, 4, 1, 5, 2]).reshape(out);
}

function spaceToBatch(x: NdArray, blocks: readonly number[], pairs: readonly number[]): NdArray {
  const count = blocks.length;
  if (x.rank < count + 1) fail(`input rank should be >= ${count + 1} instead of ${x.rank}`);
  if (pairs.some((n) => n < 0)) fail('paddings must be non-negative');
  const padded = x.shape.map((d, i) => (i === 0 || i > count ? d : d + pairs[2 * i - 2] + pairs[2 * i - 1]));
  blocks.forEach((block, i) => {
    if (block < 1) fail(`All values in block_shape must be positive, got value, ${block} at index ${i}.`);
    if (padded[i + 1] % block !== 0)
      fail(`padded_shape[${i}]=${padded[i + 1]} is not divisible by block_shape[${i}]=${block}`);
  });
  const space = fillArray(NdArray.zeros(x.dtype, []), padded);
  const strides = stridesOf(padded);
  writeWindow(
    space,
    strides,
    range(count).reduce((sum, i) => sum + pairs[2 * i] * strides[i + 1], 0),
    x,
  );
  const rest = x.shape.slice(count + 1);
  const parts = [padded[0], ...range(count).flatMap((i) => [padded[i + 1] / blocks[i], blocks[i]]), ...rest];
  const perm = [...range(count).map((i) => 2 * i + 2), 0, ...range(count).map((i) => 2 * i + 1)];
  const moved = transposeArray(space.reshape(parts), [...perm, ...range(rest.length, 2 * count + 1)]);
  return moved.reshape([padded[0] * sizeOf(blocks), ...range(count).map((i) => padded[i + 1] / blocks[i]), ...rest]);
}

function batchToSpace(x: NdArray, blocks: readonly number[], pairs: readonly number[]): NdArray {
  const count = blocks.length;
  if (x.rank < count + 1) fail(`input rank should be >= ${count + 1} instead of ${x.rank}`);
  const volume = sizeOf(blocks);
  if (x.shape[0] % volume !== 0) {
    fail(`Input batch dimension (${x.shape[0]}) is not divisible by product of block sizes (${volume})`);
  }
  const batch = x.shape[0] / volume;
  const rest = x.shape.slice(count + 1);
  const perm = [count, ...range(count).flatMap((i) => [count + 1 + i, i]), ...range(rest.length, 2 * count + 1)];
  const lengths = range(count).map((i) => x.shape[i + 1] * blocks[i]);
  const whole = transposeArray(x.reshape([...blocks, batch, ...x.shape.slice(1)]), perm);
  const size = lengths.map((d, i) => d - pairs[2 * i] - pairs[2 * i + 1]);
  size.forEach((d, i) => {
    if (d < 0 || pairs[2 * i] < 0 || pairs[2 * i + 1] < 0) {
      fail(`cropped_shape[${i}]=${d} must be non-negative`);
    }
  });
  const begin = [0, ...range(count).map((i) => pairs[2 * i]), ...rest.map(() => 0)];
  return sliceArray(whole.reshape([batch, ...lengths, ...rest]), begin, [batch, ...size, ...rest]);
}

const square = (op: HostOp) => [Number(op.attr('block_size')), Number(op.attr('block_size'))];

defineHostKernels({
  SpaceToDepth: ([x], op) => [depth(x, op, true)],
  DepthToSpace: ([x], op) => [depth(x, op, false)],
  SpaceToBatchND: ([x, blocks, paddings]) => [spaceToBatch(x, integers(blocks), integers(paddings))],
  BatchToSpaceND: ([x, blocks, crops]) => [batchToSpace(x, integers(blocks), integers(crops))],
  SpaceToBatch: ([x, paddings], op) => [spaceToBatch(x, square(op), integers(paddings))],
  BatchToSpace: ([x, crops], op) => [batchToSpace(x, square(op), integers(crops))],
});
