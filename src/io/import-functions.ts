/**
 * The functions of a file's library as values: each is built once for every set of attributes it is called with. Nodes are
 * built by `import-nodes.ts`.
 */
import { gradients } from '../autodiff/gradients.ts';
import { FuncGraph } from '../graph/func-graph.ts';
import type { GraphFunction } from '../graph/function.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import { convertToTensor } from '../ops/emit.ts';
import { zerosLike } from '../ops/filling.ts';
import { findOpDef } from '../ops/opdef/define.ts';
import { argLength } from '../ops/opdef/resolve.ts';
import type { DType } from '../util/dtype.ts';
import { NotFoundError, UnimplementedError, ValueError } from '../util/errors.ts';
import { type AttrScope, shapeOf } from './import-attrs.ts';
import { importNodes, type Source } from './import-nodes.ts';
import type { AttrValueDef, FunctionArg, FunctionDef, FunctionDefLibrary, NameAttrList, NodeDef } from './messages.ts';

type Bindings = ReadonlyMap<string, AttrValueDef>;

/** What was built of a library for a graph: a file that is imported twice brings its functions once. */
const builtBefore = new WeakMap<Graph, WeakMap<FunctionDefLibrary, Map<string, GraphFunction>>>();

function builtOf(graph: Graph, library: FunctionDefLibrary): Map<string, GraphFunction> {
  const libraries = builtBefore.get(graph) ?? new WeakMap<FunctionDefLibrary, Map<string, GraphFunction>>();
  builtBefore.set(graph, libraries);
  const built = libraries.get(library) ?? new Map<string, GraphFunction>();
  libraries.set(library, built);
  return built;
}

/** The functions of one file. */
export class FunctionImport {
  private readonly definitions: ReadonlyMap<string, FunctionDef>;
  private readonly gradients: ReadonlyMap<string, string>;
  private readonly done: Map<string, GraphFunction>;

  constructor(
    library: FunctionDefLibrary,
    private readonly outer: Graph,
  ) {
    this.definitions = new Map(library.function.map((fn) => [fn.name, fn]));
    this.done = builtOf(outer, library);
    this.gradients = new Map(library.gradient.map((each) => [each.functionName, each.gradientFunc]));
  }

  has(name: string): boolean {
    return this.definitions.has(name);
  }

  /** Op types, in the nodes and in all functions that they call, that are neither registered nor functions of the file. */
  unknownOps(nodes: readonly NodeDef[]): string[] {
    const unknown = new Set<string>();
    const seen = new Set<string>();
    const stack = [nodes];
    for (let list = stack.pop(); list; list = stack.pop()) {
      for (const node of list) {
        if (!findOpDef(node.op) && !this.has(node.op) && node.op !== SYMBOLIC_GRADIENT) unknown.add(node.op);
        for (const { name } of calledBy(node, this.definitions)) {
          const fn = seen.has(name) ? undefined : this.definitions.get(name);
          if (!fn) continue;
          seen.add(name);
          stack.push(fn.nodeDef);
        }
      }
    }
    return [...unknown];
  }

  /** The nodes with calls of functions by name written as call ops, and the functions that they need, built. */
  prepare(nodes: readonly NodeDef[]): NodeDef[] {
    const none: Bindings = new Map();
    const calls = nodes.map((node) => this.asCall(node, none));
    this.build(calls.flatMap((node) => calledBy(node, this.definitions)).map((called) => bound(called, none)));
    return calls;
  }

  /** What attributes of nodes outside functions refer to. */
  readonly scope: AttrScope = this.scopeOf(new Map());

  private scopeOf(bindings: Bindings): AttrScope {
    return {
      function: (called) => {
        const found = this.done.get(keyOf(bound(called, bindings)));
        if (!found) throw new NotFoundError(null, `Function ${called.name} is not defined.`);
        return found;
      },
      placeholder: (name) => bindings.get(name),
    };
  }

  /** Builds functions, those they call first. An explicit stack: calls may be nested as deep as the file says. */
  private build(roots: readonly NameAttrList[]): void {
    const stack: { readonly called: NameAttrList; readonly key: string; nodes: readonly NodeDef[] | null }[] = [];
    const open = new Set<string>();
    const push = (called: NameAttrList) => {
      const key = keyOf(called);
      if (this.done.has(key) || !this.has(differentiated(called).name)) return;
      if (open.has(key)) throw new UnimplementedError(null, `Function ${called.name} calls itself.`);
      stack.push({ called, key, nodes: null });
    };
    for (const root of roots) {
      push(root);
      while (stack.length > 0) {
        const top = stack[stack.length - 1];
        const inner = differentiated(top.called);
        const fn = this.definitions.get(inner.name) as FunctionDef;
        if (this.done.has(top.key)) {
          stack.pop();
        } else if (top.nodes === null) {
          top.nodes = fn.nodeDef.map((node) => this.asCall(node, top.called.attr));
          open.add(top.key);
          for (const node of top.nodes) {
            for (const called of calledBy(node, this.definitions)) push(bound(called, top.called.attr));
          }
        } else {
          const body = this.body(fn, top.nodes, top.called.attr);
          this.done.set(top.key, inner === top.called ? finished(body) : derived(body));
          open.delete(top.key);
          stack.pop();
        }
      }
    }
  }

  private body(fn: FunctionDef, nodes: readonly NodeDef[], bindings: Bindings): Body {
    const body = new FuncGraph(fn.name, this.outer);
    const args = new Map<string, readonly Tensor[]>();
    fn.inputArg.forEach((arg, i) => {
      const shapes = fn.argAttr.get(i)?.get('_output_shapes');
      const dtypes = typesOf(arg, bindings);
      const inputs = dtypes.map((dtype, k) => {
        const stated = shapes && 'list' in shapes ? shapes.list[k] : undefined;
        const shape = stated && 'shape' in stated ? shapeOf(stated.shape) : null;
        return body.addInput({ dtype, shape }, dtypes.length === 1 ? arg.name : `${arg.name}_${k}`);
      });
      args.set(arg.name, inputs);
    });
    const positions = new Map(nodes.map((node, i) => [node.name, i]));
    const source = (input: string): Tensor | Source | null => {
      const [name, output, index = '0'] = input.split(':');
      const list = args.get(name);
      if (list) return list[Number(output ?? 0)] ?? null;
      const position = positions.get(name);
      if (position === undefined) return null;
      return { position, index: (op) => this.outputIndex(fn.nodeDef[position], op, output, Number(index)) };
    };
    const built = body.asDefault(() =>
      importNodes({
        graph: body,
        nodes,
        scope: this.scopeOf(bindings),
        nameOf: (position) => freeName(body, nodes[position].name),
        source,
        // An argument is there from the start: waiting for it is waiting for nothing more.
        control: (name) => positions.get(name) ?? args.get(name)?.[0]?.op ?? null,
      }),
    );
    const outputs = fn.outputArg.flatMap((arg) => this.result(fn, arg, bindings, source, built));
    const controls = new Set([...fn.controlRet.values()].map((name) => positions.get(name)));
    return { fn, graph: body, outputs, built, targets: built.filter((_, i) => controls.has(i)) };
  }

  private result(
    fn: FunctionDef,
    arg: FunctionArg,
    bindings: Bindings,
    source: (input: string) => Tensor | Source | null,
    built: readonly Operation[],
  ): Tensor[] {
    const text = fn.ret.get(arg.name);
    if (text === undefined) throw new ValueError(`Return ${arg.name} of function ${fn.name} is missing.`);
    return typesOf(arg, bindings).map((_, k, { length }) => {
      // A list of results is stated by its first element.
      const input = length === 1 || k === 0 ? text : text.replace(/(:\d+)?$/, `:${k}`);
      const found = source(input);
      if (!found) throw new ValueError(`Return ${arg.name} of function ${fn.name}: unknown ${input}`);
      if (!('position' in found)) return found;
      const op = built[found.position];
      const output: Tensor | undefined = op.outputs[found.index(op)];
      if (!output) throw new ValueError(`Return ${arg.name} of function ${fn.name}: unknown ${input}`);
      return output;
    });
  }

  /** In a body outputs are named: `node:output_arg:index`. */
  private outputIndex(node: NodeDef, op: Operation, output: string | undefined, index: number): number {
    if (output === undefined) return 0;
    if (/^\d+$/.test(output)) return Number(output);
    const called = findOpDef(node.op) ? undefined : this.definitions.get(node.op);
    let offset = 0;
    if (called) {
      for (const arg of called.outputArg) {
        if (arg.name === output) return offset + index;
        offset += typesOf(arg, node.attr).length;
      }
    }
    for (const arg of findOpDef(op.type)?.outputs ?? []) {
      if (arg.name === output) return offset + index;
      offset += argLength(arg, op.node.attrs);
    }
    throw new ValueError(`Node '${op.name}' has no output named '${output}'.`);
  }

  /** A node whose op is a function of the file, as an op that calls it. */
  private asCall(node: NodeDef, bindings: Bindings): NodeDef {
    if (node.op === SYMBOLIC_GRADIENT) return this.gradientCall(node);
    const fn = findOpDef(node.op) ? undefined : this.definitions.get(node.op);
    if (!fn) return node;
    const attr = bound({ name: fn.name, attr: node.attr }, bindings).attr;
    const types = (args: readonly FunctionArg[]): AttrValueDef => ({
      list: args.flatMap((arg) => typesOf(arg, attr)).map((type) => ({ type })),
    });
    const call: [string, AttrValueDef][] = [
      ['Tin', types(fn.inputArg)],
      ['Tout', types(fn.outputArg)],
      ['f', { func: { name: fn.name, attr } }],
    ];
    const kept = [...node.attr].filter(([key]) => key.startsWith('_'));
    return {
      ...node,
      op: fn.isStateful ? 'StatefulPartitionedCall' : 'PartitionedCall',
      attr: new Map([...call, ...kept]),
    };
  }

  /** The gradient of a function as a call: of the one that the file has for it, or of one that is derived. */
  private gradientCall(node: NodeDef): NodeDef {
    const f = node.attr.get('f');
    if (!f || !('func' in f)) throw new ValueError(`NodeDef missing attr 'f'; NodeDef: {{node ${node.name}}}`);
    const name = this.gradients.get(f.func.name) ?? GRADIENT_OF + f.func.name;
    return { ...node, op: 'PartitionedCall', attr: new Map([...node.attr, ['f', { func: { ...f.func, name } }]]) };
  }
}

const SYMBOLIC_GRADIENT = 'SymbolicGradient';
/** Before the name of a function: its gradient. No function of a file can be called so. */
const GRADIENT_OF = 'gradient of ';

/** The function that a gradient is derived from; what is no gradient itself. */
function differentiated(called: NameAttrList): NameAttrList {
  if (!called.name.startsWith(GRADIENT_OF)) return called;
  return { ...called, name: called.name.slice(GRADIENT_OF.length) };
}

/** A function whose nodes are built. */
interface Body {
  readonly fn: FunctionDef;
  readonly graph: FuncGraph;
  readonly outputs: readonly Tensor[];
  readonly built: readonly Operation[];
  readonly targets: readonly Operation[];
}

const effectOf = (op: Operation) => findOpDef(op.type)?.effect ?? 'io';

function finished({ fn, graph, outputs, built, targets }: Body): GraphFunction {
  // What changes or tells something is run by every call, whether or not a result needs it.
  const effects = built.filter((op) => ['writes', 'io'].includes(effectOf(op)));
  return graph.finish(outputs, {
    isStateful: fn.isStateful || built.some((op) => effectOf(op) !== 'pure'),
    targets: [...new Set([...targets, ...effects])],
    outputNames: fn.outputArg.length === outputs.length ? fn.outputArg.map((arg) => arg.name) : undefined,
  });
}

/** The gradient: from the arguments, and those of the results, to those of the arguments. */
function derived({ graph, outputs, built }: Body): GraphFunction {
  const inputs = [...graph.inputs];
  const gradYs = outputs.map((output, i) => graph.addInput(output.spec, `d_${i}`));
  const results = graph.asDefault(() =>
    gradients([...outputs], inputs, { gradYs }).map((gradient, i) =>
      gradient === null ? zerosLike(inputs[i]) : convertToTensor(gradient),
    ),
  );
  return graph.finish(results, { isStateful: built.some((op) => effectOf(op) !== 'pure') });
}

/** The functions that a node's attributes name. Hints, whose names start with an underscore, need not be there. */
function calledBy(node: NodeDef, definitions: ReadonlyMap<string, FunctionDef>): NameAttrList[] {
  const found: NameAttrList[] = [];
  if (definitions.size === 0) return found;
  for (const [key, value] of node.attr) {
    if (key.startsWith('_')) continue;
    if ('func' in value) found.push(value.func);
    else if ('list' in value) for (const item of value.list) if ('func' in item) found.push(item.func);
  }
  if (definitions.has(node.op)) found.push({ name: node.op, attr: node.attr });
  return found;
}

/** A call inside a body, with the values that the body was instantiated with in the place of placeholders. */
function bound({ name, attr }: NameAttrList, bindings: Bindings): NameAttrList {
  const own = [...attr].filter(([key]) => !key.startsWith('_'));
  const resolve = (value: AttrValueDef) =>
    'placeholder' in value ? (bindings.get(value.placeholder) ?? value) : value;
  return { name, attr: new Map(own.map(([key, value]) => [key, resolve(value)])) };
}

function typesOf(arg: FunctionArg, bindings: Bindings): readonly DType[] {
  const given = (key: string): AttrValueDef => {
    const value = bindings.get(key);
    if (!value) throw new ValueError(`Argument ${arg.name} of a function needs a value of '${key}'.`);
    return value;
  };
  if (arg.typeListAttr) {
    const list = given(arg.typeListAttr);
    return 'list' in list ? list.list.flatMap((item) => ('type' in item ? item.type : [])) : [];
  }
  const typed = arg.type ?? given(arg.typeAttr ?? '');
  const dtype = 'type' in typed ? typed.type : (typed as DType);
  const count = arg.numberAttr ? given(arg.numberAttr) : { i: 1 };
  return new Array<DType>('i' in count ? Number(count.i) : 1).fill(dtype);
}

/** The name, or where an argument took it, one like it. */
function freeName(body: Graph, name: string): string {
  let free = name;
  for (let k = 1; body.hasOperation(free); k++) free = `${name}_${k}`;
  return free;
}

function keyOf({ name, attr }: NameAttrList): string {
  return attr.size === 0 ? name : JSON.stringify([name, ...[...attr].sort(([a], [b]) => (a < b ? -1 : 1)).map(plain)]);
}

function plain([key, value]: readonly [string, AttrValueDef]): unknown {
  return [
    key,
    JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}` : item instanceof Map ? [...item] : item)),
  ];
}
