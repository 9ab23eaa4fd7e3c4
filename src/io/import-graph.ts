/**
 * `tf.importGraphDef`: the nodes of a file into the default graph, under a prefix, with inputs mapped to tensors that are
 * there. Nodes are built by `import-nodes.ts`, functions by `import-functions.ts`; reading files is `graph-def.ts`'s work.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import { type Graph, Operation, Tensor } from '../graph/graph.ts';
import { isValidOpName } from '../graph/names.ts';
import type { AttrValue } from '../graph/node.ts';
import { convertToTensor } from '../ops/emit.ts';
import { bind, type Rest, type TensorLike } from '../ops/tensor-like.ts';
import { NotFoundError, TypeError, ValueError } from '../util/errors.ts';
import { pythonRepr, pythonTypeName } from '../util/python-names.ts';
import { isV1ControlFlow } from './functionalize/items.ts';
import { functionalizeControlFlow } from './functionalize.ts';
import { GraphDef } from './graph-def.ts';
import { FunctionImport } from './import-functions.ts';
import { importNodes, type Source } from './import-nodes.ts';
import { placeReferences } from './import-references.ts';
import { checkVersions, type OpList, stripNewDefaults } from './import-versions.ts';
import type { NodeDef } from './messages.ts';

/** What stands in for inputs of the file: by `'name:0'`, `'name'`, or `'^name'` for a control input. */
export type InputMap =
  | ReadonlyMap<string, TensorLike | Operation>
  | { readonly [name: string]: TensorLike | Operation };

export interface ImportOptions {
  readonly inputMap?: InputMap | null;
  /** Names in the file: `'name'` gives an operation, `'name:0'` a tensor. */
  readonly returnElements?: readonly string[] | null;
  /** The scope that the nodes come into, `import` without it; with `''` they keep their names. */
  readonly name?: string | null;
  /** Ignored, as in TensorFlow. */
  readonly opDict?: unknown;
  /** The ops of the program that wrote the file: attributes with the defaults stated there may be unknown here. */
  readonly producerOpList?: OpList | null;
}

/** What `returnElements` give: a tensor for `'name:0'`, an operation for `'name'`. */
export type Imported<E> = E extends readonly string[]
  ? {
      -readonly [K in keyof E]: string extends E[K]
        ? Tensor | Operation
        : E[K] extends `${string}:${string}`
          ? Tensor
          : Operation;
    }
  : null;

const OPTIONS = ['inputMap', 'returnElements', 'name', 'opDict', 'producerOpList'] as const;

/**
 * Adds the nodes of a graph definition to the default graph: all of them, or in case of an error none. Returns the
 * elements asked for by `returnElements`, else null.
 *
 * Loops and branches of TensorFlow 1 (`Switch`, `Merge`, `Enter`, …) become `While` and `If` on the way.
 *
 * Throws `ValueError` for a definition that is not well-formed or names that it does not have, `TypeError` for arguments
 * of wrong types, `NotFoundError` for op types that are not registered: it names all of them.
 *
 *     const def = tf.GraphDef.fromBinary(bytes);
 *     const [y] = tf.importGraphDef(def, {inputMap: {'x:0': image}, returnElements: ['softmax:0'], name: ''});
 */
export function importGraphDef<const E extends readonly string[]>(
  graphDef: GraphDef,
  options: ImportOptions & { readonly returnElements: E },
): Imported<E>;
export function importGraphDef(graphDef: GraphDef, options?: ImportOptions & { readonly returnElements?: null }): null;
export function importGraphDef<const E extends readonly string[] | null = null>(
  graphDef: GraphDef,
  inputMap: InputMap | null | undefined,
  returnElements?: E,
  ...rest: Rest<[name: string | null, opDict: unknown, producerOpList: OpList | null], ImportOptions>
): Imported<E>;
export function importGraphDef(graphDef: GraphDef, ...rest: readonly unknown[]): unknown {
  const options = bind<ImportOptions>(OPTIONS, rest);
  for (const key of Object.keys(options)) {
    if ((OPTIONS as readonly string[]).includes(key)) continue;
    throw new TypeError(`importGraphDef() got an unexpected keyword argument '${key}'`);
  }
  if (!(graphDef instanceof GraphDef)) throw new TypeError('Argument `graph_def` must be a GraphDef proto.');
  const inputs = inputEntries(options.inputMap);
  const wanted = options.returnElements ?? null;
  if (wanted && !(Array.isArray(wanted) && wanted.every((name) => typeof name === 'string'))) {
    throw new TypeError(`Argument \`return_elements\` must be a list of strings. Obtained ${pythonList(wanted)}.`);
  }
  const graph = getDefaultGraph();
  return graph.atomic(() =>
    new GraphImport(graph, stripNewDefaults(graphDef, options.producerOpList)).run(inputs, options),
  );
}

function pythonList(items: unknown): string {
  return Array.isArray(items) ? `[${items.map(pythonRepr).join(', ')}]` : pythonRepr(items);
}

type InputEntry = readonly [name: string, value: TensorLike | Operation];

function inputEntries(map: InputMap | null | undefined): InputEntry[] {
  if (map == null) return [];
  const isPlain = typeof map === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(map));
  if (!(map instanceof Map) && !isPlain) {
    throw new TypeError(`Argument \`input_map\` must be a dictionary. Obtained ${pythonTypeName(map)}`);
  }
  const entries: InputEntry[] = map instanceof Map ? [...map] : Object.entries(map);
  if (entries.some(([name]) => typeof name !== 'string')) {
    const keys = entries.map(([name]) => name);
    throw new TypeError(`All keys for argument \`input_map\` must be strings. Obtained keys: ${pythonList(keys)}`);
  }
  return entries;
}

/** `'name:1'` as name and index; `'name'` is output 0. Throws `ValueError` for anything else. */
export function parseTensorName(text: string): readonly [name: string, index: number] {
  const parts = text.split(':');
  if (parts.length === 1) return [text, 0];
  if (parts.length > 2) {
    throw new ValueError(
      `Cannot convert '${text}' to a tensor name. Tensor names should not contain more than 1 \`:\`. Obtained ${parts.length - 1}`,
    );
  }
  if (!/^[+-]?\d+$/.test(parts[1])) {
    throw new ValueError(
      `Cannot convert '${text}' to a tensor name. Second component of the name following the \`:\` should be an int. Got ${parts[1]}.`,
    );
  }
  return [parts[0], Number(parts[1])];
}

/** One import into one graph. */
class GraphImport {
  private readonly def: GraphDef;
  private readonly positions = new Map<string, number>();
  private readonly mapped = new Map<string, Tensor>();
  private readonly mappedControls = new Map<string, Operation>();
  private readonly used = new Set<string>();
  private names: readonly string[] = [];

  /** Nodes of the file that have become parts of other nodes. */
  private readonly lost: ReadonlySet<string>;

  constructor(
    private readonly graph: Graph,
    given: GraphDef,
  ) {
    checkVersions(given.versions);
    this.index(given.node);
    this.refuseUnknownOps(given);
    this.def = functionalizeControlFlow(given);
    this.lost = new Set(this.def === given ? [] : this.positions.keys());
    this.index(this.def.node);
  }

  private refuseUnknownOps({ library, node }: GraphDef): void {
    const unknown = new FunctionImport(library, this.graph).unknownOps(node).filter((op) => !isV1ControlFlow(op));
    if (unknown.length > 0) throw unknownOps(unknown);
  }

  private index(nodes: readonly NodeDef[]): void {
    this.positions.clear();
    for (const [position, node] of nodes.entries()) {
      if (!isValidOpName(node.name)) throw new ValueError(`Node '${node.name}': Node name contains invalid characters`);
      if (this.positions.has(node.name)) throw new ValueError(`Node '${node.name}' is not unique`);
      if (node.op === '') throw new ValueError(`Node '${node.name}' does not specify an operation`);
      this.positions.set(node.name, position);
    }
  }

  run(inputs: readonly InputEntry[], { name, returnElements }: ImportOptions): (Tensor | Operation)[] | null {
    const { graph } = this;
    const prefix = graph.nameScope(name ?? 'import', (scope) => {
      this.map(inputs, name ?? 'import');
      return scope;
    });
    this.names = this.uniqueNames(prefix);
    const def = placeReferences(this.def, (node) => this.names[this.positions.get(node) as number]);
    const functions = new FunctionImport(def.library, graph);
    const built = importNodes({
      graph,
      nodes: functions.prepare(def.node),
      scope: functions.scope,
      nameOf: (position) => this.names[position],
      source: (input) => this.source(input),
      control: (control) => this.control(control),
      attrs: (attrs, { name: nodeName }) => this.colocate(attrs, nodeName),
    });
    this.checkUnused(built);
    return returnElements ? returnElements.map((element) => this.element(element, built)) : null;
  }

  private map(inputs: readonly InputEntry[], name: string): void {
    const { graph } = this;
    const isReady = (value: unknown) => value instanceof Tensor || value instanceof Operation;
    if (name === '' && !inputs.every(([, value]) => isReady(value))) {
      throw new ValueError(
        'tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values. Try calling tf.convert_to_tensor() on `input_map` values before calling tf.import_graph_def().',
      );
    }
    const values = inputs.map(([, value]) => {
      if (isReady(value)) return value as Tensor | Operation;
      return graph.asDefault(() => graph.nameScope('_inputs', () => convertToTensor(value as TensorLike)));
    });
    inputs.forEach(([key], i) => {
      const value = values[i];
      if (value.graph !== graph) throw new ValueError(`${value} must be from the same graph as the import.`);
      if (key.startsWith('^')) {
        this.mappedControls.set(key.slice(1), value instanceof Tensor ? value.op : value);
        return;
      }
      if (value instanceof Operation) throw new TypeError(`Can't convert Operation '${value.name}' to Tensor`);
      this.mapped.set(parseTensorName(key).join(':'), value);
    });
  }

  /** The names in the graph. Where one is taken a number is added that neither the graph nor the file has. */
  private uniqueNames(prefix: string): string[] {
    const { graph, positions } = this;
    const scopes = this.scopesBelow(prefix);
    const counts = new Map<string, number>();
    const given = new Set<string>();
    const isTaken = (name: string) => given.has(name) || graph.hasOperation(name) || scopes.has(name);
    return this.def.node.map((node) => {
      const wished = prefix + node.name;
      let name = wished;
      let count = counts.get(wished) ?? 0;
      while (isTaken(name) || (count > 0 && positions.has(name.slice(prefix.length)))) name = `${wished}_${++count}`;
      counts.set(wished, count);
      given.add(name);
      return name;
    });
  }

  /** The scopes that ops of the graph are in, as far as the prefix does not make clashes impossible. */
  private scopesBelow(prefix: string): Set<string> {
    const scopes = new Set<string>();
    for (const { name } of this.graph.snapshot().nodes()) {
      if (!name.startsWith(prefix)) continue;
      for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
        const scope = name.slice(0, slash);
        if (scopes.has(scope)) break;
        scopes.add(scope);
      }
    }
    return scopes;
  }

  private source(input: string): Tensor | Source | null {
    const match = /^(.*):(\d+)$/.exec(input);
    const name = match ? match[1] : input;
    const index = match ? Number(match[2]) : 0;
    if (this.mapped.size > 0) {
      const key = `${name}:${index}`;
      const mapped = this.mapped.get(key);
      if (mapped) {
        this.used.add(key);
        return mapped;
      }
    }
    const position = this.positions.get(name);
    return position === undefined ? null : { position, index: () => index };
  }

  private control(name: string): Operation | number | null {
    const mapped = this.mappedControls.get(name);
    if (mapped) {
      this.used.add(`^${name}`);
      return mapped;
    }
    return this.positions.get(name) ?? null;
  }

  private colocate(attrs: Record<string, AttrValue>, nodeName: string): void {
    const classes = attrs._class;
    if (!Array.isArray(classes)) return;
    attrs._class = Object.freeze(
      (classes as readonly AttrValue[]).flatMap((group) => {
        if (typeof group !== 'string' || !group.startsWith('loc:@')) return [group];
        const name = group.slice('loc:@'.length);
        const position = this.positions.get(name);
        if (position !== undefined) return [`loc:@${this.names[position]}`];
        // What control flow was made of is not there any more.
        if (this.lost.has(name)) return [];
        throw new ValueError(`Node '${nodeName}' expects to be colocated with unknown node '${name}'`);
      }),
    );
  }

  /** A key of the map that the file has no output for is taken as a slip of the pen. */
  private checkUnused(built: readonly Operation[]): void {
    const isThere = (name: string, index: number) => {
      const position = this.positions.get(name);
      return position !== undefined && index < built[position].node.outputs.length;
    };
    const missing = [...this.mapped.keys()].filter((key) => !this.used.has(key) && !isThere(...parseTensorName(key)));
    for (const name of this.mappedControls.keys()) {
      if (!this.used.has(`^${name}`) && !this.positions.has(name)) missing.push(`^${name}`);
    }
    if (missing.length > 0) {
      throw new ValueError(`Attempted to map inputs that were not found in graph_def: [${missing.join(', ')}]`);
    }
  }

  private element(text: string, built: readonly Operation[]): Tensor | Operation {
    if (!text.includes(':')) {
      const position = this.positions.get(text);
      if (position === undefined) throw new ValueError(`Requested return node '${text}' not found in graph def`);
      return built[position];
    }
    const [name, index] = parseTensorName(text);
    const mapped = this.mapped.get(`${name}:${index}`);
    if (mapped) return mapped;
    const position = this.positions.get(name);
    if (position === undefined) {
      throw new ValueError(`Requested return tensor '${name}:${index}' not found in graph def`);
    }
    const count = built[position].node.outputs.length;
    if (index < 0 || index >= count) {
      throw new ValueError(`Invalid return output ${index} of node '${name}', which has ${count} output(s)`);
    }
    return built[position].output(index);
  }
}

function unknownOps(types: readonly string[]): NotFoundError {
  const list = types.map((type) => `'${type}'`).join(', ');
  return new NotFoundError(
    null,
    `Op type${types.length > 1 ? 's' : ''} not registered ${list}. Make sure that what defines ${types.length > 1 ? 'them' : 'it'} is loaded before the graph is imported, as with \`tf.defineOp\`.`,
  );
}
