/** `tf.strings` and the functions on texts at the top level, against what TensorFlow gives; the ops are in the goldens. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('texts/strings');
const check = leakChecked(test);

const { strings } = tf;

async function value(tensor: tf.Tensor): Promise<unknown> {
  using sess = new tf.Session();
  return (await sess.run(tensor)).array();
}

function names(): string[] {
  return tf
    .getDefaultGraph()
    .getOperations()
    .map((op) => op.name);
}

check('texts are joined, element by element and along axes', async () => {
  assert.equal(await value(strings.join(['a', ['x', 'y']], '/')), ['a/x', 'a/y']);
  const pairs = [
    ['a', 'b'],
    ['c', 'd'],
  ];
  assert.equal(await value(strings.reduceJoin(pairs)), 'abcd');
  assert.equal(await value(strings.reduceJoin(pairs, 1, { separator: '-', keepdims: true })), [['a-b'], ['c-d']]);
  assert.equal(await value(strings.unsortedSegmentJoin(['a', 'b', 'c'], [1, 0, 1], 2, ':')), ['b', 'a:c']);
});

check('the axes of a join of everything are constants where the rank is known, else computed', async () => {
  const texts = tf.placeholder(tf.string, null, 'texts');
  const joined = tf.reduceJoin(texts);
  using sess = new tf.Session();
  const feeds: tf.FeedDict = [
    [
      texts,
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
  ];
  assert.is((await sess.run(joined, feeds)).item(), 'abcd');
  assert.is(joined.op.name, 'ReduceJoin/ReduceJoin');
});

check('texts are measured, cut, changed and read as numbers', async () => {
  assert.equal(await value(strings.length(['aé'], { unit: 'UTF8_CHAR' })), [2]);
  assert.equal(await value(strings.substr(['hello', 'worlds'], -3, 2)), ['ll', 'ld']);
  assert.equal(await value(strings.upper(['äb'], { encoding: 'utf-8' })), ['ÄB']);
  assert.equal(await value(strings.lower(['ÄB'])), ['Äb']);
  assert.equal(await value(strings.strip([' a '])), ['a']);
  assert.equal(await value(strings.toNumber(['1.5', ' -3 '])), [1.5, -3]);
  assert.equal(await value(strings.toNumber(['7'], tf.int64)), [7]);
  assert.equal(await value(tf.asString([1.23456], { precision: 2 })), ['1.23']);
  assert.equal(await value(tf.decodeBase64(tf.encodeBase64(['hé'], { pad: true }))), ['hé']);
  assert.equal(await value(strings.toHashBucketFast(['hello', 'world'], 1000)), [296, 598]);
  assert.equal(await value(strings.toHashBucketStrong(['hello'], 1000, [1, 2])), [622]);
  assert.equal(await value(strings.toHashBucket(['hello'], 1000)), [938]);
});

check('a pattern in a string becomes an attribute, one in a tensor an input', async () => {
  const fixed = strings.regexReplace(['a-b'], '(\\w)-(\\w)', '\\2-\\1');
  const fed = strings.regexReplace(['a-b'], tf.constant('-'), '+');
  assert.equal([fixed.op.type, fed.op.type], ['StaticRegexReplace', 'RegexReplace']);
  assert.equal(await value(fixed), ['b-a']);
  assert.equal(await value(fed), ['a+b']);
  assert.equal(await value(strings.regexFullMatch(['ab', 'b1'], '[a-z]+')), [true, false]);
});

check('splits are sparse', async () => {
  using sess = new tf.Session();
  const split = strings.split(['a,b', 'c'], ',');
  assert.equal(names(), ['StringSplit/input', 'StringSplit/Const', 'StringSplit/StringSplitV2']);
  const { indices, values, denseShape } = await sess.run(split);
  assert.equal(indices.array(), [
    [0, 0],
    [0, 1],
    [1, 0],
  ]);
  assert.equal(values.array(), ['a', 'b', 'c']);
  assert.equal(denseShape?.array(), [2, 2]);
  assert.equal((await sess.run(strings.split('a b'))).denseShape?.array(), [1, 2]);
  const words = await sess.run(tf.stringSplit(['hello world', 'a b c']));
  assert.equal(words.values.array(), ['hello', 'world', 'a', 'b', 'c']);
  assert.throws(
    () => tf.stringSplit(['a'], { resultType: 'Other' }),
    /result_type must be 'RaggedTensor' or 'SparseTensor'/,
  );
});

check('n-grams of rows of a dense tensor are rows of a dense tensor', async () => {
  const rows = [
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
  ];
  assert.equal(await value(strings.ngrams(rows, 2)), [
    ['a b', 'b c'],
    ['d e', 'e f'],
  ]);
  assert.equal(await value(strings.ngrams(rows, [2, 3], { padValues: ['L', 'R'] })), [
    ['L a', 'a b', 'b c', 'c R', 'L L a', 'L a b', 'a b c', 'b c R', 'c R R'],
    ['L d', 'd e', 'e f', 'f R', 'L L d', 'L d e', 'd e f', 'e f R', 'f R R'],
  ]);
  assert.equal(await value(strings.ngrams(['a', 'b', 'c'], 2, '+')), ['a+b', 'b+c']);
  assert.throws(() => strings.ngrams(rows, 0), /All ngram_widths must be greater than 0. Got 0/);
  assert.throws(() => strings.ngrams(rows, 2, { paddingWidth: 1 }), /pad_values must be provided/);
});

check('characters are decoded and encoded', async () => {
  assert.equal(await value(strings.unicodeDecode('aé', 'UTF-8')), [97, 233]);
  assert.equal(await value(strings.unicodeDecodeWithOffsets('éa', 'UTF-8')[1]), [0, 2]);
  assert.equal(
    await value(
      strings.unicodeEncode(
        [
          [97, 98],
          [99, 100],
        ],
        'UTF-8',
      ),
    ),
    ['ab', 'cd'],
  );
  assert.equal(await value(strings.unicodeEncode([97, 233], 'UTF-8')), 'aé');
  assert.equal(await value(strings.unicodeScript([97, 945])), [25, 14]);
  assert.equal(await value(strings.unicodeTranscode(['ab'], 'UTF-8', 'UTF-16-BE')), ['\0a\0b']);
  assert.throws(() => strings.unicodeDecode(['a'], 'UTF-8'), /there are no ragged tensors yet/);
});

check('a template takes as many tensors as it has placeholders', async () => {
  assert.is(await value(strings.format('x = {}', tf.range(10))), 'x = [0 1 2 ... 7 8 9]');
  assert.throws(
    () => strings.format('x = {} {}', [tf.range(10)]),
    /The template expects 2 tensors, but the inputs only has 1. Please ensure the number of placeholders/,
  );
});

check('what is printed reads as in TensorFlow', async () => {
  const one = tf.constant(1, tf.int32);
  const op = tf.print('loss:', tf.constant([1, 2]), { b: one, a: 't' }, [one, 'x', null, true, 1.5]);
  assert.is(op.inputs[0].op.getAttr('template'), "loss: {} {'a': 't', 'b': {}} [{}, 'x', None, True, 1.5]");
  const named = tf.print(one, { sep: ',', end: '!', name: 'p' });
  assert.equal([named.name, named.inputs[0].op.name, named.getAttr('end')], ['p', 'p_format', '!']);
  assert.is(tf.print(tf.constant('s')).inputs[0].op.type, 'Const');
  assert.throws(
    () => tf.print(one, { outputStream: 'elsewhere' }),
    /Unsupported output stream, logging level, or file/,
  );
  const lines: unknown[] = [];
  const { log } = console;
  console.log = (line: unknown) => lines.push(line);
  try {
    using sess = new tf.Session();
    await sess.run(op);
  } finally {
    console.log = log;
  }
  assert.equal(lines, ["loss: [1 2] {'a': 't', 'b': 1} [1, 'x', None, True, 1.5]"]);
});

check('the edit distance of sparse tensors is that of their last axis', async () => {
  const int64s = (values: number[][]) => tf.constant(values, tf.int64);
  const hypothesis = new tf.SparseTensor(int64s([[0, 0]]), ['a'], [1, 1]);
  const truth = new tf.SparseTensor(
    [
      [0, 0],
      [0, 1],
    ],
    ['a', 'b'],
    [1, 2],
  );
  assert.equal(truth.shape, [1, 2]);
  const distance = tf.editDistance(hypothesis, truth);
  assert.is(distance.op.name, 'edit_distance');
  assert.equal(await value(distance), [0.5]);
  assert.throws(() => tf.editDistance(distance as never, truth), /Hypothesis must be a SparseTensor/);
});

test.run();
