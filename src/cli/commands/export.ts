/** `export`: the graph of a file as a picture, or in another form of the file. Pictures are `src/viz`'s work. */

import { parseRunMetadata, type RunRecord } from '../../io/events/run-metadata.ts';
import { exportGraph } from '../../viz/export.ts';
import type { VizFormat } from '../../viz/formats/index.ts';
import { type Loaded, load } from '../load.ts';
import type { GraphPart } from '../model.ts';
import { partOf } from '../model.ts';
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
  /** The tag of a traced run in an event file. */
  readonly run?: string;
}

export async function exportCommand(file: string, options: ExportCommandOptions, terminal: Terminal): Promise<void> {
  const format = options.format ?? formatOf(options.output);
  const loaded = await load(file);
  const runMetadata = options.run === undefined ? null : runOf(loaded, options.run);
  const part = await partOf(loaded, options);
  await deliver(await rendered(part, format, options, runMetadata), options.output, format, terminal);
}

/** What the name of the output asks for. */
function formatOf(output: string | undefined): Format {
  const ending = /\.(\w+)$/.exec(output ?? '')?.[1] ?? '';
  const found = FORMATS.find((format) => format === ({ mmd: 'mermaid', gv: 'dot' }[ending] ?? ending));
  if (!found) throw new UsageError(`say how to export with --format: ${FORMATS.join(', ')}`);
  return found;
}

/** What the traced run of an event file told of itself. */
function runOf(loaded: Loaded, tag: string): RunRecord {
  if (loaded.kind !== 'events') throw new UsageError(`${loaded.path}: --run is for event files`);
  const { runs } = loaded.events;
  const bytes = runs.get(tag);
  if (bytes) return parseRunMetadata(bytes);
  const known = [...runs.keys()].map((name) => `'${name}'`).join(', ');
  throw new UsageError(`${loaded.path}: no traced run '${tag}'; there is ${known || 'none'}`);
}

async function rendered(
  { def, path }: GraphPart,
  format: Format,
  options: ExportCommandOptions,
  runMetadata: RunRecord | null,
) {
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
    runMetadata,
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
