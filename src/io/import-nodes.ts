/**
 * Builds the nodes of a file in a graph: finds inputs, checks them against the op's definition, keeps names, controls and
 * devices. What names mean is told by the caller: `import-graph.ts` for graphs, `import-functions.ts` for bodies.
 */
import { type Graph, type Operation, Tensor } from '../graph/graph.ts';
import type { AttrValue, NodeId } from '../graph/node.ts';
import { emitNode } from '../ops/emit.ts';
import { getOpDef, type OpDef } from '../ops/opdef/define.ts';
import { argDTypes, argLength } from '../ops/opdef/resolve.ts';
import type { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { mergeShapes, sameShape, shapeConflict } from '../util/shape.ts';
import { type AttrScope, cppTypeName, importAttrs, shapeOf, summarizeOp } from './import-attrs.ts';
import { importOrder } from './import-order.ts';
import type { NodeDef } from './messages.ts';

/** Output of a node of the file: which one, is asked when the node is built. */
export interface Source {
  readonly position: number;
  readonly index: (op: Operation) => number;
}

/** What the nodes of a graph or body are built with. */
export interface NodeImport {
  readonly graph: Graph;
  readonly nodes: readonly NodeDef[];
  readonly scope: AttrScope;
  /** The name that the node at a position gets. */
  readonly nameOf: (position: number) => string;
  /** Where a data input comes from: a tensor from outside the file, or a node of it. Null where there is no such node. */
  readonly source: (input: string) => Tensor | Source | null;
  /** The same for what a control input names, without its mark: an operation from outside, or a position. */
  readonly control: (name: string) => Operation | number | null;
  /** What becomes of colocations, and of other attributes that name nodes. */
  readonly attrs?: (attrs: Record<string, AttrValue>, node: NodeDef) => void;
}

/** Builds all nodes, inputs first; returns their operations by position. Not atomic by itself. */
export function importNodes(how: NodeImport): Operation[] {
  const inputs = how.nodes.map((node) => splitInputs(node, how));
  const positions = inputs.map(({ data, controls }) => [
    ...data.flatMap((source) => (source instanceof Tensor ? [] : source.position)),
    ...controls.filter((control) => typeof control === 'number'),
  ]);
  const built: Operation[] = new Array(how.nodes.length);
  for (const position of importOrder(positions, (i) => how.nodes[i].name)) {
    built[position] = importNode(how, position, inputs[position], built);
  }
  return built;
}

interface Inputs {
  readonly data: readonly (Tensor | Source)[];
  readonly controls: readonly (Operation | number)[];
}

function splitInputs(node: NodeDef, how: NodeImport): Inputs {
  const data: (Tensor | Source)[] = [];
  const controls: (Operation | number)[] = [];
  for (const input of node.input) {
    if (input.startsWith('^')) {
      const found = how.control(input.slice(1));
      if (found === null) throw unknownInput(node, input);
      controls.push(found);
      continue;
    }
    if (controls.length > 0) {
      throw new ValueError(`Node '${node.name}': Control dependencies must come after regular dependencies`);
    }
    const found = how.source(input);
    if (found === null) throw unknownInput(node, input);
    data.push(found);
  }
  return { data, controls };
}

function unknownInput(node: NodeDef, input: string): ValueError {
  return new ValueError(`Node '${node.name}': Unknown input node '${input}'`);
}

function importNode(how: NodeImport, position: number, inputs: Inputs, built: readonly Operation[]): Operation {
  const node = how.nodes[position];
  const name = how.nameOf(position);
  const def = getOpDef(node.op);
  const attrs = importAttrs(def, node, name, how.scope);
  how.attrs?.(attrs, node);
  const tensors = inputs.data.map((source) => (source instanceof Tensor ? source : outputOf(how, node, source, built)));
  checkInputs(def, attrs, tensors, name);
  const controls = inputs.controls.map((control) => (typeof control === 'number' ? built[control] : control).id);
  const op = emitNode(how.graph, def, tensors, attrs, {
    name: `${name}/`,
    controls: withoutRepeats(controls),
    device: attrs._class ? '' : node.device,
  });
  refineShapes(op, node, name);
  return op;
}

function withoutRepeats(ids: readonly NodeId[]): readonly NodeId[] {
  return ids.length < 2 ? ids : [...new Set(ids)];
}

function outputOf(how: NodeImport, node: NodeDef, { position, index }: Source, built: readonly Operation[]): Tensor {
  const op = built[position];
  const output = index(op);
  const count = op.node.outputs.length;
  if (!(output < count)) {
    const source = how.nodes[position].name;
    throw new ValueError(
      `Node '${node.name}': Connecting to invalid output ${output} of source node ${source} which has ${count} outputs.`,
    );
  }
  return op.output(output);
}

function checkInputs(
  def: OpDef,
  attrs: Readonly<Record<string, AttrValue>>,
  inputs: readonly Tensor[],
  name: string,
): void {
  checkCounts(def, attrs, inputs.length, name);
  const expected = def.inputs.length === 0 ? [] : def.inputs.flatMap((arg) => argDTypes(arg, attrs));
  if (expected.length !== inputs.length) {
    throw new ValueError(
      `NodeDef expected inputs '${typeList(expected)}' do not match ${inputs.length} inputs specified; ${summarizeOp(def)}; NodeDef: {{node ${name}}}`,
    );
  }
  inputs.forEach((input, i) => {
    if (input.dtype === expected[i]) return;
    throw new ValueError(
      `Input ${i} of node ${name} was passed ${cppTypeName(input.dtype)} from ${input.name} incompatible with expected ${cppTypeName(expected[i])}.`,
    );
  });
}

/** No node has more outputs. */
const MOST_OUTPUTS = 2 ** 20;

/** Numbers of tensors that a file states may be anything: nothing is made as often before they are looked at. */
function checkCounts(def: OpDef, attrs: Readonly<Record<string, AttrValue>>, inputs: number, name: string): void {
  for (const [args, most, what] of [
    [def.inputs, inputs, 'inputs'],
    [def.outputs, MOST_OUTPUTS, 'outputs'],
  ] as const) {
    for (const arg of args) {
      if (!arg.numberAttr || argLength(arg, attrs) <= Math.max(most, 1024)) continue;
      throw new ValueError(
        `NodeDef expected ${argLength(arg, attrs)} ${what} '${arg.name}', which are more than there can be; NodeDef: {{node ${name}}}`,
      );
    }
  }
}

function typeList(types: readonly DType[]): string {
  return types.map(cppTypeName).join(', ');
}

/** Shapes that the file states count where they say more. */
function refineShapes(op: Operation, node: NodeDef, name: string): void {
  const stated = node.attr.get('_output_shapes');
  if (!stated || !('list' in stated)) return;
  const { outputs } = op.node;
  if (stated.list.length !== outputs.length) return;
  stated.list.forEach((item, i) => {
    if (!('shape' in item)) return;
    const shape = shapeOf(item.shape);
    const known = outputs[i].shape;
    const conflict = shapeConflict(known, shape);
    if (conflict) {
      throw new ValueError(
        `Node '${name}' has an _output_shapes attribute inconsistent with the GraphDef for output #${i}: ${conflict}`,
      );
    }
    if (!sameShape(mergeShapes(known, shape), known)) op.graph.refineShape({ node: op.id, index: i }, shape);
  });
}
