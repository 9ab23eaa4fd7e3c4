/**
 * What passes and plans ask of code generation, for whichever target. They ask it only of targets that generate. In bundles
 * for browsers `on-demand.ts` stands in its place.
 */
export { isElementOp } from './elements.ts';
export { canGenerate, type Generated, generateLoop, generateOwn } from './generate.ts';
export { type ScalarFunction, scalarFunction } from './javascript.ts';
export { isLoopOp, isView, LoopBuilder, placesOf } from './loop-builder.ts';
export type { LoopRules } from './loop-rules.ts';
export { loopRules } from './renderers.ts';
export { rewriteOf } from './rewrites.ts';
export { isInParts } from './wasm/tiling.ts';

/** Whether a target can generate yet. */
export function hasGenerator(): boolean {
  return true;
}

/** To be awaited before a target generates; here everything is loaded already. */
export async function loadGenerator(): Promise<void> {}
