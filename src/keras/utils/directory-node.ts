/**
 * Directories of samples: which files there are, in Keras's order, with the class of each, and the split into training
 * and validation. What is in the files is left to the datasets of images and texts.
 */
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { float32, int32 } from '../../util/dtype.ts';
import { NotFoundError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { pythonRepr } from '../../util/python-names.ts';
import { Dataset } from './dataset.ts';
import { row } from './rows.ts';
import { anySeed, seeded } from './shuffle-source.ts';
import { toCategorical } from './to-categorical.ts';

export type LabelMode = 'int' | 'categorical' | 'binary';
export type Subset = 'training' | 'validation' | 'both';

/** What the datasets of images and of texts have in common. */
export interface DirectoryOptions {
  /**
   * `'inferred'`: each folder is a class. Or one integer for each file, in the order of the sorted paths. Or null: no
   * labels.
   */
  readonly labels?: 'inferred' | readonly number[] | null;
  /**
   * `'int'`: int32 of shape `[batch]`. `'categorical'`: float32 of shape `[batch, classes]`. `'binary'`: float32 of shape
   * `[batch, 1]`, for two classes. null: no labels.
   */
  readonly labelMode?: LabelMode | null;
  /** The folders in the order that their numbers are to have; sorted without it. */
  readonly classNames?: readonly string[] | null;
  /** 32 without it; null yields samples one by one. */
  readonly batchSize?: number | null;
  /** Whether the files are shuffled, and again within a buffer for each pass; true without it. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
  /** The share of the files that is kept for validation. */
  readonly validationSplit?: number | null;
  /** Which part of the split is wanted; `'both'` gives the pair of them. */
  readonly subset?: Subset | null;
  /** Whether folders that are links are entered, below the folders of the classes. */
  readonly followLinks?: boolean;
  /** Whether the number of files is printed; true without it. */
  readonly verbose?: boolean;
}

/** A dataset of files, with their paths and the names of their classes. */
export class DirectoryDataset<T> extends Dataset<T> {
  constructor(
    elements: Dataset<T>,
    readonly classNames: readonly (string | number)[],
    readonly filePaths: readonly string[],
  ) {
    super(elements, elements);
  }
}

/** What a function that reads a directory yields for its options: with or without labels, one dataset or two. */
export type DirectoryResult<O> = O extends { readonly subset: 'both' }
  ? [training: DirectoryDataset<ElementOf<O>>, validation: DirectoryDataset<ElementOf<O>>]
  : DirectoryDataset<ElementOf<O>>;
type ElementOf<O> = O extends { readonly labels: null } | { readonly labelMode: null }
  ? NdArray
  : [samples: NdArray, labels: NdArray];

/** How the two kinds of directories differ. */
export interface SampleKind {
  /** For messages: `images`, `text files`. */
  readonly plural: string;
  /** For messages: `image`, `text`. */
  readonly singular: string;
  readonly extensions: readonly string[];
  /** For messages: `Allowed format: .txt`. */
  readonly allowed: string;
  readonly read: (path: string) => NdArray;
}

interface Files {
  readonly paths: string[];
  readonly labels: number[];
}

/** The dataset (or the two) of a directory's files. Messages are Keras's. */
export function datasetFromDirectory(
  directory: string,
  kind: SampleKind,
  options: DirectoryOptions,
): DirectoryDataset<unknown> | [DirectoryDataset<unknown>, DirectoryDataset<unknown>] {
  const { batchSize = 32, shuffle = true, validationSplit = null, subset = null, verbose = true } = options;
  const given = options.labels === undefined ? 'inferred' : options.labels;
  const wantedMode = options.labelMode === undefined ? 'int' : options.labelMode;
  checkLabels(given, wantedMode, options.classNames ?? null, kind);
  const labels = wantedMode === null ? null : given;
  const mode = labels === null ? null : wantedMode;
  checkSplit(validationSplit, subset, shuffle, options.seed ?? null);

  const seed = options.seed ?? anySeed();
  const index = indexDirectory(directory, labels, kind, options);
  const { classNames } = index;
  if (verbose) console.log(`Found ${index.paths.length} files belonging to ${classNames.length} classes.`);
  if (shuffle) {
    seeded(seed).shuffle(index.paths);
    seeded(seed).shuffle(index.labels);
  }
  if (mode === 'binary' && classNames.length !== 2) {
    throw new ValueError(
      `When passing \`label_mode="binary"\`, there must be exactly 2 class_names. Received: class_names=${list(classNames)}`,
    );
  }
  const build = (files: Files, shuffled: boolean): DirectoryDataset<unknown> => {
    const samples = samplesOf(files, kind, mode, classNames.length);
    const ordered = shuffled ? samples.shuffle(batchSize === null ? 1024 : batchSize * 8, { seed }) : samples;
    return new DirectoryDataset<unknown>(
      batchSize === null ? ordered : ordered.batch(batchSize),
      classNames,
      files.paths,
    );
  };
  const part = (which: 'training' | 'validation', shown = ''): Files => {
    const files = splitFiles(index, validationSplit as number, which, verbose);
    if (files.paths.length === 0) throw noFiles(shown, directory, kind);
    return files;
  };
  if (subset === 'both') {
    const training = part('training', 'training ');
    const validation = part('validation', 'validation ');
    return [build(training, shuffle), build(validation, false)];
  }
  if (subset !== null) return build(part(subset), shuffle);
  if (index.paths.length === 0) throw noFiles('', directory, kind);
  return build(index, shuffle);
}

function noFiles(subset: string, directory: string, kind: SampleKind): ValueError {
  return new ValueError(`No ${subset}${kind.plural} found in directory ${directory}. ${kind.allowed}`);
}

function samplesOf(files: Files, kind: SampleKind, mode: LabelMode | null, classes: number): Dataset<unknown> {
  const order = new Dataset(files.paths.map((_, i) => i));
  if (mode === null) return order.map((i) => kind.read(files.paths[i]));
  const labels =
    mode === 'int'
      ? new NdArray(int32, [files.labels.length], Int32Array.from(files.labels))
      : mode === 'binary'
        ? new NdArray(float32, [files.labels.length, 1], Float32Array.from(files.labels))
        : toCategorical(files.labels, classes);
  return order.map((i) => [kind.read(files.paths[i]), row(labels, i)]);
}

function checkLabels(
  labels: unknown,
  labelMode: unknown,
  classNames: readonly string[] | null,
  { singular }: SampleKind,
): void {
  if (labels !== 'inferred' && labels !== null) {
    if (!Array.isArray(labels)) {
      throw new ValueError(
        `\`labels\` argument should be a list/tuple of integer labels, of the same size as the number of ${singular} files in the target directory. If you wish to infer the labels from the subdirectory names in the target directory, pass \`labels="inferred"\`. If you wish to get a dataset that only contains ${singular === 'text' ? 'text samples' : 'images'} (no labels), pass \`labels=None\`. Received: labels=${labels}`,
      );
    }
    if (classNames && classNames.length > 0) {
      throw new ValueError(
        `You can only pass \`class_names\` if \`labels="inferred"\`. Received: labels=${list(labels)}, and class_names=${list(classNames)}`,
      );
    }
  }
  if (labelMode !== null && labelMode !== 'int' && labelMode !== 'categorical' && labelMode !== 'binary') {
    throw new ValueError(
      `\`label_mode\` argument must be one of "int", "categorical", "binary", or None. Received: label_mode=${labelMode}`,
    );
  }
}

function checkSplit(validationSplit: number | null, subset: unknown, shuffle: boolean, seed: number | null): void {
  if (validationSplit && !(validationSplit > 0 && validationSplit < 1)) {
    const shown = Number.isInteger(validationSplit) ? `${validationSplit}.0` : validationSplit;
    throw new ValueError(`\`validation_split\` must be between 0 and 1, received: ${shown}`);
  }
  if (!validationSplit !== !subset) {
    throw new ValueError('If `subset` is set, `validation_split` must be set, and inversely.');
  }
  if (subset !== 'training' && subset !== 'validation' && subset !== 'both' && subset !== null) {
    throw new ValueError(`\`subset\` must be either "training", "validation" or "both", received: ${subset}`);
  }
  if (validationSplit && shuffle && seed === null) {
    throw new ValueError(
      'If using `validation_split` and shuffling the data, you must provide a `seed` argument, to make sure that there is no overlap between the training and validation subset.',
    );
  }
}

function splitFiles(
  { paths, labels }: Files,
  validationSplit: number,
  subset: 'training' | 'validation',
  verbose: boolean,
): Files {
  const kept = Math.trunc(validationSplit * paths.length);
  if (verbose) {
    console.log(
      subset === 'training'
        ? `Using ${paths.length - kept} files for training.`
        : `Using ${kept} files for validation.`,
    );
  }
  // Where nothing is kept, Python's slices [:-0] and [-0:] give none to training and all to validation; so they do here.
  const [start, end] = subset === 'training' ? [0, kept === 0 ? 0 : -kept] : [-kept, undefined];
  return { paths: paths.slice(start, end), labels: labels.slice(start, end) };
}

function indexDirectory(
  directory: string,
  labels: 'inferred' | readonly number[] | null,
  kind: SampleKind,
  options: DirectoryOptions,
): Files & { classNames: readonly (string | number)[] } {
  if (!existsSync(directory)) throw new NotFoundError(null, `Could not find directory ${directory}`);
  const followLinks = options.followLinks ?? false;
  if (labels !== 'inferred') {
    const paths = filesBelow(directory, kind.extensions, followLinks);
    if (labels === null) return { paths, labels: paths.map(() => 0), classNames: [''] };
    if (labels.length !== paths.length) {
      throw new ValueError(
        `Expected the lengths of \`labels\` to match the number of files in the target directory. len(labels) is ${labels.length} while we found ${paths.length} files in directory ${directory}.`,
      );
    }
    const classNames = [...new Set(labels)].sort((a, b) => a - b);
    return { paths, labels: [...labels], classNames };
  }

  const folders = readdirSync(directory)
    .filter((name) => !name.startsWith('.') && isFolder(posix.join(directory, name)))
    .sort(byCodePoints);
  const wanted = options.classNames ?? [];
  const classNames = wanted.length > 0 ? wanted : folders;
  if (new Set(classNames).size !== folders.length || folders.some((name) => !classNames.includes(name))) {
    throw new ValueError(
      `The \`class_names\` passed did not match the names of the subdirectories of the target directory. Expected: ${list(folders)}, but received: ${list(classNames)}`,
    );
  }
  const paths: string[] = [];
  const numbers: number[] = [];
  for (const folder of folders) {
    const found = filesBelow(posix.join(directory, folder), kind.extensions, followLinks);
    const number = classNames.indexOf(folder);
    for (const path of found) {
      paths.push(path);
      numbers.push(number);
    }
  }
  return { paths, labels: numbers, classNames };
}

/** The files with one of the extensions in a folder and those below it: folder by folder, both sorted by their names. */
function filesBelow(top: string, extensions: readonly string[], followLinks: boolean): string[] {
  const folders: { folder: string; files: string[] }[] = [];
  const waiting = [top];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const files: string[] = [];
    for (const name of readdirSync(folder)) {
      const path = posix.join(folder, name);
      if (!isFolder(path)) files.push(name);
      else if (followLinks || !lstatSync(path).isSymbolicLink()) waiting.push(path);
    }
    folders.push({ folder, files: files.sort(byCodePoints) });
  }
  folders.sort((a, b) => byCodePoints(a.folder, b.folder));
  const matches = (name: string): boolean => extensions.some((extension) => name.toLowerCase().endsWith(extension));
  return folders.flatMap(({ folder, files }) => files.filter(matches).map((name) => posix.join(folder, name)));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Python's order of texts; JavaScript compares UTF-16 units, which differs beyond U+FFFF. */
function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** As Python prints a list. */
function list(items: readonly unknown[]): string {
  return `[${items.map(pythonRepr).join(', ')}]`;
}
