/** The generated messages against TensorFlow's own descriptors; bytes that are no messages. */
import { readdirSync, readFileSync } from 'node:fs';
import { create, type DescEnum, type DescField, type DescFile, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NameAttrListSchema } from '../../src/io/proto/attr_value_pb.ts';
import { decodeMessage, encodeMessage } from '../../src/io/proto/codec.ts';
import { FunctionDefSchema } from '../../src/io/proto/function_pb.ts';
import { NodeDefSchema } from '../../src/io/proto/node_def_pb.ts';
import { TensorProtoSchema } from '../../src/io/proto/tensor_pb.ts';
import { VersionDefSchema } from '../../src/io/proto/versions_pb.ts';
import { DataLossError } from '../../src/util/errors.ts';

const test = suite('io/proto');

const folder = new URL('../../src/io/proto/', import.meta.url);
const golden = new URL('../goldens/interchange/proto-types.json', import.meta.url);
const { types } = JSON.parse(readFileSync(golden, 'utf8')) as { types: Record<string, string[]> };

/** Settings that are sent and never read: what nobody can set here is left out. */
const PARTIAL: ReadonlySet<string> = new Set([
  'tensorflow.ConfigProto',
  'tensorflow.GPUOptions',
  'tensorflow.GraphOptions',
  'tensorflow.RunOptions',
]);

function typeName(field: DescField, part: 'value' | 'key' = 'value'): string {
  if (part === 'key' && field.fieldKind === 'map') return ScalarType[field.mapKey].toLowerCase();
  return field.message?.typeName ?? field.enum?.typeName ?? ScalarType[field.scalar as ScalarType].toLowerCase();
}

function describe(out: Map<string, string[]>, message: DescMessage): void {
  const lines = message.fields.map((field) => {
    if (field.fieldKind !== 'map') {
      return `${field.fieldKind === 'list' ? 'repeated ' : ''}${typeName(field)} ${field.name} = ${field.number}`;
    }
    const camel = field.name.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
    const entry = `${message.typeName}.${camel}Entry`;
    out.set(entry, [`${typeName(field, 'key')} key = 1`, `${typeName(field)} value = 2`].sort());
    return `repeated ${entry} ${field.name} = ${field.number}`;
  });
  out.set(message.typeName, lines.sort());
  for (const nested of message.nestedMessages) describe(out, nested);
  for (const nested of message.nestedEnums) describeEnum(out, nested);
}

function describeEnum(out: Map<string, string[]>, type: DescEnum): void {
  out.set(type.typeName, type.values.map(({ name, number }) => `${name} = ${number}`).sort());
}

test('messages and enums have the names, numbers and types of TensorFlow', async () => {
  const described = new Map<string, string[]>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('_pb.ts'))) {
    const module = (await import(new URL(name, folder).href)) as Record<string, unknown>;
    const file = module[`file_${name.replace('_pb.ts', '')}`] as DescFile;
    for (const message of file.messages) describe(described, message);
    for (const type of file.enums) describeEnum(described, type);
  }
  assert.equal([...described.keys()].sort(), Object.keys(types).sort());
  for (const [name, lines] of described) {
    const theirs = [...types[name]].sort();
    assert.equal(lines, PARTIAL.has(name) ? theirs.filter((line) => lines.includes(line)) : theirs, name);
  }
});

test('every .proto file has its generated module, and the reverse', () => {
  const files = readdirSync(folder);
  const names = (end: string) => files.filter((file) => file.endsWith(end)).map((file) => file.slice(0, -end.length));
  assert.equal(names('.proto').sort(), names('_pb.ts').sort());
});

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('bytes that are no message are refused with the place', () => {
  const cases: [DescMessage, string, RegExp][] = [
    [VersionDefSchema, '08', /truncated at byte|malformed number at byte 0/],
    [VersionDefSchema, '08 ff ff ff ff ff ff ff ff ff ff 01', /malformed number at byte 0/],
    [VersionDefSchema, '00 01', /field number 0 at byte 0/],
    [VersionDefSchema, '0b', /wire type 3 for field producer at byte 0/],
    [VersionDefSchema, '0a 00', /wire type 2 for field producer at byte 0/],
    [VersionDefSchema, '7e 00', /wire type 6 at byte 0/],
    [VersionDefSchema, '7b 7c', /wire type 3 at byte 0/],
    [VersionDefSchema, '1a 02 01', /length 2 of field bad_consumers at byte 0 runs past the end/],
    [VersionDefSchema, '1a 02 01 ff', /elements of field bad_consumers at byte 2 do not fill/],
    [TensorProtoSchema, '2a 03 00 00 80', /elements of field float_val at byte 2 do not fill/],
    [TensorProtoSchema, '2d 00 00 80', /truncated at byte 0/],
    [NodeDefSchema, '0a ff ff ff ff 0f 61', /length 4294967295 of field name at byte 0 runs past the end/],
    [NodeDefSchema, '0a 02 c3 28', /tensorflow.NodeDef/],
    // The entry is longer than the attribute that it stands in, though not than the file.
    [NodeDefSchema, '2a 03 0a 09 61 0a 01 61 0a 01 61 0a 01 61', /length 9 of field attr.key at byte 2 runs past/],
  ];
  for (const [schema, bytes, message] of cases) {
    assert.throws(
      () => decodeMessage(schema, hex(bytes)),
      (error: unknown) =>
        error instanceof DataLossError &&
        error.message.startsWith('Error parsing message') &&
        message.test(error.message),
      bytes,
    );
  }
});

test('messages nest a hundred deep and no deeper', () => {
  const nested = (depth: number) => {
    let bytes: number[] = [];
    for (let i = 0; i < depth; i++) bytes = wrap(0x12, wrap(0x12, wrap(0x52, bytes)));
    return Uint8Array.from(bytes);
  };
  decodeMessage(NameAttrListSchema, nested(33));
  assert.throws(() => decodeMessage(NameAttrListSchema, nested(34)), /more than 100|recursion depth/);
  assert.throws(() => decodeMessage(NameAttrListSchema, nested(300)), /more than 100 messages within one another/);
});

/** The bytes as the field that the tag begins. */
function wrap(tag: number, bytes: readonly number[]): number[] {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128);
  return [tag, ...length, rest, ...bytes];
}

test('unknown fields are kept', () => {
  const bytes = hex('0a 01 61 f8 01 05 fa 01 02 68 69');
  assert.equal(encodeMessage(NodeDefSchema, decodeMessage(NodeDefSchema, bytes)), bytes);
});

test('entries of maps are in one order, whatever the order they were added in', () => {
  // As SerializeToString(deterministic=True) of protobuf 7.36 for Python orders the same keys.
  const ordered = ['10', '1', '2', 'Z', 'abc', 'ab', 'aé', 'a', 'b', 'é', '\uff00', '\u{1f600}', ''];
  const value = { value: { case: 'b', value: true } } as const;
  const write = (keys: readonly string[]) =>
    encodeMessage(
      NameAttrListSchema,
      create(NameAttrListSchema, { attr: Object.fromEntries(keys.map((k) => [k, value])) }),
    );
  const expected = ordered.flatMap((key) => wrap(0x12, [...wrap(0x0a, [...Buffer.from(key)]), 0x12, 2, 0x28, 1]));
  assert.equal([...write(ordered)], expected);
  assert.equal([...write([...ordered].reverse())], expected);
  const numbers = encodeMessage(
    FunctionDefSchema,
    create(FunctionDefSchema, { resourceArgUniqueId: { 3: 1, 1: 1, 20: 1 } }),
  );
  assert.equal(
    [...numbers],
    [20, 3, 1].flatMap((key) => wrap(0x42, [8, key, 16, 1])),
  );
});

test('writing leaves the message as it was', () => {
  const message = create(NodeDefSchema, { attr: { b: {}, a: {} } });
  encodeMessage(NodeDefSchema, message);
  assert.equal(Object.keys(message.attr), ['b', 'a']);
});

test.run();
