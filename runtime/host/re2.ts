/**
 * Patterns in the syntax of RE2, which TensorFlow has, as regular expressions of JavaScript. Everything is translated by
 * name, so that `\d`, `.`, `$` and the like mean what they do there; what RE2 lacks (look-around, back references) is
 * refused with its words. Not translated: `\C`. A repeated group that may match nothing, as in `(|a)+`, may take more than
 * there; patterns that backtrack without end are slow here and fast there.
 */

/** What is wrong with a pattern, in RE2's words. */
export class PatternError extends Error {
  override name = 'PatternError';
}

export interface Pattern {
  /** With the flags `u` and `y` or `g` of the caller's choice. */
  readonly source: string;
  readonly groups: number;
}

/** Bytes that are no UTF-8 are lone surrogates (`regexText`); nothing but a literal byte matches them. */
const BYTES = '\\ud800-\\udfff';

const PERL: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['s', '\\t\\n\\f\\r '],
  ['w', '0-9A-Za-z_'],
]);

const POSIX: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\x00-\\x7f'],
  ['blank', '\\t '],
  ['cntrl', '\\x00-\\x1f\\x7f'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\[-`\\{-~'],
  ['space', '\\t\\n\\v\\f\\r '],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
]);

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['t', 9],
  ['n', 10],
  ['r', 13],
  ['v', 11],
]);

/** The most repetitions that RE2 takes. */
const MOST = 1000;

interface Flags {
  readonly fold: boolean;
  readonly lines: boolean;
  readonly all: boolean;
  readonly lazy: boolean;
}

/** Translates a pattern. Throws `PatternError`. */
export function translate(pattern: string): Pattern {
  return new Translator(pattern).run();
}

class Translator {
  private readonly characters: readonly string[];
  private at = 0;
  private out = '';
  private groups = 0;
  private flags: Flags = { fold: false, lines: false, all: false, lazy: false };
  /** The flags outside of each open group. */
  private readonly outer: Flags[] = [];
  /** Where the last repetition starts; null where there was none right before. */
  private repeated: number | null = null;
  /** Whether there is something to repeat. */
  private hasAtom = false;

  constructor(private readonly pattern: string) {
    this.characters = Array.from(pattern);
  }

  run(): Pattern {
    while (this.at < this.characters.length) this.item();
    if (this.outer.length > 0) throw new PatternError(`missing ): ${this.pattern}`);
    return { source: this.out, groups: this.groups };
  }

  private text(from: number): string {
    return this.characters.slice(from, this.at).join('');
  }

  private atom(source: string): void {
    this.out += source;
    this.hasAtom = true;
    this.repeated = null;
  }

  private item(): void {
    const c = this.characters[this.at];
    switch (c) {
      case '(':
        this.open();
        return;
      case ')':
        this.at++;
        this.close();
        return;
      case '|':
        this.at++;
        this.out += '|';
        this.hasAtom = false;
        this.repeated = null;
        return;
      case '*':
      case '+':
      case '?':
        this.repeat(this.at, c, 1);
        return;
      case '{':
        this.braces();
        return;
      case '[':
        this.atom(this.set());
        return;
      case '.':
        this.at++;
        this.atom(`[^${this.flags.all ? '' : '\\n'}${BYTES}]`);
        return;
      case '^':
        this.at++;
        this.atom(this.flags.lines ? '(?<![^\\n])' : '(?<![\\s\\S])');
        return;
      case '$':
        this.at++;
        this.atom(this.flags.lines ? '(?![^\\n])' : '(?![\\s\\S])');
        return;
      case '\\':
        this.escape();
        return;
    }
    this.at++;
    this.atom(this.literal(c));
  }

  private close(): void {
    const flags = this.outer.pop();
    if (!flags) throw new PatternError(`unexpected ): ${this.pattern}`);
    this.flags = flags;
    this.atom(')');
  }

  private open(): void {
    const start = this.at++;
    if (this.characters[this.at] !== '?') {
      this.push('(', true);
      return;
    }
    const rest = this.characters.slice(this.at).join('');
    if (rest.startsWith('?P<')) {
      const [name] = /^\?P<[^>]*>?/.exec(rest) as RegExpExecArray;
      if (!/^\?P<\w+>$/.test(name)) throw new PatternError(`invalid named capture group: (${name}`);
      this.at += name.length;
      this.push('(', true);
      return;
    }
    this.at++;
    this.group(start);
  }

  private push(source: string, captures: boolean): void {
    if (captures) this.groups++;
    this.outer.push(this.flags);
    this.out += source;
    this.hasAtom = false;
    this.repeated = null;
  }

  /** `(?flags)` and `(?flags:…)`. */
  private group(start: number): void {
    const flags = { ...this.flags };
    let [value, isNegated] = [true, false];
    for (;;) {
      const c = this.characters[this.at++];
      const key = ({ i: 'fold', m: 'lines', s: 'all', U: 'lazy' } as const)[c as 'i'];
      if (key) {
        flags[key as 'fold'] = value;
        continue;
      }
      if (c === '-' && !isNegated) {
        [value, isNegated] = [false, true];
        continue;
      }
      if (c === ':') this.push('(?:', false);
      else if (c !== ')') {
        throw new PatternError(`invalid perl operator: ${this.text(start)}`);
      }
      this.flags = flags;
      return;
    }
  }

  private braces(): void {
    const found = /^\{(\d+)(,?)(\d*)\}/.exec(this.characters.slice(this.at, this.at + 24).join(''));
    if (!found) {
      this.at++;
      this.atom('\\{');
      return;
    }
    const [whole, low, comma, high] = found;
    const most = high === '' ? Number(low) : Number(high);
    if (Number(low) > MOST || most > MOST || (comma && most < Number(low))) {
      throw new PatternError(`invalid repetition size: ${whole}`);
    }
    this.repeat(this.at, whole, whole.length);
  }

  private repeat(start: number, operator: string, length: number): void {
    if (!this.hasAtom && this.repeated === null) {
      throw new PatternError(`no argument for repetition operator: ${operator}`);
    }
    this.at += length;
    let isLazy = this.flags.lazy;
    if (this.characters[this.at] === '?') {
      this.at++;
      isLazy = !isLazy;
    }
    if (this.repeated !== null) throw new PatternError(`bad repetition operator: ${this.text(this.repeated)}`);
    this.out += operator + (isLazy ? '?' : '');
    this.repeated = start;
    this.hasAtom = false;
  }

  private literal(c: string): string {
    const variants = this.flags.fold ? foldings(c) : [c];
    return variants.length === 1 ? quote(c) : `[${variants.map(quoteInSet).join('')}]`;
  }

  private escape(): void {
    const start = this.at;
    const c = this.characters[this.at + 1];
    if (c === undefined) throw new PatternError('trailing \\');
    const fixed = ({ A: '(?<![\\s\\S])', z: '(?![\\s\\S])', b: '\\b', B: '\\B' } as const)[c as 'A'];
    if (fixed) {
      this.at += 2;
      this.atom(fixed);
      return;
    }
    if (c === 'Q') {
      this.at += 2;
      while (this.at < this.characters.length) {
        const next = this.characters[this.at++];
        if (next === '\\' && this.characters[this.at] === 'E') {
          this.at++;
          return;
        }
        this.atom(this.literal(next));
      }
      return;
    }
    const members = this.classEscape();
    if (members !== null) {
      this.atom(`[${members}]`);
      return;
    }
    this.at = start;
    this.atom(this.literal(this.codePoint()));
  }

  /** The members of `\d`, `\pL` and their like, as in a set; null where something else is escaped. */
  private classEscape(): string | null {
    const c = this.characters[this.at + 1] ?? '';
    const perl = PERL.get(c.toLowerCase());
    if (perl !== undefined) {
      this.at += 2;
      return c === c.toLowerCase() ? perl : complement(perl);
    }
    if (c !== 'p' && c !== 'P') return null;
    const start = this.at;
    this.at += 2;
    let name = this.characters[this.at++] ?? '';
    if (name === '{') {
      name = '';
      while (this.at < this.characters.length && this.characters[this.at] !== '}') name += this.characters[this.at++];
      this.at++;
    }
    const isNegated = (c === 'P') !== name.startsWith('^');
    const bare = name.replace(/^\^/, '');
    const property = bare === 'Any' ? 'Any' : /^[A-Z][a-z]?$/.test(bare) ? bare : `Script=${bare}`;
    const source = `\\${isNegated ? 'P' : 'p'}{${property}}`;
    try {
      new RegExp(source, 'u');
    } catch {
      throw new PatternError(`invalid character class range: ${this.text(start)}`);
    }
    return source;
  }

  /** One escaped character. */
  private codePoint(): string {
    const start = this.at++;
    const c = this.characters[this.at++] ?? '';
    const bad = () => new PatternError(`invalid escape sequence: ${this.text(start)}`);
    const control = CONTROLS.get(c);
    if (control !== undefined) return String.fromCodePoint(control);
    const rest = this.characters.slice(this.at, this.at + 12).join('');
    if (c === 'x') {
      const found = /^\{([0-9a-fA-F]+)\}|^([0-9a-fA-F]{2})/.exec(rest);
      const code = Number.parseInt(found?.[1] ?? found?.[2] ?? '', 16);
      if (!found || code > 0x10ffff) {
        this.at += (/^\{[0-9a-fA-F]*|^.{0,2}/su.exec(rest) as RegExpExecArray)[0].length;
        throw bad();
      }
      this.at += found[0].length;
      return String.fromCodePoint(code);
    }
    // A digit alone would be a back reference.
    const octal = c === '0' ? /^[0-7]{0,2}/.exec(rest) : /[1-7]/.test(c) ? /^[0-7]{1,2}/.exec(rest) : null;
    if (octal) {
      this.at += octal[0].length;
      return String.fromCodePoint(Number.parseInt(c + octal[0], 8));
    }
    if (c === '_' || (c.length === 1 && c < '\x80' && !/\w/.test(c))) return c;
    throw bad();
  }

  private set(): string {
    const start = this.at++;
    let members = '';
    let isNegated = false;
    if (this.characters[this.at] === '^') {
      isNegated = true;
      this.at++;
    }
    for (let isFirst = true; isFirst || this.characters[this.at] !== ']'; isFirst = false) {
      if (this.at >= this.characters.length) throw new PatternError(`missing ]: ${this.text(start)}`);
      members += this.posix() ?? this.member();
    }
    this.at++;
    return isNegated ? `[^${members}${BYTES}]` : `[${members}]`;
  }

  private posix(): string | null {
    const found = /^\[:(\^?)(\w*):\]/.exec(this.characters.slice(this.at, this.at + 16).join(''));
    if (!found) return null;
    this.at += found[0].length;
    const members = POSIX.get(found[2]);
    if (members === undefined) throw new PatternError(`invalid character class range: ${found[0]}`);
    return found[1] ? complement(members) : members;
  }

  private member(): string {
    const start = this.at;
    if (this.characters[this.at] === '\\') {
      const members = this.classEscape();
      if (members !== null) return members;
    }
    const low = this.setCharacter();
    const isRange = this.characters[this.at] === '-' && (this.characters[this.at + 1] ?? ']') !== ']';
    if (!isRange) return (this.flags.fold ? foldings(low) : [low]).map(quoteInSet).join('');
    this.at++;
    const high = this.setCharacter();
    const [from, to] = [low.codePointAt(0) as number, high.codePointAt(0) as number];
    if (from > to) throw new PatternError(`invalid character class range: ${this.text(start)}`);
    const range = `${quoteInSet(low)}-${quoteInSet(high)}`;
    return this.flags.fold ? range + foldedRange(from, to) : range;
  }

  private setCharacter(): string {
    if (this.characters[this.at] === '\\') return this.codePoint();
    return this.characters[this.at++];
  }
}

/** What is not among these members, which are of ASCII. */
function complement(members: string): string {
  const set = new RegExp(`[${members}]`, 'u');
  let result = '';
  for (let from = 0; from < 128; from++) {
    if (set.test(String.fromCharCode(from))) continue;
    let to = from;
    while (to < 127 && !set.test(String.fromCharCode(to + 1))) to++;
    result += `${hex(from)}-${hex(to)}`;
    from = to;
  }
  return `${result}\\x80-\\ud7ff\\ue000-\\u{10ffff}`;
}

const hex = (code: number): string => `\\x${code.toString(16).padStart(2, '0')}`;

/** The character and those that differ from it by case. */
function foldings(c: string): string[] {
  const found = new Set([c]);
  for (const other of [
    c.toLowerCase(),
    c.toUpperCase(),
    c.toUpperCase().toLowerCase(),
    c.toLowerCase().toUpperCase(),
  ]) {
    if (Array.from(other).length === 1) found.add(other);
  }
  if (found.has('s')) found.add('ſ');
  if (found.has('k')) found.add('\u212a');
  return [...found];
}

/** The other cases of a range; of a great one, of its letters of ASCII only. */
function foldedRange(from: number, to: number): string {
  const found = new Set<string>();
  const last = to - from > 0x800 ? Math.min(to, 127) : to;
  for (let code = from; code <= last; code++) {
    for (const other of foldings(String.fromCodePoint(code))) {
      const point = other.codePointAt(0) as number;
      if (point < from || point > to) found.add(other);
    }
  }
  return Array.from(found, quoteInSet).join('');
}

const quote = (c: string): string => (/[\^$\\.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c);
const quoteInSet = (c: string): string => (/[\\\]^[-]/.test(c) ? `\\${c}` : c);
