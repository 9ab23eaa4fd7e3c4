/** Datasets of images and texts from directories, file by file and batch by batch as Keras makes them. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resetDefaultGraph } from '../../../src/graph/default-graph.ts';
import type { DirectoryDataset } from '../../../src/keras/utils/directory-node.ts';
import { type ImageDatasetOptions, imageDatasetFromDirectory } from '../../../src/keras/utils/image-dataset-node.ts';
import { type TextDatasetOptions, textDatasetFromDirectory } from '../../../src/keras/utils/text-dataset-node.ts';
import type { NdArray } from '../../../src/util/ndarray.ts';
import { assertSame, assertThrows, camelCased, golden } from './support.ts';

const test = suite('Keras directories');
const data = golden('datasets');
let root = '';

function put(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
}

test.before(() => {
  root = mkdtempSync(join(tmpdir(), 'keras-directory-'));
  for (const [path, base64] of Object.entries<string>(data.tree)) put(path, Buffer.from(base64, 'base64'));
  mkdirSync(join(root, 'none/a'), { recursive: true });
});
test.before.each(() => {
  resetDefaultGraph();
});
test.after(() => rmSync(root, { recursive: true }));

interface Golden {
  readonly class_names: readonly string[];
  readonly epochs: readonly unknown[];
  readonly file_paths?: readonly string[];
}

function assertDataset(dataset: DirectoryDataset<unknown>, expected: Golden): void {
  assert.equal(dataset.classNames, expected.class_names);
  if (expected.file_paths) {
    assert.equal(
      dataset.filePaths.map((path) => relative(root, path)),
      expected.file_paths,
    );
  }
  for (const batches of expected.epochs) {
    assertSame(dataset.toArray(), batches, 'epoch', { relative: 1e-5, absolute: 1e-4 });
  }
  assert.is(dataset.length, (expected.epochs[0] as unknown[]).length);
}

const QUIET = { verbose: false };

for (const c of data.images) {
  test(`images with ${JSON.stringify(c.args)} are Keras's: files, classes, pixels, labels, order`, () => {
    const options: ImageDatasetOptions = { ...camelCased<object>(c.args), imageSize: [3, 2], ...QUIET };
    assertDataset(imageDatasetFromDirectory(join(root, 'img'), options) as DirectoryDataset<unknown>, c);
  });
}

for (const c of data.texts) {
  test(`texts with ${JSON.stringify(c.args)} are Keras's: files, classes, bytes, labels, order`, () => {
    const options: TextDatasetOptions = { ...camelCased<object>(c.args), ...QUIET };
    assertDataset(textDatasetFromDirectory(join(root, 'txt'), options) as DirectoryDataset<unknown>, c);
  });
}

test("subset 'both' gives the training and the validation files, disjoint, as Keras splits them", () => {
  const options = { imageSize: [3, 2], seed: 7, validationSplit: 0.3, subset: 'both', verbose: false } as const;
  const [training, validation] = imageDatasetFromDirectory(join(root, 'img'), options);
  assertDataset(training, data.images_both[0]);
  assertDataset(validation, data.images_both[1]);
});

test("directories and arguments that do not fit throw Keras's errors", () => {
  const replaced = (error: { class: string; message: string }) => ({
    ...error,
    message: error.message.replaceAll('ROOT', root),
  });
  for (const { args, dir = 'img', error } of data.image_errors) {
    const options = { ...camelCased<object>(args), ...QUIET };
    assertThrows(() => imageDatasetFromDirectory(join(root, dir), options), replaced(error), JSON.stringify(args));
  }
  for (const { args, dir, error } of data.text_errors) {
    const options = { ...camelCased<object>(args), ...QUIET };
    assertThrows(() => textDatasetFromDirectory(join(root, dir), options), replaced(error), JSON.stringify(args));
  }
});

test('types follow the options: pairs with labels, arrays without', () => {
  const pairs: DirectoryDataset<[NdArray, NdArray]> = imageDatasetFromDirectory(join(root, 'img'), QUIET);
  const alone: DirectoryDataset<NdArray> = textDatasetFromDirectory(join(root, 'txt'), {
    labels: null,
    verbose: false,
  });
  assert.is(pairs.batchSize, 32);
  assert.is(alone.toArray()[0].rank, 1);
});

test('channels come first where the data format says so', () => {
  const options = { imageSize: [3, 2], dataFormat: 'channels_first', labelMode: null, shuffle: false } as const;
  const [batch] = imageDatasetFromDirectory(join(root, 'img'), { ...options, ...QUIET }).toArray();
  assert.equal(batch.shape, [8, 3, 3, 2]);
});

test('a folder of a class may be a link; links below are entered where links are followed', () => {
  mkdirSync(join(root, 'links/a'), { recursive: true });
  symlinkSync(join(root, 'img/dog'), join(root, 'links/a/l'));
  symlinkSync(join(root, 'img/cat'), join(root, 'links/b'));
  const count = (followLinks: boolean) =>
    imageDatasetFromDirectory(join(root, 'links'), { followLinks, ...QUIET }).filePaths.length;
  assert.equal([count(false), count(true)], [3, 6]);
  // TensorFlow 2.21 lists directories through links either way, against Keras's own documentation.
  assert.equal(data.links, { False: 6, True: 6 });
});

test('a file that is no image fails when its batch is read, and not before', () => {
  put('broken/a/x.png', Buffer.from('nothing'));
  put('broken/b/y.gif', Buffer.from('GIF89a'));
  const dataset = imageDatasetFromDirectory(join(root, 'broken'), { shuffle: false, batchSize: 1, ...QUIET });
  assert.throws(() => dataset.toArray(), /Unknown image file format/);
  assert.throws(() => dataset.skip(1).toArray(), /Unknown image file format/);
});

test('the number of files is printed, unless the call is quiet', () => {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    imageDatasetFromDirectory(join(root, 'img'), { seed: 1, validationSplit: 0.3, subset: 'both' });
    textDatasetFromDirectory(join(root, 'txt'), QUIET);
  } finally {
    console.log = log;
  }
  assert.equal(lines, [
    'Found 7 files belonging to 3 classes.',
    'Using 5 files for training.',
    'Using 2 files for validation.',
  ]);
});

test.run();
