/**
 * The compiler as people experiment with it: `compile` gives the plan and the IR after every pass as values, and both
 * print. Sessions compile by themselves.
 */
import { hasGenerator } from '../compiler/codegen/index.ts';
import {
  type Compiled,
  compile as compileRequest,
  type Feed,
  type Request,
  type UserPass,
} from '../compiler/compile.ts';
import type { Target } from '../compiler/lowering/lowering.ts';
import { makeTarget } from '../compiler/lowering/target.ts';
import { getDefaultGraph } from '../src/graph/default-graph.ts';
import { type Graph, Operation, Tensor } from '../src/graph/graph.ts';
import { ValueError } from '../src/util/errors.ts';
import { asShape, formatShape, isCompatible, isFullyDefined, type ShapeLike } from '../src/util/shape.ts';
import { defaultBackendName, mayHaveKernel } from './backends/index.ts';
import type { ConfigProto } from './config.ts';
import { feedTensor } from './feeds.ts';
import { FetchPlan } from './fetches.ts';
import { evaluate } from './host/evaluate.ts';
import { hasHostKernel } from './host/index.ts';

/** Tensors that will be fed, each with the shape of its value where that does not follow from its static shape. */
export type CompileFeeds = readonly (Tensor | string | readonly [tensor: Tensor | string, shape: ShapeLike])[];

export interface CompileOptions {
  readonly feeds?: CompileFeeds;
  /** False: only the passes that no plan can do without; or a list of names to leave out and passes to put in. */
  readonly passes?: boolean | readonly (string | UserPass)[];
  /** `wasm`, `webgl`, `cpu`, or `host` for no backend at all; what sessions use by default. */
  readonly target?: string;
  /** False: without kernels that the compiler generates. */
  readonly codegen?: boolean;
  /** The graph of the fetches, or the default one. */
  readonly graph?: Graph;
}

/**
 * Compiles without running anything: the plan, and the IR as taken from the graph and after every pass. The backend need
 * not have been started; in a page, generated kernels are part of plans once a backend that takes them has been.
 *
 *     const {plan, stages} = tf.compile(loss, {feeds: [[x, [32, 784]]], passes: ['fuse', {after: 'cse', pass}]});
 *     stages.map((stage) => stage.pass)
 */
export function compile(fetches: object | string, options: CompileOptions = {}): Compiled {
  const name = options.target ?? defaultBackendName();
  const target = makeTarget(name, {
    hasKernel: (kernel) => mayHaveKernel(name, kernel),
    hasHost: hasHostKernel,
    codegen: options.codegen !== false && hasGenerator(),
  });
  const graph = options.graph ?? graphOf(fetches);
  const { passes = true } = options;
  const listed = typeof passes === 'boolean' ? [] : passes;
  return compileRequest(graph.snapshot(), requestOf(graph, fetches, options.feeds), target, {
    passes: typeof passes === 'boolean' ? passes : listed.filter((item) => typeof item === 'string'),
    userPasses: listed.filter((item) => typeof item !== 'string'),
    evaluate,
  });
}

/** How a session compiles the request, as text. */
export async function explainRequest(
  graph: Graph,
  request: Request,
  target: Target,
  config: ConfigProto,
): Promise<string> {
  const snapshot = graph.snapshot();
  const { passes, userPasses } = config;
  const { explain } = await import('../compiler/explain.ts');
  return explain(snapshot, request, compileRequest(snapshot, request, target, { passes, userPasses, evaluate }));
}

/** The request for fetches and feeds that have shapes, but no values. */
export function requestOf(graph: Graph, fetches: unknown, feeds: CompileFeeds = []): Request {
  const { endpoints, targets } = new FetchPlan(graph, fetches);
  return { fetches: endpoints, targets, feeds: feeds.map((feed) => compileFeed(graph, feed)) };
}

function compileFeed(graph: Graph, feed: CompileFeeds[number]): Feed {
  const [key, given] = feed instanceof Tensor || typeof feed === 'string' ? [feed, undefined] : feed;
  const tensor = feedTensor(graph, key);
  const shape = given === undefined ? tensor.shape : asShape(given);
  if (!isFullyDefined(shape)) {
    throw new ValueError(
      `Give the shape that ${tensor.name} is fed with: its static shape is ${formatShape(tensor.shape)}.`,
    );
  }
  if (!isCompatible(shape, tensor.shape)) {
    throw new ValueError(
      `Cannot feed value of shape ${formatShape(shape)} for Tensor ${tensor.name}, which has shape ${formatShape(tensor.shape)}`,
    );
  }
  return { endpoint: tensor.endpoint, dtype: tensor.dtype, shape };
}

/** The graph of the first tensor or operation in the structure. */
function graphOf(fetches: unknown): Graph {
  const stack: unknown[] = [fetches];
  while (stack.length > 0) {
    const item = stack.pop();
    if (item instanceof Tensor || item instanceof Operation) return item.graph;
    if (typeof item !== 'object' || item === null) continue;
    if ('asGraphElement' in item) stack.push((item as { asGraphElement(): unknown }).asGraphElement());
    else stack.push(...Object.values(item).reverse());
  }
  return getDefaultGraph();
}
