/** `export`: the graph of a file as a picture, or in another form of the file. Pictures are `src/viz`'s work. */

import { exportGraph } from '../../viz/export.ts';
import type { VizFormat } from '../../viz/formats/index.ts';
import type { GraphPart } from '../model.ts';
import { loadPart } from '../model.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { writeOutput } from '../values.ts';

const VIZ_FORMATS = [
  'html',
  'svg',
  'dot',
  'mermaid',
  'graphml',
  'graphlib',
  'cytoscape',
] as const satisfies VizFormat[];
export const FORMATS = [...VIZ_FORMATS, 'pb', 'pbtxt', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export interface ExportCommandOptions {
  readonly format?: Format;
  readonly output?: string;
  readonly tags?: string;
  readonly collapse?: string;
  readonly maxNodes?: number;
  readonly direction?: 'TB' | 'LR';
  /** False for `--no-constants`. */
  readonly constants?: boolean;
  readonly title?: string;
}

export async function exportCommand(file: string, options: ExportCommandOptions, terminal: Terminal): Promise<void> {
  const format = options.format ?? formatOf(options.output);
  const part = await loadPart(file, options);
  await deliver(await rendered(part, format, options), options.output, format, terminal);
}

/** What the name of the output asks for. */
function formatOf(output: string | undefined): Format {
  const ending = /\.(\w+)$/.exec(output ?? '')?.[1] ?? '';
  const found = FORMATS.find((format) => format === ({ mmd: 'mermaid', gv: 'dot' }[ending] ?? ending));
  if (!found) throw new UsageError(`say how to export with --format: ${FORMATS.join(', ')}`);
  return found;
}

async function rendered({ def, path }: GraphPart, format: Format, options: ExportCommandOptions) {
  if (format === 'pb') return def.toBinary();
  if (format === 'pbtxt') return def.toText();
  if (format === 'json') return `${JSON.stringify(def.toJson(), null, 2)}\n`;
  const { collapse } = options;
  return exportGraph(def, {
    format,
    direction: options.direction,
    maxNodes: options.maxNodes,
    showConstants: options.constants,
    collapse: collapse === undefined || !/^\d+$/.test(collapse) ? collapse?.split(',') : Number(collapse),
    title: options.title ?? path,
  });
}

/** To the file; without one to the terminal, which is not shown bytes. */
export async function deliver(
  content: string | Uint8Array,
  output: string | undefined,
  format: string,
  terminal: Terminal,
): Promise<void> {
  if (output !== undefined) {
    await writeOutput(output, typeof content === 'string' ? new TextEncoder().encode(content) : content);
    return;
  }
  if (typeof content !== 'string' && terminal.isTTY) {
    throw new UsageError(`${format} is binary: name a file with --output, or redirect the output`);
  }
  await terminal.out(typeof content !== 'string' || content.endsWith('\n') ? content : `${content}\n`);
}
