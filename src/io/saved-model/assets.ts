/** The files that a model needs: their names in its folder, and their copies. Which they are is `builder.ts`'s matter. */
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Tensor } from '../../graph/graph.ts';
import { constantValue } from '../../ops/static-value.ts';
import { string } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { basename, type FileSystem, joinPath } from '../file-system.ts';
import { protoOf } from '../message-class.ts';
import { AssetFileDef } from '../meta-graph/messages.ts';
import { AssetFileDefSchema } from '../proto/meta_graph_pb.ts';
import { ASSETS_DIRECTORY } from './constants.ts';

/** A file of the model: the tensor with its path, where it comes from, what it is called in the folder. */
export interface Asset {
  readonly tensor: Tensor;
  readonly source: string;
  readonly filename: string;
}

const CHUNK = 2 ** 20;

/** The files whose paths the tensors are. Throws `TypeError` or `ValueError` for what is no path that is known already. */
export async function assetsOf(files: FileSystem, tensors: readonly unknown[]): Promise<Asset[]> {
  const sources = new Map<string, string>();
  const assets: Asset[] = [];
  for (const tensor of tensors) {
    const source = pathOf(tensor);
    const filename = await filenameFor(files, source, sources);
    sources.set(filename, source);
    assets.push({ tensor: tensor as Tensor, source, filename });
  }
  return assets;
}

function pathOf(tensor: unknown): string {
  if (!(tensor instanceof Tensor)) throw new TypeError(`Asset path tensor ${String(tensor)} must be a Tensor.`);
  if (tensor.op.type !== 'Const') {
    throw new TypeError(`Asset path tensor ${tensor} must be of type constant.Has type ${tensor.op.type} instead.`);
  }
  if (tensor.dtype !== string) {
    throw new TypeError(`Asset path tensor ${tensor}\` must be of dtype string.Has type ${tensor.dtype} instead.`);
  }
  const value = constantValue(tensor);
  if (value?.size !== 1) throw new TypeError(`Asset path tensor ${tensor} must be a scalar.`);
  const path = String(value.item());
  if (!path) throw new ValueError(`Asset filepath tensor ${tensor} in is invalid.`);
  return path;
}

/** The last part of the path; numbered where another file has it. */
async function filenameFor(files: FileSystem, source: string, sources: ReadonlyMap<string, string>): Promise<string> {
  const name = basename(source);
  const other = sources.get(name);
  if (other === undefined || other === source || (await isSame(files, source, other))) return name;
  let unique = name;
  for (let i = 1; sources.has(unique); i++) unique = `${unique}_${i}`;
  return unique;
}

async function isSame(files: FileSystem, a: string, b: string): Promise<boolean> {
  const [first, second] = [await files.open(a), await files.open(b)];
  try {
    if (first.size !== second.size) return false;
    for (let at = 0; at < first.size; at += CHUNK) {
      const length = Math.min(CHUNK, first.size - at);
      const [x, y] = [await first.read(at, length), await second.read(at, length)];
      if (!x.every((byte, i) => byte === y[i])) return false;
    }
    return true;
  } finally {
    await first.close();
    await second.close();
  }
}

/** What the collection of assets holds for one. */
export function assetItem({ tensor, filename }: Asset): object {
  const message = new AssetFileDef({ filename, tensorInfo: { name: tensor.name } });
  return anyPack(AssetFileDefSchema, protoOf(message) as never);
}

/** Copies the files that are not there yet. */
export async function copyAssets(
  files: FileSystem,
  exportDir: string,
  assets: readonly Asset[],
  copied: Set<string>,
): Promise<void> {
  if (assets.length === 0) return;
  const folder = joinPath(exportDir, ASSETS_DIRECTORY);
  await files.mkdirs(folder);
  for (const { source, filename } of assets) {
    const target = joinPath(folder, filename);
    if (copied.has(target) || source === target || !(await files.exists(source))) continue;
    await copy(files, source, target);
    copied.add(target);
  }
}

async function copy(files: FileSystem, from: string, to: string): Promise<void> {
  const source = await files.open(from);
  try {
    const target = await files.write(to);
    try {
      for (let at = 0; at < source.size; at += CHUNK) {
        await target.write(await source.read(at, Math.min(CHUNK, source.size - at)));
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
