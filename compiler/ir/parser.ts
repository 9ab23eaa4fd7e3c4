/**
 * Reads the text of a module, as `printer.ts` writes it. Types of inputs and defaults fill in the attributes that the
 * text leaves out. Arrays that the text only summarises have to be given.
 */
import type { AttrValue, TensorSpec } from '../../src/graph/node.ts';
import { findOpDef, type OpDef } from '../../src/ops/opdef/define.ts';
import { asDType, type DType, dtypes, string } from '../../src/util/dtype.ts';
import { ValueError } from '../../src/util/errors.ts';
import { allocate, encodeString, NdArray } from '../../src/util/ndarray.ts';
import type { KnownShape, Shape } from '../../src/util/shape.ts';
import { effectOf, mustRun } from './effects.ts';
import { ARG, type IrFeed, type IrModule, type IrNode, type IrValue } from './module.ts';
import { Scanner } from './scanner.ts';
import './internal-ops.ts';

export interface ParseOptions {
  /** The arrays of constants that are too long for the text, by node id. */
  readonly constants?: ReadonlyMap<number, NdArray>;
}

/**
 * The module that the text describes. Feeds and effects may be left out: then every `_Arg` is a feed, and every node
 * with an effect runs. Throws `ValueError` with the line for what is no module.
 */
export function parseModule(text: string, options: ParseOptions = {}): IrModule {
  return new Parser(options).parse(text);
}

class Parser {
  private readonly nodes: IrNode[] = [];
  private readonly byId = new Map<number, IrNode>();
  private readonly feeds: IrFeed[] = [];
  private readonly fetches: IrValue[] = [];
  private readonly effects: number[] = [];

  constructor(private readonly options: ParseOptions) {}

  parse(text: string): IrModule {
    text.split('\n').forEach((line, i) => {
      const { code, comment } = splitComment(line);
      if (code === '') return;
      try {
        this.line(new Scanner(code), comment);
      } catch (error) {
        throw new ValueError(`Line ${i + 1}: ${(error as Error).message}\n    ${line}`);
      }
    });
    const fed = new Set(this.feeds.map(({ node }) => node));
    for (const { id, op, origin } of this.nodes) {
      if (op === ARG && !fed.has(id)) this.feeds.push({ node: id, endpoint: { node: origin[0], index: 0 } });
    }
    const run = new Set(this.effects);
    const effects = this.nodes.filter((node) => run.has(node.id) || mustRun(effectOf(node))).map(({ id }) => id);
    const nextId = this.nodes.reduce((next, { id }) => Math.max(next, id + 1), 0);
    return { nodes: this.nodes, feeds: this.feeds, fetches: this.fetches, effects, nextId };
  }

  private line(s: Scanner, comment: string): void {
    if (s.take('feed')) {
      const { node } = this.value(s);
      s.expect('=');
      s.expect('@');
      const source = s.integer();
      s.expect(':');
      this.feeds.push({ node, endpoint: { node: source, index: s.integer() } });
    } else if (s.take('fetch')) {
      do this.fetches.push(this.value(s));
      while (s.take(','));
    } else if (s.take('run')) {
      do this.effects.push(this.value(s).node);
      while (s.take(','));
    } else this.node(s, comment);
    s.end();
  }

  private value(s: Scanner): IrValue {
    s.expect('%');
    const node = s.integer();
    return { node, index: s.take(':') ? s.integer() : 0 };
  }

  private node(s: Scanner, comment: string): void {
    const { node: id } = this.value(s);
    s.expect('=');
    const op = s.word();
    const def = findOpDef(op);
    if (!def) throw new ValueError(`The op ${op} is not defined.`);
    const inputs: IrValue[] = [];
    s.expect('(');
    while (!s.take(')')) {
      inputs.push(this.value(s));
      if (!s.peek(')')) s.expect(',');
    }
    const given = this.attrs(s);
    s.expect(':');
    const outputs = specs(s);
    const literal = given.get('value');
    if (op === 'Const') {
      const value = literal instanceof NdArray ? literal : this.constant(id, literal, outputs[0]);
      given.set('value', value).set('dtype', outputs[0].dtype);
    }
    const [, name = '', ids] = /^(\S*)(?: @([\d,]+))?$/.exec(comment) ?? [];
    const node: IrNode = {
      id,
      op,
      inputs,
      attrs: this.complete(def, inputs, given, outputs),
      outputs,
      origin: ids ? ids.split(',').map(Number) : [id],
      name: name || `n${id}`,
    };
    this.nodes.push(node);
    this.byId.set(id, node);
  }

  private attrs(s: Scanner): Map<string, AttrValue | Literal> {
    const attrs = new Map<string, AttrValue | Literal>();
    if (!s.take('{')) return attrs;
    do {
      const name = s.word();
      attrs.set(name, s.take('=') ? attrValue(s) : true);
    } while (s.take(','));
    s.expect('}');
    return attrs;
  }

  private constant(id: number, literal: AttrValue | Literal | undefined, spec: TensorSpec): NdArray {
    const given = this.options.constants?.get(id);
    if (given) return given;
    if (literal instanceof Summary) throw new ValueError(`The elements of %${id} are not in the text.`);
    return fromLiteral(literal as Literal, spec);
  }

  /** The attributes in the order of the definition: those given, those that types tell, and defaults. */
  private complete(
    def: OpDef,
    inputs: readonly IrValue[],
    given: ReadonlyMap<string, AttrValue | Literal>,
    outputs: readonly TensorSpec[],
  ): Record<string, AttrValue> {
    const told = this.fromTypes(def, inputs, outputs);
    const attrs: Record<string, AttrValue> = {};
    for (const attr of def.attrs) {
      const value = given.get(attr.name) ?? told.get(attr.name) ?? (given.has(attr.name) ? null : attr.default);
      if (value === undefined) throw new ValueError(`The attribute ${attr.name} is missing.`);
      attrs[attr.name] = attr.type === 'type' && typeof value === 'string' ? asDType(value) : (value as AttrValue);
    }
    for (const [name, value] of given) if (!Object.hasOwn(attrs, name)) attrs[name] = value as AttrValue;
    return attrs;
  }

  private fromTypes(def: OpDef, inputs: readonly IrValue[], outputs: readonly TensorSpec[]): Map<string, AttrValue> {
    const told = new Map<string, AttrValue>();
    const types = inputs.map(({ node, index }) => {
      const spec = this.byId.get(node)?.outputs[index];
      if (!spec) throw new ValueError(`%${node}:${index} is not defined.`);
      return spec.dtype;
    });
    // Only one argument can be a list whose length the inputs tell, unless lists share their length.
    const lists = def.inputs.filter((arg) => arg.numberAttr !== null || arg.typeListAttr !== null);
    const length = lists.length === 0 ? 0 : (types.length - (def.inputs.length - lists.length)) / lists.length;
    let next = 0;
    for (const arg of def.inputs) {
      const own = types.slice(next, next + (lists.includes(arg) ? length : 1));
      next += own.length;
      if (arg.numberAttr) told.set(arg.numberAttr, own.length);
      if (arg.typeListAttr) told.set(arg.typeListAttr, own);
      else if (arg.typeAttr && own.length > 0) told.set(arg.typeAttr, own[0]);
    }
    if (next !== types.length || !Number.isInteger(length)) throw new ValueError(`${def.name} takes other inputs.`);
    def.outputs.forEach((arg, i) => {
      if (arg.typeAttr && arg.numberAttr === null && !told.has(arg.typeAttr) && outputs[i]) {
        told.set(arg.typeAttr, outputs[i].dtype);
      }
    });
    return told;
  }
}

/** A nested list of elements, whose type is told elsewhere. */
type Literal = number | bigint | boolean | string | readonly Literal[] | Summary;

/** An array of which the text has only size and hash. */
class Summary {
  constructor(readonly text: string) {}
}

/** A line may end in a name behind a `#`, or be all comment. */
function splitComment(line: string): { code: string; comment: string } {
  if (line.trimStart().startsWith('#')) return { code: '', comment: '' };
  const at = /\s# *(\S*(?: @[\d,]+)?)\s*$/.exec(line);
  return at ? { code: line.slice(0, at.index).trim(), comment: at[1] } : { code: line.trim(), comment: '' };
}

function specs(s: Scanner): TensorSpec[] {
  if (!s.take('(')) return [spec(s)];
  const list: TensorSpec[] = [];
  while (!s.take(')')) {
    list.push(spec(s));
    if (!s.peek(')')) s.expect(',');
  }
  return list;
}

function spec(s: Scanner): TensorSpec {
  const dtype = typeNamed(s.word());
  const shape = dims(s);
  if (!s.take('<')) return { dtype, shape };
  const handle = spec(s);
  s.expect('>');
  return { dtype, shape, handle };
}

function typeNamed(name: string): DType {
  const dtype = dtypes.find((d) => d.shortName === name);
  if (!dtype) throw new ValueError(`'${name}' is no type.`);
  return dtype;
}

function dims(s: Scanner): Shape {
  s.expect('[');
  if (s.take('*')) {
    s.expect(']');
    return null;
  }
  const list: (number | null)[] = [];
  while (!s.take(']')) {
    list.push(s.take('?') ? null : s.integer());
    if (!s.peek(']')) s.expect(',');
  }
  return list;
}

function attrValue(s: Scanner): AttrValue | Literal {
  if (s.take('?')) return null;
  if (s.take('@')) return { func: s.word() };
  if (s.take('#')) return new Summary(s.rest(/[^\s,}\]>]+/y));
  if (s.take('<')) {
    const type = spec(s);
    const value = fromLiteral(attrValue(s) as Literal, type);
    s.expect('>');
    return value;
  }
  if (s.take('[')) {
    const list: (AttrValue | Literal)[] = [];
    while (!s.take(']')) {
      list.push(attrValue(s));
      if (!s.peek(']')) s.expect(',');
    }
    return list as AttrValue;
  }
  const text = s.literal();
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+n$/.test(text)) return BigInt(text.slice(0, -1));
  const number = Number(text);
  return Number.isNaN(number) && text !== 'NaN' ? typeNamed(text) : number;
}

function fromLiteral(literal: Literal | undefined, { dtype, shape }: TensorSpec): NdArray {
  if (literal === undefined || literal instanceof Summary) throw new ValueError('The elements are not in the text.');
  let level: readonly Literal[] = [literal];
  while (level.some(Array.isArray)) level = level.flat() as readonly Literal[];
  const data = allocate(dtype, dtype.isComplex ? level.length / 2 : level.length);
  level.forEach((element, i) => {
    if (dtype === string) (data as Uint8Array[])[i] = encodeString(String(element));
    else if (dtype.isBigInt) (data as BigInt64Array)[i] = BigInt(element as number | bigint);
    else (data as Float32Array)[i] = Number(element);
  });
  return new NdArray(dtype, shape as KnownShape, data);
}
