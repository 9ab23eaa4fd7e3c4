/** The text form of messages, against what Python's `text_format` makes of the same texts. */
import { readFileSync } from 'node:fs';
import { create, type DescMessage } from '@bufbuild/protobuf';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AttrValueSchema, NameAttrListSchema } from '../../src/io/proto/attr_value_pb.ts';
import { decodeMessage, encodeMessage } from '../../src/io/proto/codec.ts';
import { GraphDebugInfoSchema } from '../../src/io/proto/graph_debug_info_pb.ts';
import { GraphDefSchema } from '../../src/io/proto/graph_pb.ts';
import { HistogramProtoSchema } from '../../src/io/proto/histogram_pb.ts';
import { MetaGraphDefSchema } from '../../src/io/proto/meta_graph_pb.ts';
import { NodeDefSchema } from '../../src/io/proto/node_def_pb.ts';
import { TensorProtoSchema } from '../../src/io/proto/tensor_pb.ts';
import { VersionDefSchema } from '../../src/io/proto/versions_pb.ts';
import { formatText, parseText } from '../../src/io/text-format.ts';
import { ValueError } from '../../src/util/errors.ts';

const test = suite('io/proto-text');

const SCHEMAS: Record<string, DescMessage> = {
  AttrValue: AttrValueSchema,
  GraphDebugInfo: GraphDebugInfoSchema,
  GraphDef: GraphDefSchema,
  HistogramProto: HistogramProtoSchema,
  MetaGraphDef: MetaGraphDefSchema,
  NodeDef: NodeDefSchema,
  TensorProto: TensorProtoSchema,
  VersionDef: VersionDefSchema,
};

interface Case {
  readonly type: string;
  readonly text: string;
  readonly binary?: string;
  readonly printed?: string;
  readonly error?: string;
}

const url = new URL('../goldens/interchange/text-format.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(url, 'utf8')) as { cases: Case[] };

/** Texts that C++ reads and Python does not, with what they mean. */
const ONLY_CPP = new Map([
  [String.raw`name: "\ud83d\ude00"`, 'name: "\u{1f600}"\n'],
  [String.raw`name: "\?"`, 'name: "?"\n'],
  ['producer: -  5', 'producer: -5\n'],
]);

/** Texts that are errors in other words than Python's, or, as in C++, where Python is lenient. */
const OTHER_WORDS = new Set([
  String.raw`name: "\377"`,
  String.raw`name: "\x"`,
  String.raw`name: "\q"`,
  'name: ',
  'name: "abc',
  'name: "a\nb"',
  'producer: 1_0',
  'min: 1_0',
]);

for (const { type, text, binary, printed, error } of cases) {
  test(`${type}: ${JSON.stringify(text).slice(0, 90)}`, () => {
    const schema = SCHEMAS[type];
    const cpp = ONLY_CPP.get(text);
    if (cpp !== undefined) {
      assert.is(formatText(schema, parseText(schema, text)), cpp);
    } else if (error !== undefined || OTHER_WORDS.has(text)) {
      const thrown = caught(() => parseText(schema, text));
      assert.instance(thrown, ValueError);
      if (OTHER_WORDS.has(text)) assert.match(thrown.message, /^\d+:\d+ : /);
      else assert.ok(thrown.message.endsWith(error as string), `${thrown.message}\n${error}`);
    } else {
      const message = parseText(schema, text);
      assert.is(formatText(schema, message), printed);
      assert.is(Buffer.from(encodeMessage(schema, message)).toString('base64'), binary);
      assert.is(formatText(schema, decodeMessage(schema, encodeMessage(schema, message))), printed);
    }
  });
}

function caught(body: () => unknown): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was thrown.');
}

test('an error in the middle of a long text names its line and column', () => {
  const text = `${'# comment\n'.repeat(1000)}name: "a"\n\tfoo: 1`;
  assert.throws(() => parseText(NodeDefSchema, text), /^1002:2 : Message type "tensorflow.NodeDef" has no field named/);
});

test('messages nest a hundred deep and no deeper', () => {
  const nested = (depth: number) => 'attr{value{func{'.repeat(depth) + '}}}'.repeat(depth);
  parseText(NameAttrListSchema, nested(33));
  assert.throws(() => parseText(NameAttrListSchema, nested(34)), /Message too deep/);
  assert.throws(() => parseText(NameAttrListSchema, nested(100_000)), /Message too deep/);
});

test('a long text is read in time in proportion to its length', () => {
  const text = 'bad_consumers: [ 1 ] ; # x\n'.repeat(50_000);
  const start = performance.now();
  assert.is(parseText(VersionDefSchema, text).badConsumers.length, 50_000);
  parseText(NodeDefSchema, `name: "${'\\001é'.repeat(200_000)}"${' '.repeat(1_000_000)}`);
  assert.ok(performance.now() - start < 5000);
});

test('keys of maps are keys only', () => {
  const message = parseText(NameAttrListSchema, 'attr { key: "__proto__" value { i: 1 } } attr { key: "constructor" }');
  assert.equal(Object.keys(message.attr).sort(), ['__proto__', 'constructor']);
  const back = decodeMessage(NameAttrListSchema, encodeMessage(NameAttrListSchema, message));
  assert.match(formatText(NameAttrListSchema, back), /key: "__proto__"\n {2}value \{\n {4}i: 1/);
});

test('every byte prints as an escape that reads back', () => {
  const s = Uint8Array.from({ length: 256 }, (_, i) => i);
  const message = create(AttrValueSchema, { value: { case: 's', value: s } });
  const text = formatText(AttrValueSchema, message);
  assert.match(text, /^[\n\x20-\x7e]*$/);
  assert.equal(parseText(AttrValueSchema, text).value.value, s);
});

test.run();
