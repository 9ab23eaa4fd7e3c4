/** Graphs with loops and branches as files: both forms are read here again, and give the same values. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, FORWARD } from '../support/compare.ts';
import { controlFlowPrograms } from '../support/control-flow-programs.ts';
import { buildProgram, readAgain, runProgram } from '../support/graph-files.ts';
import { leakChecked } from '../support/leaks.ts';

const test = suite('io/export-control-flow');
const checked = leakChecked(test);

type Form = 'functional' | 'v1';
const FUNCTIONAL = /^(Stateless)?(If|Case|While)$|^(Stateful)?PartitionedCall$/;
const V1 = /^(Switch|Merge|Enter|Exit|NextIteration|LoopCond)$/;

function assertValid(def: tf.GraphDef): void {
  const { library } = def;
  const names = library.function.map((fn) => fn.name);
  assert.is(new Set(names).size, names.length, 'functions have names of their own');
  const bodies = [def.node, ...library.function.map((fn) => fn.nodeDef)];
  for (const nodes of bodies) {
    assert.is(new Set(nodes.map((node) => node.name)).size, nodes.length, 'nodes have names of their own');
    for (const node of nodes) {
      assert.not(
        [...node.attr.keys()].some((key) => key === '_extra' || key === '_counted'),
        node.name,
      );
      const types = node.op.endsWith('While') ? node.attr.get('T') : undefined;
      if (!types || !('list' in types)) continue;
      assert.is(node.input.filter((input) => !input.startsWith('^')).length, types.list.length, node.name);
    }
  }
  for (const { inputArg, outputArg } of library.function) {
    const all = [...inputArg, ...outputArg].map((arg) => arg.name);
    assert.is(new Set(all).size, all.length);
    for (const arg of all) assert.match(arg, /^[a-z][a-z0-9_]*$/);
  }
}

for (const [name, program] of Object.entries(controlFlowPrograms)) {
  checked(`${name.replaceAll('_', ' ')}: read again, both forms give the same values`, async () => {
    const built = buildProgram(program);
    const { graph, fetches } = built;
    const expected = await runProgram(graph, built);
    for (const controlFlow of ['functional', 'v1'] satisfies Form[]) {
      const def = tf.GraphDef.of(graph, { controlFlow });
      assertValid(def);
      if (controlFlow === 'v1') {
        assert.not(def.node.some(({ op }) => FUNCTIONAL.test(op)));
        assert.equal(def.library.function, []);
        assert.ok(def.node.some(({ op }) => V1.test(op)));
      } else {
        assert.not(def.node.some(({ op }) => V1.test(op)));
      }
      const found = await runProgram(readAgain(def), built);
      found.forEach((list, i) => {
        list.forEach((value, k) => {
          const differs = difference(value, expected[i][k], FORWARD);
          assert.is(differs, null, `${controlFlow}, run ${i}, ${fetches[k]}: ${differs}`);
        });
      });
    }
  });
}

test.run();
