/**
 * Writes bodies of items as the nodes of a graph or as functions. Reading is `read.ts`'s job.
 */
import type { AttrValueDef, FunctionArg, FunctionDef, NodeDef } from '../messages.ts';
import { ARG, type Body, type Edge, type Item, Names } from './items.ts';

/** @param originals what keeps its name */
export function writeGraph(body: Body, originals: ReadonlySet<Item>): NodeDef[] {
  const names = new Map<Item, string>();
  const used = new Names(body.items.filter((item) => originals.has(item)).map(({ name }) => name));
  for (const item of body.items) names.set(item, originals.has(item) ? item.name : used.unused(item.name));
  return writeNodes(body, names, ({ item, index }) => {
    const name = names.get(item) as string;
    return index === 0 ? name : `${name}:${index}`;
  });
}

export function writeFunction(body: Body): FunctionDef {
  const { signature } = body;
  body.items.sort((a, b) => a.order - b.order);
  const names = new Map<Item, string>();
  const used = new Names([]);
  // Names of arguments are of small letters.
  for (const arg of body.args) names.set(arg, used.unused(signature ? arg.name : argName(arg.name)));
  for (const item of body.items) names.set(item, used.unused(item.name));
  const text = ({ item, index }: Edge): string => {
    const name = names.get(item) as string;
    if (item.op === ARG) return name;
    const output = item.output(index);
    return `${name}:${output.arg}:${output.index}`;
  };
  const results = signature
    ? signature.outputArg
    : body.rets.map((edge, i): FunctionArg => ({ name: `output_${i}`, type: edge.item.dtype(edge.index) }));
  const effects = [...new Set(body.controlRets)].map((item) => names.get(item) as string);
  return {
    name: body.name,
    inputArg: signature?.inputArg ?? body.args.map((arg) => ({ name: names.get(arg) as string, type: arg.dtype(0) })),
    outputArg: results,
    isStateful: (signature?.isStateful ?? false) || body.isStateful,
    controlOutput: effects,
    nodeDef: writeNodes(body, names, text),
    ret: new Map(results.map(({ name }, i) => [name, text(body.rets[i])])),
    controlRet: new Map(effects.map((name) => [name, name])),
    attr: signature?.attr ?? new Map(),
    argAttr: signature?.argAttr ?? refArgs(body),
  };
}

/** An argument that stands for a variable, not for its value, says so. */
function refArgs(body: Body): Map<number, Map<string, AttrValueDef>> {
  const attrs = new Map<number, Map<string, AttrValueDef>>();
  for (const [i, arg] of body.args.entries()) {
    if (arg.output(0).isRef) attrs.set(i, new Map([['_ref', { b: true }]]));
  }
  return attrs;
}

function argName(name: string): string {
  const short = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replace(/^_+/, '');
  return /^[a-z]/.test(short) ? short : `arg_${short}`;
}

function writeNodes(body: Body, names: ReadonlyMap<Item, string>, text: (edge: Edge) => string): NodeDef[] {
  const here = new Set(names.values());
  const isFunction = body.name !== '';
  return body.items.map((item) => {
    const controls = isFunction ? item.controls.filter((control) => !isIdle(control)) : item.controls;
    return {
      name: names.get(item) as string,
      op: item.op,
      input: [
        ...item.inputs.map(text),
        ...[...new Set(controls.map((control) => `^${names.get(control) as string}`))].sort(),
      ],
      device: item.device,
      attr: attrsOf(item, here),
    };
  });
}

/** Whether waiting for the item is waiting for the call itself. */
function isIdle(item: Item): boolean {
  const isPassing = (it: Item): boolean =>
    it.op === ARG || (it.op === 'Identity' && it.inputs.every((e) => e.item.op === ARG && !e.item.output(0).isRef));
  if (item.op === 'Const') return item.controls.every((control) => isPassing(control) && control.controls.length === 0);
  return isPassing(item) && item.controls.length === 0;
}

/** The attributes, sorted; a place beside a node that is not here is none. */
function attrsOf(item: Item, here: ReadonlySet<string>): Map<string, AttrValueDef> {
  const attrs = [...item.attr].flatMap(([key, value]): [string, AttrValueDef][] => {
    if (key !== '_class' || !('list' in value)) return [[key, value]];
    const list = value.list.filter((place) => {
      const text = 's' in place ? new TextDecoder().decode(place.s) : '';
      return !text.startsWith('loc:@') || here.has(text.slice('loc:@'.length));
    });
    return list.length > 0 ? [[key, { list }]] : [];
  });
  return new Map(attrs.sort(([a], [b]) => (a < b ? -1 : 1)));
}
