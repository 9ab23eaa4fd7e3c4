/** Sums of losses in the graph. */
import type { Tensor } from '../../graph/graph.ts';
import { addN } from '../../ops/sums.ts';
import { float32, float64 } from '../../util/dtype.ts';

/** The sum of losses, in the widest of their types. */
export function accumulate(losses: readonly Tensor[]): Tensor {
  if (losses.length === 1) return losses[0];
  const dtype = losses.some((loss) => loss.dtype === float64)
    ? float64
    : (losses.find((loss) => loss.dtype !== float32)?.dtype ?? float32);
  const common = losses.some((loss) => loss.dtype === float32) && dtype !== float64 ? float32 : dtype;
  return addN(losses.map((loss) => (loss.dtype === common ? loss : loss.cast(common))));
}
