/**
 * From a part of a kernel to a fragment program in GLSL ES 3.0 that writes packed textures, a texel of two rows by two columns
 * at a time. The text has no sizes in it: programs are kept by their text, and sizes are what they are called with. Making
 * textures, and keeping programs, is the runtime's business.
 *
 * Every program computes whole texels. What lies beyond the last row or column is 0, as tfjs's kernels expect, whatever has
 * been computed there.
 */
import { identityOf, type LoopKernel, type Operand, type Reduction, type Stage } from '../kernel.ts';
import { type ElementType, needed, type Value, type ValueId } from '../values.ts';
import { type Argument, expression, fromTexel, literal, VECTOR } from './expressions.ts';
import { functionsFor } from './functions.ts';
import { type Layout, type PackedLayout, samePlaces, sameTexels } from './layout.ts';
import { Numbers } from './numbers.ts';
import { gatherFunction } from './texels.ts';

/** How an input comes: in a texture, or as a number, which is known in the run only. */
export type Source = Layout | 'number';

export interface Program {
  readonly source: string;
  /** By sampler, which input it reads. */
  readonly samplers: readonly number[];
  readonly integers: Int32Array;
  readonly floats: Float32Array;
  /** Where in the floats the inputs go that come as numbers. */
  readonly given: readonly { readonly input: number; readonly place: number }[];
}

/**
 * The program of a part. All outputs have the same strides.
 *
 * @param sources by input, how it comes
 * @param target the textures that are written
 */
export function renderProgram(kernel: LoopKernel, sources: readonly Source[], target: PackedLayout): Program {
  return new Renderer(kernel, sources, target).run();
}

/** Constants that stay in the text; others are numbers that the program is called with, as sizes are. */
const WRITTEN: ReadonlySet<number> = new Set([0, 1, -1, 2, 0.5, 6]);

/** Where values are computed: at the places of the texel, or in the loops of a reduction. */
interface Scope {
  /** In front of the names of its values. */
  readonly prefix: string;
  /** Whether the reduced axes are gone through by loops. */
  readonly inLoops: boolean;
}

class Renderer {
  private readonly numbers = new Numbers();
  private readonly functions: string[] = [];
  private readonly samplers: number[] = [];
  private readonly given: { input: number; place: number }[] = [];
  private readonly gathered = new Set<number>();
  /** What is declared before the values, by name. */
  private readonly wanted = new Set<'texel' | 'corner' | 'flat'>();
  private readonly placed = new Set<number>();
  private readonly out: Operand;

  constructor(
    private readonly kernel: LoopKernel,
    private readonly sources: readonly Source[],
    private readonly target: PackedLayout,
  ) {
    this.out = kernel.outputs[0];
  }

  run(): Program {
    const { kernel } = this;
    const body: string[] = [];
    kernel.stages.forEach((stage, i) => {
      if (stage.kind === 'reduce') body.push(...this.reduction(stage, i));
    });
    const stores = kernel.stages.filter((stage) => stage.kind === 'store');
    const scope: Scope = { prefix: 'v', inLoops: false };
    const roots = stores.map(({ value }) => value);
    body.push(...this.values(roots, scope));
    const mask = this.mask();
    for (const { output, value } of stores) {
      const name = this.name(value, scope);
      const result = this.kernel.values[value].type === 'f32' ? name : `vec4(${name})`;
      body.push(`o${output} = ${mask ? `mix(vec4(0.0), ${result}, ${mask})` : result};`);
    }
    const places = this.places();
    const main = ['void main() {', ...[...places, ...body].map((line) => `  ${line}`), '}'].join('\n');
    const own = [...this.functions, main].join('\n');
    const source = [
      '#version 300 es',
      'precision highp float;',
      'precision highp int;',
      'precision highp sampler2D;',
      ...this.samplers.map((_, k) => `uniform sampler2D X${k};`),
      ...this.numbers.declarations(),
      ...kernel.outputs.map((_, k) => `layout(location = ${k}) out vec4 o${k};`),
      functionsFor(own),
      own,
    ].join('\n');
    return { source, samplers: this.samplers, given: this.given, ...this.numbers.finish() };
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Places

  /** What is wanted of where the texel lies, in the order in which one needs the other. */
  private places(): string[] {
    const { target, numbers, wanted } = this;
    for (const axis of this.placed) if (!this.isInner(axis) || target.columns === 1) wanted.add('flat');
    if (this.placed.size > 0) wanted.add('corner');
    if (wanted.has('flat')) wanted.add('corner');
    const { batch, rows, columns, width, height } = target;
    const across = Math.ceil(columns / 2);
    const isStraight = width === across;
    const lines: string[] = ['ivec2 at = ivec2(gl_FragCoord.xy);'];
    const number = height === 1 ? 'at.x' : `at.y * ${numbers.integer('width', width)} + at.x`;
    if (wanted.has('texel') || (wanted.has('corner') && !isStraight)) lines.push(`int n = ${number};`);
    if (wanted.has('corner')) {
      const t = () => numbers.integer('across', across);
      const isRow = rows === 1 && batch === 1;
      if (isRow) lines.push(`int c = 2 * ${isStraight ? 'at.x' : 'n'};`);
      else if (isStraight) lines.push('int c = 2 * at.x;', 'int q = at.y;');
      else lines.push(`int q = n / ${t()};`, `int c = 2 * (n - q * ${t()});`);
      // `r` is the row in its matrix, `row` that of all matrices one below the other.
      if (isRow) lines.push('int r = 0;', 'int row = 0;');
      else if (batch === 1) lines.push('int r = 2 * q;', 'int row = r;');
      else {
        const down = numbers.integer('down', Math.ceil(rows / 2));
        lines.push(`int b = q / ${down};`, `int r = 2 * (q - b * ${down});`);
        lines.push(`int row = b * ${numbers.integer('rows', rows)} + r;`);
      }
    }
    if (wanted.has('flat')) {
      const c = numbers.integer('columns', columns);
      lines.push(`ivec4 flat4 = row * ${c} + c + ivec4(0, 1, ${c}, ${c} + 1);`);
    }
    for (const axis of this.placed) lines.push(`ivec4 p${axis} = ${this.place(axis)};`);
    return lines;
  }

  /** Whether the axis is that of the columns. */
  private isInner(axis: number): boolean {
    return this.out.strides[axis] === 1 && this.kernel.axes[axis].extent === this.target.columns;
  }

  /** The places along an axis that the result goes along. */
  private place(axis: number): string {
    if (this.isInner(axis) && this.target.columns > 1) return 'c + ivec4(0, 1, 0, 1)';
    const { strides } = this.out;
    const stride = strides[axis];
    const own = stride === 1 ? 'flat4' : `flat4 / ${this.numbers.integer(`out stride ${axis}`, stride)}`;
    // Nothing lies further out.
    if (strides.every((other) => other <= stride)) return own;
    return `(${own}) % ${this.numbers.integer(`extent ${axis}`, this.kernel.axes[axis].extent)}`;
  }

  /** Which of the texel's four places are places of the result; null where all are. */
  private mask(): string | null {
    const { rows, columns, batch } = this.target;
    const [isWide, isTall] = [columns % 2 === 0, rows % 2 === 0];
    if (isWide && isTall) return null;
    if (isWide && rows === 1 && batch === 1) return 'bvec4(true, true, false, false)';
    this.wanted.add('corner');
    const right = isWide ? 'true' : `c + 1 < ${this.numbers.integer('columns', columns)}`;
    const below = rows === 1 ? 'false' : isTall ? 'true' : `r + 1 < ${this.numbers.integer('rows', rows)}`;
    return `bvec4(true, ${right}, ${below}, ${right} && ${below})`;
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Values

  private name(id: ValueId, { prefix }: Scope): string {
    const value = this.kernel.values[id];
    if (value.kind === 'reduced') return `a${value.stage}`;
    if (value.kind !== 'constant') return `${prefix}${id}`;
    const isInText = value.type !== 'f32' || WRITTEN.has(value.value) || !Number.isFinite(value.value);
    return isInText ? literal(value.value, value.type) : `vec4(${this.numbers.float(`constant ${id}`, value.value)})`;
  }

  private argument(id: ValueId, scope: Scope): Argument {
    const value = this.kernel.values[id];
    const isNumber = value.kind === 'constant' && !Number.isNaN(value.value);
    return { name: this.name(id, scope), type: value.type, isNumber };
  }

  /** Declarations of the values that the roots need. */
  private values(roots: readonly ValueId[], scope: Scope): string[] {
    return needed(this.kernel.values, roots).flatMap((id) => {
      const value = this.kernel.values[id];
      if (value.kind === 'constant' || value.kind === 'reduced') return [];
      return [`${VECTOR[value.type]} ${this.name(id, scope)} = ${this.value(value, scope)};`];
    });
  }

  private value(value: Value, scope: Scope): string {
    switch (value.kind) {
      case 'load':
        return fromTexel(this.load(value.input, scope), value.type);
      case 'index':
        return `vec4(${this.placeIn(value.axis, scope) ?? '0'})`;
      case 'op': {
        const text = expression(
          value.op,
          value.args.map((arg) => this.argument(arg, scope)),
        );
        if (text !== null) return text;
      }
    }
    throw new RangeError(`There is no program for a value ${JSON.stringify(value)}.`);
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Inputs

  private load(input: number, scope: Scope): string {
    const source = this.sources[input];
    if (source === 'number') {
      const { text, place } = this.numbers.later(`input ${input}`);
      if (!this.given.some((each) => each.input === input)) this.given.push({ input, place });
      return `vec4(${text})`;
    }
    const known = this.samplers.indexOf(input);
    const sampler = `X${known < 0 ? this.samplers.push(input) - 1 : known}`;
    return this.whole(this.kernel.inputs[input], source, sampler, scope) ?? this.gather(input, source, sampler, scope);
  }

  /** The elements of a texel, where one texel has them; null where they lie in several. */
  private whole({ strides, offset }: Operand, source: Layout, sampler: string, scope: Scope): string | null {
    const { axes } = this.kernel;
    const { target, out, wanted, numbers } = this;
    const isFirst = offset === 0 && (source.kind === 'packed' || source.offset === 0);
    if (isFirst && strides.every((stride) => stride === 0)) return `vec4(texelFetch(${sampler}, ivec2(0), 0).x)`;
    if (source.kind === 'flat' || offset !== 0) return null;
    if (scope.inLoops && axes.some(({ isReduced }, axis) => isReduced && strides[axis] !== 0)) return null;
    if (axes.every((_, axis) => strides[axis] === out.strides[axis]) && sameTexels(source, target)) {
      if (samePlaces(source, target)) return `texelFetch(${sampler}, at, 0)`;
      wanted.add('texel');
      if (source.height === 1) return `texelFetch(${sampler}, ivec2(n, 0), 0)`;
      const w = numbers.integer(`${sampler} width`, source.width);
      return `texelFetch(${sampler}, ivec2(n % ${w}, n / ${w}), 0)`;
    }
    return this.broadcast(strides, source, sampler);
  }

  /** The elements of a texel where there is a row for all rows, or an element for each row. */
  private broadcast(strides: readonly number[], source: PackedLayout, sampler: string): string | null {
    const { axes } = this.kernel;
    const { target, out, wanted } = this;
    const isVector = source.rows === 1 && source.batch === 1 && source.height === 1;
    const isForColumns = axes.every((_, axis) => strides[axis] === (this.isInner(axis) ? 1 : 0));
    if (isForColumns && isVector && source.columns === target.columns) {
      wanted.add('corner');
      return `texelFetch(${sampler}, ivec2(c >> 1, 0), 0).xyxy`;
    }
    // The texel's first row has an even number only where there is one matrix.
    const hasRows = target.batch === 1 && target.rows > 1 && axes.some((_, axis) => this.isInner(axis));
    const isForRows = axes.every((_, axis) =>
      this.isInner(axis) ? strides[axis] === 0 : strides[axis] * target.columns === out.strides[axis],
    );
    const isColumn = source.batch === 1 && source.columns === 1 && source.width === 1;
    if (!hasRows || !isForRows || !(isVector || isColumn)) return null;
    wanted.add('corner');
    return isVector
      ? `texelFetch(${sampler}, ivec2(row >> 1, 0), 0).xxyy`
      : `texelFetch(${sampler}, ivec2(0, row >> 1), 0).xxzz`;
  }

  private gather(input: number, source: Layout, sampler: string, scope: Scope): string {
    if (!this.gathered.has(input)) this.functions.push(gatherFunction(`g${sampler}`, sampler, source, this.numbers));
    this.gathered.add(input);
    const { strides, offset } = this.kernel.inputs[input];
    const terms = offset === 0 ? [] : [this.numbers.integer(`first ${input}`, offset)];
    strides.forEach((stride, axis) => {
      if (stride === 0) return;
      const place = this.placeIn(axis, scope);
      if (place === null) return;
      terms.push(stride === 1 ? place : `${place} * ${this.numbers.integer(`stride ${input} ${axis}`, stride)}`);
    });
    return `g${sampler}(ivec4(0) + ${terms.length > 0 ? terms.join(' + ') : '0'})`;
  }

  /** The places along an axis; null for the first, which those are that the result does not go along. */
  private placeIn(axis: number, { inLoops }: Scope): string | null {
    if (inLoops && this.kernel.axes[axis].isReduced) return `q${axis}`;
    if (this.out.strides[axis] === 0) return null;
    this.placed.add(axis);
    return `p${axis}`;
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Reductions

  private reduction({ reduction, value }: Extract<Stage, { kind: 'reduce' }>, stage: number): string[] {
    const { axes, values } = this.kernel;
    const { type } = values[value];
    const scope: Scope = { prefix: `w${stage}_`, inLoops: true };
    const loops = axes.flatMap(({ isReduced, extent }, axis) =>
      isReduced
        ? [`for (int q${axis} = 0; q${axis} < ${this.numbers.integer(`extent ${axis}`, extent)}; q${axis}++) {`]
        : [],
    );
    const total = `a${stage}`;
    const lines = this.values([value], scope);
    lines.push(`${total} = ${combined(reduction, total, this.name(value, scope), type)};`);
    return [
      `${VECTOR[type]} ${total} = ${literal(identityOf(reduction, type), type)};`,
      ...loops,
      ...lines.map((line) => `  ${line}`),
      ...loops.map(() => '}'),
    ];
  }
}

function combined(reduction: Reduction, total: string, next: string, type: ElementType): string {
  const isFloat = type === 'f32';
  switch (reduction) {
    case 'sum':
      return `${total} + ${next}`;
    case 'prod':
      return `${total} * ${next}`;
    case 'max':
    case 'min':
      return `${isFloat ? 'tf_' : ''}${reduction}(${total}, ${next})`;
    case 'greatest':
      return `mix(${total}, ${next}, greaterThan(${next}, ${total}))`;
    case 'any':
      return `tf_or(${total}, ${next})`;
    case 'all':
      return `tf_and(${total}, ${next})`;
  }
}
