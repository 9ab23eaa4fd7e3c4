/** How contractions are cut into tiles and parts, and what is copied for them: decisions that the renderer carries out. */
import type { ContractionKernel } from '../kernel.ts';

/** How many vectors of sums a tile has. */
const SUMS = 8;
/** Rows of a tile, where there are as many. */
export const ROWS = 4;
/**
 * Rows of most tiles: with ten vectors of sums a processor that takes four cycles for a product and begins two in each has
 * always one that waits for no other.
 */
export const TALL = 5;
/** From so many rows on, all are in tiles of these two heights. */
const BOTH = 12;
/** Long sums are formed in parts, so that the panel stays in the first cache. */
export const DEPTH = 1024;
/** Rows of the right operand that lie as far apart, in bytes, are copied into panels where enough rows take them. */
const FAR = 512;
export const ENOUGH_ROWS = 64;
/** Rows a power of two apart meet in the same few lines of the cache: so few that take them are enough then. */
const COLLISION = 2048;
const FEW_ROWS = 16;
/** A transposed left operand is copied where sums are as long, steps as many bytes, and so many columns take it. */
export const LONG = 256;
const STEP = 512;
const MANY_COLUMNS = 64;
/** Bytes of the right operand, and tiles that each go through all of it, from which it pays to go through it in parts. */
const LARGE = 1 << 19;
const MANY_TILES = 8;

/** How a contraction is cut into tiles. */
export interface Tiling {
  /** Rows of a tile. */
  readonly rows: number;
  /** Whether there are tall tiles, and no rows left over. */
  readonly hasTall: boolean;
  /** Vectors of four columns of a tile. */
  readonly vectors: number;
  readonly packs: boolean;
  /** Whether the left operand is copied, too. */
  readonly packsLeft: boolean;
}

export function tilingOf({ rows, columns, sums, batch }: ContractionKernel): Tiling {
  const height = Math.min(ROWS, rows.extent);
  const vectors = Math.max(1, Math.min(Math.floor(SUMS / height), Math.ceil(columns.extent / 4)));
  const taken = batch.reduce((count, axis) => (axis.right === 0 ? count * axis.extent : count), rows.extent);
  const isWayOff = (4 * sums[sums.length - 1].right) % COLLISION === 0;
  const isFar = Math.abs(sums[sums.length - 1].right) * 4 >= FAR;
  const packs = columns.right !== 1 || (isFar && taken >= (isWayOff ? FEW_ROWS : ENOUGH_ROWS));
  const [sum] = sums;
  const packsLeft =
    sums.length === 1 &&
    height === ROWS &&
    rows.left === 1 &&
    4 * Math.abs(sum.left) >= STEP &&
    sum.extent >= LONG &&
    columns.extent >= MANY_COLUMNS &&
    batch.every(({ right }) => right !== 0);
  // Panels of the left operand are of one height.
  const hasTall = rows.extent >= BOTH && !packsLeft;
  return { rows: height, hasTall, vectors, packs, packsLeft };
}

/** Bytes of the room that the function needs beside its operands. */
export function scratchBytes(whole: ContractionKernel): number {
  const kernel = { ...whole, sums: whole.sums.slice(outerSums(whole)) };
  const tiling = tilingOf(kernel);
  const left = tiling.packsLeft ? 16 * Math.ceil(kernel.rows.extent / ROWS) : 0;
  return depthOf(kernel) * (rightRowBytes(kernel, tiling) + left);
}
/** Bytes that a row of the right operand takes in panels. */
export function rightRowBytes({ columns }: ContractionKernel, { packs, vectors }: Tiling): number {
  return packs ? 16 * vectors * Math.ceil(columns.extent / (4 * vectors)) : 0;
}

export function depthOf({ sums }: ContractionKernel): number {
  return sums.reduce((product, { extent }) => product * extent, 1);
}

/** Whether a sum along one axis is formed in parts. */
export function isLong(kernel: ContractionKernel): boolean {
  return kernel.sums.length === 1 && kernel.outputs[0].type === 'f32' && depthOf(kernel) > 2 * DEPTH;
}

/**
 * How many of the axes of sums are gone along around everything else, so that what the tiles go through stays in the cache: as
 * many as leave sums of a good length within. None where the operands are not large, or something is done to the sums.
 */
export function outerSums(kernel: ContractionKernel): number {
  const { sums, rows, columns, batch, outputs, results, values } = kernel;
  const isPlain = outputs.length === 1 && outputs[0].type === 'f32' && values[results[0]].kind === 'reduced';
  const tiles = batch.reduce(
    (count, axis) => (axis.right === 0 ? count * axis.extent : count),
    Math.ceil(rows.extent / ROWS),
  );
  let depth = depthOf(kernel);
  if (!isPlain || tiles < MANY_TILES || 4 * depth * columns.extent < LARGE) return 0;
  let count = 0;
  while (depth > DEPTH && count < sums.length - 1) depth /= sums[count++].extent;
  return count;
}

/** The least extent of the first axis of sums with which as many axes are gone along around everything else. */
export function leastOuter(kernel: ContractionKernel): number {
  const { columns, sums } = kernel;
  const others = depthOf(kernel) / sums[0].extent;
  return Math.ceil(Math.max(DEPTH + 1, LARGE / (4 * columns.extent)) / others);
}

/** Whether the sums are formed in parts, which lie in the first output between one and the next. */
export function isInParts(kernel: ContractionKernel): boolean {
  return isLong(kernel) || outerSums(kernel) > 0;
}

/** Whether columns of the right operand become rows of the panels four at a time. */
export function isTurned(kernel: ContractionKernel): boolean {
  const { right, extent } = kernel.sums[kernel.sums.length - 1];
  return tilingOf(kernel).packs && right === 1 && extent >= 4 && kernel.columns.right > 1;
}
