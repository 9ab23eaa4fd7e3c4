/** The queue programs of real TensorFlow, built here and run step by step: values and errors. */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { Graph } from '../../src/graph/graph.ts';
import { constant, placeholder } from '../../src/ops/index.ts';
import { FIFOQueue, PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue } from '../../src/queues/queues.ts';
import { float32, int32, int64, string } from '../../src/util/dtype.ts';
import { OpError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { goldenLines, opLines, type Program, readProgram } from '../support/programs.ts';
import '../support/session.ts';

interface Step {
  readonly session: number;
  readonly fetches: readonly string[];
  readonly targets: readonly string[];
  readonly feeds: Readonly<Record<string, GoldenArray>>;
  readonly outputs?: readonly GoldenArray[];
  readonly error?: { readonly class: string; readonly message: string; readonly node: string };
}

const test = leakChecked(suite);

const builds: Readonly<Record<string, (program: Program) => void>> = {
  queue_fifo: (program) => {
    const q = new FIFOQueue(5, [float32, int32], [[2], []], { name: 'q' });
    const x = placeholder(float32, [2], 'x');
    const n = placeholder(int32, [], 'n');
    q.enqueue([x, n]);
    q.enqueueMany([constant(program.constant('Const')), constant([10, 11, 12], int32)]);
    q.dequeue();
    q.dequeueMany(2);
    q.dequeueUpTo(3);
    q.close();
    q.size();
    q.isClosed();
  },
  queue_other: () => {
    const padded = new PaddingFIFOQueue(5, [int32], [[null]], { name: 'pad' });
    const v = placeholder(int32, [null], 'v');
    padded.enqueue([v]);
    padded.dequeueMany(2);
    const ranked = new PriorityQueue(5, [string], [[]], { name: 'pri' });
    ranked.enqueueMany([constant([3, 1, 2], int64), constant(['c', 'a', 'b'])]);
    ranked.dequeue();
    const shuffled = new RandomShuffleQueue(5, 0, [float32], [[]], { seed: 1 });
    shuffled.enqueueMany([constant([1, 2, 3])]);
    shuffled.size();
  },
};

for (const [name, build] of Object.entries(builds)) {
  test(`${name}: graph and steps as TensorFlow has them`, async () => {
    const program = readProgram(name);
    const graph = new Graph();
    graph.asDefault(() => build(program));
    assert.equal(opLines(graph), goldenLines(program));
    const file = new URL(`../goldens/programs/${name}.json`, import.meta.url);
    const { steps } = JSON.parse(readFileSync(file, 'utf8')) as { steps: Step[] };
    using first = new Session({ graph });
    using second = new Session({ graph });
    for (const [i, step] of steps.entries()) {
      const feeds = Object.entries(step.feeds).map(([key, value]) => [key, fromGolden(value)] as const);
      try {
        const [values] = await [first, second][step.session].run([step.fetches, step.targets], feeds);
        const expected = step.outputs ?? [];
        assert.is(step.error, undefined, `step ${i}`);
        expected.forEach((golden, k) => {
          assert.is(difference(values[k] as NdArray, fromGolden(golden)), null, `step ${i}, value ${k}`);
        });
      } catch (error) {
        if (!(error instanceof OpError)) throw error;
        const found = { class: error.name, message: error.detail, code: error.code, node: error.op?.name };
        assert.equal(found, step.error, `step ${i}`);
      }
    }
  });
}

suite.run();
