/** `inspect`: what is in a file, as a page for people or as JSON. Reading is `load.ts`'s, counting `flops.ts`'s work. */
import type { Graph } from '../../graph/graph.ts';
import { isV1ControlFlow } from '../../io/functionalize/items.ts';
import type { GraphDef } from '../../io/graph-def.ts';
import type { AttrValueDef, FunctionDef, NodeDef, TensorShapeProto } from '../../io/messages.ts';
import type { SignatureDef, TensorInfo } from '../../io/meta-graph/messages.ts';
import { findOpDef } from '../../ops/opdef/define.ts';
import type { DType } from '../../util/dtype.ts';
import type { KnownShape } from '../../util/shape.ts';
import { formatShapeBrackets, numElements, type Shape } from '../../util/shape.ts';
import { estimateFlops } from '../flops.ts';
import { type Checkpoint, type EventFacts, type Loaded, load } from '../load.ts';
import { buildGraph, type GraphPart, isInput, isVariable, outputsOf, partOf, saverParts } from '../model.ts';
import { counted, grouped, Page, scaled, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { parseFeed } from '../values.ts';

export interface InspectOptions {
  readonly json?: boolean;
  readonly tags?: string;
  readonly feed?: readonly string[];
}

interface TensorFacts {
  readonly name: string;
  readonly op?: string;
  readonly dtype: string | null;
  readonly shape: Shape;
  /** Elements; null where the shape leaves it open. */
  readonly parameters?: number | null;
}

export interface GraphFacts {
  readonly producer: number;
  readonly nodes: number;
  readonly ops: Readonly<Record<string, number>>;
  readonly inputs: readonly TensorFacts[];
  /** Null where the graph cannot be built; `problem` says why. */
  readonly outputs: readonly TensorFacts[] | null;
  readonly variables: readonly TensorFacts[];
  readonly parameters: number;
  /** Elements of constants. */
  readonly constants: number;
  readonly flops: { readonly total: number; readonly isPartial: boolean; readonly byOp: Record<string, number> } | null;
  readonly functions: readonly { name: string; inputs: string[]; outputs: string[]; nodes: number }[];
  readonly problem: string | null;
}

export async function inspect(file: string, options: InspectOptions, terminal: Terminal): Promise<void> {
  const loaded = await load(file);
  if (options.json) {
    await terminal.out(`${JSON.stringify(await jsonOf(loaded, options), null, 2)}\n`);
    return;
  }
  const page = new Page(terminal);
  const form = loaded.form === 'binary' ? '' : ` (${loaded.form})`;
  page.line(`${page.bold(loaded.path)}: ${KINDS[loaded.kind]}${form}, ${scaled(loaded.bytes, 'B')}`);
  if (loaded.kind === 'checkpoint') printCheckpoint(page, loaded);
  else if (loaded.kind === 'events') printEvents(page, loaded.events);
  else if (loaded.kind === 'records') {
    page.line(`${counted(loaded.count, 'record')} of ${loaded.lengths.join(' to ')} bytes`);
  } else {
    const part = await partOf(loaded, options);
    if (loaded.kind === 'SavedModel') printMetaGraphs(page, loaded.metaGraphs);
    printGraph(page, graphFacts(part, shapesOf(options)));
    printSignatures(page, part);
  }
  await page.print();
}

const KINDS: Readonly<Record<Loaded['kind'], string>> = {
  GraphDef: 'GraphDef',
  MetaGraphDef: 'MetaGraphDef',
  SavedModel: 'SavedModel',
  checkpoint: 'checkpoint',
  events: 'event file',
  records: 'TFRecord file',
};

/** Shapes of placeholders by the names of their nodes. */
export function shapesOf({ feed = [] }: { readonly feed?: readonly string[] }): Map<string, KnownShape> {
  return new Map(
    feed.map((text) => {
      const given = parseFeed(text);
      if (!('shape' in given)) throw new UsageError(`--feed ${text}: only a shape is wanted here, as in x:32,784`);
      return [given.name.replace(/:0$/, ''), given.shape];
    }),
  );
}

async function jsonOf(loaded: Loaded, options: InspectOptions): Promise<object> {
  const { path, kind, form, bytes } = loaded;
  const facts = { path, kind, form, bytes };
  if (loaded.kind === 'records') return { ...facts, records: loaded.count };
  if (loaded.kind === 'checkpoint') return { ...facts, tensors: tensorsOf(loaded) };
  if (loaded.kind === 'events') {
    const { count, kinds, tags } = loaded.events;
    return { ...facts, events: count, kinds: record(kinds), tags: [...tags.values()] };
  }
  const part = await partOf(loaded, options);
  return { ...facts, ...graphFacts(part, shapesOf(options)), signatures: signatureFacts(part) };
}

// ---------------------------------------------------------------------------------------------------------------------
// Graphs

/** What can be said of a graph whose ops are not known is taken from the file alone. */
export function graphFacts(part: GraphPart, shapes: ReadonlyMap<string, KnownShape>): GraphFacts {
  const { def } = part;
  let graph: Graph | null = null;
  let problem: string | null = null;
  try {
    graph = buildGraph(part, shapes);
  } catch (error) {
    problem = (error as Error).message;
  }
  const isSaver = saverParts(def.node);
  const flops = graph && estimateFlops(graph.snapshot());
  const variables = def.node.filter(({ op }) => isVariable(op)).map((node) => variableFacts(node));
  return {
    producer: def.versions.producer,
    nodes: def.node.length,
    ops: record(opCounts(def)),
    inputs: def.node.filter(({ name, op }) => isInput(op) && !isSaver(name)).map((node) => inputFacts(node, graph)),
    outputs: graph && outputFacts(graph),
    variables,
    parameters: variables.reduce((sum, { parameters }) => sum + (parameters ?? 0), 0),
    constants: constantsOf(def),
    flops: flops && { total: flops.total, isPartial: flops.isPartial, byOp: record(flops.byOp) },
    functions: def.library.function.map(functionFacts),
    problem,
  };
}

/** By number, then by name. */
function opCounts({ node }: GraphDef): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { op } of node) counts.set(op, (counts.get(op) ?? 0) + 1);
  return new Map([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}

/** For JSON: a key like any other, `__proto__` included. */
function record<V>(map: ReadonlyMap<string, V>): Record<string, V> {
  const object: Record<string, V> = Object.create(null);
  for (const [key, value] of map) object[key] = value;
  return object;
}

function inputFacts(node: NodeDef, graph: Graph | null): TensorFacts {
  const built = graph?.hasOperation(node.name) ? graph.getOperationByName(node.name).outputs[0] : null;
  return {
    name: node.name,
    op: node.op,
    dtype: typeIn(node, 'dtype')?.name ?? null,
    shape: built ? built.shape : shapeIn(node.attr.get('shape')),
  };
}

function outputFacts(graph: Graph): TensorFacts[] {
  return outputsOf(graph).flatMap(({ name, op, outputs }) =>
    outputs.map(({ dtype, shape }, i) => ({ name: i === 0 ? name : `${name}:${i}`, op, dtype: dtype.name, shape })),
  );
}

function variableFacts(node: NodeDef): TensorFacts {
  const shape = shapeIn(node.attr.get('shape'));
  return { name: node.name, dtype: typeIn(node, 'dtype')?.name ?? null, shape, parameters: numElements(shape) };
}

function constantsOf({ node, library }: GraphDef): number {
  const lists = [node, ...library.function.map(({ nodeDef }) => nodeDef)];
  let count = 0;
  for (const list of lists) {
    for (const { op, attr } of list) {
      const value = op === 'Const' ? attr.get('value') : undefined;
      if (value && 'tensor' in value) count += value.tensor.size;
    }
  }
  return count;
}

function functionFacts({ name, inputArg, outputArg, nodeDef }: FunctionDef) {
  const text = ({ name: arg, type }: FunctionDef['inputArg'][number]) => `${arg}: ${type?.name ?? '?'}`;
  return { name, inputs: inputArg.map(text), outputs: outputArg.map(text), nodes: nodeDef.length };
}

function typeIn({ attr }: NodeDef, key: string): DType | null {
  const value = attr.get(key);
  return value && 'type' in value ? value.type : null;
}

function shapeIn(value: AttrValueDef | undefined): Shape {
  return value && 'shape' in value ? shapeOf(value.shape) : null;
}

function shapeOf({ unknownRank, dim }: TensorShapeProto): Shape {
  return unknownRank ? null : dim.map((size) => (size < 0 ? null : size));
}

export function shapeText(shape: Shape): string {
  return shape === null ? '[*]' : formatShapeBrackets(shape);
}

function printGraph(page: Page, facts: GraphFacts): void {
  const kinds = Object.keys(facts.ops).length;
  page.line(`${counted(facts.nodes, 'node')} of ${counted(kinds, 'op type')}, producer ${facts.producer}`);
  if (facts.problem !== null) page.line(page.red(`cannot be built here: ${firstLine(facts.problem)}`));
  section(page, 'Inputs', facts.inputs, ({ name, dtype, shape }) => [name, dtype ?? '?', shapeText(shape)]);
  if (facts.outputs) {
    section(page, 'Outputs', facts.outputs, ({ name, op, dtype, shape }) => [
      name,
      op ?? '',
      dtype ?? '?',
      shapeText(shape),
    ]);
  }
  if (facts.variables.length > 0) {
    const { length } = facts.variables;
    page.heading('Variables', `${grouped(length)}, ${counted(facts.parameters, 'parameter')}`);
    page.table(
      facts.variables.map(({ name, dtype, shape, parameters }) => [
        name,
        dtype ?? '?',
        shapeText(shape),
        parameters ?? '?',
      ]),
    );
  }
  page.heading('Ops').table(Object.entries(facts.ops).map(([op, count]) => [op, count, known(op, facts)]));
  printFlops(page, facts);
  if (facts.functions.length > 0) {
    page.heading('Functions', grouped(facts.functions.length));
    page.table(
      facts.functions.map(({ name, inputs, outputs, nodes }) => [
        name,
        `(${inputs.join(', ')}) → ${outputs.join(', ') || 'nothing'}`,
        counted(nodes, 'node'),
      ]),
    );
  }
}

function known(op: string, { functions }: GraphFacts): string {
  const isBuiltIn = findOpDef(op) || isV1ControlFlow(op) || op === 'SymbolicGradient';
  return isBuiltIn || functions.some(({ name }) => name === op) ? '' : 'not known here';
}

function printFlops(page: Page, { flops, constants }: GraphFacts): void {
  page.heading('Size');
  page.line(`  ${counted(constants, 'element')} in constants`);
  if (!flops) return;
  const most = Object.entries(flops.byOp).slice(0, 3);
  const shares = most.map(([op, count]) => `${op} ${Math.round((100 * count) / flops.total)} %`);
  page.line(`  ${scaled(flops.total, 'FLOP')} a run (estimate)`);
  if (flops.total > 0) page.line(`  of these ${shares.join(', ')}`);
  if (flops.isPartial) page.line('  with 1 for every size that is not known: --feed NAME:SHAPE says it');
}

function section<T>(page: Page, title: string, items: readonly T[], row: (item: T) => (string | number)[]): void {
  if (items.length > 0) page.heading(title).table(items.map(row));
}

export function firstLine(text: string): string {
  return text.split('\n', 1)[0];
}

// ---------------------------------------------------------------------------------------------------------------------
// Meta graphs

function printMetaGraphs(page: Page, metaGraphs: Extract<Loaded, { kind: 'SavedModel' }>['metaGraphs']): void {
  const tags = metaGraphs.map(({ metaInfoDef }) => (metaInfoDef?.tags ?? []).join(',') || '(none)');
  page.line(`${counted(metaGraphs.length, 'meta graph')}, tags ${tags.join(' | ')}`);
}

function printSignatures(page: Page, { meta }: GraphPart): void {
  if (!meta) return;
  const row = (mark: string, [key, info]: [string, TensorInfo]) => [
    mark,
    key,
    info.name ?? '',
    info.elementType?.name ?? '?',
    shapeText(info.shape),
  ];
  for (const [name, signature] of meta.signatureDef) {
    page.heading(`Signature ${name}`, signature.methodName);
    page.table([
      ...[...signature.inputs].map((entry) => row('in', entry)),
      ...[...signature.outputs].map((entry) => row('out', entry)),
    ]);
  }
  if (meta.collectionDef.size > 0) {
    page.heading('Collections').line(`  ${[...meta.collectionDef.keys()].sort().join(', ')}`);
  }
}

function signatureFacts({ meta }: GraphPart): object {
  const tensors = (map: SignatureDef['inputs']) =>
    record(
      new Map(
        [...map].map(([key, info]) => [
          key,
          { name: info.name, dtype: info.elementType?.name ?? null, shape: info.shape },
        ]),
      ),
    );
  const facts = [...(meta?.signatureDef ?? [])].map(([name, { inputs, outputs, methodName }]) => {
    return [name, { method: methodName, inputs: tensors(inputs), outputs: tensors(outputs) }] as const;
  });
  return record(new Map(facts));
}

// ---------------------------------------------------------------------------------------------------------------------
// Checkpoints and events

function tensorsOf({ reader }: Checkpoint): TensorFacts[] {
  const types = reader.getVariableToDtypeMap();
  return [...reader.getVariableToShapeMap()].map(([name, shape]) => ({
    name,
    dtype: types.get(name)?.name ?? null,
    shape,
    parameters: numElements(shape),
  }));
}

function printCheckpoint(page: Page, checkpoint: Checkpoint): void {
  const tensors = tensorsOf(checkpoint);
  const elements = tensors.reduce((sum, { parameters }) => sum + (parameters ?? 0), 0);
  if (checkpoint.metaFile !== null) page.line(`its graph: ${checkpoint.metaFile}`);
  page.heading('Tensors', `${grouped(tensors.length)}, ${counted(elements, 'element')}`);
  page.table(
    tensors.map(({ name, dtype, shape, parameters }) => [name, dtype ?? '?', shapeText(shape), parameters ?? '?']),
  );
}

function printEvents(page: Page, { count, kinds, tags, firstTime, lastTime, graphDef }: EventFacts): void {
  page.line(`${counted(count, 'event')}, ${timeText(firstTime)} to ${timeText(lastTime)}`);
  page.heading('Events').table([...kinds].map(([kind, number]) => [kind, number]));
  if (tags.size > 0) {
    page
      .heading('Tags')
      .table(
        [...tags.values()].map(({ tag, kind, count: number, firstStep, lastStep, last }) => [
          tag,
          kind,
          number,
          firstStep === lastStep ? `step ${firstStep}` : `steps ${firstStep}–${lastStep}`,
          last === null ? '' : `last ${Number(last.toPrecision(6))}`,
        ]),
      );
  }
  if (graphDef) page.line().line('it holds a graph: export, run and check take it from here');
}

function timeText(seconds: number): string {
  return Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString().slice(0, 19) : '?';
}
