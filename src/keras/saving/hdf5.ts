/**
 * HDF5 files as trees of groups, attributes and arrays: bytes in, bytes out, by `h5wasm`, which is loaded when it is first
 * needed. What Keras puts into such files is `weights-hdf5.ts`'s and `model-hdf5.ts`'s.
 */
import type * as H5 from 'h5wasm';
import {
  bool,
  type DType,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
} from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { allocate, encodeString, NdArray, type NumericData } from '../../util/ndarray.ts';

/** An attribute: text, or a list of texts; numbers where a file has them. */
export type AttributeValue = string | readonly string[] | readonly number[] | number;

/** A group: attributes, and groups and arrays by name. */
export class Hdf5Group {
  readonly attributes = new Map<string, AttributeValue>();
  readonly groups = new Map<string, Hdf5Group>();
  readonly arrays = new Map<string, NdArray>();

  /** The group at a path below this one (`a/b`), made where it is missing. */
  groupAt(path: string): Hdf5Group {
    let group: Hdf5Group = this;
    for (const name of parts(path)) {
      const inner = group.groups.get(name) ?? new Hdf5Group();
      group.groups.set(name, inner);
      group = inner;
    }
    return group;
  }
  /** The same, null where it is missing. */
  findGroup(path: string): Hdf5Group | null {
    let group: Hdf5Group | undefined = this;
    for (const name of parts(path)) group = group?.groups.get(name);
    return group ?? null;
  }
  /** The array at a path; null where there is none. */
  findArray(path: string): NdArray | null {
    const names = parts(path);
    const last = names.pop();
    return (last && this.findGroup(names.join('/'))?.arrays.get(last)) || null;
  }
  setArray(path: string, value: NdArray): void {
    const names = parts(path);
    const last = names.pop() ?? '';
    this.groupAt(names.join('/')).arrays.set(last, value);
  }
  /** A text attribute; null where there is none. */
  text(name: string): string | null {
    const value = this.attributes.get(name);
    return typeof value === 'string' ? value : null;
  }
}

function parts(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

/** How elements are named to `h5wasm`. */
const FORMATS: ReadonlyMap<DType, string> = new Map([
  [float32, '<f'],
  [float64, '<d'],
  [int8, '<b'],
  [int16, '<h'],
  [int32, '<i'],
  [int64, '<q'],
  [uint8, '<B'],
  [uint16, '<H'],
  [uint32, '<I'],
  [uint64, '<Q'],
]);
const TYPES: ReadonlyMap<string, DType> = new Map([...FORMATS].map(([dtype, name]) => [name, dtype]));

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether the bytes are an HDF5 file. The signature may stand after a block of the user's. */
export function isHdf5(bytes: Uint8Array): boolean {
  for (let start = 0; start + SIGNATURE.length <= bytes.length; start = start === 0 ? 512 : start * 2) {
    if (SIGNATURE.every((byte, i) => bytes[start + i] === byte)) return true;
  }
  return false;
}

let files = 0;

/** Runs `body` on a file of the library's own file system, which is gone after it. */
async function inMemory<R>(body: (h5: typeof H5, fs: FileSystem, path: string) => R): Promise<R> {
  const h5 = await import('h5wasm');
  const { FS } = (await h5.ready) as unknown as { readonly FS: FileSystem };
  const path = `tfjs-graph-${files++}.h5`;
  try {
    return body(h5, FS, path);
  } finally {
    if (FS.analyzePath(path).exists) FS.unlink(path);
  }
}

interface FileSystem {
  writeFile(path: string, bytes: Uint8Array): void;
  readFile(path: string): Uint8Array;
  unlink(path: string): void;
  analyzePath(path: string): { readonly exists: boolean };
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

/** Reads a file. Rejects with `ValueError` for bytes that are none, and for arrays of types that are not supported. */
export async function readHdf5(bytes: Uint8Array): Promise<Hdf5Group> {
  if (!isHdf5(bytes)) throw new ValueError('The bytes are not an HDF5 file.');
  return inMemory((h5, fs, path) => {
    fs.writeFile(path, bytes);
    const file = new h5.File(path, 'r');
    try {
      return readGroup(h5, file);
    } finally {
      file.close();
    }
  });
}

function readGroup(h5: typeof H5, top: H5.Group): Hdf5Group {
  const root = new Hdf5Group();
  const stack: [H5.Group, Hdf5Group][] = [[top, root]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [source, group] = next;
    for (const [name, { value }] of Object.entries(source.attrs)) group.attributes.set(name, attributeOf(value));
    for (const name of source.keys()) {
      const item = source.get(name);
      if (item instanceof h5.Group) stack.push([item, group.groupAt(name)]);
      else if (item instanceof h5.Dataset) group.arrays.set(name, arrayOf(name, item));
    }
  }
  return root;
}

function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string') return utf8(value);
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, Number);
  return Array.isArray(value)
    ? value.map((item) => (typeof item === 'string' ? utf8(item) : String(item)))
    : String(value);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Text that is declared as ASCII may be UTF-8 all the same; it is read byte by byte then. */
function utf8(text: string): string {
  const codes = Array.from(text, (char) => char.charCodeAt(0));
  if (!codes.some((code) => code > 0x7f) || codes.some((code) => code > 0xff)) return text;
  try {
    return decoder.decode(Uint8Array.from(codes));
  } catch {
    return text;
  }
}

function arrayOf(name: string, dataset: H5.Dataset): NdArray {
  const { shape, enum_type: names } = dataset.metadata as H5.Metadata & { readonly enum_type?: { members?: object } };
  const value = dataset.value as unknown;
  const dtype = names?.members && 'TRUE' in names.members ? bool : TYPES.get(String(dataset.dtype));
  if (!dtype) {
    throw new ValueError(
      `The array '${name}' of the file is of a type that is not supported: ${JSON.stringify(dataset.dtype)}.`,
    );
  }
  // A single element comes without an array around it. The array is a copy: the library's memory is used again.
  const items = (ArrayBuffer.isView(value) ? value : [value]) as unknown as ArrayLike<never>;
  const data = allocate(dtype, items.length) as NumericData;
  data.set(items);
  return new NdArray(dtype, (shape ?? []).map(Number), data);
}

// ---------------------------------------------------------------------------------------------------------------------
// Writing

/** Writes a file. Rejects with `ValueError` for arrays of types that HDF5 has no element type for here. */
export async function writeHdf5(root: Hdf5Group): Promise<Uint8Array> {
  return inMemory((h5, fs, path) => {
    const file = new h5.File(path, 'w');
    try {
      writeGroup(file, root);
      file.flush();
    } finally {
      file.close();
    }
    return fs.readFile(path);
  });
}

function writeGroup(top: H5.Group, root: Hdf5Group): void {
  const stack: [H5.Group, Hdf5Group][] = [[top, root]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [target, group] = next;
    for (const [name, value] of group.attributes) writeAttribute(target, name, value);
    for (const [name, array] of group.arrays) {
      const dtype = FORMATS.get(array.dtype);
      if (!dtype)
        throw new ValueError(`The array '${name}' of type ${array.dtype.name} cannot be written to an HDF5 file.`);
      target.create_dataset({ name, data: array.data as never, shape: [...array.shape], dtype });
    }
    for (const [name, inner] of group.groups) stack.push([target.create_group(name), inner]);
  }
}

function writeAttribute(target: H5.Group, name: string, value: AttributeValue): void {
  if (typeof value === 'string') target.create_attribute(name, value, [], textFormat([value]));
  else if (typeof value === 'number') target.create_attribute(name, Float64Array.of(value), [], '<d');
  else if (value.length === 0) target.create_attribute(name, new Float64Array(0), [0], '<d');
  else if (typeof value[0] === 'string') writeTexts(target, name, value as readonly string[]);
  else target.create_attribute(name, Float64Array.from(value as readonly number[]), [value.length], '<d');
}

/** The room that HDF5 has for the attributes of a group, as Keras counts it. */
const HEADER_LIMIT = 64512;

/** A list of texts; one that is too long goes into several attributes, `name0`, `name1`, … */
function writeTexts(target: H5.Group, name: string, texts: readonly string[]): void {
  const sizes = texts.map((text) => encodeString(text).length);
  const longest = Math.max(...sizes);
  if (longest > HEADER_LIMIT) {
    throw new ValueError(
      `The following attributes cannot be saved to HDF5 file because they are larger than ${HEADER_LIMIT} bytes: ${name}`,
    );
  }
  if (longest * texts.length <= HEADER_LIMIT) {
    target.create_attribute(name, [...texts], [texts.length], textFormat(texts));
    return;
  }
  const count = Math.ceil(texts.length / Math.floor(HEADER_LIMIT / longest));
  for (let i = 0; i < count; i++) {
    const part = texts.slice(Math.floor((i * texts.length) / count), Math.floor(((i + 1) * texts.length) / count));
    target.create_attribute(`${name}${i}`, part, [part.length], textFormat(part, longest));
  }
}

/** ASCII where that is enough, as Keras's files have it, else UTF-8. */
function textFormat(texts: readonly string[], size: number | null = null): string {
  const ascii = texts.every((text) => encodeString(text).length === text.length);
  return `${ascii ? 'A' : 'S'}${size ?? ''}`;
}
