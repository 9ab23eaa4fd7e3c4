/**
 * Runs the graphs of raw ops in `goldens/raw_programs.json`, and compares with what real TensorFlow gave for them.
 */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import type { Operation, Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import * as tf from '../../src/index.ts';
import { constant } from '../../src/ops/constants.ts';
import { emit } from '../../src/ops/emit.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray } from './compare.ts';
import { attrOf } from './goldens.ts';

interface GoldenError {
  readonly class: string;
  readonly message: string;
}

type Given = string | GoldenArray | readonly (string | GoldenArray)[];

export interface RawProgram {
  readonly name: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly op: string;
    readonly inputs: readonly Given[];
    readonly attrs: Readonly<Record<string, unknown>>;
    readonly controls: readonly string[];
  }[];
  readonly construct_error?: GoldenError & { readonly node: string };
  readonly runs: readonly {
    readonly fetch: string;
    readonly feed: Readonly<Record<string, GoldenArray>>;
    readonly values?: readonly (GoldenArray | null)[];
    readonly error?: GoldenError;
  }[];
}

/** The programs with an op whose name begins with one of these. */
export function rawPrograms(...prefixes: readonly string[]): RawProgram[] {
  const text = readFileSync(new URL('../goldens/raw_programs.json', import.meta.url), 'utf8');
  const { programs } = JSON.parse(text) as { programs: RawProgram[] };
  return programs.filter(({ nodes }) => nodes.some(({ op }) => prefixes.some((prefix) => op.startsWith(prefix))));
}

/** What the nodes of a program made: the outputs of each, and the op itself for one without outputs. */
class Built {
  private readonly made = new Map<string, { readonly outputs: readonly Tensor[]; readonly op: Operation | null }>();

  build({ nodes }: RawProgram): void {
    for (const node of nodes) this.add(node);
  }
  private add({ name, op, inputs, attrs, controls }: RawProgram['nodes'][number]): void {
    const before = controls.map((control) => this.fetch(control));
    tf.getDefaultGraph().controlDependencies(before, () => {
      if (op === 'gradients') {
        const [ys, xs] = (inputs as readonly (readonly string[])[]).map((list) => list.map((y) => this.tensor(y)));
        const found = gradients([...ys], [...xs]).map((g) => g && ('asTensor' in g ? g.asTensor() : g));
        this.made.set(name, { outputs: found as Tensor[], op: null });
        return;
      }
      const given = inputs.map((x) => (Array.isArray(x) ? x.map((y) => this.tensor(y)) : this.tensor(x as string)));
      const options = Object.entries(attrs).map(([key, value]): [string, AttrValue] => [key, attrOf(value)]);
      const built = emit(op, given, Object.fromEntries(options), name);
      this.made.set(name, { outputs: built.outputs, op: built });
    });
  }

  tensor(given: string | GoldenArray): Tensor {
    return typeof given === 'string' ? (this.fetch(given) as Tensor) : constant(fromGolden(given));
  }
  fetch(given: string): Tensor | Operation {
    const [name, index = '0'] = given.split(':');
    const found = this.made.get(name);
    if (!found) throw new Error(`There is no node ${name}.`);
    return found.outputs.length > 0 ? found.outputs[Number(index)] : (found.op as Operation);
  }
}

/** Throws where the program does anything else than TensorFlow's. */
export async function checkProgram(program: RawProgram, backend = 'cpu'): Promise<void> {
  const graph = new tf.Graph();
  const built = new Built();
  if (program.construct_error) {
    const expected = program.construct_error;
    assert.throws(
      () => graph.asDefault(() => built.build(program)),
      (error: Error) => isExpected(error, expected),
    );
    return;
  }
  graph.asDefault(() => built.build(program));
  const session = new tf.Session({ graph, config: { backend } });
  try {
    for (const { fetch, feed, values, error } of program.runs) {
      const fetches = fetch.split(' ').map((name) => built.fetch(name));
      const feedDict = Object.entries(feed).map(([name, value]) => [built.tensor(name), fromGolden(value)] as const);
      const run = session.run(fetches, { feedDict: feedDict as never });
      if (error) {
        const caught = await run.then(
          () => null,
          (reason: Error) => reason,
        );
        assert.ok(caught, `was to fail: ${error.message}`);
        isExpected(caught, error);
        continue;
      }
      ((await run) as (NdArray | null)[]).forEach((value, i) => {
        const golden = values?.[i] ?? null;
        if (golden === null) assert.is(value, null, fetch);
        else assert.is(difference(value as NdArray, fromGolden(golden)), null, `output ${i}: ${value}`);
      });
    }
  } finally {
    session.close();
  }
}

function isExpected(error: Error, { class: name, message }: GoldenError): boolean {
  assert.is(error.name, name, error.message);
  const text = (error as Error & { detail?: string }).detail ?? error.message;
  assert.ok(text.startsWith(message), `${text}\n  expected: ${message}`);
  return true;
}
