/** `run`: computes tensors of a file's graph. Values in and out are `values.ts`'s, variables `model.ts`'s work. */
import { Operation, type Tensor } from '../../graph/graph.ts';
import type { NdArray } from '../../util/ndarray.ts';
import {
  buildGraph,
  type FetchOptions,
  feedNamed,
  fetchesOf,
  loadPart,
  neededInputs,
  openSession,
  type SessionOptions,
} from '../model.ts';
import { Page, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { parseFeed, readValue, resultsAsJson, writeResults } from '../values.ts';
import { shapeText } from './inspect.ts';

export interface RunCommandOptions extends FetchOptions, SessionOptions {
  readonly feed?: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
  readonly tags?: string;
}

export async function run(file: string, options: RunCommandOptions, terminal: Terminal): Promise<void> {
  const feeds = (options.feed ?? []).map((text) => {
    const given = parseFeed(text);
    if (!('value' in given)) throw new UsageError(`--feed ${text}: a value is wanted here: NAME=FILE or NAME=JSON`);
    return given;
  });
  const part = await loadPart(file, options);
  const graph = buildGraph(part);
  const fetches = fetchesOf(part, graph, options);
  const fed: [Tensor, NdArray][] = [];
  for (const { name, value } of feeds) {
    const tensor = feedNamed(part, graph, name, options.signature);
    fed.push([tensor, await readValue(value, tensor.dtype)]);
  }
  refuseMissing(
    neededInputs(
      graph,
      fetches.values(),
      fed.map(([tensor]) => tensor),
    ),
  );
  using session = await openSession(part, graph, options);
  const values = await session.run([...fetches.values()], fed);
  const results = new Map<string, NdArray>();
  [...fetches.keys()].forEach((name, i) => {
    if (values[i] !== null) results.set(name, values[i] as NdArray);
  });
  if (options.out !== undefined) await writeResults(options.out, results);
  else if (options.json) await terminal.out(`${resultsAsJson(results)}\n`);
  else await print(fetches, results, terminal);
}

/** All of them at once: a session names only the first. */
function refuseMissing(missing: readonly Tensor[]): void {
  if (missing.length === 0) return;
  const list = missing.map(({ op, dtype, shape }) => `${op.name} (${dtype.name} ${shapeText(shape)})`);
  throw new UsageError(`feed ${list.join(', ')}: --feed NAME=FILE`);
}

async function print(
  fetches: ReadonlyMap<string, Tensor | Operation>,
  results: ReadonlyMap<string, NdArray>,
  terminal: Terminal,
): Promise<void> {
  const page = new Page(terminal);
  for (const [name, element] of fetches) {
    const value = results.get(name);
    if (element instanceof Operation || !value) page.line(`${page.bold(name)}: done`);
    else page.line(`${page.bold(name)} ${value.dtype.name} ${shapeText(value.shape)}`).line(String(value));
  }
  await page.print();
}
