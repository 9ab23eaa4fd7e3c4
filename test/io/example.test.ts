/** `tf.train.Example` and its kin: bytes of real TensorFlow both ways, fields, refusals. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';

const test = suite('io/example');
const { Example, Feature, Features, FloatList, Int64List, BytesList, SequenceExample } = tf.train;

const goldens = new URL('../goldens/interchange/', import.meta.url);
interface Told {
  readonly records: readonly {
    readonly features: Readonly<Record<string, { readonly kind: string; readonly values: readonly unknown[] }>>;
    readonly serialized_hex: string;
  }[];
}
const told: Told = JSON.parse(readFileSync(new URL('tfrecord.json', goldens), 'utf8'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

test('examples of TensorFlow are read', () => {
  for (const { features, serialized_hex } of told.records) {
    const example = Example.fromString(bytesOf(serialized_hex));
    assert.equal([...(example.features?.feature.keys() ?? [])], Object.keys(features));
    for (const [name, { kind, values }] of Object.entries(features)) {
      const feature = example.features?.feature.get(name);
      const lists = { int64: feature?.int64List, float: feature?.floatList, bytes: feature?.bytesList };
      const list = lists[kind as keyof typeof lists];
      assert.is(feature?.whichOneof('kind'), `${kind === 'int64' ? 'int64' : kind}List`);
      const found = Array.from(list?.value as Iterable<unknown>, (value) => {
        if (value instanceof Uint8Array) return Buffer.from(value).toString();
        return typeof value === 'bigint' ? Number(value) : value;
      });
      const wanted = values.map((value) => (kind === 'float' ? Math.fround(value as number) : value));
      assert.equal(found, wanted);
    }
  }
});

test('examples are written as TensorFlow writes them, however they are made', () => {
  const { features, serialized_hex } = told.records[1];
  const [id, x] = [features.id.values as number[], features.x.values as number[]];
  const name = features.name.values as string[];
  const byClasses = new Example({
    features: new Features({
      feature: new Map([
        ['x', new Feature({ floatList: new FloatList({ value: x }) })],
        ['name', new Feature({ bytesList: new BytesList({ value: name }) })],
        ['id', new Feature({ int64List: new Int64List({ value: id }) })],
      ]),
    }),
  });
  const byValues = new Example({
    features: {
      feature: {
        id: { int64List: { value: id.map(BigInt) } },
        name: { bytesList: { value: name.map((text) => new TextEncoder().encode(text)) } },
        x: { floatList: { value: Float32Array.from(x) } },
      },
    },
  });
  const bySteps = new Example();
  bySteps.features = new Features();
  bySteps.features.feature.set('id', new Feature({ int64List: { value: [] } }));
  bySteps.features.feature.get('id')?.int64List?.value.push(...id.map(BigInt));
  bySteps.features.feature.set('name', new Feature({ bytesList: { value: name } }));
  bySteps.features.feature.set('x', new Feature());
  (bySteps.features.feature.get('x') as tf.train.Feature).floatList = new FloatList({ value: x });
  for (const example of [byClasses, byValues, bySteps]) assert.is(hex(example.serializeToString()), serialized_hex);
});

test('a sequence example comes back', () => {
  // Python: SequenceExample(context=…len: [2]…, feature_lists=…tok: [[1], [2, 3]]…).SerializeToString()
  const record = readFileSync(new URL('tfrecord/sequence.tfrecord', goldens));
  const first = new Uint8Array(record.subarray(12, 12 + Number(record.readBigUInt64LE(0))));
  const example = SequenceExample.fromString(first);
  assert.equal(example.context?.feature.get('len')?.int64List?.value, [2n]);
  const steps = example.featureLists?.featureList.get('tok')?.feature.map((feature) => feature.int64List?.value);
  assert.equal(steps, [[1n], [2n, 3n]]);
  const again = new SequenceExample({
    context: { feature: { len: { int64List: { value: [2] } } } },
    featureLists: {
      featureList: { tok: { feature: [{ int64List: { value: [1] } }, { int64List: { value: [2, 3] } }] } },
    },
  });
  assert.is(hex(again.serializeToString()), hex(first));
});

test('names of features that objects have themselves', () => {
  const feature = new Map(
    ['__proto__', 'constructor', 'toString', ''].map((name, i) => [name, { floatList: { value: [i] } }]),
  );
  const example = Example.fromString(new Example({ features: { feature } }).serializeToString());
  const values = [...feature.keys()].map((name) => example.features?.feature.get(name)?.floatList?.value);
  assert.equal(values, [[0], [1], [2], [3]]);
});

test('integers of 64 bits are exact', () => {
  const value = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -1n];
  assert.equal(Int64List.fromString(new Int64List({ value }).serializeToString()).value, value);
  assert.throws(() => new Int64List({ value: [1.5] }), /TypeError|bad argument type/);
});

test('wrong fields and values are refused', () => {
  assert.throws(() => new Example({ feature: {} } as object), /Protocol message Example has no "feature" field\./);
  assert.throws(() => new BytesList({ value: [1] as unknown as string[] }), /bad argument type/);
  assert.throws(() => new FloatList({ value: ['a'] as unknown as number[] }), /bad argument type/);
  assert.throws(() => new Example({ features: new BytesList() as unknown as tf.train.Features }), /Features/);
  const both = new Feature({ floatList: { value: [1] } });
  both.int64List = new Int64List({ value: [1] });
  assert.throws(() => both.serializeToString(), /Only one of floatList and int64List|Only one of/);
  assert.throws(() => new Feature().whichOneof('sort'), /has no oneof "sort" field/);
  assert.throws(() => Example.fromString(Uint8Array.of(255)), /Error parsing message with type 'tensorflow\.Example'/);
  assert.throws(() => Example.fromString('x' as unknown as Uint8Array), /Expected bytes, got str/);
});

test('parseFromString reads anew', () => {
  const list = new FloatList({ value: [1, 2] });
  assert.is(list.parseFromString(new FloatList({ value: [3] }).serializeToString()), 6);
  assert.equal(list.value, [3]);
  list.parseFromString(new Uint8Array(0));
  assert.equal(list.value, []);
});

test('what is unknown is kept', () => {
  // Field 100, a varint.
  const bytes = Uint8Array.of(0xa0, 0x06, 0x01);
  assert.is(hex(Example.fromString(bytes).serializeToString()), 'a00601');
});

test('the message does not share memory with the bytes it was read from', () => {
  const bytes = new BytesList({ value: ['abc'] }).serializeToString();
  const list = BytesList.fromString(bytes);
  bytes.fill(0);
  assert.is(Buffer.from(list.value[0]).toString(), 'abc');
});

test('graphs parse what is written here', async () => {
  const example = new Example({
    features: { feature: { a: { floatList: { value: [1, 2] } }, b: { bytesList: { value: ['x', 'y'] } } } },
  });
  const graph = new tf.Graph();
  const parsed = graph.asDefault(() =>
    tf.parseSingleExample(tf.placeholder(tf.string, [], { name: 'text' }), {
      a: new tf.FixedLenFeature([2], tf.float32),
      b: new tf.VarLenFeature(tf.string),
    }),
  );
  const session = new tf.Session({ graph });
  const text = new tf.NdArray(tf.string, [], [example.serializeToString()]);
  const { a, b } = await session.run({ a: parsed.a, b: parsed.b.values }, { feedDict: { 'text:0': text } });
  assert.equal(Array.from(a.data as Float32Array), [1, 2]);
  assert.equal(b.array(), ['x', 'y']);
  session.close();
});

test.run();
