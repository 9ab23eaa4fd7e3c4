/**
 * The error cases of the goldens, which name no op but tell in words what was done to real TensorFlow: class, message,
 * code and node, for errors of building (the graph stays as it was) and of runs in a session. What belongs to parts that
 * this library does not have yet is listed with the reason.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { OpError } from '../../src/util/errors.ts';
import { building, elsewhere, firstSentence, running } from '../runners/error-cases.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

interface GoldenError {
  readonly class: string;
  readonly message: string;
  readonly code?: number;
  readonly node?: string;
}

interface ErrorCase {
  readonly id: string;
  readonly describe: string;
  readonly construct_error?: GoldenError;
  readonly run_error?: GoldenError;
  readonly value?: GoldenArray | string;
}

const text = readFileSync(new URL('../goldens/ops/errors.json', import.meta.url), 'utf8');
const { cases } = JSON.parse(text) as { cases: readonly ErrorCase[] };

const number = (c: ErrorCase): string => c.id.replace('errors/', '');

/** The text before the node. Resource variables are native here, so that the marks of reference types fall away. */
function wanted({ message }: GoldenError): string {
  return message
    .split(" for '{{node")[0]
    .replace(/float32_ref/g, 'float32')
    .replace(/^"(The name .*)"$/s, '$1'); // Python quotes the text of a KeyError.
}

function check(error: Error, golden: GoldenError, id: string): void {
  const message = (error instanceof OpError ? error.detail : error.message).split(" for '{{node")[0];
  const shorten = (line: string) => (firstSentence.has(id) ? line.split(/\.\s/)[0] : line);
  assert.is(`${error.name}: ${shorten(message)}`, `${golden.class}: ${shorten(wanted(golden))}`);
  if (golden.code === undefined) return;
  assert.instance(error, OpError);
  const { op, code } = error as OpError;
  assert.is(code, golden.code);
  assert.is(op?.name, golden.node);
}

test('every case of the goldens is built, run or has its reason', () => {
  const known = [building, running, elsewhere].flatMap((table) => Object.keys(table));
  assert.is(new Set(known).size, known.length);
  assert.equal(known.sort(), cases.map(number).sort());
});

for (const c of cases) {
  const build = building[number(c)];
  if (build) {
    test(`${c.id}, building: ${c.describe}`, async () => {
      const call = build();
      const { size } = tf.getDefaultGraph();
      const error = await failure(call);
      check(error, c.construct_error as GoldenError, number(c));
      assert.is(tf.getDefaultGraph().size, size, 'the graph is unchanged');
      // What TensorFlow adds on the op: in the message, as far as the goldens have it.
      const node = /\{\{node (.*?)\}\} = (\w+)/.exec((c.construct_error as GoldenError).message);
      if (node) assert.match(error.message, `= ${node[2]}[`);
    });
  }

  const make = running[number(c)];
  if (make && c.run_error) {
    for (const config of [{ backend: 'wasm' }, { backend: 'wasm', passes: false }, { backend: 'cpu' }]) {
      test(`${c.id}, running: ${c.describe} (${JSON.stringify(config)})`, async () => {
        const { first, fetch, feedDict } = make();
        using sess = new tf.Session({ config });
        if (first) await sess.run(first);
        check(await failure(() => sess.run(fetch, feedDict)), c.run_error as GoldenError, number(c));
      });
    }
  }
}

test('errors/0032: constant 300 as uint8', async () => {
  const golden = cases.find((c) => c.id === 'errors/0032')?.value as GoldenArray;
  using sess = new tf.Session();
  const value = await sess.run(tf.constant(300, 'uint8'));
  assert.is(difference(value, fromGolden(golden)), null);
});

suite.run();
