/** The examples run as a newcomer runs them, and say what they should; a seed fixes every number of a training. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../src/index.ts';

const test = suite('examples');

const run = promisify(execFile);
const loader = import.meta.resolve('tsx');

/** Runs an example in an empty folder; its output, and the folder. */
async function example(
  name: string,
  body: (output: string, folder: string) => void | Promise<void>,
  ...args: readonly string[]
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tfjs-graph-'));
  try {
    const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url));
    const { stdout, stderr } = await run(process.execPath, ['--import', loader, file, ...args], { cwd: folder });
    assert.is(stderr, '');
    await body(stdout, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('linear-regression finds the line that the points were made from', () =>
  example('linear-regression', (output) => {
    const [, slope, offset] = output.match(/y = ([\d.]+) x \+ ([\d.]+)/) as RegExpMatchArray;
    assert.ok(Math.abs(Number(slope) - 3) < 0.1 && Math.abs(Number(offset) - 2) < 0.1, output);
  }));

test('checkpoint goes on in another session where the first one stopped, and keeps two checkpoints', () =>
  example('checkpoint', async (output, folder) => {
    const losses = Array.from(output.matchAll(/loss ([\d.]+)/g), ([, loss]) => Number(loss));
    assert.is(losses.length, 4, output);
    assert.ok(losses[3] < losses[2] && losses[2] < losses[0], output);
    assert.match(output, /restored step 150 from out\/checkpoints\/model-150/);
    assert.match(
      output,
      /^beta1_power \[\]\nbeta2_power \[\]\nglobal_step \[\]\nw \[3,1\]\nw\/Adam \[3,1\]\nw\/Adam_1 \[3,1\]$/m,
    );
    const indexes = (await readdir(join(folder, 'out/checkpoints'))).filter((name) => name.endsWith('.index'));
    assert.equal(indexes.sort(), ['model-100.index', 'model-150.index']);
  }));

test('frozen-graph writes a network without variables, which runs on bytes in another graph', () =>
  example('frozen-graph', async (output, folder) => {
    const [, whole, frozen] = output.match(/(\d+) nodes with training and variables, (\d+) frozen/) as RegExpMatchArray;
    assert.ok(Number(frozen) < Number(whole) / 10, output);
    const [, accuracy] = output.match(/test accuracy ([\d.]+), without any variable/) as RegExpMatchArray;
    assert.ok(Number(accuracy) >= 0.93, output);
    assert.match(output, /this is a \d \(\d+\.\d %\)/);
    const def = tf.GraphDef.fromBinary(await readFile(join(folder, 'out/digits.pb')));
    assert.is(def.node.length, Number(frozen));
    assert.not(def.node.some(({ op }) => /Variable/.test(op)));
  }));

test('explain prints graph, passes and plan, and the value', () =>
  example('explain', (output) => {
    for (const part of ['## graph', '## IR after algebra', '## plan', '_FusedMatMul', 'y = [[20. 20. 20.]]'])
      assert.ok(output.includes(part), part);
  }));

test('convnet-digits reaches 0.97 with fit on wasm', () =>
  example('convnet-digits', (output) => {
    const [, accuracy] = output.match(/test accuracy ([\d.]+)/) as RegExpMatchArray;
    assert.ok(Number(accuracy) >= 0.97, output);
    assert.match(output, /Total params: 8410/);
    assert.match(output, /on the wasm backend/);
  }));

test('char-rnn learns letters from the first steps on, and writes some', () =>
  example(
    'char-rnn',
    (output) => {
      const losses = Array.from(output.matchAll(/loss ([\d.]+)/g), ([, loss]) => Number(loss));
      assert.is(losses.length, 10, output);
      assert.ok(losses[9] < losses[0] - 0.5, output);
      assert.match(output, /^--- Twinkle\nTwinkle/m);
    },
    '10',
  ));

test('models-in-a-loop shows memory that grows without clearSession, and stays with it', () =>
  example('models-in-a-loop', (output) => {
    const [without, withClear] = output.split('with clearSession()').map((part) =>
      Array.from(part.matchAll(/^ +\d+ +(dense\S*) +(\d+) +\d+ +\d+ +(\d+)/gm), ([, name, nodes, buffers]) => ({
        name,
        nodes: Number(nodes),
        buffers: Number(buffers),
      })),
    );
    assert.is(without.length, 10, output);
    assert.equal([without[9].nodes > 9 * without[0].nodes, without[9].buffers], [true, 10 * without[0].buffers]);
    assert.equal(withClear, new Array(10).fill(without[0]), output);
    assert.match(output, /resetAll\(\): 1 session closed/);
  }));

test('tensorboard writes a folder of scalars, histograms, images, a graph and what runs told', () =>
  example('tensorboard', async (output, folder) => {
    const [, accuracy] = output.match(/test accuracy ([\d.]+)/) as RegExpMatchArray;
    assert.ok(Number(accuracy) >= 0.93, output);
    assert.match(output, /tensorboard --logdir out\/logs/);
    const [file] = await readdir(join(folder, 'out/logs'));
    const kinds = new Set<string | null>();
    const tags = new Set<string>();
    for await (const event of tf.train.summaryIterator(join(folder, 'out/logs', file))) {
      kinds.add(event.whichOneof('what'));
      for (const { tag } of event.summary?.value ?? []) tags.add(tag);
    }
    assert.equal([...kinds].sort(), ['fileVersion', 'graphDef', 'metaGraphDef', 'summary', 'taggedRunMetadata']);
    for (const tag of ['training/training/loss', 'hidden/kernel_1', 'digits/image/0', 'about', 'test/accuracy']) {
      assert.ok(tags.has(tag), tag);
    }
  }));

test('mlp-digits reaches 0.95 on digits that it has not seen, twice with the same numbers, and writes its graph', async () => {
  const numbers: string[] = [];
  for (let i = 0; i < 2; i++) {
    await example('mlp-digits', async (output, folder) => {
      const [, accuracy] = output.match(/test accuracy ([\d.]+)/) as RegExpMatchArray;
      assert.ok(Number(accuracy) >= 0.95, `test accuracy ${accuracy}`);
      numbers.push((output.match(/(loss|accuracy) [\d.]+/g) as string[]).join());
      assert.match(await readFile(join(folder, 'out/digits.pbtxt'), 'utf8'), /op: "ResourceApplyAdam"/);
      assert.match(await readFile(join(folder, 'out/digits.dot'), 'utf8'), /^digraph/);
    });
  }
  assert.is(numbers[0], numbers[1]);
});

test('visualize writes a page, pictures and the texts of other programs', () =>
  example('visualize', async (_, folder) => {
    const read = (name: string) => readFile(join(folder, 'out', name), 'utf8');
    assert.match(await read('graph.html'), /^<!doctype html>[\s\S]*"name":"hidden\/MatMul"[\s\S]*"micros":/);
    assert.match(await read('graph.html'), /visualize\.ts:\d+/);
    for (const name of ['graph.svg', 'plan.svg']) assert.match(await read(name), /^<svg [\s\S]*<\/svg>\s*$/);
    assert.match(await read('graph.dot'), /^digraph/);
    assert.match(await read('graph.mmd'), /^flowchart TB/);
  }));

test.run();
