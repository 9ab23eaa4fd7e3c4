/** `convert`: a graph with variables, and their values, to one with constants: what runs on its own anywhere. */
import { convertVariablesToConstants, removeTrainingNodes } from '../../io/graph-util.ts';
import { InvalidArgumentError } from '../../util/errors.ts';
import {
  buildGraph,
  type FetchOptions,
  fetchesOf,
  isVariable,
  loadPart,
  openSession,
  type SessionOptions,
} from '../model.ts';
import { counted, scaled, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { deliver } from './export.ts';

export interface ConvertOptions extends FetchOptions, SessionOptions {
  readonly output?: string;
  readonly format?: 'pb' | 'pbtxt' | 'json';
  readonly tags?: string;
  readonly clean?: boolean;
}

export async function convert(file: string, options: ConvertOptions, terminal: Terminal): Promise<void> {
  const format = options.format ?? formatOf(options.output);
  const part = await loadPart(file, options);
  const graph = buildGraph(part);
  const fetches = fetchesOf(part, graph, options);
  const names = [...new Set([...fetches.values()].map(({ name }) => name.replace(/:\d+$/, '')))];
  const hasVariables = part.def.node.some(({ op }) => isVariable(op));
  if (hasVariables && part.checkpoint === null && options.checkpoint === undefined && !options.init?.length) {
    throw new UsageError(`${file} has variables: name the checkpoint with their values with --checkpoint PREFIX`);
  }
  using session = await openSession(part, graph, options);
  let frozen = await convertVariablesToConstants(session, part.def, names);
  if (options.clean) frozen = removeTrainingNodes(frozen, names);
  const left = frozen.node.find(({ op }) => isVariable(op));
  if (left) throw new InvalidArgumentError(null, `the variable '${left.name}' could not be made a constant`);
  const content =
    format === 'pb'
      ? frozen.toBinary()
      : format === 'pbtxt'
        ? frozen.toText()
        : `${JSON.stringify(frozen.toJson(), null, 2)}\n`;
  await deliver(content, options.output, format, terminal);
  if (options.output !== undefined) {
    const size = scaled(content.length, 'B');
    await terminal.out(
      `${options.output}: ${counted(frozen.node.length, 'node')}, ${size}; outputs ${names.join(', ')}\n`,
    );
  }
}

function formatOf(output: string | undefined): 'pb' | 'pbtxt' | 'json' {
  if (output?.endsWith('.pbtxt')) return 'pbtxt';
  return output?.endsWith('.json') ? 'json' : 'pb';
}
