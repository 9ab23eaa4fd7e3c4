/** How much each example counts: weights per sample, and per class. */
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import { float32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import type { DataArray } from './data.ts';

/** What the examples of a class count: by the class's number. */
export type ClassWeight = ReadonlyMap<number, number> | { readonly [label: number]: number };

/**
 * The weights of the examples of one output: those given, times those of their classes. Null where neither is given.
 * Throws `ValueError` for a class without a weight, and for targets that do not name classes.
 */
export function sampleWeights(
  sampleWeight: DataArray | null,
  classWeight: ClassWeight | null,
  target: NdArray,
): NdArray | null {
  const given = sampleWeight === null ? null : toNdArray(sampleWeight as ArrayValue, float32);
  if (given && given.rank > target.rank) {
    throw new ValueError(
      `Found a sample_weight array with shape (${given.shape.join(', ')}) for a target of shape (${target.shape.join(', ')}). sample_weight cannot be broadcast.`,
    );
  }
  if (given && given.shape[0] !== target.shape[0]) {
    throw new ValueError(
      `Found a sample_weight array with shape (${given.shape.join(', ')}) for an input with shape (${target.shape.join(', ')}). sample_weight cannot be broadcast.`,
    );
  }
  if (!classWeight) return given;
  const classes = classesOf(target);
  const table =
    classWeight instanceof Map ? classWeight : new Map(Object.entries(classWeight).map(([k, w]) => [Number(k), w]));
  const missing = new Set<number>();
  const weights = Float32Array.from(classes, (label, i) => {
    const weight = table.get(label);
    if (weight === undefined) missing.add(label);
    return (weight ?? 0) * (given ? Number(given.data[i]) : 1);
  });
  if (missing.size > 0) {
    throw new ValueError(
      `\`class_weight\` must contain all classes in the data. The classes {${[...missing].join(', ')}} exist in the data but not in \`class_weight\`.`,
    );
  }
  return new NdArray(float32, [weights.length], weights);
}

/** The class of each example: the number itself, or the place of the largest of its row. */
function classesOf({ shape, data, rank }: NdArray): number[] {
  if (rank > 2) throw new ValueError('`class_weight` not supported for 3+ dimensional targets.');
  const rows = shape[0];
  const width = shape[1] ?? 1;
  return Array.from({ length: rows }, (_, i) => {
    if (width === 1) return Number(data[i]);
    let best = 0;
    for (let j = 1; j < width; j++) if (Number(data[i * width + j]) > Number(data[i * width + best])) best = j;
    return best;
  });
}
