/**
 * Arrays from texts: raw bytes, lines of CSV, tensors as messages. `Example`s are in `parse-example.ts`; bytes are read by
 * the runtime.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DType, type DTypeLike, int32, string, uint8 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { noGradient } from './elementwise.ts';
import { emit, emitOne } from './emit.ts';
import { defineOp, ShapeError, sample } from './opdef/define.ts';
import { scalar, unknown } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const NUMBERS = 'float16, float32, float64, int32, uint16, uint8, int16, int8, int64';

defineOp({
  name: 'DecodeRaw',
  doc: 'The bytes of texts of one length as elements of a type.',
  inputs: ['bytes: string'],
  outputs: ['output: out_type'],
  attrs: [`out_type: {${NUMBERS}, complex64, complex128, bool, bfloat16}`, 'little_endian: bool = true'],
  infer: (op) => {
    const shape = op.shape(0);
    return [shape === null ? null : [...shape, null]];
  },
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [2], ['ab', 'cd'])],
      attrs: { out_type: uint8 },
      outputs: [sample(uint8, [2, 2], [97, 98, 99, 100])],
    },
  ],
});

defineOp({
  name: 'DecodePaddedRaw',
  doc: 'So many bytes of each text, zeros behind its end, as elements of a type.',
  inputs: ['input_bytes: string', 'fixed_length: int32'],
  outputs: ['output: out_type'],
  attrs: [`out_type: {${NUMBERS}, bfloat16}`, 'little_endian: bool = true'],
  infer: (op) => {
    const shape = op.shape(0);
    if (shape === null) return [null];
    const length = op.constant(1);
    const { size } = op.attr<DType>('out_type');
    return [[...shape, length ? Math.floor(Number(length.data[0]) / size) : null]];
  },
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [2], ['a', 'cde']), sample(int32, [], [2])],
      attrs: { out_type: uint8 },
      outputs: [sample(uint8, [2, 2], [97, 0, 99, 100])],
    },
  ],
});

defineOp({
  name: 'DecodeCSV',
  doc: 'The fields of lines of CSV, a tensor for each column.',
  inputs: ['records: string', 'record_defaults: OUT_TYPE'],
  outputs: ['output: OUT_TYPE'],
  attrs: [
    'OUT_TYPE: list({float32, float64, int32, int64, string}) >= 1',
    'field_delim: string = ","',
    'use_quote_delim: bool = true',
    'na_value: string = ""',
    'select_cols: list(int) = []',
  ],
  infer: (op) => {
    for (let i = 1; i < op.inputCount; i++) {
      const preset = op.shape(i);
      if (preset === null) continue;
      if (preset.length > 1 || (preset.length === 1 && preset[0] !== null && preset[0] > 1)) {
        throw new ShapeError('Shape of a default must be a length-0 or length-1 vector, or a scalar.');
      }
    }
    return Array.from({ length: op.inputCount - 1 }, () => op.shape(0));
  },
  grad: null,
  samples: [
    {
      inputs: [sample(string, [2], ['1,x', ',"y,z"']), sample(int32, [1], [7]), sample(string, [1], [''])],
      outputs: [sample(int32, [2], [1, 7]), sample(string, [2], ['x', 'y,z'])],
    },
  ],
});

defineOp({
  name: 'SerializeTensor',
  doc: 'The tensor as a message of type TensorProto.',
  inputs: ['tensor: T'],
  outputs: ['serialized: string'],
  attrs: ['T: type'],
  infer: scalar,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(int32, [1], [3])],
      outputs: [sample(string, [], ['\x08\x03\x12\x04\x12\x02\x08\x01"\x04\x03\x00\x00\x00'])],
    },
  ],
});

defineOp({
  name: 'ParseTensor',
  doc: 'The tensor that a message of type TensorProto holds.',
  inputs: ['serialized: string'],
  outputs: ['output: out_type'],
  attrs: ['out_type: type'],
  infer: unknown,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [], ['\x08\x03\x12\x04\x12\x02\x08\x01"\x04\x03\x00\x00\x00'])],
      attrs: { out_type: int32 },
      outputs: [sample(int32, [1], [3])],
    },
  ],
});

export interface DecodeRawOptions {
  readonly littleEndian?: boolean;
  readonly name?: string | null;
}

/**
 * The bytes of texts, all of one length, as elements of a type along a new last axis. A length that is no multiple of the
 * type's size fails the run.
 *
 *     tf.decodeRaw(images, tf.uint8)
 */
export function decodeRaw(
  inputBytes: TensorLike,
  outType: DTypeLike,
  ...rest: Rest<[littleEndian: boolean, name: string | null], DecodeRawOptions>
): Tensor {
  if (outType == null) throw new ValueError("decode_raw_v1() missing 1 positional argument: 'out_type'");
  const { littleEndian, name } = bind<DecodeRawOptions>(['littleEndian', 'name'], rest);
  return emitOne('DecodeRaw', [inputBytes], { out_type: asDType(outType), little_endian: littleEndian }, name);
}

export interface DecodeCsvOptions {
  /** What stands between fields; a comma without it. */
  readonly fieldDelim?: string;
  /** Whether double quotes around a field are read; true without it. */
  readonly useQuoteDelim?: boolean;
  readonly name?: string | null;
  /** A field that counts as missing, as an empty one does. */
  readonly naValue?: string;
  /** The columns that count, rising. */
  readonly selectCols?: readonly number[] | null;
}

/**
 * The fields of lines of CSV: a tensor for each column, of the shape of `records` and the type of its default. A default
 * is a value, or a list of one value (numbers are float32), or an empty tensor where the field is required. Bad lines fail
 * the run.
 *
 *     const [age, name] = tf.decodeCsv(lines, [[0], ['']]);
 */
export function decodeCsv(
  records: TensorLike,
  recordDefaults: readonly TensorLike[],
  ...rest: Rest<
    [
      fieldDelim: string,
      useQuoteDelim: boolean,
      name: string | null,
      naValue: string,
      selectCols: readonly number[] | null,
    ],
    DecodeCsvOptions
  >
): Tensor[] {
  const names = ['fieldDelim', 'useQuoteDelim', 'name', 'naValue', 'selectCols'] as const;
  const given = bind<DecodeCsvOptions>([...names], rest);
  const columns = given.selectCols ?? null;
  if (columns?.some((column, i) => i > 0 && column <= columns[i - 1])) {
    throw new ValueError('select_cols is not strictly increasing.');
  }
  if (columns && columns[0] < 0) throw new ValueError('select_cols contains negative values.');
  if (columns && columns.length !== recordDefaults.length) {
    throw new ValueError('Length of select_cols and record_defaults do not match.');
  }
  const attrs = {
    field_delim: given.fieldDelim,
    use_quote_delim: given.useQuoteDelim,
    na_value: given.naValue,
    select_cols: columns === null ? undefined : [...columns],
  };
  return [...emit('DecodeCSV', [records, recordDefaults], attrs, given.name).outputs];
}

interface Named {
  readonly name?: string | null;
}

/** The tensor as a message of type `TensorProto`, a scalar text: what `parseTensor` reads. */
export function serializeTensor(tensor: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return emitOne('SerializeTensor', [tensor], {}, bind<Named>(['name'], rest).name);
}

/** The tensor of a type that a message of type `TensorProto` holds. Another type in the message fails the run. */
export function parseTensor(
  serialized: TensorLike,
  outType: DTypeLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  return emitOne('ParseTensor', [serialized], { out_type: asDType(outType) }, bind<Named>(['name'], rest).name);
}
