/**
 * A graph as the messages of files: its nodes, and the functions that their attributes hold as a library. Bytes and text
 * are `graph-def.ts`'s work, control flow in TF1's own form that of `lower-control-flow/`.
 */
import type { ExportOptions } from '../graph/exporter.ts';
import { GraphFunction } from '../graph/function.ts';
import { Node, type NodeId } from '../graph/node.ts';
import type { GraphSnapshot } from '../graph/snapshot.ts';
import { ValueError } from '../util/errors.ts';
import { sameShape } from '../util/shape.ts';
import { type FunctionNames, shapeProto } from './export-attrs.ts';
import { initialValues } from './export-loops.ts';
import { argName, Names } from './export-names.ts';
import { lowerFunction, lowerGraph } from './lower-control-flow/lower.ts';
import { needed } from './lower-control-flow/needed.ts';
import { type Ref, Writer } from './lower-control-flow/writer.ts';
import type { FunctionDef, FunctionDefLibrary, NodeDef } from './messages.ts';

/** The nodes of a graph and the functions that they need, in the order in which they come up. */
export function exportNodes(
  snapshot: GraphSnapshot,
  options: ExportOptions,
): { readonly node: NodeDef[]; readonly library: FunctionDefLibrary } {
  const { controlFlow = 'functional' } = options;
  if (controlFlow !== 'functional' && controlFlow !== 'v1') {
    throw new ValueError(`controlFlow must be 'functional' or 'v1'. Received: ${String(controlFlow)}`);
  }
  const functions = new FunctionExport(controlFlow);
  const taken = new Names([...snapshot.nodes()].map(({ name }) => name));
  const writer = new Writer('graph', taken, functions, options.addShapes ?? false);
  const from = options.fromVersion ?? 0;
  const node = controlFlow === 'v1' ? lowerGraph(writer, snapshot, from) : writeNodes(writer, snapshot, from);
  return { node, library: { function: functions.finish(), gradient: [] } };
}

/**
 * A graph that is written piece by piece while it grows, as sessions on servers do: what a piece names holds for those
 * after it, also functions, and nodes that the graph itself does not have.
 */
export class GraphStream {
  private readonly functions = new FunctionExport('functional');
  private readonly names = new Names();
  private readonly written: Ref[][] = [];

  /** The number of nodes that were written. */
  get size(): number {
    return this.written.length;
  }

  /** What the snapshot has beyond the one before. */
  next(snapshot: GraphSnapshot): { readonly node: NodeDef[]; readonly library: FunctionDefLibrary } {
    const { written } = this;
    const from = written.length;
    for (let id = from; id < snapshot.size; id++) this.names.take(snapshot.node(id).name);
    const writer = new Writer('graph', this.names, this.functions, false);
    for (let id = from; id < snapshot.size; id++) writeNext(writer, snapshot, snapshot.node(id), written);
    return { node: writer.nodes, library: { function: this.functions.finish(), gradient: [] } };
  }
}

/** The nodes from an id on, as they are. */
function writeNodes(writer: Writer, snapshot: GraphSnapshot, from: NodeId): NodeDef[] {
  const written: Ref[][] = [];
  for (const node of snapshot.nodes()) {
    const first = writer.nodes.length;
    writeNext(writer, snapshot, node, written);
    if (node.id < from) writer.nodes.length = first;
  }
  return writer.nodes;
}

function writeNext(writer: Writer, snapshot: GraphSnapshot, node: Node, written: Ref[][]): void {
  const controls = node.controls.map((id) => snapshot.node(id).name);
  const inputs = node.inputs.map((endpoint) => written[endpoint.node][endpoint.index]);
  const known = asKnown(snapshot, node);
  written.push(writeNode(writer, known, known === node ? inputs : inputs.slice(0, known.inputs.length), controls));
}

/** An op of this library's own as one that TensorFlow knows; others as they are. */
function asKnown(snapshot: GraphSnapshot, node: Node): Node {
  // The rank of a value is read from it in TensorFlow, too.
  if (node.op === '_RankOfValue') return new Node(node.id, { ...node, op: 'Rank' });
  if (node.op !== '_OneShotIterator') return node;
  const { output_types, output_shapes } = node.attrs;
  const [dataset] = node.inputs;
  // What makes the dataset becomes a function: the iterator calls it once.
  const factory = new GraphFunction(
    `${argName(node.name)}_dataset`,
    snapshot,
    [],
    [dataset],
    [],
    true,
    [],
    ['dataset'],
  );
  const attrs = { dataset_factory: factory, output_types, output_shapes, container: '', shared_name: '' };
  return new Node(node.id, { ...node, op: 'OneShotIterator', inputs: [], attrs });
}

/** One node as it is. A loop is given what its variables beside its inputs start with. */
function writeNode(writer: Writer, node: Node, inputs: readonly Ref[], controls: readonly string[]): Ref[] {
  const isLoop = node.op === 'While' || node.op === 'StatelessWhile';
  const place = { prefix: node.name, pivot: null };
  return writer.copy(
    { prefix: '', pivot: null },
    isLoop ? withOutputShapes(node, inputs) : node,
    node.name,
    isLoop ? [...inputs, ...initialValues(writer, place, node)] : inputs,
    controls,
  );
}

/** Where a loop states no shapes, readers take those of its inputs for those of its outputs. */
function withOutputShapes(node: Node, inputs: readonly Ref[]): Pick<Node, 'op' | 'attrs' | 'outputs' | 'device'> {
  const stated = node.attrs.output_shapes;
  const isStated = Array.isArray(stated) && stated.length > 0;
  if (isStated || inputs.every(({ spec }, i) => sameShape(spec.shape, node.outputs[i].shape))) return node;
  return { ...node, attrs: { ...node.attrs, output_shapes: node.outputs.map(({ shape }) => shape) } };
}

/** The functions of one export: each gets a name of its own, and is written once. */
class FunctionExport implements FunctionNames {
  private readonly names = new Map<GraphFunction, string>();
  private readonly taken = new Names();
  /** Those that are named and not written yet. */
  private readonly named: GraphFunction[] = [];

  constructor(private readonly form: 'functional' | 'v1') {}

  nameOf(fn: GraphFunction): string {
    let name = this.names.get(fn);
    if (name === undefined) {
      name = this.taken.unused(fn.func);
      this.names.set(fn, name);
      this.named.push(fn);
    }
    return name;
  }

  /** Those that were named since the call before. */
  finish(): FunctionDef[] {
    const written: FunctionDef[] = [];
    // The list grows while bodies name further functions.
    for (const fn of this.named) written.push(this.functionDef(fn, this.nameOf(fn)));
    this.named.length = 0;
    return written;
  }

  private functionDef(fn: GraphFunction, name: string): FunctionDef {
    const { body } = fn;
    const isNeeded = needed(body, fn.outputs, fn.targets);
    const isArgument = new Set(fn.inputs);
    const nodes = [...body.nodes()].filter(({ id }) => isNeeded.has(id) && !isArgument.has(id));
    const taken = new Names(nodes.map((node) => node.name));
    const args = fn.inputNames.map((arg) => taken.unused(argName(arg)));
    const results = fn.outputNames.map((result) => taken.unused(argName(result)));
    const writer = new Writer('function', taken, this, false);
    const given = fn.inputSpecs.map((spec, i): Ref => ({ node: null, text: args[i], spec, isFree: false }));
    const { outputs, targets } =
      this.form === 'v1' ? lowerFunction(writer, fn, given) : writeBody(writer, fn, nodes, given);
    const controls = [...new Set(targets)];
    return {
      name,
      inputArg: fn.inputSpecs.map(({ dtype }, i) => ({ name: args[i], type: dtype })),
      outputArg: fn.outputSpecs.map(({ dtype }, i) => ({ name: results[i], type: dtype })),
      isStateful: fn.isStateful,
      controlOutput: controls,
      nodeDef: writer.nodes,
      ret: new Map(outputs.map((output, i) => [results[i], output.text])),
      controlRet: new Map(controls.map((target) => [target, target])),
      attr: new Map(),
      argAttr: new Map(
        fn.inputSpecs.map(({ shape }, i) => [
          i,
          new Map([['_output_shapes', { list: [{ shape: shapeProto(shape) }] }]]),
        ]),
      ),
    };
  }
}

/** The nodes of a body: those that its results and targets need, which are those that run here. */
function writeBody(writer: Writer, fn: GraphFunction, nodes: readonly Node[], given: readonly Ref[]) {
  const { body } = fn;
  const written = new Map<NodeId, readonly Ref[]>(fn.inputs.map((id, i) => [id, [given[i]]]));
  const isArgument = new Set(fn.inputs);
  const find = ({ node, index }: { readonly node: NodeId; readonly index: number }): Ref =>
    (written.get(node) as readonly Ref[])[index];
  for (const node of nodes) {
    // Arguments are there from the start: nothing waits for them.
    const controls = node.controls.filter((id) => !isArgument.has(id)).map((id) => body.node(id).name);
    written.set(node.id, writeNode(writer, node, node.inputs.map(find), controls));
  }
  return { outputs: fn.outputs.map(find), targets: fn.targets.map((id) => body.node(id).name) };
}
