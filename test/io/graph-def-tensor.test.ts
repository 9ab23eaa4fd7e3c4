/** `TensorProto` in every encoding, against what sessions of TensorFlow make of the same messages. */
import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FillBudget, tensorFromProto, tensorToProto } from '../../src/io/graph-def-tensor.ts';
import { decodeMessage, encodeMessage } from '../../src/io/proto/codec.ts';
import { TensorProtoSchema } from '../../src/io/proto/tensor_pb.ts';
import { DataType } from '../../src/io/proto/types_pb.ts';
import { bfloat16, bool, dtypes, float16, float32, resource, variant } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { type Data, type Element, NdArray } from '../../src/util/ndarray.ts';

const test = suite('io/graph-def-tensor');

interface Case {
  readonly name: string;
  readonly proto: string;
  readonly dtype?: string;
  readonly shape?: number[];
  readonly data?: unknown[];
  readonly error?: string;
}

const url = new URL('../goldens/interchange/tensors.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(url, 'utf8')) as { cases: Case[] };

/** As the golden file writes elements, which JSON cannot hold all. */
function written(element: Element): unknown {
  if (Array.isArray(element)) return element.map(written);
  if (element instanceof Uint8Array) return { b64: Buffer.from(element).toString('base64') };
  if (typeof element === 'string') return { b64: Buffer.from(element).toString('base64') };
  if (typeof element === 'bigint') return String(element);
  if (Object.is(element, -0)) return '-0';
  return typeof element === 'number' && !Number.isFinite(element) ? String(element) : element;
}

for (const { name, proto, dtype, shape, data, error } of cases) {
  test(`${name}: as TensorFlow reads it, and written again as it was`, () => {
    const bytes = new Uint8Array(Buffer.from(proto, 'base64'));
    const message = decodeMessage(TensorProtoSchema, bytes);
    if (error) {
      assert.throws(
        () => tensorFromProto(message),
        (e: unknown) => e instanceof InvalidArgumentError,
      );
      return;
    }
    const array = tensorFromProto(message);
    assert.is(array.dtype.name, dtype);
    assert.equal(array.shape, shape);
    assert.equal(
      Array.from({ length: array.size }, (_, i) => written(array.at(i))),
      data,
    );
    // What stands for nothing is not written again.
    if (name.endsWith('too many values') || name === 'unknown rank') return;
    assert.equal(encodeMessage(TensorProtoSchema, tensorToProto(array)), bytes);
  });
}

test('resource and variant elements are the bytes of their messages', () => {
  const handle = { device: '/cpu:0', name: 'v', hashCode: 7n };
  const resources = create(TensorProtoSchema, {
    dtype: DataType.DT_RESOURCE,
    tensorShape: { dim: [{ size: 1n }] },
    resourceHandleVal: [handle],
  });
  const variants = create(TensorProtoSchema, {
    dtype: DataType.DT_VARIANT,
    tensorShape: {},
    variantVal: [{ typeName: 'tensorflow::TensorList', metadata: Uint8Array.of(1, 255) }],
  });
  for (const [proto, dtype] of [
    [resources, resource],
    [variants, variant],
  ] as const) {
    const array = tensorFromProto(proto);
    assert.is(array.dtype, dtype);
    assert.instance((array.data as Uint8Array[])[0], Uint8Array);
    assert.equal(encodeMessage(TensorProtoSchema, tensorToProto(array)), encodeMessage(TensorProtoSchema, proto));
  }
});

test('an array that was written to since it was read keeps what was written', () => {
  const proto = create(TensorProtoSchema, {
    dtype: DataType.DT_FLOAT,
    tensorShape: { dim: [{ size: 3n }] },
    floatVal: [7],
  });
  const array = tensorFromProto(proto);
  assert.equal(tensorToProto(array).floatVal, [7]);
  (array.data as Float32Array)[2] = 8;
  assert.equal([...(tensorFromProto(tensorToProto(array)).data as Float32Array)], [7, 7, 8]);
});

test('a large tensor is a view of the file where it lies at a multiple of its width, a copy elsewhere', () => {
  const content = new Uint8Array(1 << 17).map((_, i) => i % 63);
  for (let offset = 0; offset < 4; offset++) {
    const buffer = new Uint8Array(content.length + offset);
    buffer.set(content, offset);
    const array = tensorFromProto(
      create(TensorProtoSchema, {
        dtype: DataType.DT_FLOAT,
        tensorShape: { dim: [{ size: BigInt(content.length / 4) }] },
        tensorContent: buffer.subarray(offset),
      }),
    );
    const data = array.data as Float32Array;
    assert.is(data.buffer === buffer.buffer, offset === 0);
    assert.equal(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), content);
  }
});

test('a few bytes cannot ask for more than two gigabytes, in one tensor or in many', () => {
  const filled = (size: bigint) =>
    create(TensorProtoSchema, { dtype: DataType.DT_INT8, tensorShape: { dim: [{ size }] }, intVal: [1] });
  for (const size of [2n ** 31n + 1n, 2n ** 40n, 2n ** 62n]) {
    assert.throws(() => tensorFromProto(filled(size)), /^Cannot parse tensor from proto: shape \[\d+\] takes more/);
  }
  const budget = new FillBudget();
  budget.spend(2 ** 31 - 1000);
  tensorFromProto(filled(1000n), budget);
  assert.throws(() => tensorFromProto(filled(1000n), budget), /repeated elements take more than 2 GB/);
});

test('half types: every bit pattern that is a number comes back', () => {
  for (const dtype of [float16, bfloat16]) {
    const bits = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const proto = create(TensorProtoSchema, {
      dtype: dtype.asDatatypeEnum,
      tensorShape: { dim: [{ size: BigInt(bits.length) }] },
      tensorContent: new Uint8Array(bits.buffer),
    });
    const array = tensorFromProto(proto);
    const content = tensorToProto(array).tensorContent;
    const back = new Uint16Array(content.slice().buffer);
    const changed = bits.filter((b) => back[b] !== b && !Number.isNaN(array.at(b)));
    assert.equal([...changed], []);
  }
});

test('what TensorFlow writes as bytes and what element by element', () => {
  for (const dtype of dtypes) {
    if (dtype.size === 0) continue;
    const array = NdArray.zeros(dtype, [2]);
    // As in make_tensor_proto of TensorFlow 2.21.
    const asElements = dtype === bool || dtype.isComplex || dtype.name === 'uint16';
    assert.is(tensorToProto(array).tensorContent.length === 0, asElements, dtype.name);
    assert.is(tensorToProto(NdArray.zeros(dtype, [])).tensorContent.length, 0);
  }
  assert.equal(tensorToProto(new NdArray(float32, [1], Float32Array.of(2) as Data)).floatVal, [2]);
});

test.run();
