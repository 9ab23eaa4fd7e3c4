/** What is done to gradients before they are applied: clipping, in Keras's order, and functions of the user's. */
import type { Gradient } from '../../autodiff/registry.ts';
import type { Tensor } from '../../graph/graph.ts';
import { type Clipped, clipByGlobalNorm, clipByNorm, clipByValue } from '../../ops/clip.ts';
import { IndexedSlices } from '../../ops/indexed-slices.ts';
import type { Variable } from '../../variables/variable.ts';

/** A gradient with the variable that it is for; null where there is none. */
export type GradientAndVariable = readonly [gradient: Gradient, variable: Variable];
/** A gradient that is there. */
export type GradientPair = readonly [gradient: Tensor | IndexedSlices, variable: Variable];
/** Changes the gradients of a step. */
export type GradientTransformer = (gradsAndVars: readonly GradientPair[]) => readonly GradientPair[];

export interface Transformations {
  readonly clipvalue: number | null;
  readonly clipnorm: number | null;
  readonly globalClipnorm: number | null;
  readonly gradientTransformers: readonly GradientTransformer[];
}

export function transformGradients(pairs: readonly GradientPair[], how: Transformations): readonly GradientPair[] {
  const { clipvalue, clipnorm, globalClipnorm } = how;
  let ready = pairs;
  if (clipvalue !== null) {
    ready = each(ready, (gradient) =>
      gradient instanceof IndexedSlices
        ? clipByValue(gradient, -clipvalue, clipvalue)
        : clipByValue(gradient, -clipvalue, clipvalue),
    );
  }
  if (clipnorm !== null) {
    ready = each(ready, (gradient) =>
      gradient instanceof IndexedSlices ? clipByNorm(gradient, clipnorm) : clipByNorm(gradient, clipnorm),
    );
  }
  if (globalClipnorm !== null) {
    const [clipped] = clipByGlobalNorm(
      ready.map(([gradient]) => gradient),
      globalClipnorm,
    );
    ready = ready.map(([, variable], i) => [clipped[i] as NonNullable<Clipped>, variable]);
  }
  for (const transform of how.gradientTransformers) ready = transform(ready);
  return ready;
}

function each(
  pairs: readonly GradientPair[],
  clip: (gradient: Tensor | IndexedSlices) => Tensor | IndexedSlices,
): GradientPair[] {
  return pairs.map(([gradient, variable]) => [clip(gradient), variable]);
}
