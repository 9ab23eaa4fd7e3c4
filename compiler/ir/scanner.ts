/**
 * A cursor over one line of text: takes words, numbers and signs, with spaces skipped. What they mean is the parser's
 * business.
 */
import { ValueError } from '../../src/util/errors.ts';

export class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Takes the sign or keyword, if it comes next. */
  take(sign: string): boolean {
    if (!this.peek(sign)) return false;
    this.at += sign.length;
    return true;
  }
  peek(sign: string): boolean {
    this.skip();
    if (!this.text.startsWith(sign, this.at)) return false;
    // A keyword is a whole word.
    return !/\w$/.test(sign) || !/\w/.test(this.text[this.at + sign.length] ?? ' ');
  }
  expect(sign: string): void {
    if (!this.take(sign)) throw this.error(`'${sign}'`);
  }
  word(): string {
    return this.match(/\w+/y, 'a word');
  }
  integer(): number {
    return Number(this.match(/\d+/y, 'a number'));
  }
  /** A string in quotes, a number, or a word. */
  literal(): string {
    return this.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.]*(?:e[+-]?\d+)?n?|-?\w+/y, 'a value');
  }
  rest(pattern: RegExp): string {
    return this.match(pattern, 'a value');
  }
  end(): void {
    this.skip();
    if (this.at < this.text.length) throw this.error('the end of the line');
  }

  private match(pattern: RegExp, what: string): string {
    this.skip();
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) throw this.error(what);
    this.at += found[0].length;
    return found[0];
  }
  private skip(): void {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at++;
  }
  private error(what: string): ValueError {
    return new ValueError(`Expected ${what} at column ${this.at + 1}.`);
  }
}
