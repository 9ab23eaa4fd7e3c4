/**
 * Where the command line writes, and how: tables for people, tabs for programs. What is written is the commands' choice.
 */

/** The two streams of a program. */
export interface Terminal {
  /** Settles when the text or bytes are on their way; what reads them may be slow. */
  out(content: string | Uint8Array): Promise<void>;
  err(text: string): void;
  /** Whether a person reads the output. */
  readonly isTTY: boolean;
  /** Characters in a line. */
  readonly columns: number;
  /** Whether colours are wanted. */
  readonly colors: boolean;
}

export type Row = readonly (string | number)[];

/** Lines that the commands collect, and write at the end, so that a failing command writes none. */
export class Page {
  private readonly lines: string[] = [];

  constructor(private readonly terminal: Terminal) {}

  line(text = ''): this {
    this.lines.push(text);
    return this;
  }

  /** A heading, with a remark behind it. */
  heading(text: string, remark = ''): this {
    if (this.lines.length > 0) this.line();
    return this.line(this.bold(text) + (remark && `  ${remark}`));
  }

  bold(text: string): string {
    return this.terminal.colors ? `\u001b[1m${text}\u001b[22m` : text;
  }
  red(text: string): string {
    return this.terminal.colors ? `\u001b[31m${text}\u001b[39m` : text;
  }

  /**
   * Rows, indented. People get columns, numbers at the right, and cells cut so that a row is a line; programs get tabs and
   * every character.
   */
  table(rows: readonly Row[]): this {
    if (!this.terminal.isTTY) {
      for (const row of rows) this.line(`  ${row.map(String).join('\t')}`.trimEnd());
      return this;
    }
    const count = Math.max(0, ...rows.map((row) => row.length));
    const widths = Array.from({ length: count }, (_, i) =>
      rows.reduce((w, row) => Math.max(w, cell(row, i).length), 0),
    );
    // What is too much is taken from the widest column, which is that of names.
    const room = Math.max(this.terminal.columns - 2 - 2 * (count - 1), 10 * count);
    for (let excess = widths.reduce((a, b) => a + b, 0) - room; excess > 0; excess--) {
      widths[widths.indexOf(Math.max(...widths))]--;
    }
    for (const row of rows) {
      const cells = widths.map((width, i) => {
        const text = clipped(cell(row, i), width);
        return typeof row[i] === 'number' ? text.padStart(width) : text.padEnd(width);
      });
      this.line(`  ${cells.join('  ')}`.trimEnd());
    }
    return this;
  }

  async print(): Promise<void> {
    await this.terminal.out(`${this.lines.join('\n')}\n`);
  }
}

function cell(row: Row, index: number): string {
  const value = row[index] ?? '';
  return typeof value === 'number' ? grouped(value) : value;
}

/** The end of a name tells more than its middle. */
function clipped(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.floor((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}

/** `1234567` as `1,234,567`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `1234567` as `1.23 M`, with a thousand to the step. */
export function scaled(value: number, unit = ''): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  let step = 0;
  for (; value >= 999.5 && step < prefixes.length - 1; step++) value /= 1000;
  const text = step === 0 ? String(value) : value.toPrecision(3);
  return `${text} ${prefixes[step]}${unit}`.trimEnd();
}

/** `1 node`, `2 nodes`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}
