/** Every op that updates a reference variable gives what real TensorFlow gave, twice in a row. */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import type { Operation, Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { constant } from '../../src/ops/index.ts';
import { opDefs } from '../../src/ops/opdef/define.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import '../support/session.ts';

interface Case {
  readonly op: string;
  readonly note?: string;
  readonly attrs: Readonly<Record<string, AttrValue>>;
  readonly variables: Readonly<Record<string, GoldenArray>>;
  /** Names with values; null for the variable of that name. */
  readonly inputs: readonly (readonly [string, GoldenArray | null])[];
  readonly runs: readonly { readonly out: GoldenArray; readonly after: Readonly<Record<string, GoldenArray>> }[];
}

const file = new URL('../goldens/ref-variables.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

const test = leakChecked(suite);

function build({ op, attrs, variables, inputs }: Case) {
  const refs = new Map<string, Tensor>();
  const inits: Operation[] = [];
  for (const [name, golden] of Object.entries(variables)) {
    const value = fromGolden(golden);
    const ref = emitOne('VariableV2', [], { dtype: value.dtype, shape: value.shape }, name);
    refs.set(name, ref);
    inits.push(emit('Assign', [ref, constant(value)]));
  }
  const args = inputs.map(([name, golden]) => (golden ? constant(fromGolden(golden)) : (refs.get(name) as Tensor)));
  return { inits, refs, out: emitOne(op, args, attrs) };
}

for (const backend of ['wasm', 'cpu']) {
  for (const [i, golden] of cases.entries()) {
    const given = JSON.stringify(golden.attrs);
    test(`${golden.op}, case ${i}: ${golden.note ?? given} (${backend})`, async () => {
      const { inits, refs, out } = build(golden);
      using sess = new Session({ config: { backend } });
      await sess.run(inits);
      for (const [k, run] of golden.runs.entries()) {
        assert.is(difference(await sess.run(out), fromGolden(run.out)), null, `run ${k}, output`);
        for (const [name, ref] of refs) {
          const expected = fromGolden(run.after[name]);
          assert.is(difference(await sess.run(ref), expected), null, `run ${k}, ${name}`);
        }
      }
    });
  }
}

suite('no update op of references is left out', () => {
  const covered = new Set(cases.map(({ op }) => op));
  const updates = opDefs().filter(
    ({ name, inputs }) => /^(Sparse)?Apply|^Scatter|Assign/.test(name) && inputs[0]?.isRef,
  );
  assert.equal(
    updates.map(({ name }) => name).filter((name) => name !== 'Assign' && !covered.has(name)),
    [],
  );
});

suite.run();
