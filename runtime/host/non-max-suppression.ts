/** Host kernels that choose boxes by score, without those that overlap a better one too much. */
import { int32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { integers, invalid, rounded, scalarOf } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

interface Candidate {
  readonly index: number;
  score: number;
  /** How many of the chosen it has been compared with. */
  compared: number;
}

interface Limits {
  readonly count: number;
  readonly overlap: number;
  readonly score: number;
  /** 0: a score is kept or lost; else overlaps lower it by a Gaussian of this width. */
  readonly sigma: number;
}

/** What two boxes have in common, as a part of their union. */
function overlapOf(boxes: NdArray): (a: number, b: number) => number {
  if (boxes.rank !== 2 || boxes.shape[1] !== 4) throw invalid('boxes must have 4 columns');
  const data = boxes.data as Float32Array;
  const corners = (i: number) => {
    const [y1, x1, y2, x2] = data.subarray(4 * i, 4 * i + 4);
    return [Math.min(y1, y2), Math.min(x1, x2), Math.max(y1, y2), Math.max(x1, x2)];
  };
  return (a, b) => {
    const [p, q] = [corners(a), corners(b)];
    const [areaP, areaQ] = [p, q].map(([y1, x1, y2, x2]) => (y2 - y1) * (x2 - x1));
    if (areaP <= 0 || areaQ <= 0) return 0;
    const height = Math.max(0, Math.min(p[2], q[2]) - Math.max(p[0], q[0]));
    const width = Math.max(0, Math.min(p[3], q[3]) - Math.max(p[1], q[1]));
    return Math.fround((height * width) / (areaP + areaQ - height * width));
  };
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.score > b.score || (a.score === b.score && a.index < b.index);
}

/** Puts a candidate whose score fell back into its place; the best is last. */
function insert(queue: Candidate[], candidate: Candidate): void {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(queue[middle], candidate)) high = middle;
    else low = middle + 1;
  }
  queue.splice(low, 0, candidate);
}

function choose(scores: NdArray, overlap: (a: number, b: number) => number, limits: Limits): Candidate[] {
  const isSoft = limits.sigma > 0;
  const scale = isSoft ? -0.5 / limits.sigma : 0;
  const queue = Array.from(scores.data as Float32Array, (score, index): Candidate => ({ index, score, compared: 0 }))
    .filter(({ score }) => score > limits.score)
    .sort((a, b) => (isBefore(a, b) ? 1 : -1));
  const chosen: Candidate[] = [];
  while (chosen.length < limits.count) {
    const next = queue.pop();
    if (!next) break;
    const before = next.score;
    let isLost = false;
    for (let i = chosen.length - 1; i >= next.compared; i--) {
      const similarity = overlap(next.index, chosen[i].index);
      if (!isSoft && similarity > limits.overlap) {
        isLost = true;
        break;
      }
      if (isSoft) next.score = Math.fround(next.score * Math.fround(Math.exp(scale * similarity * similarity)));
      if (next.score <= limits.score) break;
    }
    next.compared = chosen.length;
    if (isLost) continue;
    if (next.score === before) chosen.push(next);
    else if (next.score > limits.score) insert(queue, next);
  }
  return chosen;
}

interface Kind {
  readonly overlaps?: boolean;
  readonly outputs: 'indices' | 'count' | 'scores';
}

const suppress =
  ({ overlaps, outputs }: Kind): HostKernel =>
  ([boxes, scores, countInput, overlapInput, scoreInput, sigmaInput], op) => {
    if (scores.rank !== 1 || scores.size !== boxes.shape[0]) throw invalid('scores has incompatible shape');
    const count = scalarOf(countInput);
    if (count < 0) throw invalid('max_output_size must be non-negative');
    const overlap = overlapInput ? scalarOf(overlapInput) : Math.fround(op.attr<number>('iou_threshold'));
    if (!overlaps && !(overlap >= 0 && overlap <= 1)) throw invalid('iou_threshold must be in [0, 1]');
    const sigma = sigmaInput ? scalarOf(sigmaInput) : 0;
    if (sigma < 0) throw invalid('soft_nms_sigma_val should be >= 0');
    const table = boxes.data as Float32Array;
    const measure = overlaps ? (a: number, b: number) => table[a * boxes.shape[1] + b] : overlapOf(boxes);
    const least = scoreInput ? scalarOf(scoreInput) : Number.NEGATIVE_INFINITY;
    const chosen = choose(scores, measure, { count: Math.min(count, scores.size), overlap, score: least, sigma });
    const isPadded = outputs !== 'indices' && op.attr<boolean>('pad_to_max_output_size');
    const length = isPadded ? count : chosen.length;
    const at = (i: number): Candidate | undefined => chosen[i];
    const indices = Int32Array.from({ length }, (_, i) => at(i)?.index ?? 0);
    const results = [new NdArray(int32, [length], indices)];
    if (outputs === 'scores') {
      const values = Float32Array.from({ length }, (_, i) => at(i)?.score ?? 0);
      results.push(rounded(scores.dtype, [length], values));
    }
    if (outputs !== 'indices') results.push(integers(int32, [], [chosen.length]));
    return results;
  };

defineHostKernels({
  NonMaxSuppression: suppress({ outputs: 'indices' }),
  NonMaxSuppressionV2: suppress({ outputs: 'indices' }),
  NonMaxSuppressionV3: suppress({ outputs: 'indices' }),
  NonMaxSuppressionV4: suppress({ outputs: 'count' }),
  NonMaxSuppressionV5: suppress({ outputs: 'scores' }),
  NonMaxSuppressionWithOverlaps: suppress({ overlaps: true, outputs: 'indices' }),
});
