/** Names and name scopes: sections D and E of TensorFlow's cases, and the naming goldens. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { getDefaultGraph, nameScope, resetDefaultGraph } from '../../src/graph/default-graph.ts';
import { Graph } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { opScope } from '../../src/ops/emit.ts';
import { ValueError } from '../../src/util/errors.ts';
import { variableScope } from '../../src/variables/index.ts';

const test = suite('graph/names');
test.before.each(() => void resetDefaultGraph());

const rootNames = (graph: Graph) => graph.getOperations().map((op) => op.name);

test('case 115: uniqueName counts up; an unmarked call consumes nothing', () => {
  const g = new Graph();
  assert.is(g.uniqueName('foo', false), 'foo');
  assert.is(g.uniqueName('foo', false), 'foo');
  assert.is(g.uniqueName('foo'), 'foo');
  assert.is(g.uniqueName('foo', false), 'foo_1');
  assert.is(g.uniqueName('foo'), 'foo_1');
  assert.is(g.uniqueName('foo'), 'foo_2');
});

test('case 117: nameScope(null) goes back to the root', () => {
  const g = new Graph();
  g.uniqueName('foo');
  g.uniqueName('foo');
  g.uniqueName('foo');
  g.nameScope('bar', () => {
    assert.is(g.uniqueName('foo'), 'bar/foo');
    g.nameScope(null, () => assert.is(g.uniqueName('foo'), 'foo_3'));
    assert.is(g.uniqueName('foo'), 'bar/foo_1');
  });
});

test('case 119: names are compared without case and keep their capitals', () => {
  const g = new Graph();
  assert.is(g.uniqueName('foo'), 'foo');
  assert.is(g.uniqueName('Foo'), 'Foo_1');
  g.nameScope('bar', () => assert.is(g.uniqueName('foo'), 'bar/foo'));
  g.nameScope('Bar', () => assert.is(g.uniqueName('foo'), 'Bar_1/foo'));
});

test('the sequence that TensorFlow 2.21 was seen to give', () => {
  const g = new Graph();
  const asked = ['foo', 'Foo', 'foo', 'foo_1', 'FOO_1', 'foo_2', 'bar_1', 'bar', 'bar'];
  const given = ['foo', 'Foo_1', 'foo_2', 'foo_1_1', 'FOO_1_2', 'foo_2_1', 'bar_1', 'bar', 'bar_2'];
  assert.equal(
    asked.map((name) => g.uniqueName(name)),
    given,
  );
});

test('names program 1: constants and scopes share one counter', () => {
  for (const name of ['c', 'c', 'C']) constant(1, { name });
  nameScope('a', () => constant(1, { name: 'b' }));
  nameScope('a', () => constant(1, { name: 'b' }));
  constant(1, { name: 'a' });
  constant(1, { name: 'a_1/b' });
  constant(1);
  constant(1);
  assert.equal(rootNames(getDefaultGraph()), ['c', 'c_1', 'C_2', 'a/b', 'a_1/b', 'a_2', 'a_1/b_1', 'Const', 'Const_1']);
});

test('case 123: an op named with the scope itself takes the scope’s name', () => {
  const g = new Graph();
  const op = g.nameScope('bar', (scope) =>
    g.createOp({ type: 'NoOp', inputs: [], attrs: {}, outputs: [], name: scope }),
  );
  assert.is(op.name, 'bar');
});

test('case 125: nameScope("") and nameScope(null) are the root', () => {
  const g = new Graph();
  g.nameScope('a', () => {
    assert.is(
      g.nameScope('', (scope) => scope),
      '',
    );
    assert.is(
      g.nameScope(null, (scope) => scope),
      '',
    );
    for (const root of ['', null]) {
      const name = g.nameScope(root, () => g.nameScope('b', () => g.uniqueName('x')));
      assert.ok(['b/x', 'b_1/x'].includes(name), name);
    }
  });
});

test('case 129: a scope over values of two graphs is refused', () => {
  const a = new Graph().asDefault(() => constant(1));
  const b = new Graph().asDefault(() => constant(1));
  assert.throws(
    () => opScope(null, 'both', [a, b], () => 0),
    (e: Error) => e instanceof ValueError && /must be from the same graph/.test(e.message),
  );
  const before = getDefaultGraph();
  assert.throws(
    () => nameScope('both', { values: [a, b] }),
    (e: Error) => e instanceof ValueError && /must be from the same graph/.test(e.message),
  );
  assert.is(getDefaultGraph(), before);
});

test('case 121: name scopes and variable scopes share one path', () => {
  nameScope('l0', () =>
    variableScope('l1', () => {
      assert.is(getDefaultGraph().getNameScope(), 'l0/l1');
      nameScope('l1', (scope) => assert.is(scope, 'l0/l1/l1/'));
    }),
  );
});

test('case 127: a scope with values needs a name or a default', () => {
  const x = constant(1);
  const values: readonly unknown[][] = [[], [x], [[x], 3]];
  for (const given of values) {
    assert.throws(
      () => nameScope(null, { values: given }),
      (e: Error) =>
        e instanceof ValueError && /At least one of name .* and default_name .* must be provided/.test(e.message),
    );
  }
  assert.is(
    nameScope(null, { defaultName: 'd', values: [x] }, (scope) => scope),
    'd/',
  );
  assert.is(
    nameScope('n', { defaultName: 'd', values: [x] }, (scope) => scope),
    'n/',
  );
  assert.is(
    nameScope(null, { defaultName: 'd' }, (scope) => scope),
    'd_1/',
  );
  assert.is(
    nameScope(null, {}, (scope) => scope),
    '',
  );
});

test('a scope with values is on their graph', () => {
  const other = new Graph();
  const x = other.asDefault(() => constant(1));
  {
    using scope = nameScope(null, { defaultName: 'd', values: [x] });
    assert.is(getDefaultGraph(), other);
    assert.is(constant(2, { name: 'c' }).name, `${scope.value}c:0`);
  }
  assert.is.not(getDefaultGraph(), other);
  assert.is(other.getNameScope(), '');
  assert.throws(() => nameScope('/bad', { values: [x] }));
  assert.is.not(getDefaultGraph(), other);
});

test('case 131: getNameScope has no final slash and is empty at the root', () => {
  const g = new Graph();
  assert.is(g.getNameScope(), '');
  g.nameScope('scope1', () =>
    g.nameScope('scope2', () => g.nameScope('scope3', () => assert.is(g.getNameScope(), 'scope1/scope2/scope3'))),
  );
  assert.is(g.getNameScope(), '');
});

test('a name that ends in a slash re-enters the scope', () => {
  const g = new Graph();
  const scope = g.nameScope('layer', (name) => name);
  assert.is(scope, 'layer/');
  g.nameScope('other', () => g.nameScope(scope, () => assert.is(g.uniqueName('x'), 'layer/x')));
  g.nameScope(scope, () => assert.is(g.uniqueName('x'), 'layer/x_1'));
});

test('case 97: invalid op names are refused and nothing is added', () => {
  const g = new Graph();
  for (const name of ['', '_invalid', '-invalid', '/invalid', 'invalid:0']) {
    assert.throws(
      () => g.createOp({ type: 'NoOp', inputs: [], attrs: {}, outputs: [], name }),
      (e: Error) => e instanceof ValueError,
      name,
    );
  }
  assert.is(g.size, 0);
  assert.is(g.uniqueName('x'), 'x');
});

test('invalid scope names are refused; inside a scope they may start with an underscore', () => {
  const g = new Graph();
  assert.throws(() => g.nameScope('_a', () => 0), /is not a valid root scope name/);
  assert.is(
    g.nameScope('a', () => g.nameScope('_b', (scope) => scope)),
    'a/_b/',
  );
});

test('a name taken as is must be new', () => {
  const g = new Graph();
  const make = () => g.createOp({ type: 'NoOp', inputs: [], attrs: {}, outputs: [], name: 'dd/' });
  make();
  assert.throws(make, /Duplicate node name in graph: 'dd'/);
  assert.is(g.size, 1);
});

test('uniqueName works on a finalized graph', () => {
  const g = new Graph();
  g.finalize();
  assert.is(g.uniqueName('x'), 'x');
});

test('20,000 equal names: the counter goes on where it was, whatever was asked in between', () => {
  const g = new Graph();
  for (let i = 0; i < 20_000; i++) g.uniqueName('same');
  assert.is(g.uniqueName('same'), 'same_20000');
  assert.is(g.uniqueName('same_5'), 'same_5_1');
});

test('names such as constructor and __proto__ are ordinary', () => {
  const g = new Graph();
  g.asDefault(() => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      constant(1, { name });
      assert.is(g.getOperationByName(name).name, name);
    }
  });
  assert.throws(() => new Graph().getOperationByName('__proto__'), /refers to an Operation not in the graph/);
});

test.run();
