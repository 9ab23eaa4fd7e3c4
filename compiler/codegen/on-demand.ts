/**
 * Code generation where every byte is fetched: it is loaded when a backend starts that generates. It stands in for
 * `index.ts` by the field `browser` of package.json; until `loadGenerator` is done nothing but that may be called.
 */
import type * as elements from './elements.ts';
import type * as generate from './generate.ts';
import type * as javascript from './javascript.ts';
import type * as loops from './loop-builder.ts';
import type * as renderers from './renderers.ts';
import type * as rewrites from './rewrites.ts';
import type * as tiling from './wasm/tiling.ts';

export let canGenerate: typeof generate.canGenerate;
export let generateLoop: typeof generate.generateLoop;
export let generateOwn: typeof generate.generateOwn;
export let isElementOp: typeof elements.isElementOp;
export type { ScalarFunction } from './javascript.ts';
export let scalarFunction: typeof javascript.scalarFunction;
export let isLoopOp: typeof loops.isLoopOp;
export let isView: typeof loops.isView;
export let LoopBuilder: typeof loops.LoopBuilder;
export let placesOf: typeof loops.placesOf;
export let loopRules: typeof renderers.loopRules;
export let rewriteOf: typeof rewrites.rewriteOf;
export let isInParts: typeof tiling.isInParts;

/** Whether a target can generate yet. */
export function hasGenerator(): boolean {
  return loopRules !== undefined;
}

/** To be awaited before a target generates. */
export async function loadGenerator(): Promise<void> {
  [
    { canGenerate, generateLoop, generateOwn },
    { isElementOp },
    { scalarFunction },
    { isLoopOp, isView, LoopBuilder, placesOf },
    { loopRules },
    { rewriteOf },
    { isInParts },
  ] = await Promise.all([
    import('./generate.ts'),
    import('./elements.ts'),
    import('./javascript.ts'),
    import('./loop-builder.ts'),
    import('./renderers.ts'),
    import('./rewrites.ts'),
    import('./wasm/tiling.ts'),
  ]);
}
