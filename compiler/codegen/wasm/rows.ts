/**
 * Renders rows that move to or from places known in the run. Parameters are the addresses of the inputs, rows and numbers of
 * places, and of the output. That the numbers are within bounds is seen to before.
 */
import type { RowsKernel } from '../kernel.ts';
import { ADDRESS, FunctionBuilder, type Local } from './assembler.ts';
import { I32 } from './opcodes.ts';

export function renderRows(kernel: RowsKernel, name: string): FunctionBuilder {
  return new RowsRenderer(kernel, name).render();
}

class RowsRenderer {
  private readonly f: FunctionBuilder;
  /** Where the table begins, where the next number lies, and the next of the rows in their order. */
  private readonly table: Local;
  private readonly numbers: Local;
  private readonly row: Local;
  /** The row of the table. */
  private readonly place: Local;
  private readonly number: Local;

  constructor(
    private readonly kernel: RowsKernel,
    name: string,
  ) {
    this.f = new FunctionBuilder(name, [ADDRESS, ADDRESS, ADDRESS]);
    this.table = kernel.mode === 'read' ? 0 : 2;
    this.row = kernel.mode === 'read' ? 2 : 0;
    this.numbers = this.f.local(ADDRESS);
    this.place = this.f.local(ADDRESS);
    this.number = this.f.local(I32);
  }

  render(): FunctionBuilder {
    const { f, kernel } = this;
    const { tables, count, extents, width, skipsNegative } = kernel;
    const rows = extents.reduce((product, extent) => product * extent, 1);
    f.repeat(f.local(I32), tables, 1, () => {
      f.get(1).set(this.numbers);
      f.repeat(f.local(I32), count, 1, () => {
        f.i32(0).set(this.number);
        extents.forEach((extent, k) => {
          f.get(this.number).i32(extent).op('i32.mul');
          f.get(this.numbers)
            .memory('i32.load', 4 * k)
            .op('i32.add')
            .set(this.number);
        });
        f.advance(this.numbers, 4 * extents.length);
        const move = () => {
          f.get(this.table)
            .get(this.number)
            .i32(4 * width)
            .op('i32.mul')
            .op('i32.add')
            .set(this.place);
          this.move();
        };
        if (skipsNegative) f.i32(-1).get(this.number).op('i32.lt_s').when(move);
        else move();
        f.advance(this.row, 4 * width);
      });
      f.advance(this.table, 4 * rows * width);
    });
    return f;
  }

  /** One row: vectors, then what is left over. */
  private move(): void {
    const { f, kernel } = this;
    const [from, to] = kernel.mode === 'read' ? [this.place, this.row] : [this.row, this.place];
    const vectors = Math.floor(kernel.width / 4);
    const along = f.local(I32);
    const at = (base: Local) => f.get(base).get(along).op('i32.add');
    if (vectors > 0) {
      f.repeat(along, vectors, 16, () => {
        at(to);
        this.combine(
          () => at(to).memory('v128.load'),
          () => at(from).memory('v128.load'),
          'x4',
        );
        f.memory('v128.store');
      });
    }
    const load = kernel.type === 'f32' ? 'f32.load' : 'i32.load';
    for (let k = 4 * vectors; k < kernel.width; k++) {
      f.get(to);
      this.combine(
        () => f.get(to).memory(load, 4 * k),
        () => f.get(from).memory(load, 4 * k),
        '',
      );
      f.memory(kernel.type === 'f32' ? 'f32.store' : 'i32.store', 4 * k);
    }
  }

  private combine(old: () => void, next: () => void, lanes: '' | 'x4'): void {
    const { mode, type } = this.kernel;
    if (mode === 'add' || mode === 'sub') old();
    next();
    if (mode === 'add' || mode === 'sub') this.f.op(`${type}${lanes}.${mode}`);
  }
}
