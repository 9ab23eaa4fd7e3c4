/**
 * What the runtime asks of the wasm renderer. In bundles for browsers `on-demand.ts` stands in its place.
 */
export { assemble } from './assembler.ts';
export { type Features, multiplyAddProbe } from './features.ts';
export { renderKernel, scratchOf } from './render.ts';
export { type SizedKernel, sizedKernel } from './sizes.ts';

/** To be awaited before kernels are rendered; here everything is loaded already. */
export async function loadRenderer(): Promise<void> {}
