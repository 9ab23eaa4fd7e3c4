/** Patterns in texts, in the syntax of RE2: replacing and matching. How patterns are read is the runtime's business. */
import type { Tensor } from '../graph/graph.ts';
import { bool, string } from '../util/dtype.ts';
import { noGradient } from './elementwise.ts';
import { emitOne } from './emit.ts';
import { defineOp, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { unchanged, withRank } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

/** The patterns are scalars. */
function inferPattern(op: InferContext): Inferred {
  for (let i = 1; i < op.inputCount; i++) withRank(op.shape(i), 0);
  return [op.shape(0)];
}

const texts = sample(string, [2], ['hello', 'aab']);

defineOp({
  name: 'RegexReplace',
  doc: 'The texts with what matches a pattern replaced.',
  inputs: ['input: string', 'pattern: string', 'rewrite: string'],
  outputs: ['output: string'],
  attrs: ['replace_global: bool = true'],
  infer: inferPattern,
  grad: noGradient,
  samples: [
    {
      inputs: [texts, sample(string, [], ['[al]+']), sample(string, [], ['<\\0>'])],
      outputs: [sample(string, [2], ['he<ll>o', '<aa>b'])],
    },
  ],
});

defineOp({
  name: 'StaticRegexReplace',
  doc: 'The texts with what matches a pattern replaced; pattern and replacement are attributes.',
  inputs: ['input: string'],
  outputs: ['output: string'],
  attrs: ['pattern: string', 'rewrite: string', 'replace_global: bool = true'],
  infer: unchanged,
  grad: null,
  samples: [
    {
      inputs: [texts],
      attrs: { pattern: 'a|l', rewrite: 'x', replace_global: false },
      outputs: [sample(string, [2], ['hexlo', 'xab'])],
    },
  ],
});

defineOp({
  name: 'RegexFullMatch',
  doc: 'Whether a pattern matches the whole of each text.',
  inputs: ['input: string', 'pattern: string'],
  outputs: ['output: bool'],
  infer: inferPattern,
  grad: null,
  samples: [{ inputs: [texts, sample(string, [], ['[ab]+'])], outputs: [sample(bool, [2], [false, true])] }],
});

defineOp({
  name: 'StaticRegexFullMatch',
  doc: 'Whether a pattern, an attribute, matches the whole of each text.',
  inputs: ['input: string'],
  outputs: ['output: bool'],
  attrs: ['pattern: string'],
  infer: unchanged,
  grad: null,
  samples: [{ inputs: [texts], attrs: { pattern: 'h.*' }, outputs: [sample(bool, [2], [true, false])] }],
});

export interface RegexReplaceOptions {
  /** False: only the first match of each text. */
  readonly replaceGlobal?: boolean;
  readonly name?: string | null;
}

/**
 * The texts with each match of a pattern replaced. Patterns are in the syntax of RE2 (no look-around, no back
 * references); in `rewrite` `\0` stands for the match, `\1` to `\9` for its groups. Pattern and replacement are strings or
 * scalar tensors. A bad pattern fails the run.
 *
 *     tf.strings.regexReplace(['a-b', 'c'], '(\\w)-(\\w)', '\\2-\\1')      // ['b-a', 'c']
 */
export function regexReplace(
  input: TensorLike,
  pattern: TensorLike,
  rewrite: TensorLike,
  ...rest: Rest<[replaceGlobal: boolean, name: string | null], RegexReplaceOptions>
): Tensor {
  const { replaceGlobal, name } = bind<RegexReplaceOptions>(['replaceGlobal', 'name'], rest);
  const attrs = { replace_global: replaceGlobal };
  if (typeof pattern === 'string' && typeof rewrite === 'string') {
    return emitOne('StaticRegexReplace', [input], { pattern, rewrite, ...attrs }, name);
  }
  return emitOne('RegexReplace', [input, pattern, rewrite], attrs, name);
}

/**
 * Whether the pattern (RE2, a string or a scalar tensor) matches the whole of each text. A bad pattern fails the run.
 *
 *     tf.strings.regexFullMatch(['ab', 'b1'], '[a-z]+')      // [true, false]
 */
export function regexFullMatch(
  input: TensorLike,
  pattern: TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ readonly name?: string | null }>(['name'], rest);
  if (typeof pattern === 'string') return emitOne('StaticRegexFullMatch', [input], { pattern }, name);
  return emitOne('RegexFullMatch', [input, pattern], {}, name);
}
