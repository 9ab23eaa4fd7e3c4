/**
 * Graphs whose messages are whole and whose content is not: names, inputs, ops, attributes and signatures changed at random.
 * Damage of the bytes themselves is `mutations.ts`'s business.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { AttrValue } from '../../src/io/proto/attr_value_pb.ts';
import type { FunctionDef } from '../../src/io/proto/function_pb.ts';
import { type GraphDef, GraphDefSchema } from '../../src/io/proto/graph_pb.ts';
import type { NodeDef } from '../../src/io/proto/node_def_pb.ts';
import { random } from './mutations.ts';

type Below = (limit: number) => number;

/** `count` changed copies of the graphs, taken in turn; the same ones for the same seed. */
export function* changedGraphs(files: readonly Uint8Array[], count: number, seed: number): Generator<Uint8Array> {
  const next = random(seed);
  const below: Below = (limit) => Math.floor(next() * limit);
  for (let made = 0, i = 0; made < count; i++) {
    const graph = fromBinary(GraphDefSchema, files[i % files.length]);
    for (let change = below(3); change >= 0; change--) changeNode(graph, below);
    for (const fn of graph.library?.function ?? []) if (below(12) === 0) changeFunction(fn, below);
    try {
      yield toBinary(GraphDefSchema, graph);
      made++;
    } catch {
      // A number that its field cannot hold: no file can have it.
    }
  }
}

function changeNode(graph: GraphDef, below: Below): void {
  const bodies = [graph.node, ...(graph.library?.function ?? []).map(({ nodeDef }) => nodeDef)];
  const nodes = bodies[below(bodies.length)];
  if (nodes.length === 0) return;
  const node = nodes[below(nodes.length)];
  const other = nodes[below(nodes.length)];
  const keys = Object.keys(node.attr);
  const input = below(Math.max(1, node.input.length));
  switch (below(11)) {
    case 0:
      node.op = other.op;
      break;
    case 1:
      node.input[input] = other.name;
      break;
    case 2:
      node.input.push(other.name);
      break;
    case 3:
      node.input.pop();
      break;
    case 4:
      node.name = other.name;
      break;
    case 5:
      delete node.attr[keys[below(keys.length)]];
      break;
    case 6:
      swapAttr(node, other, below);
      break;
    case 7:
      nodes.splice(nodes.indexOf(node), 1);
      break;
    case 8:
      if (node.input.length > 0) node.input[input] += [':1', ':7', ':-1', ':x', '^', ''][below(6)];
      break;
    case 9:
      for (const value of Object.values(node.attr)) changeAttr(value, below);
      break;
    default:
      nodes.push(other);
  }
}

function swapAttr(node: NodeDef, other: NodeDef, below: Below): void {
  const [mine, theirs] = [Object.keys(node.attr), Object.keys(other.attr)];
  if (mine.length > 0 && theirs.length > 0) {
    node.attr[mine[below(mine.length)]] = other.attr[theirs[below(theirs.length)]];
  }
}

function changeAttr({ value }: AttrValue, below: Below): void {
  switch (value.case) {
    case 'i':
      value.value = [-1n, 0n, 1n << 40n, 5n][below(4)];
      break;
    case 'type':
      value.value = below(25);
      break;
    case 'shape':
      for (const dim of value.value.dim) dim.size = [-1n, 0n, -7n, 1n << 50n][below(4)];
      break;
    case 'tensor':
      for (const dim of value.value.tensorShape?.dim ?? []) dim.size = [3n, 0n, -7n, 1n << 40n][below(4)];
      break;
    case 'func':
      if (below(2) === 0) value.value.name = 'nope';
  }
}

function changeFunction(fn: FunctionDef, below: Below): void {
  const { signature } = fn;
  switch (below(5)) {
    case 0:
      signature?.inputArg.pop();
      break;
    case 1:
      signature?.outputArg.pop();
      break;
    case 2:
      for (const key of Object.keys(fn.ret)) fn.ret[key] = ['nope', 'nope:out:0', `${fn.ret[key]}:9`, ''][below(4)];
      break;
    case 3:
      if (signature?.inputArg[0]) signature.inputArg[0].type = below(24);
      break;
    default:
      if (signature) signature.name = 'other';
  }
}
