/**
 * Names and order of the ops that variables build, against programs run by TensorFlow. Program 2 and 12 used reference
 * variables there: of these only what is the same for both kinds is compared.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { emitOne } from '../../src/ops/emit.ts';
import '../../src/ops/index.ts';
import { globalVariables } from '../../src/variables/collections.ts';
import { glorotUniformInitializer, onesInitializer, zerosInitializer } from '../../src/variables/initializers.ts';
import { Variable } from '../../src/variables/variable.ts';
import { getVariable, variableScope } from '../../src/variables/variable-scope.ts';

interface Program {
  readonly id: number;
  readonly variables: readonly string[];
  readonly collections: Readonly<Record<string, number>>;
  readonly ops: readonly (readonly [name: string, type: string, inputs: readonly string[]])[];
}

const { programs } = JSON.parse(readFileSync(new URL('../goldens/programs/names.json', import.meta.url), 'utf8')) as {
  programs: readonly Program[];
};
const program = (id: number) => programs.find((p) => p.id === id) as Program;

function ops(graph: Graph) {
  return graph.getOperations().map((op) => [op.name, op.type, op.inputs.map((t) => t.op.name)]);
}

/** The ops of a program with each reference variable replaced by the ops that a resource variable has. */
function withResources(p: Program) {
  const reads = new Map<string, string>();
  const list = p.ops.flatMap(([name, type, inputs]) => {
    if (type === 'VariableV2') {
      reads.set(`${name}/read`, name);
      return [
        [name, 'VarHandleOp', []],
        [`${name}/IsInitialized/VarIsInitializedOp`, 'VarIsInitializedOp', [name]],
      ];
    }
    if (type === 'Assign') return [[name, 'AssignVariableOp', inputs]];
    if (reads.has(name)) return [[`${reads.get(name)}/Read/ReadVariableOp`, 'ReadVariableOp', inputs]];
    return [[name, type, inputs]];
  });
  return list;
}

test('program 9: the ops of a resource variable, and its reads by operators', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const v = new Variable([1, 2], { name: 'v' });
    v.mul(v);
    assert.is(v.name, 'v:0');
  });
  assert.equal(ops(graph), program(9).ops.slice(0, 8));
});

test('program 2: getVariable follows variable scopes, Variable name scopes', () => {
  const p = program(2);
  const graph = new Graph();
  const made = graph.asDefault(() => {
    const add = (name: string) =>
      emitOne('AddV2', [getVariable('w', [2], { initializer: zerosInitializer() }), 1], {}, name);
    variableScope('v', () => add('o'));
    variableScope('v', { reuse: true }, () => add('o'));
    graph.nameScope('n', () => {
      getVariable('w2', [1], { initializer: onesInitializer() });
      new Variable(1, { name: 't' });
    });
    return globalVariables().map((v) => v.name);
  });
  assert.equal(made, p.variables);
  assert.is(graph.getCollection('trainable_variables').length, p.collections.trainable_variables);
  const reads = /^v(_1)?\/o\/ReadVariableOp$/;
  const actual = ops(graph).filter(([name]) => !reads.test(name as string));
  const expected = withResources(p).map(([name, type, inputs]) => {
    if (name === 'v/o' || name === 'v_1/o') return [name, type, [`${name}/ReadVariableOp`, `${name}/y`]];
    if (name === 'n/t/initial_value') return ['n/t/Initializer/initial_value', type, inputs];
    return [
      name,
      type,
      (inputs as string[]).map((i) => (i === 'n/t/initial_value' ? 'n/t/Initializer/initial_value' : i)),
    ];
  });
  assert.equal(actual, expected);
});

test('program 12: default names are unique within the scope around', () => {
  const p = program(12);
  const graph = new Graph();
  graph.asDefault(() => {
    const make = () =>
      variableScope(null, { defaultName: 'd' }, () => getVariable('w', [1], { initializer: zerosInitializer() }));
    make();
    make();
    variableScope('outer', make);
    make();
    assert.equal(
      globalVariables().map((v) => v.name),
      p.variables,
    );
  });
  assert.equal(ops(graph), withResources(p));
});

test('initializers build the ops of TensorFlow 1', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    getVariable('w', [3, 4], { initializer: glorotUniformInitializer({ seed: 1 }) });
  });
  const inside = (name: string) => `w/Initializer/random_uniform${name}`;
  assert.equal(ops(graph).slice(0, 8), [
    [inside('/shape'), 'Const', []],
    [inside('/min'), 'Const', []],
    [inside('/max'), 'Const', []],
    [inside('/RandomUniform'), 'RandomUniform', [inside('/shape')]],
    [inside('/sub'), 'Sub', [inside('/max'), inside('/min')]],
    [inside('/mul'), 'Mul', [inside('/RandomUniform'), inside('/sub')]],
    [inside(''), 'AddV2', [inside('/mul'), inside('/min')]],
    ['w', 'VarHandleOp', []],
  ]);
});

test('an assignment is an op and a read after it', () => {
  const graph = new Graph();
  graph.asDefault(() => {
    const v = new Variable(1, { name: 'v' });
    const before = graph.size;
    const after = v.assign(constant(2, { name: 'two' }));
    assert.equal(ops(graph).slice(before), [
      ['two', 'Const', []],
      ['AssignVariableOp', 'AssignVariableOp', ['v', 'two']],
      ['ReadVariableOp', 'ReadVariableOp', ['v']],
    ]);
    assert.is(after.op.name, 'AssignVariableOp');
    const read = after.asGraphElement();
    assert.is(read.name, 'ReadVariableOp:0');
    assert.equal(
      graph.getOperationByName('ReadVariableOp').controlInputs.map((op) => op.name),
      ['AssignVariableOp'],
    );
  });
});

test.run();
