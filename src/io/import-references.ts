/**
 * Reference variables in functions: a function that takes a reference gets the variable itself in its body, under its
 * shared name, since arguments here are values. Which functions take references is told by `functionalize.ts`.
 */
import { UnimplementedError } from '../util/errors.ts';
import { encodeString } from '../util/ndarray.ts';
import { GraphDef } from './graph-def.ts';
import { textOf } from './import-attrs.ts';
import type { AttrValueDef, FunctionDef, NodeDef } from './messages.ts';

/** The attribute of an argument that was a reference to a variable. */
const REFERENCE = '_ref';

const VARIABLES: ReadonlySet<string> = new Set(['VariableV2', 'Variable']);

/** Ops that call functions with their inputs from the second on. */
const BRANCHES: ReadonlySet<string> = new Set(['If', 'StatelessIf', 'Case', 'StatelessCase']);
const LOOPS: ReadonlySet<string> = new Set(['While', 'StatelessWhile']);

/**
 * The graph with variables in the place of arguments that were references.
 *
 * @param nameOf the name that a node of the graph will have, which is what its variable goes by
 */
export function placeReferences(def: GraphDef, nameOf: (node: string) => string): GraphDef {
  const { library } = def;
  const takesReferences = (fn: FunctionDef) => [...fn.argAttr.values()].some((attr) => attr.has(REFERENCE));
  if (!library.function.some(takesReferences)) return def;
  const functions = new Map(library.function.map((fn) => [fn.name, fn]));
  const placing = new Placing(functions);
  const named = new Map(def.node.map((node) => [node.name, node]));
  const node = placing.nodes(def.node, (input) => {
    const found = named.get(input.replace(/:0$/, ''));
    return found && VARIABLES.has(found.op) ? shared(found, nameOf(found.name)) : null;
  });
  placing.run();
  return new GraphDef(node, { ...library, function: [...functions.values()] }, def.versions);
}

/** The variable as a node that any body may have. */
function shared(variable: NodeDef, name: string): NodeDef {
  const given = variable.attr.get('shared_name');
  const own = given && 's' in given ? textOf(given.s) : '';
  const attr = new Map(variable.attr);
  attr.delete('_class');
  attr.set('shared_name', { s: encodeString(own || name) });
  return { ...variable, input: [], attr };
}

type VariableOf = (input: string) => NodeDef | null;

class Placing {
  /** By function the variables that its arguments stand for: by name, since positions change. */
  private readonly given = new Map<string, ReadonlyMap<string, NodeDef>>();
  private readonly queue: string[] = [];

  constructor(private readonly functions: Map<string, FunctionDef>) {}

  run(): void {
    for (let name = this.queue.pop(); name !== undefined; name = this.queue.pop()) {
      const fn = this.functions.get(name) as FunctionDef;
      this.functions.set(name, this.placed(fn));
    }
  }

  /** The nodes with calls that hand on no references; the functions that they call are to follow. */
  nodes(nodes: readonly NodeDef[], variableOf: VariableOf): NodeDef[] {
    return nodes.map((node) => this.call(node, variableOf));
  }

  private call(node: NodeDef, variableOf: VariableOf): NodeDef {
    const called = [...node.attr.values()]
      .flatMap((value) => ('list' in value ? value.list : [value]))
      .flatMap((item) => {
        const fn = 'func' in item ? this.functions.get(item.func.name) : undefined;
        return fn ? [fn] : [];
      });
    const from = BRANCHES.has(node.op) ? 1 : 0;
    const variables = new Map<number, NodeDef>();
    for (const fn of called) {
      for (const [i, attr] of fn.argAttr) {
        const variable = attr.has(REFERENCE) ? variableOf(node.input[from + i]) : null;
        if (variable) variables.set(i, variable);
      }
    }
    if (variables.size === 0) return node;
    // A loop hands its arguments on as results, so that they stay; so does a value that one of the branches takes.
    const isGone = (i: number) =>
      !LOOPS.has(node.op) && variables.has(i) && called.every((fn) => fn.argAttr.get(i)?.has(REFERENCE));
    for (const fn of called) this.give(fn, variables);
    const types = node.attr.get('Tin');
    const attr = new Map<string, AttrValueDef>(node.attr);
    if (types && 'list' in types) attr.set('Tin', { list: types.list.filter((_, i) => !isGone(i)) });
    const input = node.input.filter((text, i) => text.startsWith('^') || i < from || !isGone(i - from));
    for (const fn of called) this.functions.set(fn.name, withoutArguments(fn, isGone));
    return { ...node, input, attr };
  }

  private give(fn: FunctionDef, variables: ReadonlyMap<number, NodeDef>): void {
    if (this.given.has(fn.name)) {
      throw new UnimplementedError(null, `Function ${fn.name} takes references to variables in more than one place.`);
    }
    const own = [...variables].filter(([i]) => fn.argAttr.get(i)?.has(REFERENCE));
    this.given.set(fn.name, new Map(own.map(([i, variable]) => [fn.inputArg[i].name, variable])));
    this.queue.push(fn.name);
  }

  private placed(fn: FunctionDef): FunctionDef {
    const taken = new Set([...fn.nodeDef.map((node) => node.name), ...fn.inputArg.map((arg) => arg.name)]);
    const variables = new Map<string, NodeDef>();
    for (const [arg, variable] of this.given.get(fn.name) ?? []) {
      let name = variable.name;
      for (let k = 1; taken.has(name); k++) name = `${variable.name}_${k}`;
      taken.add(name);
      variables.set(arg, { ...variable, name });
    }
    const inputOf = (input: string) => {
      const variable = variables.get(input);
      return variable ? `${variable.name}:ref:0` : input;
    };
    const byOutput = new Map([...variables.values()].map((variable) => [`${variable.name}:ref:0`, variable]));
    const rewired = fn.nodeDef.map((node) => ({ ...node, input: node.input.map(inputOf) }));
    return {
      ...fn,
      isStateful: true,
      nodeDef: [...variables.values(), ...this.nodes(rewired, (input) => byOutput.get(input) ?? null)],
      ret: new Map([...fn.ret].map(([name, input]) => [name, inputOf(input)])),
    };
  }
}

function withoutArguments(fn: FunctionDef, isGone: (position: number) => boolean): FunctionDef {
  const kept = fn.inputArg.map((_, i) => i).filter((i) => !isGone(i));
  return {
    ...fn,
    inputArg: kept.map((i) => fn.inputArg[i]),
    argAttr: new Map(kept.flatMap((i, to) => (fn.argAttr.has(i) ? [[to, fn.argAttr.get(i) ?? new Map()]] : []))),
  };
}
