/** `tf.viz`: pictures of graphs. It names what there is; the work is `viz/`'s. */
export { type DotOptions, toDot } from './viz/dot.ts';
export { type Drawable, exportGraph as export, type VizOptions } from './viz/export.ts';
export type { LoadedFormat, TextFormat, VizFormat } from './viz/formats/index.ts';
export type { RunMetadataLike, ViewOptions } from './viz/view.ts';
