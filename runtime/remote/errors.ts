/**
 * The errors of servers as those of runs here: TensorFlow's class for the code, the server's text, and the operation that
 * the text names.
 */
import type { Graph } from '../../src/graph/graph.ts';
import { exceptionTypeFromErrorCode, type OpError } from '../../src/util/errors.ts';
import { StatusError } from './channel.ts';

/** The end of a text, `[[{{node loss}}]]` or `[[node loss …]]`; and a node that is named in the midst of one. */
const NODE = /\n?\s*\[\[(?:\{\{node ([^}\s]+)\}\}|node ([^\s\]]+)[^\]]*)\]\]/;
const NAMED = /\{\{node ([^}\s]+)\}\}/;
/** Where it comes from. */
const ORIGIN = /^From \/job:\S+:\n/;

/** What a server answered; other errors stay as they are. */
export function serverError(error: unknown, graph: Graph | null): unknown {
  return error instanceof StatusError ? statusError(error.code, error.details, graph) : error;
}

/** The error for a code and text. A node that the graph does not have is named without its type. */
export function statusError(code: number, text: string, graph: Graph | null): OpError {
  const match = NODE.exec(text);
  const name = match?.[1] ?? match?.[2] ?? NAMED.exec(text)?.[1];
  const id = name && graph ? graph.snapshot().find(name)?.id : undefined;
  const op = id !== undefined && graph ? graph.operation(id) : name ? { name } : null;
  const type = exceptionTypeFromErrorCode(code) as new (op: OpError['op'], message: string, code?: number) => OpError;
  const found = new type(op, (match ? text.slice(0, match.index) : text).replace(ORIGIN, ''), code);
  const site = id === undefined ? undefined : graph?.node(id).site;
  found.message = site ? `${text}\n\t built at ${site}` : text;
  return found;
}
