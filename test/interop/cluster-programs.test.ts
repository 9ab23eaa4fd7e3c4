/**
 * What real TensorFlow does with the graphs that are built here, in sessions on one of its servers: every op is accepted, and
 * whole programs give the values that TensorFlow gave.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { opDefs } from '../../src/ops/opdef/define.ts';
import { runProgram } from '../runners/programs.ts';
import { buildSample } from '../support/samples.ts';
import { Cluster } from './cluster-servers.ts';
import { buildNode } from './op-nodes.ts';
import { python, REASON } from './python.ts';

const test = suite('interop/cluster-programs');
const check = python ? test : test.skip;
const name = (text: string) => (python ? text : `${text} (${REASON})`);

let cluster: Cluster;
test.before(async () => {
  if (python) cluster = await Cluster.start({ local: 1 });
});
test.after(() => cluster?.stop());

/** Values of one program are nothing to the next. */
const settings = () => ({
  target: cluster.target('local'),
  config: { isolateSessionState: true, operationTimeoutInMs: 60_000 },
});

/** The ops that TensorFlow's servers do not take, and why. */
const REFUSED = new Map([
  ['CompareAndBitpack', 'TensorFlow 2.21 no longer has it'],
  ['TopK', 'TensorFlow takes it from old producers only'],
  ['CTCLossV2', 'TensorFlow has a kernel of it for GPUs alone'],
  ['SpaceToDepth', 'with channels first TensorFlow has kernels for GPUs alone'],
  ['DepthToSpace', 'with channels first TensorFlow has kernels for GPUs alone'],
]);

check(name('a server takes a node of every op'), async () => {
  const refused: string[] = [];
  let count = 0;
  for (const def of opDefs()) {
    // Names that begin so are of the compiler's own ops, which no file holds.
    if (def.name.startsWith('_')) continue;
    count++;
    const graphs = def.samples.length
      ? def.samples.map((sample) => buildSample(def, sample, 'constants').graph)
      : [buildNode(def).graph];
    for (const graph of graphs) {
      const session = new tf.Session({ ...settings(), graph });
      try {
        await session.ready();
      } catch (error) {
        if (!REFUSED.has(def.name)) refused.push(`${def.name}: ${(error as Error).message.slice(0, 200)}`);
      }
      await session[Symbol.asyncDispose]();
    }
  }
  assert.equal(refused, []);
  assert.ok(count > 700, `${count} ops`);
});

check(name('a server makes the datasets of one-shot iterators'), async () => {
  const graph = new tf.Graph();
  const next = graph.asDefault(() => {
    const dataset = tf.data.Dataset.range(5)
      .map((x) => x.mul(2))
      .batch(2);
    return tf.data.makeOneShotIterator(dataset).getNext() as tf.Tensor;
  });
  await using session = new tf.Session({ ...settings(), graph });
  const values: unknown[] = [];
  for (let i = 0; i < 3; i++) values.push(Array.from((await session.run(next)).data as BigInt64Array, Number));
  assert.equal(values, [[0, 2], [4, 6], [8]]);
});

/** All programs where they are at hand, else those that the other tests use. */
const shared = fileURLToPath(new URL('../../../shared/goldens/programs/', import.meta.url));
const folder = existsSync(shared) ? shared : fileURLToPath(new URL('../goldens/programs/', import.meta.url));

check(
  name('every program gives the values that TensorFlow gave, and that a session of this process gives'),
  async () => {
    const names = readdirSync(folder).filter((file) => file.endsWith('.pb') && existsSync(`${folder}${basename(file, '.pb')}.json`)); // biome-ignore format: one line
    assert.ok(names.length > 20, `${names.length} programs`);
    const problems: string[] = [];
    for (const file of names.sort()) {
      const path = `${folder}${basename(file, '.pb')}`;
      for (const where of [settings(), undefined]) {
        try {
          await runProgram(path, where);
        } catch (error) {
          problems.push(`${file} ${where ? 'on the server' : 'here'}: ${(error as Error).message.slice(0, 300)}`);
        }
      }
    }
    assert.equal(problems, []);
  },
);

test.run();
