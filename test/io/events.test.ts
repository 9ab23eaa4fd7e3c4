/** Event files: those of real TensorFlow are read and written again byte for byte; `FileWriter` and what it makes of folders. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { frameRecord } from '../../src/io/records/framing.ts';
import { decodeImage } from '../../src/keras/utils/image-codec.ts';
import { leakChecked } from '../support/leaks.ts';

const { Event, FileWriter, FileWriterCache, Summary } = tf.summary;

const folder = mkdtempSync(join(tmpdir(), 'events-'));
const plain = suite('io/events');
plain.after(() => rmSync(folder, { recursive: true }));
const test = leakChecked(plain);

const goldens = new URL('../goldens/interchange/', import.meta.url);
const file = new URL('events/events.out.tfevents.1700000000.golden', goldens);

interface ToldValue {
  readonly tag: string;
  readonly kind: string;
  readonly value?: number;
  readonly plugin?: string;
  readonly histo?: Readonly<Record<string, unknown>> & {
    readonly sum_squares: number;
    readonly bucket_limit: number[];
  };
  readonly image?: { height: number; width: number; colorspace: number; pixels: { data: number[] } };
  readonly audio?: { sample_rate: number; num_channels: number; length_frames: number; wav_b64: string };
  readonly tensor?: { readonly dtype: string; readonly shape: number[]; readonly data: unknown[] };
}
interface ToldEvent {
  readonly wall_time: number;
  readonly step: number;
  readonly what: string;
  readonly values?: readonly ToldValue[];
}
const told: { readonly events: readonly ToldEvent[] } = JSON.parse(
  readFileSync(new URL('events.json', goldens), 'utf8'),
);

async function eventsOf(path: tf.io.ByteSource): Promise<tf.Event[]> {
  const events: tf.Event[] = [];
  for await (const event of tf.train.summaryIterator(path)) events.push(event);
  return events;
}

/** The events of the only file in a folder. */
async function written(logdir: string): Promise<tf.Event[]> {
  const files = readdirSync(logdir);
  assert.is(files.length, 1);
  assert.match(files[0], /^events\.out\.tfevents\.\d{10}\..+/);
  return eventsOf(join(logdir, files[0]));
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
let count = 0;
const fresh = () => join(folder, `run${count++}`, 'deep');

function same(value: tf.summary.Summary['value'][number], wanted: ToldValue): void {
  assert.is(value.tag, wanted.tag);
  assert.is(snake(value.whichOneof('value') ?? ''), wanted.kind);
  if (wanted.plugin) assert.is(value.metadata?.pluginData?.pluginName, wanted.plugin);
  if (wanted.value !== undefined) assert.is(value.simpleValue, Math.fround(wanted.value));
  if (wanted.histo) {
    const { sumSquares, bucketLimit, min, max, num, sum, bucket } = value.histo as tf.HistogramProto;
    assert.equal({ min, max, num, sum, sum_squares: sumSquares, bucket_limit: bucketLimit, bucket }, wanted.histo);
  }
  if (wanted.image) {
    const { height, width, colorspace, encodedImageString } = value.image as NonNullable<typeof value.image>;
    assert.equal([height, width, colorspace], [wanted.image.height, wanted.image.width, wanted.image.colorspace]);
    assert.equal(Array.from(decodeImage(encodedImageString).data as Uint8Array), wanted.image.pixels.data);
  }
  if (wanted.audio) {
    const { sampleRate, numChannels, lengthFrames, encodedAudioString } = value.audio as NonNullable<
      typeof value.audio
    >;
    const { sample_rate, num_channels, length_frames, wav_b64 } = wanted.audio;
    assert.equal([sampleRate, numChannels, lengthFrames], [sample_rate, num_channels, length_frames]);
    assert.is(Buffer.from(encodedAudioString).toString('base64'), wav_b64);
  }
  if (wanted.tensor) {
    assert.is(value.tensor?.dtype.name, wanted.tensor.dtype);
    assert.equal(value.tensor?.shape, wanted.tensor.shape);
    const data =
      wanted.tensor.dtype === 'float32' ? wanted.tensor.data.map((x) => Math.fround(x as number)) : wanted.tensor.data;
    assert.equal(value.tensor?.array(), data);
  }
}

test('the events of TensorFlow are read', async () => {
  const events = await eventsOf(file);
  assert.is(events.length, told.events.length);
  told.events.forEach((wanted, i) => {
    const event = events[i];
    assert.is(event.wallTime, wanted.wall_time);
    assert.is(event.step, wanted.step);
    assert.is(snake(event.whichOneof('what') ?? ''), wanted.what);
    for (const [k, value] of wanted.values?.entries() ?? []) same((event.summary as tf.Summary).value[k], value);
  });
});

test('the events of TensorFlow, written again, are the same bytes', async () => {
  const parts = (await eventsOf(file)).map((event) => frameRecord(event.serializeToString()));
  assert.ok(Buffer.concat(parts).equals(readFileSync(file)));
});

test('a new file begins with its version; summaries, logs and events follow', async () => {
  const logdir = fresh();
  const writer = new FileWriter(logdir, { filenameSuffix: '.end' });
  assert.is(writer.getLogdir(), logdir);
  const before = Date.now() / 1000 - 1;
  writer.addSummary(new Summary({ value: [{ tag: 'a', simpleValue: 0 }] }), 10);
  writer.addSummary(new Summary({ value: [{ tag: 'a', simpleValue: 2 }] }).serializeToString(), 11n);
  writer.addSummary(new tf.NdArray(tf.string, [], [new Summary().serializeToString()]));
  writer.addSessionLog(new tf.SessionLog({ status: tf.SessionLog.CHECKPOINT, checkpointPath: '/p' }), 5);
  writer.addEvent(new Event({ wallTime: 1.5, step: 7, logMessage: { level: tf.LogMessage.INFO, message: 'm' } }));
  await writer.close();
  assert.match(readdirSync(logdir)[0], /\.end$/);
  const [version, ...events] = await written(logdir);
  assert.is(version.fileVersion, 'brain.Event:2');
  assert.is(version.step, 0);
  assert.equal(
    events.map((event) => [event.step, event.whichOneof('what')]),
    [
      [10, 'summary'],
      [11, 'summary'],
      [0, 'summary'],
      [5, 'sessionLog'],
      [7, 'logMessage'],
    ],
  );
  assert.is(events[0].summary?.value[0].simpleValue, 0);
  assert.is(events[1].summary?.value[0].simpleValue, 2);
  assert.is(events[3].sessionLog?.status, 3);
  assert.is(events[4].wallTime, 1.5);
  for (const event of events.slice(0, 4)) assert.ok(event.wallTime >= before && event.wallTime < before + 600);
});

test('a writer with a graph writes the version, the graph with shapes, the meta graph, and nothing more', async () => {
  const graph = new tf.Graph();
  graph.asDefault(() =>
    tf.summary.scalar(
      'loss',
      tf
        .constant(
          [
            [1, 2],
            [3, 4],
          ],
          { name: 'x' },
        )
        .sum(),
    ),
  );
  graph.addToCollection('numbers', 5);
  const logdir = fresh();
  const writer = new FileWriter(logdir, graph);
  await writer.close();
  const events = await written(logdir);
  assert.equal(
    events.map((event) => event.whichOneof('what')),
    ['fileVersion', 'graphDef', 'metaGraphDef'],
  );
  for (const event of events) assert.is(event.step, 0);
  const def = tf.GraphDef.fromBinary(events[1].graphDef as Uint8Array);
  assert.equal(
    def.node.map((node) => node.name),
    graph.getOperations().map((op) => op.name),
  );
  assert.ok(def.node.every((node) => node.attr.has('_output_shapes')));
  const meta = tf.MetaGraphDef.fromBinary(events[2].metaGraphDef as Uint8Array);
  assert.equal(meta.graphDef?.node.length, def.node.length);
  assert.equal(
    [...new Set(def.node.map(({ op }) => op))].sort(),
    meta.metaInfoDef?.strippedOpList?.op.map(({ name }) => name),
  );
  assert.equal(meta.collectionDef.get('numbers')?.int64List?.value, [5n]);
});

test('graphs are added later, too, and refused where they are none', async () => {
  const graph = new tf.Graph();
  graph.asDefault(() => tf.constant(1));
  const logdir = fresh();
  const writer = new FileWriter(logdir);
  writer.addGraph(graph, 3);
  writer.addGraph(null, { graphDef: graph.asGraphDef() as tf.GraphDef });
  writer.addMetaGraph({ toBinary: () => Uint8Array.of(1) }, 4);
  assert.throws(() => writer.addGraph(3 as unknown as tf.Graph), /The passed graph must be an instance of `Graph`/);
  const def = graph.asGraphDef() as tf.GraphDef;
  assert.throws(() => writer.addGraph(graph, { graphDef: def }), /Please pass only graph, or graph_def/);
  assert.throws(
    () => writer.addMetaGraph(3 as never),
    /meta_graph_def must be type MetaGraphDef, saw type: <class 'int'>/,
  );
  assert.throws(() => writer.addEvent(3 as never), /int is not a valid proto|is not a valid proto/);
  assert.throws(() => writer.addSummary('x' as never), /Expected a Summary or its bytes, got str/);
  assert.throws(() => writer.addSummary(Uint8Array.of(255)), /Error parsing message with type 'tensorflow\.Summary'/);
  await writer.close();
  const events = await written(logdir);
  assert.equal(
    events.map((event) => [event.whichOneof('what'), event.step]),
    [
      ['fileVersion', 0],
      ['graphDef', 3],
      ['graphDef', 0],
      ['metaGraphDef', 4],
    ],
  );
  assert.throws(() => new FileWriter(fresh(), 3 as never), /The passed graph must be an instance/);
});

test('after closing, reopening begins another file with a version of its own', async () => {
  const logdir = fresh();
  const writer = new FileWriter(logdir);
  writer.addSummary(new Summary(), 1);
  await writer.close();
  await writer.close();
  await writer.flush();
  const warnings: unknown[] = [];
  const { warn } = console;
  console.warn = (text: unknown) => warnings.push(text);
  writer.addSummary(new Summary(), 2);
  console.warn = warn;
  assert.is(warnings.length, 1);
  assert.match(String(warnings[0]), /^Attempting to use a closed FileWriter\. The operation will be a noop/);
  writer.reopen();
  writer.reopen();
  writer.addSummary(new Summary(), 3);
  await writer.close();
  const files = readdirSync(logdir).sort();
  assert.is(files.length, 2);
  const steps = await Promise.all(
    files.map(async (name) => (await eventsOf(join(logdir, name))).map(({ step }) => step)),
  );
  assert.equal(steps, [
    [0, 1],
    [0, 3],
  ]);
  for (const name of files) assert.is((await eventsOf(join(logdir, name)))[0].fileVersion, 'brain.Event:2');
});

test('what was flushed can be read while the file is open', async () => {
  const logdir = fresh();
  const writer = new FileWriter(logdir);
  writer.addSummary(new Summary(), 1);
  await writer.flush();
  assert.is((await written(logdir)).length, 2);
  writer.addSummary(new Summary(), 2);
  await writer.flush();
  assert.is((await written(logdir)).length, 3);
  await writer.close();
});

test('metadata stays on the first value of a tag and is stripped from the others', async () => {
  const logdir = fresh();
  const writer = new FileWriter(logdir);
  const summary = new Summary({
    value: [
      { tag: 'foo', simpleValue: 1, metadata: { pluginData: { pluginName: 'bar', content: '... content ...' } } },
    ],
  });
  writer.addSummary(summary, 1);
  writer.addSummary(summary, 2);
  await writer.close();
  const [, first, second] = (await written(logdir)).map((event) => event.summary?.value[0]);
  assert.is(first?.metadata?.pluginData?.pluginName, 'bar');
  assert.is(Buffer.from(first?.metadata?.pluginData?.content as Uint8Array).toString(), '... content ...');
  assert.is(second?.metadata, null);
  assert.is(second?.simpleValue, 1);
  assert.is(summary.value[0].metadata?.pluginData?.pluginName, 'bar');
});

test('the cache has one writer for a folder', async () => {
  const logdir = fresh();
  const writer = FileWriterCache.get(logdir);
  assert.is(FileWriterCache.get(logdir), writer);
  assert.is.not(FileWriterCache.get(fresh()), writer);
  await FileWriterCache.clear();
  const other = FileWriterCache.get(logdir);
  assert.is.not(other, writer);
  await FileWriterCache.clear();
  assert.is(readdirSync(logdir).length, 2);
});

test('writers of one session and folder share a file', async () => {
  const session = new tf.Session({ graph: new tf.Graph() });
  const logdir = fresh();
  const [a, b] = [new FileWriter(logdir, { session }), new FileWriter(logdir, { session })];
  a.addSummary(new Summary(), 1);
  b.addSummary(new Summary(), 2);
  await a.close();
  b.addSummary(new Summary(), 3);
  await b.close();
  assert.equal(
    (await written(logdir)).map(({ step }) => step),
    [0, 1, 2, 3],
  );
  session.close();
});

test('what a run tells of itself is written, each tag once', async () => {
  const graph = new tf.Graph();
  const y = graph.asDefault(() =>
    tf.matmul(
      tf.placeholder(tf.float32, [2, 2], { name: 'x' }),
      [
        [1, 2],
        [3, 4],
      ],
      { name: 'y' },
    ),
  );
  const session = new tf.Session({ graph });
  const runMetadata = new tf.RunMetadata();
  const options = new tf.RunOptions({ traceLevel: tf.RunOptions.FULL_TRACE });
  await session.run(y, {
    feedDict: {
      'x:0': [
        [1, 0],
        [0, 1],
      ],
    },
    options,
    runMetadata,
  });
  const logdir = fresh();
  const writer = new FileWriter(logdir);
  writer.addRunMetadata(runMetadata, 'step1', 1);
  assert.throws(
    () => writer.addRunMetadata(runMetadata, 'step1'),
    /The provided tag was already used for this event type/,
  );
  writer.addRunMetadata(new tf.RunMetadata(), 'step2');
  await writer.close();
  const [, event] = await written(logdir);
  assert.is(event.taggedRunMetadata?.tag, 'step1');
  const { fromBinary } = await import('@bufbuild/protobuf');
  const { RunMetadataSchema } = await import('../../src/io/proto/config_pb.ts');
  const { stepStats } = fromBinary(RunMetadataSchema, event.taggedRunMetadata?.runMetadata as Uint8Array);
  const nodes = stepStats?.devStats.flatMap(({ nodeStats }) => nodeStats) ?? [];
  const node = nodes.find(({ nodeName }) => nodeName === 'y');
  assert.ok(node, nodes.map(({ nodeName }) => nodeName).join());
  assert.equal(
    node?.output[0].tensorDescription?.shape?.dim.map(({ size }) => size),
    [2n, 2n],
  );
  assert.ok((node?.allStartMicros ?? 0n) > 10n ** 15n);
  session.close();
});

test('a folder that cannot be made is told by flush and close', async () => {
  const writer = new FileWriter(join(file.pathname, 'below'));
  writer.addSummary(new Summary());
  for (const action of [() => writer.flush(), () => writer.close()]) {
    const error = await action().catch((reason: Error) => reason);
    assert.instance(error, tf.errors.OpError);
  }
});

test('a damaged file is told with its name', async () => {
  const bytes = readFileSync(file);
  const error = await eventsOf(new Uint8Array(bytes.subarray(0, 100))).catch((reason: Error) => reason);
  assert.instance(error, tf.errors.DataLossError);
  const wrong = await eventsOf(frameRecord(Uint8Array.of(255))).catch((reason: Error) => reason);
  assert.instance(wrong, tf.errors.DataLossError);
  assert.match((wrong as Error).message, /^Error parsing message with type 'tensorflow\.Event': .*\(record 0\)$/);
});

plain.run();
