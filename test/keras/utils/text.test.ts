/** Texts as words, hashes, numbers and matrices against Keras. */
import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hashingTrick, oneHot, textToWordSequence } from '../../../src/keras/utils/text.ts';
import { type MatrixMode, Tokenizer, tokenizerFromJson } from '../../../src/keras/utils/tokenizer.ts';
import { md5 } from '../../../src/util/md5.ts';
import { assertSame, assertThrows, golden } from './support.ts';

const test = suite('Keras text utilities');
const { cases } = golden('utils');
const more = golden('datasets');
// biome-ignore lint/suspicious/noExplicitAny: a case of a golden file
const caseOf = (name: string): any => cases.find((c: { function: string }) => c.function.startsWith(name));

test("textToWordSequence is Keras's", () => {
  const c = caseOf('text_to_word_sequence');
  assert.equal(textToWordSequence(c.args.text), c.value.data);
});

test('textToWordSequence takes filters, case and a separator of several characters', () => {
  assert.equal(textToWordSequence('A-B c', { filters: '-', lower: false }), ['A', 'B', 'c']);
  assert.equal(textToWordSequence("don't, x", '.,', true, '__'), ["don't", ' x']);
});

test('md5 is the digest of crypto, around the edges of its blocks', () => {
  for (const length of [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1000]) {
    const text = 'é'.repeat(length % 7) + 'x'.repeat(length);
    assert.is(md5(text).toString(16).padStart(32, '0'), createHash('md5').update(text).digest('hex'), `${length}`);
  }
});

test("hashingTrick and oneHot give Keras's numbers by md5", () => {
  const c = caseOf('one_hot');
  assert.equal(hashingTrick(c.args.text, c.args.n, 'md5'), c.value.data);
  assert.equal(oneHot(c.args.text, c.args.n), c.value.data);
  for (const { text, n, value } of more.hashing_trick) assert.equal(hashingTrick(text, n), value, text);
});

test('hashingTrick takes a function and an analyzer', () => {
  const analyzer = (text: string) => text.split('|');
  assert.equal(hashingTrick('a|bb', 4, { hashFunction: (word) => -word.length, analyzer }), [3, 2]);
});

test("the Tokenizer's vocabulary, sequences and matrices are Keras's", () => {
  const c = caseOf('Tokenizer');
  const tokenizer = new Tokenizer({ numWords: c.args.num_words, oovToken: c.args.oov_token });
  tokenizer.fitOnTexts(c.args.texts);
  assert.equal(Object.fromEntries(tokenizer.wordIndex), c.word_index);
  const unseen = tokenizer.textsToSequences([...c.args.texts, 'some the word']);
  assert.equal(unseen.slice(0, 2), c.texts_to_sequences.slice(0, 2));
  assert.equal(unseen[2], c.texts_to_sequences[2]);
  assertSame(tokenizer.textsToMatrix(c.args.texts, 'binary'), c.binary_matrix, 'binary');
  assertSame(tokenizer.textsToMatrix(c.args.texts, 'tfidf'), c.tfidf_matrix, 'tfidf');
});

function fitted(): Tokenizer {
  const { texts, num_words } = more.tokenizer;
  const tokenizer = new Tokenizer(num_words);
  tokenizer.fitOnTexts(texts);
  return tokenizer;
}

test('with a limit of words, lists of words and letters beyond ASCII as well', () => {
  const c = more.tokenizer;
  const tokenizer = fitted();
  assert.equal([...tokenizer.wordIndex], c.word_index);
  assert.equal([...tokenizer.wordCounts], c.word_counts);
  assert.equal(
    [...tokenizer.wordDocs].sort(([a], [b]) => (a < b ? -1 : 1)),
    c.word_docs,
  );
  assert.equal(tokenizer.textsToSequences(c.texts), c.sequences);
  assert.equal(tokenizer.sequencesToTexts([[1, 2, 3, 4, 9], [3]]), c.texts_back);
  for (const [mode, matrix] of Object.entries(c.matrices)) {
    assertSame(tokenizer.textsToMatrix(c.texts, mode as MatrixMode), matrix, mode);
  }
});

test('by characters, with a stand-in for unknown ones', () => {
  const { texts, word_index, sequences } = more.tokenizer_chars;
  const tokenizer = new Tokenizer({ charLevel: true, oovToken: '?' });
  tokenizer.fitOnTexts(texts);
  assert.equal([...tokenizer.wordIndex], word_index);
  assert.equal(tokenizer.textsToSequences(['abz']), sequences);
});

test("a tokenizer is read from Keras's JSON and from its own, and goes on counting", () => {
  const own = fitted();
  for (const text of [more.tokenizer.json, own.toJson()]) {
    const read = tokenizerFromJson(text);
    assert.equal([...read.wordIndex], [...own.wordIndex]);
    assert.equal([...read.wordCounts], [...own.wordCounts]);
    assert.equal([...read.indexWord], [...own.indexWord]);
    assert.is(read.documentCount, own.documentCount);
    assertSame(read.textsToMatrix(more.tokenizer.texts, 'tfidf'), more.tokenizer.matrices.tfidf, 'tfidf');
  }
  const parse = (text: string) => {
    const { config } = JSON.parse(text);
    for (const key of Object.keys(config)) if (/^(word|index)_/.test(key)) config[key] = JSON.parse(config[key]);
    return config;
  };
  assert.equal(parse(own.toJson()), parse(more.tokenizer.json));
});

test('words that are names of object properties, quotes and numbers keep their place', () => {
  const tokenizer = new Tokenizer();
  tokenizer.fitOnTexts([['zz', '__proto__', '7', 'constructor', 'a"b\\']]);
  const read = tokenizerFromJson(tokenizer.toJson());
  assert.equal([...read.wordIndex.keys()], ['zz', '__proto__', '7', 'constructor', 'a"b\\']);
});

test('fitOnSequences counts for tf-idf', () => {
  const tokenizer = new Tokenizer({ numWords: 3 });
  tokenizer.fitOnSequences([[1, 1, 2], [1]]);
  const row = tokenizer.sequencesToMatrix([[1, 2, 2]], 'tfidf').data;
  assert.ok(Math.abs(Number(row[1]) - Math.log(1 + 2 / 3)) < 1e-15);
  assert.ok(Math.abs(Number(row[2]) - (1 + Math.log(2)) * Math.log(2)) < 1e-15);
});

test("matrices without a vocabulary or documents fail with Keras's errors", () => {
  assertThrows(() => new Tokenizer().textsToMatrix(['a']), more.tokenizer_errors.dimension);
  assertThrows(() => new Tokenizer({ numWords: 3 }).sequencesToMatrix([[1]], 'tfidf'), more.tokenizer_errors.tfidf);
});

test.run();
