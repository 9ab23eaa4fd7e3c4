/**
 * Reads the nodes of a graph, or of a function of its library, into a body of items. Writing is `write.ts`'s job.
 */

import { InvalidArgumentError, UnimplementedError } from '../../util/errors.ts';
import type { FunctionDef, NodeDef } from '../messages.ts';
import { expand, type Facts } from './facts.ts';
import { Body, type Edge, Item } from './items.ts';

export function readGraph(nodes: readonly NodeDef[], facts: Facts): Body {
  const body = new Body('');
  const byName = addItems(body, nodes, facts);
  connect(body, nodes, byName, (text) => {
    const colon = text.lastIndexOf(':');
    const hasIndex = colon > 0 && /^\d+$/.test(text.slice(colon + 1));
    const name = hasIndex ? text.slice(0, colon) : text;
    return { name, index: () => (hasIndex ? Number(text.slice(colon + 1)) : 0) };
  });
  return body;
}

export function readFunction(fn: FunctionDef, facts: Facts): Body {
  const body = new Body(fn.name);
  body.signature = fn;
  const byName = new Map<string, Item>();
  for (const arg of fn.inputArg) {
    const outputs = expand(arg, new Map(), [], fn.name);
    if (outputs.length !== 1) {
      throw new UnimplementedError(
        null,
        `Argument '${arg.name}' of function '${fn.name}' with Switch and Merge is a list.`,
      );
    }
    const item = Item.arg(facts, arg.name, outputs[0].dtype, false);
    body.args.push(item);
    byName.set(arg.name, item);
  }
  for (const [name, item] of addItems(body, fn.nodeDef, facts)) byName.set(name, item);
  const parse = (text: string): Reference => {
    const [name, arg, index] = text.split(':');
    return { name, index: (item) => (arg === undefined ? 0 : outputAt(item, arg, Number(index ?? 0))) };
  };
  connect(body, fn.nodeDef, byName, parse);
  for (const { name } of fn.outputArg) {
    body.rets.push(resolve(parse(fn.ret.get(name) ?? name), byName, fn.name));
  }
  for (const name of fn.controlOutput) {
    const { item } = resolve({ name: fn.controlRet.get(name) ?? name, index: () => 0 }, byName, fn.name);
    body.controlRets.push(item);
  }
  return body;
}

interface Reference {
  readonly name: string;
  index(item: Item): number;
}

function addItems(body: Body, nodes: readonly NodeDef[], facts: Facts): Map<string, Item> {
  const byName = new Map<string, Item>();
  for (const [order, node] of nodes.entries()) {
    if (byName.has(node.name)) throw new InvalidArgumentError(null, `Node '${node.name}' is not unique`);
    const item = new Item(facts, node.name, node.op, node.attr, node.device, order);
    byName.set(node.name, item);
    body.items.push(item);
  }
  return byName;
}

function connect(
  body: Body,
  nodes: readonly NodeDef[],
  byName: ReadonlyMap<string, Item>,
  parse: (text: string) => Reference,
): void {
  for (const [i, { name, input }] of nodes.entries()) {
    const item = body.items[i];
    for (const text of input) {
      if (text.startsWith('^')) {
        item.controls.push(resolve({ name: text.slice(1), index: () => 0 }, byName, name).item);
      } else {
        item.inputs.push(resolve(parse(text), byName, name));
      }
    }
    checkInputs(item);
  }
}

/** What is rewritten by what its inputs are must have them; the other nodes are checked when they are built. */
function checkInputs({ name, op, inputs }: Item): void {
  const wanted = INPUTS.get(op);
  if (wanted === undefined || inputs.length === wanted) return;
  throw new InvalidArgumentError(null, `Node '${name}': ${op} has ${inputs.length} inputs where it takes ${wanted}`);
}

const INPUTS: ReadonlyMap<string, number> = new Map([
  ['Switch', 2],
  ['RefSwitch', 2],
  ['Enter', 1],
  ['RefEnter', 1],
  ['Exit', 1],
  ['RefExit', 1],
  ['NextIteration', 1],
  ['RefNextIteration', 1],
  ['LoopCond', 1],
  ['Identity', 1],
]);

function resolve(reference: Reference, byName: ReadonlyMap<string, Item>, consumer: string): Edge {
  const item = byName.get(reference.name);
  if (!item) throw new InvalidArgumentError(null, `Node '${consumer}': Unknown input node '${reference.name}'`);
  return { item, index: reference.index(item) };
}

/** The number of an output from `node:arg:index`. */
function outputAt(item: Item, arg: string, index: number): number {
  const at = item.outputs.findIndex((output) => output.arg === arg && output.index === index);
  if (at < 0) throw new InvalidArgumentError(null, `Node '${item.name}' has no output '${arg}:${index}'.`);
  return at;
}
