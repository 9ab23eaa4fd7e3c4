/**
 * Computes graphs in functional form, of the few ops that the goldens of control flow hold, on lists of numbers. It is a
 * second opinion on rewritten graphs that needs neither importer nor runtime; speed and errors of kernels are no matter.
 */
import type { GraphDef } from '../../src/io/graph-def.ts';
import type { AttrValueDef, FunctionDef, NodeDef } from '../../src/io/messages.ts';

/** A variable, or a stack of a loop's values. */
interface Cell {
  value: Value[];
}
export type Value = number | boolean | readonly number[] | Cell;

const isCell = (value: Value): value is Cell => typeof value === 'object' && 'value' in value;
/** What reads a value reads through a reference. */
const read = (value: Value): Value => (isCell(value) ? value.value[0] : value);

type Kernel = (inputs: Value[], node: NodeDef) => Value[];

const numbers = (compute: (...x: number[]) => number | boolean): Kernel => {
  return (inputs) => {
    const values = inputs.map((value) => Number(read(value)));
    return [compute(...values)];
  };
};
const assign = (update: (old: number, by: number) => number): Kernel => {
  return ([cell, by]) => {
    const { value } = cell as Cell;
    value[0] = update(Number(value[0]), Number(read(by)));
    return [cell];
  };
};

const KERNELS: Readonly<Record<string, Kernel>> = {
  Identity: ([x]) => [read(x)],
  NoOp: () => [],
  Mul: numbers((x, y) => x * y),
  AddV2: numbers((x, y) => x + y),
  AddN: numbers((...x) => x.reduce((a, b) => a + b)),
  Sub: numbers((x, y) => x - y),
  Neg: numbers((x) => -x),
  Sin: numbers(Math.sin),
  Cos: numbers(Math.cos),
  Exp: numbers(Math.exp),
  Tanh: numbers(Math.tanh),
  TanhGrad: numbers((y, dy) => dy * (1 - y * y)),
  FloorMod: numbers((x, y) => x - y * Math.floor(x / y)),
  Less: numbers((x, y) => x < y),
  LessEqual: numbers((x, y) => x <= y),
  Greater: numbers((x, y) => x > y),
  GreaterEqual: numbers((x, y) => x >= y),
  Equal: numbers((x, y) => x === y),
  // All values are scalars: shapes are empty lists.
  Shape: () => [[]],
  Fill: ([, value]) => [value],
  FakeParam: () => [Number.NaN],
  Assign: assign((_, by) => by),
  AssignVariableOp: assign((_, by) => by),
  AssignAdd: assign((old, by) => old + by),
  AssignAddVariableOp: assign((old, by) => old + by),
  AssignSubVariableOp: assign((old, by) => old - by),
  ReadVariableOp: ([cell]) => [read(cell)],
  VarIsInitializedOp: ([cell]) => [(cell as Cell).value.length > 0],
  StackV2: () => [{ value: [] }],
  StackPushV2: ([stack, value]) => {
    (stack as Cell).value.push(read(value));
    return [value];
  },
  StackPopV2: ([stack]) => [(stack as Cell).value.pop() as Value],
  Assert: ([holds]) => {
    if (!read(holds)) throw new Error('InvalidArgumentError');
    return [];
  },
};

/** A graph and the state of its variables. */
export class FunctionalProgram {
  private readonly variables = new Map<string, Cell>();
  private readonly functions: ReadonlyMap<string, FunctionDef>;

  constructor(private readonly def: GraphDef) {
    this.functions = new Map(def.library.function.map((fn) => [fn.name, fn]));
  }

  /** Values of tensors (`name:0`) and effects of targets (`name`). */
  run(fetches: readonly string[], feeds: Readonly<Record<string, Value>> = {}): Value[] {
    const fed = new Map(Object.entries(feeds).map(([name, value]) => [name.replace(/:0$/, ''), [value]]));
    const scope = new Scope(this.def.node, fed, this);
    return fetches.map((fetch) => {
      const [name, index] = fetch.split(':');
      return read(scope.outputs(name)[Number(index ?? 0)] ?? 0);
    });
  }

  call(name: string, inputs: readonly Value[]): Value[] {
    const fn = this.functions.get(name);
    if (!fn) throw new Error(`No function ${name}`);
    // An argument that is not a reference is what its input held at the call.
    const args = fn.inputArg.map((arg, i): [string, Value[]] => {
      const isHandle = fn.argAttr.get(i)?.has('_ref') || arg.type?.name === 'resource';
      return [arg.name, [isHandle ? inputs[i] : read(inputs[i])]];
    });
    const scope = new Scope(fn.nodeDef, new Map(args), this);
    for (const control of fn.controlOutput) scope.outputs(fn.controlRet.get(control) as string);
    return fn.outputArg.map((arg) => {
      const [node, , index] = (fn.ret.get(arg.name) as string).split(':');
      return scope.outputs(node)[Number(index ?? 0)];
    });
  }

  compute(node: NodeDef, inputs: Value[]): Value[] {
    switch (node.op) {
      case 'If':
      case 'StatelessIf':
        return this.call(functionName(node, read(inputs[0]) ? 'then_branch' : 'else_branch'), inputs.slice(1));
      case 'While':
      case 'StatelessWhile': {
        let values = inputs;
        while (read(this.call(functionName(node, 'cond'), values)[0])) {
          values = this.call(functionName(node, 'body'), values);
        }
        return values;
      }
      case 'Const':
        return [constant(node.attr.get('value') as AttrValueDef)];
      case 'VariableV2':
      case 'VarHandleOp': {
        const cell = this.variables.get(node.name) ?? { value: [] };
        this.variables.set(node.name, cell);
        return [cell];
      }
    }
    if (this.functions.has(node.op)) return this.call(node.op, inputs);
    const kernel = KERNELS[node.op];
    if (!kernel) throw new Error(`No kernel for ${node.op}`);
    return kernel(inputs, node);
  }
}

/** One run of the nodes of a graph or function: each is computed when first asked for. */
class Scope {
  private readonly nodes: ReadonlyMap<string, NodeDef>;

  constructor(
    nodes: readonly NodeDef[],
    private readonly done: Map<string, Value[]>,
    private readonly program: FunctionalProgram,
  ) {
    this.nodes = new Map(nodes.map((node) => [node.name, node]));
  }

  outputs(name: string): Value[] {
    const known = this.done.get(name);
    if (known) return known;
    const node = this.nodes.get(name);
    if (!node) throw new Error(`No node ${name}`);
    for (const input of node.input) if (input.startsWith('^')) this.outputs(input.slice(1));
    const inputs = node.input
      .filter((input) => !input.startsWith('^'))
      .map((input) => {
        const parts = input.split(':');
        return this.outputs(parts[0])[Number(parts.at(-1) === parts[0] ? 0 : parts.at(-1))];
      });
    const outputs = this.program.compute(node, inputs);
    this.done.set(name, outputs);
    return outputs;
  }
}

function functionName(node: NodeDef, attr: string): string {
  const value = node.attr.get(attr);
  if (!value || !('func' in value)) throw new Error(`${node.name} has no ${attr}`);
  return value.func.name;
}

function constant(value: AttrValueDef): Value {
  if (!('tensor' in value)) throw new Error('A constant without a value');
  const { data, shape } = value.tensor;
  return shape.length === 0 ? Number(data[0]) : Array.from(data as ArrayLike<number>, Number);
}
