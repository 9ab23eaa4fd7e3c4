/**
 * Messages of type `Example` and `SequenceExample` as maps from names to lists of texts, floats or integers. What kernels take
 * out of them is in `parse-example.ts` and `parse-sequence-example.ts`.
 */
import { type DType, float32, int64, string } from '../../src/util/dtype.ts';
import { allocate, type Data } from '../../src/util/ndarray.ts';
import { fixed32Of, readFields, varintsOf, type WireField } from '../../src/util/wire.ts';
import { invalid } from './elements.ts';
import { shown } from './texts.ts';

/** A list of a feature; its values are read when they are asked for. */
export interface Feature {
  readonly dtype: DType;
  readonly fields: readonly WireField[];
}

export type Example = ReadonlyMap<string, Feature>;

export interface SequenceExample {
  readonly context: ReadonlyMap<string, Feature | null>;
  readonly lists: ReadonlyMap<string, readonly (Feature | null)[]>;
}

/** The fields of `Feature`: which list it has. */
const KINDS: ReadonlyMap<number, DType> = new Map([
  [1, string],
  [2, float32],
  [3, int64],
]);

/** The last entry of a name counts, as in any map of such messages. */
export function readExample(bytes: Uint8Array): Example {
  const features = new Map<string, Feature>();
  try {
    for (const [key, value] of readMaps(readFields(bytes).filter(isMessage))) {
      const feature = readFeature(value);
      features.delete(key);
      if (feature) features.set(key, feature);
    }
  } catch {
    throw invalid(`Could not parse example input, value: '${shown(bytes)}'`);
  }
  return features;
}

/** Throws `WireError` for bytes that are no such message. A feature without a list is null. */
export function readSequenceExample(bytes: Uint8Array): SequenceExample {
  const fields = readFields(bytes);
  const context = new Map<string, Feature | null>();
  for (const [key, value] of readMaps(fields.filter(isMessage))) context.set(key, readFeature(value));
  const lists = new Map<string, readonly (Feature | null)[]>();
  for (const [key, value] of readMaps(fields.filter(({ number }) => number === 2))) {
    const features = value.flatMap((list) => readFields(list.bytes).filter(isMessage));
    lists.set(
      key,
      features.map((feature) => readFeature([feature])),
    );
  }
  return { context, lists };
}

/** The entries of the maps in messages: keys, and the fields that hold their values. */
function readMaps(messages: readonly WireField[]): [key: string, value: WireField[]][] {
  return messages.flatMap(({ bytes: map }) =>
    readFields(map)
      .filter(isMessage)
      .map(({ bytes: entry }): [string, WireField[]] => {
        const fields = readFields(entry);
        const key = shown(fields.find(({ number }) => number === 1)?.bytes ?? new Uint8Array(0));
        return [key, fields.filter(({ number }) => number === 2)];
      }),
  );
}

function readFeature(parts: readonly WireField[]): Feature | null {
  const list = parts
    .flatMap(({ bytes }) => readFields(bytes))
    .filter(({ number }) => KINDS.has(number))
    .at(-1);
  if (!list) return null;
  const dtype = KINDS.get(list.number) as DType;
  return { dtype, fields: readFields(list.bytes).filter(({ number }) => number === 1) };
}

const isMessage = ({ number }: WireField): boolean => number === 1;

const bits = new DataView(new ArrayBuffer(4));

export function valuesOf({ dtype, fields }: Feature): readonly unknown[] {
  if (dtype === string) return fields.map(({ bytes }) => bytes);
  if (dtype === int64) return fields.flatMap(varintsOf).map((value) => BigInt.asIntN(64, value));
  return fields.flatMap(fixed32Of).map((word) => {
    bits.setUint32(0, word);
    return bits.getFloat32(0);
  });
}

/** How messages call a type. */
export const cppName = (dtype: DType): string => (dtype === float32 ? 'float' : dtype.name);

export function storageOf(dtype: DType, values: readonly unknown[]): Data {
  const data = allocate(dtype, values.length);
  for (let i = 0; i < values.length; i++) (data as unknown[])[i] = values[i];
  return data;
}
