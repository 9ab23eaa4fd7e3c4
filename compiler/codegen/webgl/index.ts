/**
 * What the runtime asks of the renderer of WebGL programs. In bundles for browsers `on-demand.ts` stands in its place.
 */
export { runKernel } from '../javascript.ts';
export { flatLayout, packedLayout } from './layout.ts';
export { type Part, partOf } from './part.ts';
export { type Program, renderProgram, type Source } from './render.ts';
export { type Split, splitReduction } from './split.ts';

/** To be awaited before kernels are rendered; here everything is loaded already. */
export async function loadPrograms(): Promise<void> {}
