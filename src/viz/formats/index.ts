/** THE list of formats. A new one is a file beside this and a line here. */
import type { VizModel } from '../model.ts';
import { makeView, type ViewOptions } from '../view.ts';
import { writeCytoscape } from './cytoscape.ts';
import { writeDot } from './dot.ts';
import { writeGraphlib } from './graphlib.ts';
import { writeGraphml } from './graphml.ts';
import { writeHtml } from './html.ts';
import { writeMermaid } from './mermaid.ts';
import { writeSvg } from './svg.ts';

/** Formats that come as text at once. */
export const TEXT_FORMATS = {
  dot: (model: VizModel, options: ViewOptions) => writeDot(makeView(model, options, Infinity, false)),
  // Mermaid refuses charts of more than 500 edges.
  mermaid: (model: VizModel, options: ViewOptions) => writeMermaid(makeView(model, options, 150, true)),
  graphml: (model: VizModel, options: ViewOptions) => writeGraphml(makeView(model, options, Infinity, false)),
  graphlib: (model: VizModel, options: ViewOptions) => writeGraphlib(makeView(model, options, Infinity, false)),
  cytoscape: (model: VizModel, options: ViewOptions) => writeCytoscape(makeView(model, options, Infinity, false)),
} as const;

/** Formats that load what they are made with first. */
export const LOADED_FORMATS = {
  svg: (model: VizModel, options: ViewOptions) => writeSvg(makeView(model, options, 300, true)),
  html: writeHtml,
} as const;

export type TextFormat = keyof typeof TEXT_FORMATS;
export type LoadedFormat = keyof typeof LOADED_FORMATS;
export type VizFormat = TextFormat | LoadedFormat;
