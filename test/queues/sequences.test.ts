/** Scripted sequences on queues against real TensorFlow: values, sizes, errors with their texts. */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { Graph, Tensor } from '../../src/graph/graph.ts';
import { placeholder } from '../../src/ops/index.ts';
import type { Dequeued, QueueBase } from '../../src/queues/queue-base.ts';
import { FIFOQueue, PaddingFIFOQueue, PriorityQueue, RandomShuffleQueue } from '../../src/queues/queues.ts';
import { int32 } from '../../src/util/dtype.ts';
import { OpError } from '../../src/util/errors.ts';
import type { NdArray, NestedArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import '../support/session.ts';

type Shapes = (number | null)[][];

interface QueueSpec {
  readonly kind: string;
  readonly args: {
    readonly capacity: number;
    readonly min_after_dequeue?: number;
    readonly dtypes?: string[];
    readonly types?: string[];
    readonly shapes?: Shapes;
    readonly names?: string[];
    readonly seed?: number | null;
    readonly shared_name?: string;
    readonly name: string;
  };
}

type Step = readonly [op: string, argument: unknown, queue: number];

interface Result {
  readonly values?: readonly GoldenArray[];
  readonly error?: string;
  readonly message?: string;
}

interface Script {
  readonly name: string;
  readonly queues: readonly QueueSpec[];
  readonly steps: readonly Step[];
  readonly seed: number | null;
  readonly results: readonly Result[];
}

const url = new URL('../goldens/queues/sequences.json', import.meta.url);
const { scripts } = JSON.parse(readFileSync(url, 'utf8')) as { scripts: Script[] };
const test = leakChecked(suite);
const EXACT = { relative: 0, absolute: 0 };

function make({ kind, args }: QueueSpec): QueueBase {
  const { capacity, shapes, names, seed, name } = args;
  const options = { shapes, names, sharedName: args.shared_name, name };
  const types = args.dtypes ?? args.types ?? [];
  switch (kind) {
    case 'FIFOQueue':
      return new FIFOQueue(capacity, types, options);
    case 'PaddingFIFOQueue':
      return new PaddingFIFOQueue(capacity, types, shapes as Shapes, options);
    case 'PriorityQueue':
      return new PriorityQueue(capacity, types, options);
    default:
      return new RandomShuffleQueue(capacity, args.min_after_dequeue ?? 0, types, { ...options, seed });
  }
}

function listOf(dequeued: Dequeued): Tensor[] {
  if (dequeued instanceof Tensor) return [dequeued];
  return Array.isArray(dequeued) ? dequeued : Object.values(dequeued);
}

/** The values of a step, in the order of the components. */
async function perform(sess: Session, queue: QueueBase, op: string, argument: unknown): Promise<NdArray[]> {
  switch (op) {
    case 'enqueue':
    case 'enqueueMany': {
      const values = argument as NestedArray[];
      const inputs = values.map((_, i) => placeholder(queue.dtypes[i]));
      const { names } = queue;
      const components = names ? Object.fromEntries(names.map((name, i) => [name, inputs[i]])) : inputs;
      await sess.run(queue[op](components), { feedDict: inputs.map((input, i) => [input, values[i]] as const) });
      return [];
    }
    case 'dequeue':
      return sess.run(listOf(queue.dequeue()));
    case 'dequeueMany':
    case 'dequeueUpTo': {
      const n = placeholder(int32, []);
      return sess.run(listOf(queue[op](n)), { feedDict: [[n, argument as number]] });
    }
    case 'close':
      await sess.run(queue.close(argument as boolean));
      return [];
    case 'size':
      return [await sess.run(queue.size())];
    default:
      return [await sess.run(queue.isClosed())];
  }
}

/**
 * Where TensorFlow breaks its own word: `dequeue_up_to` of a closed priority queue with too few elements takes them and
 * fails. Here it gives them, as the others do.
 */
for (const script of scripts) {
  test(`${script.name}: as TensorFlow, step by step`, async () => {
    const graph = new Graph();
    using _ = graph.asDefault();
    graph.seed = script.seed;
    const queues = script.queues.map(make);
    using sess = new Session({ graph });
    for (const [i, [op, argument, index]] of script.steps.entries()) {
      const expected = script.results[i];
      const what = `step ${i}, ${op}(${JSON.stringify(argument)})`;
      let values: NdArray[] = [];
      let error: OpError | null = null;
      try {
        values = await perform(sess, queues[index], op, argument);
      } catch (thrown) {
        if (!(thrown instanceof OpError)) throw thrown;
        error = thrown;
      }
      if (expected.error) {
        assert.is(error?.name, expected.error, what);
        assert.is(error?.detail.replace(/'_\d+_/, "'_N_"), expected.message, what);
        continue;
      }
      assert.is(error, null, `${what}: ${error?.message}`);
      assert.is(values.length, (expected.values ?? []).length, what);
      values.forEach((value, k) => {
        const golden = (expected.values ?? [])[k];
        assert.is(difference(value, fromGolden(golden), EXACT), null, what);
      });
    }
  });
}

suite.run();
