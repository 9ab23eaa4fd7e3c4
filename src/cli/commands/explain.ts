/** `explain`: how a request is compiled: the part of the graph, the IR after each pass that changed it, the plan. */
import { explain } from '../../../compiler/explain.ts';
import { type CompileFeeds, compile, requestOf } from '../../../runtime/compile.ts';
import type { Graph, Operation, Tensor } from '../../graph/graph.ts';
import type { KnownShape } from '../../util/shape.ts';
import {
  buildGraph,
  type Fetched,
  type FetchOptions,
  feedNamed,
  fetchesOf,
  filledShape,
  type GraphPart,
  loadPart,
  neededInputs,
} from '../model.ts';
import { startTarget } from '../targets.ts';
import { Page, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { parseFeed } from '../values.ts';
import { shapeText } from './inspect.ts';

export interface ExplainOptions extends FetchOptions {
  readonly feed?: readonly string[];
  readonly target?: string;
  readonly tags?: string;
  /** False for `--no-passes`. */
  readonly passes?: boolean;
}

export async function explainCommand(file: string, options: ExplainOptions, terminal: Terminal): Promise<void> {
  const part = await loadPart(file, options);
  const graph = buildGraph(part);
  const fetches = fetchesOf(part, graph, options);
  const feeds = feedShapes(part, graph, fetches, options);
  const target = await startTarget(options.target);
  const wanted = [...fetches.values()];
  const given: CompileFeeds = feeds;
  const compiled = compile(wanted, { graph, feeds: given, target, passes: options.passes ?? true });
  const page = new Page(terminal);
  page.line(`${[...fetches.keys()].join(', ')} on ${target}`);
  for (const [tensor, shape] of feeds) page.line(`fed: ${tensor.name} ${tensor.dtype.name} ${shapeText(shape)}`);
  page.line().line(explain(graph.snapshot(), requestOf(graph, wanted, given), compiled).trimEnd());
  await page.print();
}

/** What is fed, by shape: as told by `--feed`, and what is needed besides with 1 for every size that is not known. */
export function feedShapes(
  part: GraphPart,
  graph: Graph,
  fetches: Fetched | ReadonlyMap<string, Tensor | Operation>,
  { feed = [], signature }: { readonly feed?: readonly string[]; readonly signature?: string },
): [Tensor, KnownShape][] {
  const given = feed.map((text): [Tensor, KnownShape] => {
    const option = parseFeed(text);
    if (!('shape' in option)) throw new UsageError(`--feed ${text}: a shape is wanted here, as in x:32,784`);
    return [feedNamed(part, graph, option.name, signature), option.shape];
  });
  const rest = neededInputs(
    graph,
    fetches.values(),
    given.map(([tensor]) => tensor),
  );
  return [...given, ...rest.map((tensor): [Tensor, KnownShape] => [tensor, filledShape(tensor.shape)])];
}
