/**
 * The numbers that a program is called with: sizes, strides and constants are uniforms, so that programs of the same text serve
 * arrays of all sizes. What they mean is the business of those who write the text.
 */

/** The name under which the integers are declared, and that of the floats. */
const INTEGERS = 'S';
const FLOATS = 'K';

/** A list of numbers in vectors of four; the same name stands for the same number. */
class List {
  readonly values: number[] = [];
  private readonly known = new Map<string, string>();

  constructor(private readonly array: string) {}

  of(name: string, value: number): string {
    const known = this.known.get(name);
    if (known) return known;
    const i = this.values.push(value) - 1;
    const text = `${this.array}[${i >> 2}].${'xyzw'[i & 3]}`;
    this.known.set(name, text);
    return text;
  }
  declaration(type: string): string[] {
    return this.values.length > 0 ? [`uniform ${type} ${this.array}[${Math.ceil(this.values.length / 4)}];`] : [];
  }
  /** Filled up to whole vectors. */
  padded(): number[] {
    const count = 4 * Math.ceil(this.values.length / 4);
    return Array.from({ length: count }, (_, i) => this.values[i] ?? 0);
  }
}

export class Numbers {
  private readonly integers = new List(INTEGERS);
  private readonly floats = new List(FLOATS);

  /** The expression of an integer. Equal names say that it is the same one whatever its value. */
  integer(name: string, value: number): string {
    return this.integers.of(name, value);
  }
  float(name: string, value: number): string {
    return this.floats.of(name, value);
  }
  /** A float that is known in the run only: its expression, and its place in the list. */
  later(name: string): { readonly text: string; readonly place: number } {
    const text = this.floats.of(name, 0);
    return { text, place: this.floats.values.length - 1 };
  }
  declarations(): string[] {
    return [...this.integers.declaration('ivec4'), ...this.floats.declaration('vec4')];
  }
  finish(): { readonly integers: Int32Array; readonly floats: Float32Array } {
    return { integers: Int32Array.from(this.integers.padded()), floats: Float32Array.from(this.floats.padded()) };
  }
}
