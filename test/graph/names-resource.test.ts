/**
 * Whole programs, node by node: names, types, inputs and control inputs are those that TensorFlow 2.21 gave for the same
 * program with resource variables (`test/goldens/programs/names-resource.json`).
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { opPrograms } from '../support/named-op-programs.ts';
import { trainingPrograms } from '../support/named-programs.ts';

const test = suite('graph/names-resource');

interface Program {
  readonly name: string;
  readonly steps: string;
  readonly variables: readonly string[];
  readonly collections: Readonly<Record<string, number>>;
  readonly ops: readonly (readonly [name: string, type: string, inputs: readonly string[], seeds?: Seeds])[];
}
/** The seeds of a random op. */
interface Seeds {
  readonly seed: number;
  readonly seed2: number;
}

const file = new URL('../goldens/programs/names-resource.json', import.meta.url);
const { programs } = JSON.parse(readFileSync(file, 'utf8')) as { programs: Program[] };

function opList(graph: tf.Graph): string[] {
  return graph.getOperations().map((op) => {
    const inputs = op.inputs.map((t) => (t.index === 0 ? t.op.name : t.name));
    const { seed, seed2 } = op.node.attrs as Partial<Record<string, number>>;
    const seeds = seed === undefined || seed2 === undefined ? undefined : { seed, seed2 };
    return line(op.name, op.type, [...inputs, ...op.controlInputs.map((c) => `^${c.name}`)], seeds);
  });
}

/** The order of control inputs is not specified; that of data inputs is. */
function line(name: string, type: string, inputs: readonly string[], seeds?: Seeds): string {
  const data = inputs.filter((input) => !input.startsWith('^'));
  const controls = inputs.filter((input) => input.startsWith('^')).sort();
  const drawn = seeds ? ` seeds ${seeds.seed}, ${seeds.seed2}` : '';
  return `${name} = ${type}(${[...data, ...controls].join(', ')})${drawn}`;
}

const builders = new Map([...Object.entries(trainingPrograms), ...Object.entries(opPrograms)]);

for (const program of programs) {
  test(`${program.name}: every node is TensorFlow's`, () => {
    const graph = new tf.Graph();
    graph.asDefault(() => {
      builders.get(program.name)?.();
      assert.equal(
        tf.globalVariables().map((v) => (v as { name: string }).name),
        program.variables,
      );
    });
    assert.is(opList(graph).join('\n'), program.ops.map((row) => line(...row)).join('\n'));
    for (const [key, count] of Object.entries(program.collections)) {
      if (!key.startsWith('(')) assert.is(graph.getCollection(key).length, count, key);
    }
  });
}

test.run();
