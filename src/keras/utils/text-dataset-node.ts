/** `textDatasetFromDirectory`: folders of text files as batches of strings. Finding the files is `directory-node.ts`'s. */
import { readFileSync } from 'node:fs';
import { string } from '../../util/dtype.ts';
import { NdArray } from '../../util/ndarray.ts';
import { type DirectoryOptions, type DirectoryResult, datasetFromDirectory } from './directory-node.ts';

export interface TextDatasetOptions extends DirectoryOptions {
  /** The number of bytes that longer texts are cut to. */
  readonly maxLength?: number | null;
}

/**
 * Batches `[texts, labels]` of the `.txt` files in a directory: string of shape `[batch]`, and labels as `labelMode` says;
 * without labels the texts alone. Throws `ValueError`, in Keras's words, for arguments that do not fit the directory. Node
 * only.
 *
 *     const train = textDatasetFromDirectory('reviews', {labelMode: 'binary', batchSize: 64, seed: 1});
 */
export function textDatasetFromDirectory<const O extends TextDatasetOptions = Record<never, never>>(
  directory: string,
  options?: O,
): DirectoryResult<O> {
  const given: TextDatasetOptions = options ?? {};
  const read = (path: string): NdArray => {
    const bytes = readFileSync(path);
    return new NdArray(string, [], [new Uint8Array(bytes.subarray(0, given.maxLength ?? bytes.length))]);
  };
  const kind = {
    plural: 'text files',
    singular: 'text',
    extensions: ['.txt'],
    allowed: 'Allowed format: .txt',
    read,
  };
  return datasetFromDirectory(directory, kind, given) as DirectoryResult<O>;
}
