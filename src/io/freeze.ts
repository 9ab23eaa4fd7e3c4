/**
 * Variables of a graph definition made constants, also where functions take them as arguments. Which variables, and what
 * values they have, is `graph-util.ts`'s business.
 */
import { type DType, int32 } from '../util/dtype.ts';
import { UnimplementedError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { GraphDef } from './graph-def.ts';
import type { AttrValueDef, FunctionDef, NodeDef } from './messages.ts';

/** Ops that hand their first input on; its type attribute and, in functions, the names of the outputs that it comes out of. */
const PASSING: Readonly<Record<string, readonly string[] | undefined>> = {
  Identity: ['output'],
  Enter: ['output'],
  Exit: ['output'],
  NextIteration: ['output'],
  Merge: ['output'],
  Switch: ['output_false', 'output_true'],
};

interface Call {
  readonly functions: readonly string[];
  /** The first input that is handed to the functions, and the attribute with their types. */
  readonly from: number;
  readonly types: string;
}

const loop: Call = { functions: ['cond', 'body'], from: 0, types: 'T' };
const branch: Call = { functions: ['then_branch', 'else_branch'], from: 1, types: 'Tin' };
const cases: Call = { functions: ['branches'], from: 1, types: 'Tin' };
const call: Call = { functions: ['f'], from: 0, types: 'Tin' };
const CALLS: Readonly<Record<string, Call | undefined>> = {
  While: loop,
  StatelessWhile: loop,
  If: branch,
  StatelessIf: branch,
  Case: cases,
  StatelessCase: cases,
  PartitionedCall: call,
  StatefulPartitionedCall: call,
};

/** The graph definition with these variables as constants. Throws `UnimplementedError` for an op that changes one. */
export function frozenNodes(def: GraphDef, values: ReadonlyMap<string, NdArray>): GraphDef {
  return new Freezer(def).freeze(values);
}

/** What stands for a variable's handle: the value's type and shape. */
type Handles = Map<string, NdArray>;

class Freezer {
  private readonly functions: ReadonlyMap<string, FunctionDef>;
  private readonly frozen = new Map<string, string>();
  private readonly added: FunctionDef[] = [];

  constructor(private readonly def: GraphDef) {
    this.functions = new Map(def.library.function.map((fn) => [fn.name, fn]));
  }

  freeze(values: ReadonlyMap<string, NdArray>): GraphDef {
    const handles: Handles = new Map();
    const isReference = new Set<string>();
    for (const { name, op } of this.def.node) {
      const value = values.get(name);
      if (value && op === 'VarHandleOp') handles.set(`${name}:0`, value);
      else if (value) isReference.add(name);
    }
    const body = this.body(this.def.node, handles, (input) => (input.includes(':') ? input : `${input}:0`), false);
    const nodes = body.nodes.map((node) => {
      const value = values.get(node.name);
      return value && (isReference.has(node.name) || handles.has(`${node.name}:0`))
        ? constantNode(node.name, value)
        : node;
    });
    const { library, versions } = this.def;
    return new GraphDef(nodes, { ...library, function: [...library.function, ...this.added] }, versions);
  }

  /** The function with constants in the place of some arguments' handles, under a new name. */
  private frozenFunction(name: string, given: ReadonlyMap<number, NdArray>): string {
    const key = JSON.stringify([name, [...given].map(([i, { dtype, shape }]) => [i, dtype.name, shape])]);
    const known = this.frozen.get(key);
    if (known !== undefined) return known;
    const fn = this.functions.get(name);
    if (!fn) throw new UnimplementedError(null, `Function ${name} is not in the library of the graph.`);
    const renamed = this.freeName(`${name}_frozen`);
    this.frozen.set(key, renamed);
    const handles: Handles = new Map();
    for (const [i, value] of given) handles.set(fn.inputArg[i].name, value);
    const { nodes, renames } = this.body(fn.nodeDef, handles, (input) => input, true);
    const ret = new Map([...fn.ret].map(([output, input]) => [output, renames.get(input) ?? input]));
    this.added.push({
      ...fn,
      name: renamed,
      inputArg: fn.inputArg.map((arg, i) => ({ ...arg, type: given.get(i)?.dtype ?? arg.type })),
      outputArg: fn.outputArg.map((arg) => ({ ...arg, type: handles.get(ret.get(arg.name) ?? '')?.dtype ?? arg.type })),
      nodeDef: nodes,
      ret,
      argAttr: new Map([...fn.argAttr].filter(([i]) => !given.has(i))),
    });
    return renamed;
  }

  private freeName(wished: string): string {
    const isTaken = (name: string) => this.functions.has(name) || this.added.some((fn) => fn.name === name);
    let name = wished;
    for (let k = 1; isTaken(name); k++) name = `${wished}_${k}`;
    return name;
  }

  /**
   * Follows the handles through the nodes, which may come in any order; `handles` gets what else stands for one.
   *
   * @param keyOf the spelling under which `handles` has an input
   */
  private body(
    nodes: readonly NodeDef[],
    handles: Handles,
    keyOf: (input: string) => string,
    inFunction: boolean,
  ): { nodes: NodeDef[]; renames: ReadonlyMap<string, string> } {
    const output = (node: NodeDef, name: string, index: number) =>
      inFunction ? `${node.name}:${name}:${index}` : `${node.name}:${index}`;
    for (let before = -1; before !== handles.size; ) {
      before = handles.size;
      for (const node of nodes) {
        const given = handlesOf(node, handles, keyOf);
        const first = given.get(0);
        PASSING[node.op]?.forEach((name, i) => {
          if (first) handles.set(output(node, name, inFunction ? 0 : i), first);
        });
        if (CALLS[node.op] === loop) for (const [i, value] of given) handles.set(output(node, 'output', i), value);
      }
    }
    const renames = new Map<string, string>();
    const extra: NodeDef[] = [];
    const converted = nodes.map((node) => {
      const given = handlesOf(node, handles, keyOf);
      if (given.size === 0) return node;
      if (inFunction && node.op === 'ReadVariableOp') renames.set(`${node.name}:value:0`, `${node.name}:output:0`);
      return this.converted(node, given, extra, inFunction);
    });
    const result = [...extra, ...converted].map((node) =>
      renames.size === 0 ? node : { ...node, input: node.input.map((input) => renames.get(input) ?? input) },
    );
    return { nodes: result, renames };
  }

  private converted(
    node: NodeDef,
    given: ReadonlyMap<number, NdArray>,
    extra: NodeDef[],
    inFunction: boolean,
  ): NodeDef {
    const [value] = given.values();
    const type: AttrValueDef = { type: value.dtype };
    const kept = [...node.attr].filter(([key]) => key === '_class');
    const plain = [...node.attr].filter(([key]) => key !== '_output_shapes');
    if (PASSING[node.op]) return { ...node, attr: attrs([...plain, ['T', type]]) };
    const calling = CALLS[node.op];
    if (calling) return this.convertedCall(node, given, calling);
    switch (node.op) {
      case 'ReadVariableOp':
        return { ...node, op: 'Identity', attr: attrs([...kept, ['T', type]]) };
      case 'ResourceGather': {
        const axis = `${node.name}/axis`;
        extra.push(constantNode(axis, new NdArray(int32, [], Int32Array.of(0))));
        const input = [...node.input.slice(0, 2), inFunction ? `${axis}:output:0` : axis, ...node.input.slice(2)];
        const own: Entry[] = [
          ...kept,
          ['Tparams', type],
          ['Taxis', { type: int32 }],
          ...picked(node, 'Tindices', 'batch_dims'),
        ];
        return { ...node, op: 'GatherV2', input, attr: attrs(own) };
      }
      case 'ResourceGatherNd':
        return { ...node, op: 'GatherNd', attr: attrs([...kept, ['Tparams', type], ...picked(node, 'Tindices')]) };
    }
    throw new UnimplementedError(
      null,
      `The variable that '${node.name}' (op: '${node.op}') takes cannot be made a constant.`,
    );
  }

  private convertedCall(node: NodeDef, given: ReadonlyMap<number, NdArray>, calling: Call): NodeDef {
    const handed = new Map([...given].map(([i, value]) => [i - calling.from, value]));
    const attr = new Map(node.attr);
    attr.delete('_output_shapes');
    const rename = (item: AttrValueDef): AttrValueDef =>
      'func' in item ? { func: { ...item.func, name: this.frozenFunction(item.func.name, handed) } } : item;
    for (const key of calling.functions) {
      const value = attr.get(key);
      if (value) attr.set(key, 'list' in value ? { list: value.list.map(rename) } : rename(value));
    }
    replaceAt(attr, calling.types, handed, ({ dtype }) => ({ type: dtype }));
    if (calling === loop) replaceAt(attr, 'output_shapes', handed, ({ shape }) => ({ shape: { dim: shape } }));
    return { ...node, attr };
  }
}

type Entry = readonly [string, AttrValueDef];

function attrs(entries: readonly Entry[]): Map<string, AttrValueDef> {
  return new Map([...new Map(entries)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function picked(node: NodeDef, ...keys: readonly string[]): Entry[] {
  return [...node.attr].filter(([key]) => keys.includes(key));
}

function replaceAt(
  attr: Map<string, AttrValueDef>,
  key: string,
  at: ReadonlyMap<number, NdArray>,
  make: (value: NdArray) => AttrValueDef,
): void {
  const list = attr.get(key);
  if (!list || !('list' in list)) return;
  const replaced = (item: AttrValueDef, i: number): AttrValueDef => {
    const value = at.get(i);
    return value ? make(value) : item;
  };
  attr.set(key, { list: list.list.map(replaced) });
}

function handlesOf(node: NodeDef, handles: Handles, keyOf: (input: string) => string): Map<number, NdArray> {
  const found = new Map<number, NdArray>();
  node.input.forEach((input, i) => {
    const value = input.startsWith('^') ? undefined : handles.get(keyOf(input));
    if (value) found.set(i, value);
  });
  return found;
}

function constantNode(name: string, value: NdArray): NodeDef {
  const dtype: DType = value.dtype;
  return {
    name,
    op: 'Const',
    input: [],
    device: '',
    attr: attrs([
      ['dtype', { type: dtype }],
      ['value', { tensor: value }],
    ]),
  };
}
