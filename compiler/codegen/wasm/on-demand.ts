/**
 * The wasm renderer where every byte is fetched: it is loaded when the backend starts. It stands in for `index.ts` by the
 * field `browser` of package.json; until `loadRenderer` is done nothing but that may be called.
 */
import type * as assembler from './assembler.ts';
import type * as features from './features.ts';
import type * as render from './render.ts';
import type * as sizes from './sizes.ts';

export let assemble: typeof assembler.assemble;
export let multiplyAddProbe: typeof features.multiplyAddProbe;
export let renderKernel: typeof render.renderKernel;
export let scratchOf: typeof render.scratchOf;
export let sizedKernel: typeof sizes.sizedKernel;

/** To be awaited before kernels are rendered. */
export async function loadRenderer(): Promise<void> {
  [{ assemble }, { multiplyAddProbe }, { renderKernel, scratchOf }, { sizedKernel }] = await Promise.all([
    import('./assembler.ts'),
    import('./features.ts'),
    import('./render.ts'),
    import('./sizes.ts'),
  ]);
}
