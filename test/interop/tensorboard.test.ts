/** TensorBoard on a folder written here: its HTTP endpoints answer with what was written. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeImage } from '../../src/keras/utils/image-codec.ts';
import { STEPS, valuesAt, writeLogFolder } from './log-folder.ts';
import { python, pythonEnv, REASON } from './python.ts';

const test = suite('interop/tensorboard');

/** The address, or why there is none. */
async function start(logdir: string): Promise<{ child: ChildProcess; address: string }> {
  const script = fileURLToPath(new URL('tensorboard.test.py', import.meta.url));
  const child = spawn(python as string, [script, logdir], { env: pythonEnv, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()));
    child.once('exit', (code) => reject(new Error(`TensorBoard ended with ${code}: ${errors.slice(-2000)}`)));
  });
  return { child, address };
}

type Tags = Readonly<
  Record<string, Readonly<Record<string, { readonly displayName?: string; readonly samples?: number }>>>
>;

const name = 'TensorBoard answers for scalars, histograms, images, sounds, texts, graph and run metadata';

(python ? test : test.skip)(python ? name : `${name} (${REASON})`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'interop-board-'));
  await writeLogFolder(join(folder, 'run'));
  const { child, address } = await start(folder);
  try {
    if (address.startsWith('skip: ')) {
      console.log(`TensorBoard is not there: ${address}`);
      return;
    }
    const get = async (path: string): Promise<Response> => {
      const response = await fetch(new URL(`data/${path}`, address));
      assert.is(response.status, 200, path);
      return response;
    };
    const json = async <T>(path: string): Promise<T> => (await get(path)).json() as Promise<T>;

    // It reads folders in the background: the last event is the last that comes.
    let tags: Tags = {};
    for (let i = 0; i < 200 && !tags.run?.manual; i++) {
      await sleep(250);
      tags = await json<Tags>('plugin/scalars/tags');
    }
    assert.equal(Object.keys(tags), ['run']);
    assert.equal(Object.keys(tags.run).sort(), ['fam/fam/grouped', 'manual', 'metrics/loss']);

    type Point = readonly [time: number, step: number, value: number];
    const points = await json<Point[]>('plugin/scalars/scalars?run=run&tag=metrics%2Floss');
    assert.equal(
      points.map(([, step]) => step),
      Array.from({ length: STEPS }, (_, i) => i),
    );
    const sum = valuesAt(0).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(points[0][2] - sum) < 1e-3, `${points[0][2]}, expected ${sum}`);

    assert.equal(Object.keys((await json<Tags>('plugin/histograms/tags')).run), ['values']);
    type Histogram = readonly [time: number, step: number, buckets: readonly (readonly [number, number, number])[]];
    const histograms = await json<Histogram[]>('plugin/histograms/histograms?run=run&tag=values');
    assert.is(histograms.length, STEPS);
    for (const [, , buckets] of histograms) {
      assert.is(Math.round(buckets.reduce((total, [, , count]) => total + count, 0)), 24);
    }

    const images = (await json<Tags>('plugin/images/tags')).run;
    assert.equal(Object.keys(images), ['picture/image/0']);
    const files = await json<{ readonly query: string }[]>(
      'plugin/images/images?run=run&tag=picture%2Fimage%2F0&sample=0',
    );
    assert.is(files.length, STEPS);
    const picture = await (await get(`plugin/images/individualImage?${files[0].query}`)).arrayBuffer();
    assert.equal(decodeImage(new Uint8Array(picture)).shape, [4, 2, 3]);

    assert.equal(Object.keys((await json<Tags>('plugin/audio/tags')).run), ['sound/audio']);
    assert.equal(await json('plugin/text/tags'), { run: ['notes'] });
    const texts = await json<{ readonly text: string }[]>('plugin/text/text?run=run&tag=notes');
    assert.match(texts[0].text, /<strong>bold<\/strong>/);

    interface GraphInfo {
      readonly run_graph: boolean;
      readonly tags: Readonly<Record<string, { readonly profile: boolean }>>;
    }
    const info = await json<Readonly<Record<string, GraphInfo>>>('plugin/graphs/info');
    assert.is(info.run.run_graph, true);
    assert.is(info.run.tags.step1.profile, true);
    const graph = await (await get('plugin/graphs/graph?run=run&conceptual=false')).text();
    assert.match(graph, /name: "metrics\/loss"/);
    assert.match(graph, /key: "_output_shapes"/);
    const run = await (await get('plugin/graphs/run_metadata?run=run&tag=step1')).text();
    assert.match(run, /node_name: "/);
    assert.match(run, /all_start_micros: \d{16}/);
  } finally {
    child.stdin?.end();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null) await Promise.race([ended, sleep(5000)]);
    if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});

test.run();
