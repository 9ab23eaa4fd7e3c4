/** `bench`: how long a run takes. Values that are not given are random. */
import type { Tensor } from '../../graph/graph.ts';
import type { NdArray } from '../../util/ndarray.ts';
import {
  buildGraph,
  type FetchOptions,
  feedNamed,
  fetchesOf,
  filledShape,
  loadPart,
  neededInputs,
  openSession,
  type SessionOptions,
} from '../model.ts';
import { startTarget } from '../targets.ts';
import { Page, type Terminal } from '../terminal.ts';
import { parseFeed, randomValue, readValue } from '../values.ts';
import { shapeText } from './inspect.ts';

export interface BenchOptions extends FetchOptions, SessionOptions {
  readonly feed?: readonly string[];
  readonly runs?: number;
  readonly warmup?: number;
  readonly json?: boolean;
  readonly tags?: string;
}

export async function bench(file: string, options: BenchOptions, terminal: Terminal): Promise<void> {
  const { runs = 30, warmup = 5 } = options;
  const part = await loadPart(file, options);
  const graph = buildGraph(part);
  const fetches = fetchesOf(part, graph, options);
  const feeds: [Tensor, NdArray][] = [];
  for (const text of options.feed ?? []) {
    const given = parseFeed(text);
    const tensor = feedNamed(part, graph, given.name, options.signature);
    feeds.push([
      tensor,
      'value' in given ? await readValue(given.value, tensor.dtype) : randomValue(tensor.dtype, given.shape),
    ]);
  }
  const given = feeds.map(([tensor]) => tensor);
  for (const tensor of neededInputs(graph, fetches.values(), given)) {
    feeds.push([tensor, randomValue(tensor.dtype, filledShape(tensor.shape))]);
  }
  const target = await startTarget(options.target);
  using session = await openSession(part, graph, { ...options, target });
  const wanted = [...fetches.values()];
  const call = session.makeCallable(
    wanted,
    feeds.map(([tensor]) => tensor),
  );
  const values = feeds.map(([, value]) => value);
  const start = performance.now();
  await call(...values);
  const first = performance.now() - start;
  for (let i = 1; i < warmup; i++) await call(...values);
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const begin = performance.now();
    await call(...values);
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  const facts = {
    target,
    runs,
    first,
    median: quantile(times, 0.5),
    fastest: times[0],
    p90: quantile(times, 0.9),
    slowest: times[times.length - 1],
  };
  if (options.json) {
    await terminal.out(`${JSON.stringify(facts)}\n`);
    return;
  }
  const page = new Page(terminal);
  page.line(`${[...fetches.keys()].join(', ')} on ${target}, ${runs} runs after ${warmup} to warm up`);
  for (const [tensor, value] of feeds) page.line(`fed: ${tensor.name} ${value.dtype.name} ${shapeText(value.shape)}`);
  page.heading('Milliseconds a run').table([
    ['median', milliseconds(facts.median)],
    ['fastest', milliseconds(facts.fastest)],
    ['9 of 10 below', milliseconds(facts.p90)],
    ['slowest', milliseconds(facts.slowest)],
    ['the first, which compiles', milliseconds(first)],
  ]);
  await page.print();
}

function quantile(sorted: readonly number[], part: number): number {
  const position = part * (sorted.length - 1);
  const below = sorted[Math.floor(position)];
  return below + (position % 1) * (sorted[Math.ceil(position)] - below);
}

function milliseconds(time: number): string {
  return time.toPrecision(3);
}
