/** `tf.summary`: names and tags, collections, and the summaries that sessions make, against real TensorFlow. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { decodeImage } from '../../src/keras/utils/image-codec.ts';
import { fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';

const plain = suite('io/summary');
const test = leakChecked(plain);

interface ImageCase {
  readonly note: string;
  readonly tensor: GoldenArray;
  readonly max_images?: number;
  readonly values: readonly {
    readonly tag: string;
    readonly height: number;
    readonly width: number;
    readonly colorspace: number;
    readonly pixels: readonly number[];
  }[];
}
const images: { readonly cases: readonly ImageCase[] } = JSON.parse(
  readFileSync(new URL('../goldens/summary-images.json', import.meta.url), 'utf8'),
);

async function evaluated(summary: tf.Tensor): Promise<tf.Summary> {
  const session = new tf.Session({ graph: summary.graph });
  try {
    const bytes = await session.run(summary);
    return tf.Summary.fromString((bytes.data as Uint8Array[])[0]);
  } finally {
    session.close();
  }
}

const tagsOf = (summary: tf.Summary) => summary.value.map(({ tag }) => tag);
const opNames = (graph: tf.Graph) => graph.getOperations().map(({ name }) => name);

test('a scalar is named and tagged by its scopes', async () => {
  const i = tf.constant(3);
  const [inner, again] = tf.nameScope('outer', () => [tf.summary.scalar('inner', i), tf.summary.scalar('inner', i)]);
  assert.is(inner.op.name, 'outer/inner');
  assert.is(again.op.name, 'outer/inner_1');
  const summary = await evaluated(inner);
  assert.equal(tagsOf(summary), ['outer/inner']);
  assert.is(summary.value[0].simpleValue, 3);
});

test('a family comes in front of the tag, and is a scope', async () => {
  const i = tf.constant(7);
  const both = tf.nameScope('outer', () => [
    tf.summary.scalar('inner', i, { family: 'family' }),
    tf.summary.scalar('inner', i, { family: 'family' }),
  ]);
  assert.equal(
    both.map(({ op }) => op.name),
    ['outer/family/inner', 'outer/family/inner_1'],
  );
  assert.equal(tagsOf(await evaluated(both[0])), ['family/outer/family/inner']);
  assert.equal(tagsOf(await evaluated(both[1])), ['family/outer/family/inner_1']);
});

test('histograms, images and sounds have their tags', async () => {
  const made = tf.nameScope('outer', () => ({
    histogram: tf.summary.histogram('inner', tf.ones([5, 4, 4, 3])),
    family: tf.summary.histogram('inner', tf.ones([2]), { family: 'family' }),
    images: tf.summary.image('images', tf.ones([5, 4, 4, 3]), 3),
    one: tf.summary.image('one', tf.ones([5, 4, 4, 3]), { maxOutputs: 1, family: 'family' }),
    sounds: tf.summary.audio('sounds', tf.ones([5, 3, 4]), 0.2, 3),
  }));
  const histogram = await evaluated(made.histogram);
  assert.equal(tagsOf(histogram), ['outer/inner']);
  assert.is(histogram.value[0].histo?.num, 240);
  assert.equal(tagsOf(await evaluated(made.family)), ['family/outer/family/inner']);
  assert.equal(
    tagsOf(await evaluated(made.images)),
    [0, 1, 2].map((i) => `outer/images/image/${i}`),
  );
  assert.equal(tagsOf(await evaluated(made.one)), ['family/outer/family/one/image']);
  assert.equal(
    tagsOf(await evaluated(made.sounds)),
    [0, 1, 2].map((i) => `outer/sounds/audio/${i}`),
  );
});

test('tags keep through an export and an import under another scope', async () => {
  const graph = new tf.Graph();
  graph.asDefault(() =>
    tf.nameScope('outer', () => {
      tf.summary.scalar('inner', tf.constant(1));
      tf.summary.scalar('inner', tf.constant(1), { family: 'family' });
    }),
  );
  const imported = new tf.Graph();
  imported.asDefault(() => tf.importGraphDef(graph.asGraphDef() as tf.GraphDef, { name: 'new_outer' }));
  const tags = await Promise.all(
    ['new_outer/outer/inner:0', 'new_outer/outer/family/inner:0'].map(async (name) =>
      tagsOf(await evaluated(imported.getTensorByName(name))),
    ),
  );
  assert.equal(tags, [['outer/inner'], ['family/outer/family/inner']]);
});

test('characters that no name has become underscores, slashes in front go', () => {
  assert.is(tf.summary.scalar('/a b:c', tf.constant(1)).op.name, 'a_b_c');
});

test('the constants of summaries have the names of TensorFlow', () => {
  const graph = tf.getDefaultGraph();
  const x = tf.constant([1, 2], { name: 'x' });
  tf.summary.scalar('metrics/loss', x);
  tf.summary.histogram('hist', x);
  tf.summary.image('img', tf.constant([[[[1]]]], { name: 'im' }));
  tf.summary.text('notes', tf.constant(['a'], { name: 'tx' }));
  tf.summary.tensorSummary('raw', x);
  tf.summary.audio('snd', tf.constant([[1]], { name: 'w' }), 100);
  tf.summary.mergeAll();
  assert.equal(
    opNames(graph),
    [
      'x metrics/loss/tags metrics/loss hist/tag hist im img/tag img tx notes/tag notes/serialized_summary_metadata notes',
      'raw/tag raw/serialized_summary_metadata raw w snd/tag snd/sample_rate snd Merge/MergeSummary',
    ]
      .join(' ')
      .split(' '),
  );
});

test('summaries join their collections; mergeAll takes those of one, by scope if wished', async () => {
  assert.is(tf.summary.mergeAll(), null);
  const a = tf.summary.scalar('a', tf.constant(1));
  const b = tf.summary.scalar('b', tf.constant(2), ['mine', 'yours']);
  const c = tf.nameScope('deep', () => tf.summary.scalar('c', tf.constant(3)));
  assert.equal(tf.getCollection(tf.GraphKeys.SUMMARIES), [a, c]);
  assert.equal(tf.getCollection('mine'), [b]);
  assert.equal(tf.getCollection('yours'), [b]);
  assert.equal(tagsOf(await evaluated(tf.summary.mergeAll() as tf.Tensor)), ['a', 'deep/c']);
  assert.equal(tagsOf(await evaluated(tf.summary.mergeAll('mine') as tf.Tensor)), ['b']);
  assert.equal(tagsOf(await evaluated(tf.summary.mergeAll({ scope: 'deep' }) as tf.Tensor)), ['deep/c']);
  const merged = tf.summary.merge([a, b], ['all'], 'both');
  assert.is(merged.op.name, 'both/both');
  assert.equal(tf.getCollection('all'), [merged]);
  assert.equal(tagsOf(await evaluated(merged)), ['a', 'b']);
  assert.throws(
    () => tf.summary.merge([]),
    /List argument 'inputs' to 'MergeSummary' Op with length 0 shorter than minimum length 1\./,
  );
});

test('a failed summary leaves the graph as it was', () => {
  const x = tf.constant(true);
  const before = opNames(x.graph);
  assert.throws(() => tf.summary.scalar('a', x), /DataType bool not in list of allowed values/);
  assert.throws(() => tf.summary.image('a', tf.constant(1), 0), /passed 0 less than minimum 1/);
  assert.throws(() => tf.summary.text('a', 1), /Expected tensor Const_?\d*:0 to have dtype string, got <dtype: '\w+'>/);
  assert.equal(opNames(x.graph).slice(0, before.length), before);
  assert.equal(tf.getCollection(tf.GraphKeys.SUMMARIES), []);
});

test('texts and tensors say what they are', async () => {
  const text = await evaluated(tf.summary.text('notes', tf.constant(['a', 'ü'])));
  assert.is(text.value[0].metadata?.pluginData?.pluginName, 'text');
  assert.equal(text.value[0].tensor?.array(), ['a', 'ü']);
  const summaryMetadata = new tf.SummaryMetadata({ pluginData: { pluginName: 'mine' } });
  const options = { summaryMetadata, summaryDescription: 'long', displayName: 'short', family: 'f' };
  const tensor = await evaluated(tf.summary.tensorSummary('raw', tf.constant([[1, 2]], { dtype: tf.int64 }), options));
  const [value] = tensor.value;
  assert.is(value.tag, 'f/f/raw');
  assert.is(value.metadata?.pluginData?.pluginName, 'mine');
  assert.is(value.metadata?.summaryDescription, 'long');
  assert.is(value.metadata?.displayName, 'short');
  assert.is(value.tensor?.dtype, tf.int64);
  assert.equal(value.tensor?.array(), [[1, 2]]);
  assert.is(summaryMetadata.displayName, '');
});

test('the description of a TensorSummary node is read, others are refused', () => {
  const bytes = (text: string) => ({ s: new TextEncoder().encode(text) });
  const node = (op: string, json: string) => ({ op, attr: new Map([['description', bytes(json)]]) });
  assert.is(tf.summary.getSummaryDescription(node('TensorSummary', '{"typeHint": "hint"}')).typeHint, 'hint');
  assert.is(tf.summary.getSummaryDescription(node('TensorSummary', '{"type_hint": "hint"}')).typeHint, 'hint');
  assert.is(tf.summary.getSummaryDescription(node('TensorSummary', '{}')).typeHint, '');
  assert.throws(() => tf.summary.getSummaryDescription(node('Const', '{}')), /Can't get_summary_description on Const/);
});

for (const { note, tensor, max_images: maxOutputs = 3, values } of images.cases) {
  test(`images have TensorFlow's pixels: ${note}`, async () => {
    const summary = await evaluated(tf.summary.image('t', tf.constant(fromGolden(tensor)), maxOutputs));
    assert.equal(
      summary.value.map(({ tag, image }) => {
        if (!image) throw new Error('There is no image.');
        const { height, width, colorspace, encodedImageString } = image;
        const pixels = Array.from(decodeImage(encodedImageString).data as Uint8Array);
        return { tag, height, width, colorspace, pixels };
      }),
      values,
    );
  });
}

test('a run fails for histograms that are not finite and for tags that meet', async () => {
  const x = tf.placeholder(tf.float32, [2], { name: 'x' });
  const histogram = tf.summary.histogram('h', x);
  const twice = tf.summary.merge([
    tf.summary.scalar('a', tf.constant(1)),
    tf.identity(tf.summary.scalar('b', tf.constant(1))),
  ]);
  const session = new tf.Session();
  for (const [value, message] of [
    [Number.NaN, /^Nan in summary histogram for: h/],
    [Infinity, /^Infinity in Histogram for: h/],
  ] as const) {
    const error = await session.run(histogram, { feedDict: [[x, [1, value]]] }).catch((reason: Error) => reason);
    assert.instance(error, tf.errors.InvalidArgumentError);
    assert.match((error as Error).message, message);
  }
  await session.run(twice);
  session.close();
});

plain.run();
