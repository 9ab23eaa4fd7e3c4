/** Files are told apart by what is in them: names say nothing. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recognise } from '../../src/cli/recognise.ts';
import { GraphDef } from '../../src/io/graph-def.ts';
import { MetaGraphDef } from '../../src/io/meta-graph/messages.ts';
import { SavedModel } from '../../src/io/saved-model/message.ts';
import { golden } from './support.ts';

const test = suite('cli/recognise');
const told = (bytes: Uint8Array) => {
  const what = recognise(bytes.subarray(0, 65536), bytes.subarray(-8));
  return what && `${what.kind} ${what.form}`;
};
const read = (path: string) => new Uint8Array(readFileSync(golden(path)));
const encode = (text: string) => new TextEncoder().encode(text);

test('files that TensorFlow wrote', () => {
  const kinds: Record<string, string> = {
    'interchange/graph/graph.pb': 'GraphDef binary',
    'interchange/graph/frozen.pb': 'GraphDef binary',
    'interchange/graph/graph.pbtxt': 'GraphDef text',
    'interchange/functions/functions.pb': 'GraphDef binary',
    'interchange/functions/while_simple_v2.pb': 'GraphDef binary',
    'interchange/ckpt_v2/model.ckpt-100.meta': 'MetaGraphDef binary',
    'interchange/ckpt_v1/model.ckpt.meta': 'MetaGraphDef binary',
    'interchange/ckpt_v2/model.ckpt-100.index': 'checkpoint binary',
    'interchange/ckpt_v1/model.ckpt': 'checkpoint binary',
    'interchange/events/events.out.tfevents.1700000000.golden': 'records binary',
    'interchange/tfrecord/plain.tfrecord': 'records binary',
    'cli/saved/saved_model.pb': 'SavedModel binary',
    'cli/linear/model.ckpt.meta': 'MetaGraphDef binary',
    'cli/convnet.pb': 'GraphDef binary',
  };
  for (const [path, kind] of Object.entries(kinds)) assert.is(told(read(path)), kind, path);
});

test('messages with any of their fields first, in all forms', () => {
  const full = GraphDef.fromBinary(read('interchange/functions/functions.pb'));
  const functions = new GraphDef([], full.library);
  const versions = new GraphDef([]);
  const meta = MetaGraphDef.fromBinary(read('cli/linear/model.ckpt.meta'));
  for (const def of [full, functions, versions]) {
    assert.is(told(def.toBinary()), 'GraphDef binary');
    assert.is(told(encode(def.toText())), 'GraphDef text');
    assert.is(told(encode(JSON.stringify(def.toJson()))), 'GraphDef json');
  }
  const bare = new MetaGraphDef({ graphDef: meta.graphDef });
  const saver = new MetaGraphDef({ saverDef: meta.saverDef });
  for (const message of [meta, bare, saver]) {
    assert.is(told(message.toBinary()), 'MetaGraphDef binary');
    assert.is(told(encode(message.toText())), 'MetaGraphDef text');
    assert.is(told(encode(JSON.stringify(message.toJson(), null, 2))), 'MetaGraphDef json');
  }
  for (const savedModelSchemaVersion of [0, 1]) {
    const model = new SavedModel({ savedModelSchemaVersion, metaGraphs: [meta] });
    assert.is(told(model.serializeToString()), 'SavedModel binary');
    assert.is(told(encode(model.toText())), 'SavedModel text');
  }
});

test('what is none of them', () => {
  const texts = ['', ' ', 'import x\n', '<html></html>', '[1, 2]', '{"a": 1}', 'nodes {\n}', '\u0000'];
  for (const text of texts) assert.is(told(encode(text)), null, text);
  assert.is(told(read('cli/npy/f4.npy')), null);
  assert.is(told(read('cli/linear/model.ckpt.data-00000-of-00001')), null);
  assert.is(told(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)), null);
});

test.run();
