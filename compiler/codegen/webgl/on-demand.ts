/**
 * The renderer of WebGL programs where every byte is fetched: it is loaded when the backend starts. It stands in for
 * `index.ts` by the field `browser` of package.json; until `loadPrograms` is done nothing but that may be called.
 */
import type * as javascript from '../javascript.ts';
import type * as layout from './layout.ts';
import type * as part from './part.ts';
import type * as render from './render.ts';
import type * as split from './split.ts';

export let runKernel: typeof javascript.runKernel;
export let flatLayout: typeof layout.flatLayout;
export let packedLayout: typeof layout.packedLayout;
export let partOf: typeof part.partOf;
export let renderProgram: typeof render.renderProgram;
export let splitReduction: typeof split.splitReduction;

/** To be awaited before kernels are rendered. */
export async function loadPrograms(): Promise<void> {
  const loaded = await Promise.all([
    import('../javascript.ts'),
    import('./layout.ts'),
    import('./part.ts'),
    import('./render.ts'),
    import('./split.ts'),
  ]);
  [{ runKernel }, { flatLayout, packedLayout }, { partOf }, { renderProgram }, { splitReduction }] = loaded;
}
