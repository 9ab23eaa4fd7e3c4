/** Host kernels of patterns in texts. How patterns are read is `re2.ts`'s business. */
import { bool } from '../../src/util/dtype.ts';
import { encodeString, NdArray } from '../../src/util/ndarray.ts';
import { invalid } from './elements.ts';
import { PatternError, translate } from './re2.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';
import { joinBytes, shown, textArray, textsOf } from './texts.ts';

/** Keeps bytes that are no UTF-8 apart: each is a lone surrogate, as in Python's `surrogateescape`. */
const LONE = 0xdc00;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface Compiled {
  readonly search: RegExp;
  readonly full: RegExp;
  readonly groups: number;
}

const compiled = new Map<string, Compiled>();
const LIMIT = 256;

function compile(pattern: string): Compiled {
  let found = compiled.get(pattern);
  if (found) return found;
  try {
    const { source, groups } = translate(pattern);
    found = { search: new RegExp(source, 'gu'), full: new RegExp(`^(?:${source})$`, 'u'), groups };
  } catch (error) {
    const problem = error instanceof PatternError ? error.message : (error as Error).message;
    throw invalid(`Invalid pattern: ${pattern}, error: ${problem}`);
  }
  if (compiled.size >= LIMIT) compiled.clear();
  compiled.set(pattern, found);
  return found;
}

function replace(input: NdArray, pattern: string, rewrite: string, isGlobal: boolean): readonly NdArray[] {
  const { search, groups } = compile(pattern);
  const parts = rewriteOf(rewrite);
  const needed = Math.max(0, ...parts.parts.filter((part) => typeof part === 'number'));
  if (needed > groups || (!parts.isWhole && !isGlobal)) return [input];
  const texts = textsOf(input).map((bytes) => {
    const text = regexText(bytes);
    const changed = replaceIn(text, search, parts.parts, isGlobal);
    return changed === text ? bytes : regexBytes(changed);
  });
  return [textArray(input.shape, texts)];
}

type RewritePart = string | number;

/** Literal parts and numbers of groups; what follows a bad escape is left out. */
function rewriteOf(rewrite: string): { readonly parts: readonly RewritePart[]; readonly isWhole: boolean } {
  const parts: RewritePart[] = [];
  for (let i = 0; i < rewrite.length; i++) {
    if (rewrite[i] !== '\\') {
      parts.push(rewrite[i]);
      continue;
    }
    const c = rewrite[++i] ?? '';
    if (/\d/.test(c)) parts.push(Number(c));
    else if (c === '\\') parts.push(c);
    else return { parts, isWhole: false };
  }
  return { parts, isWhole: true };
}

/** As RE2 does it: an empty match right after another match does not count. */
function replaceIn(text: string, search: RegExp, rewrite: readonly RewritePart[], isGlobal: boolean): string {
  let out = '';
  let at = 0;
  let lastEnd = -1;
  while (at <= text.length) {
    search.lastIndex = at;
    const match = search.exec(text);
    if (!match) break;
    out += text.slice(at, match.index);
    at = match.index;
    if (match[0] === '' && at === lastEnd) {
      const next = String.fromCodePoint(text.codePointAt(at) ?? 0);
      if (at < text.length) out += next;
      at += next.length;
      continue;
    }
    for (const part of rewrite) out += typeof part === 'string' ? part : (match[part] ?? '');
    at += match[0].length;
    lastEnd = at;
    if (!isGlobal) break;
  }
  return out + text.slice(at);
}

function fullMatch(input: NdArray, pattern: string): readonly NdArray[] {
  const { full } = compile(pattern);
  const matches = Uint8Array.from(textsOf(input), (bytes) => Number(full.test(regexText(bytes))));
  return [new NdArray(bool, input.shape, matches)];
}

function patternOf(array: NdArray, name: string): string {
  if (array.rank > 0) throw invalid(`${name} must be scalar, but received ${`[${array.shape}]`}`);
  return shown(textsOf(array)[0]);
}

function isGlobal(op: Parameters<HostKernel>[1]): boolean {
  return op.attr<boolean>('replace_global');
}

defineHostKernels({
  RegexReplace: ([input, pattern, rewrite], op) =>
    replace(input, patternOf(pattern, 'Pattern'), patternOf(rewrite, 'Rewrite'), isGlobal(op)),
  StaticRegexReplace: ([input], op) =>
    replace(input, op.attr<string>('pattern'), op.attr<string>('rewrite'), isGlobal(op)),
  RegexFullMatch: ([input, pattern]) => fullMatch(input, patternOf(pattern, 'Pattern')),
  StaticRegexFullMatch: ([input], op) => fullMatch(input, op.attr<string>('pattern')),
});

function regexText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return pieces(bytes);
  }
}

/** Character by character, where some bytes are no UTF-8. */
function pieces(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i];
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    try {
      text += strict.decode(bytes.subarray(i, i + length));
      i += length;
    } catch {
      text += String.fromCharCode(LONE + lead);
      i++;
    }
  }
  return text;
}

function regexBytes(text: string): Uint8Array {
  if (!/\p{Cs}/u.test(text)) return encodeString(text);
  const parts = Array.from(text, (c) => {
    const code = c.codePointAt(0) as number;
    return code >= LONE && code < LONE + 256 ? Uint8Array.of(code - LONE) : encodeString(c);
  });
  return joinBytes(parts);
}
