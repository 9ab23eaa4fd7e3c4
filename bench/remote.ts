/**
 * What a run on a server costs, over loopback: a tiny graph, and 64 MB fed and fetched, beside Python's own session on the
 * same server. Samples of both take turns. `TFJS_GRAPH_PYTHON` names the Python that has TensorFlow.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as tf from '../src/index.ts';
import { duration, heading, row } from './harness.ts';

const isShort = process.argv.includes('--short');
const ROUNDS = isShort ? 2 : 7;

interface Reply {
  readonly target?: string;
  readonly version?: string;
  readonly median?: number;
}

/** A Python process that answers line by line. */
function python(executable: string, ...args: readonly string[]) {
  const script = fileURLToPath(new URL('remote.py', import.meta.url));
  const child: ChildProcess = spawn(executable, [script, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const read = async (): Promise<Reply> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('Python ended; has it TensorFlow?');
    return JSON.parse(value);
  };
  const ask = (line: string): Promise<Reply> => {
    child.stdin?.write(`${line}\n`);
    return read();
  };
  return { read, ask, end: () => child.kill('SIGKILL') };
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Microseconds of a call, the median of so many. */
async function sample(body: () => Promise<unknown>, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await body();
    times.push((performance.now() - start) * 1000);
  }
  return middle(times);
}

export async function benchRemote(): Promise<void> {
  heading("A session on a TensorFlow server over loopback, beside Python's (target: within twice its time)");
  const executable = process.env.TFJS_GRAPH_PYTHON;
  if (!executable) {
    console.log('  skipped: TFJS_GRAPH_PYTHON names no Python with TensorFlow');
    return;
  }
  const server = python(executable, 'server');
  const { target } = await server.read();
  const peer = python(executable, 'client', target as string);
  const graph = new tf.Graph();
  const session = new tf.Session({ graph, target });
  try {
    const { version } = await peer.read();
    console.log(`  TensorFlow ${version}`);
    row('', 'tfjs-graph', 'Python', 'ratio');
    const programs = graph.asDefault(() => {
      const [a, b] = [tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])];
      const total = tf.add(a, b);
      const x = tf.placeholder(tf.float32, [null]);
      const [more, whole] = [tf.add(x, 1), tf.reduceSum(x)];
      const data = new tf.NdArray(tf.float32, [16 << 20], new Float32Array(16 << 20).fill(1));
      const tiny = session.makeCallable(total, [a, b]);
      return {
        run: () => session.run(total, [[a, 1], [b, 2]]), // biome-ignore format: pairs
        callable: () => tiny(1, 2),
        feed: () => session.run(whole, [[x, data]]),
        fetch: () => session.run(more, [[x, data]]),
      };
    });
    const titles = {
      run: 'a scalar add, session.run',
      callable: 'a scalar add, makeCallable',
      feed: '64 MB fed',
      fetch: '64 MB fed and fetched',
    };
    for (const [name, body] of Object.entries(programs)) {
      const isLarge = name === 'feed' || name === 'fetch';
      const count = isLarge ? 1 : isShort ? 20 : 200;
      await sample(body, isLarge ? 1 : count);
      await peer.ask(`${name} ${count}`);
      const [ours, theirs]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await sample(body, count));
        theirs.push((await peer.ask(`${name} ${count}`)).median as number);
      }
      const [own, other] = [middle(ours), middle(theirs)];
      row(titles[name as keyof typeof titles], duration(own), duration(other), `${(own / other).toFixed(2)}×`);
    }
  } finally {
    await session[Symbol.asyncDispose]();
    peer.end();
    server.end();
  }
}
