/** Importing graphs: names, mapped inputs, attributes, order, and the errors. Expected values and texts are TensorFlow 2.21's. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import type { AttrValueDef, FunctionDef, NodeDef } from '../../src/io/messages.ts';
import { difference, fromGolden, type GoldenArray } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = suite('io/import-graph');
const checked = leakChecked(test);

type AttrInit = Readonly<Record<string, AttrValueDef>>;

const node = (name: string, op: string, input: readonly string[] = [], attr: AttrInit = {}): NodeDef => ({
  name,
  op,
  input,
  device: '',
  attr: new Map(Object.entries(attr)),
});
const placeholder = (name: string, type: tf.DType = tf.float32) => node(name, 'Placeholder', [], { dtype: { type } });
const identity = (name: string, input: string, attr: AttrInit = {}) =>
  node(name, 'Identity', input.split(' '), { T: { type: tf.float32 }, ...attr });
const graphDef = (...nodes: readonly NodeDef[]) => new tf.GraphDef(nodes);
const names = (elements: readonly (tf.Tensor | tf.Operation)[] | null) => elements?.map((e) => e.name).join(' ');
const all = () =>
  tf
    .getDefaultGraph()
    .getOperations()
    .map((op) => op.name)
    .join(' ');

/** The text of the error, and that it left nothing behind. */
async function refused(call: () => unknown): Promise<string> {
  const before = all();
  const error = await failure(call);
  assert.is(all(), before, 'operations are left');
  return `${error.name}: ${error.message}`;
}

checked('nodes come under a scope of their own, a new one each time', () => {
  const def = graphDef(placeholder('A'), identity('B', 'A'));
  const returnElements = ['A', 'B:0'];
  assert.is(names(tf.importGraphDef(def, { returnElements })), 'import/A import/B:0');
  assert.is(names(tf.importGraphDef(def, { returnElements })), 'import_1/A import_1/B:0');
  assert.is(tf.importGraphDef(def, { name: 'mine' }), null);
  tf.nameScope('outer', () => {
    assert.is(names(tf.importGraphDef(def, { returnElements })), 'outer/import/A outer/import/B:0');
    assert.is(names(tf.importGraphDef(def, { returnElements, name: '' })), 'A B:0');
  });
  assert.is(all(), 'import/A import/B import_1/A import_1/B mine/A mine/B outer/import/A outer/import/B A B');
});

checked('without a scope names are kept, and numbered where they are taken', () => {
  const def = graphDef(placeholder('A'), identity('B', 'A'));
  const import2 = () => tf.importGraphDef(def, { name: '', returnElements: ['A', 'B'] }) as tf.Operation[];
  assert.is(names(import2()), 'A B');
  const [a, b] = import2();
  assert.is(names([a, b]), 'A_1 B_1');
  assert.is(b.inputs[0], a.outputs[0]);
  assert.is(names(import2()), 'A_2 B_2');
});

checked('a taken name is one of an op, of a scope, or of another node of the file', () => {
  tf.constant(1, { name: 'A/b' });
  tf.constant(1, { name: 'b_1' });
  const def = graphDef(placeholder('A'), identity('B', 'A'), identity('b', 'A'), identity('b_1', 'b'));
  const returnElements = ['A', 'B', 'b', 'b_1'];
  assert.is(names(tf.importGraphDef(def, { name: '', returnElements })), 'A_1 B b b_1_1');
  assert.is(names(tf.importGraphDef(def, { name: '', returnElements })), 'A_2 B_1 b_2 b_1_2');
  assert.is(names(tf.importGraphDef(def, { name: 'im/', returnElements })), 'im/A im/B im/b im/b_1');
  assert.is(names(tf.importGraphDef(def, { name: 'im/', returnElements })), 'im/A_1 im/B_1 im/b_2 im/b_1_1');
  assert.is(tf.constant(1, { name: 'b' }).name, 'b_3:0');
});

checked('nodes may come in any order: they are built inputs first, else as they stand', () => {
  tf.importGraphDef(
    graphDef(
      identity('Z', 'B'),
      placeholder('Y'),
      identity('B', 'Q'),
      identity('A', 'Q'),
      placeholder('Q'),
      placeholder('X'),
    ),
    { name: '' },
  );
  assert.is(all(), 'Y Q B Z A X');
});

checked('mapped inputs take the place of outputs of the file', () => {
  const def = graphDef(placeholder('A'), identity('B', 'A'), identity('C', 'A:0'), identity('D', 'B'));
  const [t, u] = [tf.constant(5), tf.constant(6)];
  const [b, c, d, a] = tf.importGraphDef(def, {
    inputMap: { 'A:0': t, B: u },
    returnElements: ['B', 'C', 'D', 'A:0'],
  }) as [tf.Operation, tf.Operation, tf.Operation, tf.Tensor];
  assert.is(b.inputs[0], t);
  assert.is(c.inputs[0], t);
  assert.is(d.inputs[0], u);
  assert.is(a, t);
  const [missing] = tf.importGraphDef(graphDef(identity('C', 'A:0')), new Map([['A:0', t]]), ['C']) as tf.Operation[];
  assert.is(missing.inputs[0], t);
});

checked('values are made constants in the scope of the import', async () => {
  const def = graphDef(placeholder('A'), identity('C', 'A'));
  const [c] = tf.importGraphDef(def, { inputMap: { A: 5 }, returnElements: ['C'] }) as tf.Operation[];
  assert.is(c.inputs[0].name, 'import/_inputs/Const:0');
  assert.match(
    await refused(() => tf.importGraphDef(def, { inputMap: { A: 5 }, name: '' })),
    /^ValueError: tf.import_graph_def\(\) requires a non-empty `name` if `input_map` contains non-Tensor values\./,
  );
});

checked('control inputs are kept, mapped, and joined by those of the open scope', () => {
  const def = graphDef(placeholder('A'), placeholder('Q'), identity('B', 'A ^Q'));
  const controls = (op: tf.Tensor | tf.Operation) => names((op as tf.Operation).controlInputs);
  assert.is(controls((tf.importGraphDef(def, { returnElements: ['B'] }) as tf.Operation[])[0]), 'import/Q');
  const other = tf.constant(1, { name: 'other' });
  const mapped = tf.importGraphDef(def, { inputMap: { '^Q': other }, returnElements: ['B'] }) as tf.Operation[];
  assert.is(controls(mapped[0]), 'other');
  tf.controlDependencies([other], () => {
    const [a, b] = tf.importGraphDef(def, { returnElements: ['A', 'B'] }) as tf.Operation[];
    assert.is(controls(a), 'other');
    assert.is(controls(b), 'import_2/Q');
  });
});

checked('defaults are filled in, attributes of others kept, colocations renamed', () => {
  const product = node('M', 'MatMul', ['A', 'A'], { T: { type: tf.float32 }, _mine: { i: 3 } });
  const placed = identity('B', 'A', { _class: { list: [{ s: new TextEncoder().encode('loc:@A') }] } });
  const [m, b] = tf.importGraphDef(graphDef(placeholder('A'), product, placed), {
    returnElements: ['M', 'B'],
  }) as tf.Operation[];
  assert.is(m.getAttr('transpose_a'), false);
  assert.is(m.getAttr('_mine'), 3);
  assert.equal(b.getAttr('_class'), ['loc:@import/A']);
});

checked('shapes are inferred, and what the file states of them is added', () => {
  const stated: AttrValueDef = { list: [{ shape: { dim: [3] } }] };
  const [b] = tf.importGraphDef(graphDef(placeholder('A'), identity('B', 'A', { _output_shapes: stated })), {
    returnElements: ['B:0'],
  }) as tf.Tensor[];
  assert.equal(b.shape, [3]);
  assert.throws(() => b.op.getAttr('_output_shapes'), /no attr named/);
});

checked('ops of wrong types and unknown inputs are refused', async () => {
  const importOf = (...nodes: readonly NodeDef[]) => refused(() => tf.importGraphDef(graphDef(...nodes)));
  assert.is(
    await importOf(placeholder('A', tf.int32), identity('B', 'A')),
    'ValueError: Input 0 of node import/B was passed int32 from import/A:0 incompatible with expected float.',
  );
  assert.is(await importOf(identity('B', 'A:0')), "ValueError: Node 'B': Unknown input node 'A:0'");
  assert.is(await importOf(placeholder('A'), identity('B', 'A ^Z')), "ValueError: Node 'B': Unknown input node '^Z'");
  assert.is(
    await importOf(placeholder('A'), identity('B', 'A:1')),
    "ValueError: Node 'B': Connecting to invalid output 1 of source node A which has 1 outputs.",
  );
  assert.is(
    await importOf(placeholder('A'), placeholder('C'), identity('B', '^C A')),
    "ValueError: Node 'B': Control dependencies must come after regular dependencies",
  );
  assert.is(await importOf(placeholder('A'), identity('A', 'A')), "ValueError: Node 'A' is not unique");
  assert.is(await importOf(placeholder('_A!')), "ValueError: Node '_A!': Node name contains invalid characters");
  assert.is(await importOf(node('A', '')), "ValueError: Node 'A' does not specify an operation");
});

checked('attributes that are missing, of a wrong kind or not allowed are refused', async () => {
  const importOf = (...nodes: readonly NodeDef[]) => refused(() => tf.importGraphDef(graphDef(...nodes)));
  const signature =
    'Op<name=Placeholder; signature= -> output:dtype; attr=dtype:type; attr=shape:shape,default=<unknown>>';
  assert.is(
    await importOf(node('A', 'Placeholder')),
    `ValueError: NodeDef missing attr 'dtype' from ${signature}; NodeDef: {{node import/A}}`,
  );
  assert.is(
    await importOf(node('A', 'Placeholder', [], { dtype: { i: 3 } })),
    `ValueError: AttrValue had value with type 'int' when 'type' expected\n\t for attr 'dtype'\n\t; NodeDef: {{node import/A}}; ${signature}`,
  );
  assert.is(
    await importOf(placeholder('x', tf.string), node('A', 'Exp', ['x'], { T: { type: tf.string } })),
    "ValueError: Value for attr 'T' of string is not in the list of allowed values: bfloat16, half, float, double, complex64, complex128\n\t; NodeDef: {{node import/A}}; Op<name=Exp; signature=x:T -> y:T; attr=T:type,allowed=[DT_BFLOAT16, DT_HALF, DT_FLOAT, DT_DOUBLE, DT_COMPLEX64, DT_COMPLEX128]>",
  );
  assert.is(
    await importOf(placeholder('x'), identity('A', 'x x')),
    "ValueError: NodeDef expected inputs 'float' do not match 2 inputs specified; Op<name=Identity; signature=input:T -> output:T; attr=T:type>; NodeDef: {{node import/A}}",
  );
  assert.is(
    await importOf(
      placeholder('x'),
      placeholder('y', tf.int32),
      node('A', 'ConcatV2', ['x', 'y'], { N: { i: 1 }, T: { type: tf.float32 } }),
    ),
    "ValueError: Value for attr 'N' of 1 must be at least minimum 2\n\t; NodeDef: {{node import/A}}; Op<name=ConcatV2; signature=values:N*T, axis:Tidx -> output:T; attr=N:int,min=2; attr=T:type; attr=Tidx:type,default=DT_INT32,allowed=[DT_INT32, DT_INT64]>",
  );
});

checked('contradicting shapes are refused with the node', async () => {
  const shaped = (name: string, size: number) =>
    node(name, 'Placeholder', [], { dtype: { type: tf.float32 }, shape: { shape: { dim: [size] } } });
  const sum = node('M', 'AddV2', ['A', 'B'], { T: { type: tf.float32 } });
  assert.is(
    await refused(() => tf.importGraphDef(graphDef(shaped('A', 3), shaped('B', 4), sum))),
    "ValueError: Dimensions must be equal, but are 3 and 4 for '{{node import/M}} = AddV2[T=DT_FLOAT](import/A, import/B)' with input shapes: [3], [4].",
  );
  const stated: AttrValueDef = { list: [{ shape: { dim: [3] } }] };
  assert.is(
    await refused(() => tf.importGraphDef(graphDef(shaped('A', 4), identity('B', 'A', { _output_shapes: stated })))),
    "ValueError: Node 'import/B' has an _output_shapes attribute inconsistent with the GraphDef for output #0: Dimension 0 in both shapes must be equal, but are 4 and 3. Shapes are [4] and [3].",
  );
});

checked('colocation with a node that is not there is refused', async () => {
  const placed = identity('B', 'A', { _class: { list: [{ s: new TextEncoder().encode('loc:@ZZ') }] } });
  assert.is(
    await refused(() => tf.importGraphDef(graphDef(placeholder('A'), placed))),
    "ValueError: Node 'B' expects to be colocated with unknown node 'ZZ'",
  );
});

checked('nodes that wait for one another are named', async () => {
  const def = graphDef(
    placeholder('x'),
    identity('C', 'B'),
    identity('A', 'C'),
    identity('B', 'A'),
    identity('E', 'x'),
  );
  assert.is(await refused(() => tf.importGraphDef(def)), "ValueError: 3 nodes in a cycle: 'C', 'A', 'B'");
});

checked('all op types that are not registered are named', async () => {
  const def = graphDef(node('A', 'Foo'), node('B', 'Bar'), node('C', 'Foo'));
  assert.match(await refused(() => tf.importGraphDef(def)), /^NotFoundError: Op types not registered 'Foo', 'Bar'\./);
  assert.match(
    await refused(() => tf.importGraphDef(graphDef(node('A', 'Foo')))),
    /^NotFoundError: Op type not registered 'Foo'\./,
  );
});

checked('arguments of wrong types, and names that the file does not have', async () => {
  const def = graphDef(placeholder('A'), identity('C', 'A'));
  const importing = (options: object) => refused(() => tf.importGraphDef(def, options));
  assert.is(
    await refused(() => tf.importGraphDef('' as never)),
    'TypeError: Argument `graph_def` must be a GraphDef proto.',
  );
  assert.is(await importing({ inputMap: [5] }), 'TypeError: Argument `input_map` must be a dictionary. Obtained list');
  assert.is(
    await importing({ inputMap: new Map([[5, 1]]) }),
    'TypeError: All keys for argument `input_map` must be strings. Obtained keys: [5]',
  );
  assert.is(
    await importing({ returnElements: [7] }),
    'TypeError: Argument `return_elements` must be a list of strings. Obtained [7].',
  );
  assert.is(
    await importing({ inputMap: { 'B:0': tf.constant(5) } }),
    'ValueError: Attempted to map inputs that were not found in graph_def: [B:0]',
  );
  assert.is(
    await importing({ inputMap: { 'a:b:c': 1 } }),
    "ValueError: Cannot convert 'a:b:c' to a tensor name. Tensor names should not contain more than 1 `:`. Obtained 2",
  );
  assert.is(
    await importing({ inputMap: { 'a:b': 1 } }),
    "ValueError: Cannot convert 'a:b' to a tensor name. Second component of the name following the `:` should be an int. Got b.",
  );
  assert.is(await importing({ returnElements: ['B'] }), "ValueError: Requested return node 'B' not found in graph def");
  assert.is(
    await importing({ returnElements: ['B:0'] }),
    "ValueError: Requested return tensor 'B:0' not found in graph def",
  );
  assert.is(
    await importing({ returnElements: ['A:1'] }),
    "ValueError: Invalid return output 1 of node 'A', which has 1 output(s)",
  );
  assert.is(await importing({ namen: 'x' }), "TypeError: importGraphDef() got an unexpected keyword argument 'namen'");
});

checked('graphs for other versions are refused', async () => {
  const version = (producer: number, minConsumer: number, badConsumers: readonly number[]) =>
    refused(() =>
      tf.importGraphDef(new tf.GraphDef([placeholder('A')], undefined, { producer, minConsumer, badConsumers })),
    );
  assert.is(
    await version(99999, 99998, []),
    'ValueError: GraphDef min consumer version 99998 above current version 2474 for TensorFlow 2.21.0.  Please upgrade TensorFlow.',
  );
  assert.is(
    await version(2474, 0, [2474]),
    'ValueError: GraphDef disallows consumer version 2474.  Please upgrade TensorFlow: this version is likely buggy.',
  );
  assert.is(
    await version(-1, 0, []),
    'ValueError: GraphDef producer version -1 below min producer 0 supported by TensorFlow 2.21.0.  Please regenerate your graph.',
  );
});

checked('new attributes with the defaults of their producer are taken off', () => {
  const producerOpList = {
    op: [{ name: 'Identity', attr: [{ name: 'T' }, { name: 'fast', defaultValue: { b: true } }] }],
  };
  const import1 = (b: boolean) =>
    (
      tf.importGraphDef(graphDef(placeholder('A'), identity('B', 'A', { fast: { b } })), {
        producerOpList,
        returnElements: ['B'],
      }) as tf.Operation[]
    )[0];
  assert.throws(() => import1(true).getAttr('fast'), /no attr named 'fast'/);
  assert.is(import1(false).getAttr('fast'), false);
});

const square: FunctionDef = {
  name: 'square',
  inputArg: [{ name: 'x', type: null, typeAttr: 'T' }],
  outputArg: [{ name: 'y', type: null, typeAttr: 'T' }],
  isStateful: false,
  controlOutput: [],
  // The second node takes what the first is given to take.
  nodeDef: [
    node('out', 'Identity', ['product:z:0'], { T: { placeholder: 'T' } }),
    node('product', 'Mul', ['x', 'x'], { T: { placeholder: 'T' } }),
  ],
  ret: new Map([['y', 'out:output:0']]),
  controlRet: new Map(),
  attr: new Map(),
  argAttr: new Map(),
};

const squareTwice: FunctionDef = {
  ...square,
  name: 'squareTwice',
  nodeDef: [
    node('b', 'square', ['a:y:0'], { T: { placeholder: 'T' } }),
    node('a', 'square', ['x'], { T: { placeholder: 'T' } }),
  ],
  ret: new Map([['y', 'b:y:0']]),
};

checked('functions are called by op or by name, and imported anew each time', async () => {
  const library = { function: [squareTwice, square], gradient: [] };
  const called = node('S', 'squareTwice', ['x'], { T: { type: tf.float32 } });
  const def = new tf.GraphDef([placeholder('x'), called, identity('y', 'S')], library);
  using session = new tf.Session();
  for (const name of ['one', 'two']) {
    const [x, y] = tf.importGraphDef(def, { name, returnElements: ['x:0', 'y:0'] }) as tf.Tensor[];
    assert.is(Number(await session.run(y, [[x, 3]])), 81);
  }
});

checked('functions of a file that is imported twice are exported once, with those that they call', () => {
  const called = node('S', 'squareTwice', ['x'], { T: { type: tf.float32 } });
  const library = { function: [squareTwice, square], gradient: [] };
  const def = new tf.GraphDef([placeholder('x'), called], library);
  for (const name of ['one', 'two']) tf.importGraphDef(def, { name });
  const exported = tf.GraphDef.of(tf.getDefaultGraph());
  assert.equal(
    exported.library.function.map((fn) => fn.name),
    ['squareTwice', 'square'],
  );
  const [outer, inner] = exported.library.function;
  assert.equal(
    outer.nodeDef.map(({ name, op, input }) => [name, op, input]),
    [
      ['a', 'PartitionedCall', ['x']],
      ['b', 'PartitionedCall', ['a:output:0']],
    ],
  );
  assert.equal([...inner.ret], [['y', 'out:output:0']]);
  assert.equal(inner.inputArg, [{ name: 'x', type: tf.float32 }]);
});

checked('the gradient of a function, as a call', async () => {
  const types = { list: [{ type: tf.float32 }, { type: tf.float32 }] };
  const gradient = node('G', 'SymbolicGradient', ['x', 'dy'], {
    Tin: types,
    Tout: { list: [{ type: tf.float32 }] },
    f: { func: { name: 'square', attr: new Map([['T', { type: tf.float32 }]]) } },
  });
  const library = { function: [square], gradient: [] };
  const def = new tf.GraphDef([placeholder('x'), placeholder('dy'), gradient], library);
  const [x, dy, dx] = tf.importGraphDef(def, { returnElements: ['x:0', 'dy:0', 'G:0'] });
  using session = new tf.Session();
  const feedDict: tf.FeedDict = [
    [x, 3],
    [dy, 5],
  ];
  assert.is(Number(await session.run(dx, feedDict)), 30);
});

checked('functions that call themselves, or are not there, are refused', async () => {
  const call = (f: string) =>
    node('S', 'PartitionedCall', ['x'], {
      Tin: { list: [{ type: tf.float32 }] },
      Tout: { list: [{ type: tf.float32 }] },
      f: { func: { name: f, attr: new Map() } },
    });
  const endless = {
    ...square,
    name: 'endless',
    nodeDef: [node('a', 'endless', ['x'], {})],
    ret: new Map([['y', 'a:y:0']]),
  };
  endless.inputArg = [{ name: 'x', type: tf.float32 }];
  endless.outputArg = [{ name: 'y', type: tf.float32 }];
  const library = { function: [endless], gradient: [] };
  const importing = (f: string) =>
    refused(() => tf.importGraphDef(new tf.GraphDef([placeholder('x'), call(f)], library)));
  assert.is(await importing('endless'), 'UnimplementedError: Function endless calls itself.');
  assert.is(await importing('nothing'), 'NotFoundError: Function nothing is not defined.');
});

checked('branches assign to the reference variable that the graph has under its new name', async () => {
  const folder = new URL('../goldens/programs/', import.meta.url);
  const def = tf.GraphDef.fromBinary(readFileSync(new URL('cond_assign_v1_ref.pb', folder)));
  interface Step {
    readonly fetches: readonly string[];
    readonly targets: readonly string[];
    readonly feeds: Readonly<Record<string, GoldenArray>>;
    readonly outputs: readonly GoldenArray[];
  }
  const { steps } = JSON.parse(readFileSync(new URL('cond_assign_v1_ref.json', folder), 'utf8')) as { steps: Step[] };
  tf.importGraphDef(def, { name: 'mine' });
  using session = new tf.Session();
  for (const { fetches, targets, feeds, outputs } of steps) {
    const feedDict = Object.fromEntries(
      Object.entries(feeds).map(([name, value]) => [`mine/${name}`, fromGolden(value)]),
    );
    const found = await session.run(
      [...fetches, ...targets].map((name) => `mine/${name}`),
      feedDict,
    );
    for (const [i, golden] of outputs.entries())
      assert.is(difference((found as tf.NdArray[])[i], fromGolden(golden)), null);
  }
});

checked('a long chain that stands backwards is imported in time', () => {
  const size = 20_000;
  const nodes = Array.from({ length: size }, (_, i) => (i === 0 ? placeholder('n0') : identity(`n${i}`, `n${i - 1}`)));
  const start = performance.now();
  tf.importGraphDef(graphDef(...nodes.reverse()));
  assert.is(tf.getDefaultGraph().size, size);
  assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
});

checked(
  'what a file says wrongly of functions, loops and numbers of tensors is refused, and costs nothing',
  async () => {
    const bool = 'attr { key: "T" value { type: DT_BOOL } }';
    const constant = `node_def { name: "k" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 1 } } } }`;
    const library = (
      ret: string,
    ) => `library { function { signature { name: "f" output_arg { name: "y" type: DT_FLOAT } }
    ${constant} ret { key: "y" value: "${ret}" } } }`;
    const call = `node { name: "c" op: "PartitionedCall" attr { key: "Tin" value { list { } } }
    attr { key: "Tout" value { list { type: DT_FLOAT type: DT_FLOAT } } } attr { key: "f" value { func { name: "f" } } } }`;
    const zero = `node { name: "k" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
    attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 0 } } } }`;
    const loop = (inner: string) => `${zero}
    node { name: "e" op: "Enter" input: "k" attr { key: "T" value { type: DT_INT32 } } attr { key: "frame_name" value { s: "l" } } }
    node { name: "m" op: "Merge" input: "e" input: "n" attr { key: "T" value { type: DT_INT32 } } attr { key: "N" value { i: 2 } } }
    node { name: "q" op: "Equal" input: "m" input: "m" attr { key: "T" value { type: DT_INT32 } } }
    node { name: "c" op: "LoopCond" input: "q" }
    node { name: "s" op: "${inner}" input: "m" input: "c" attr { key: "T" value { type: DT_INT32 } } }
    node { name: "n" op: "NextIteration" input: "s:1" attr { key: "T" value { type: DT_INT32 } } }
    node { name: "x" op: "Exit" input: "s" attr { key: "T" value { type: DT_INT32 } } }`;
    const files: [text: string, error: RegExp][] = [
      [
        `node { name: "c" op: "f" } ${library('k:output:9')}`,
        /^ValueError: Return y of function f: unknown k:output:9$/,
      ],
      [`${call} ${library('k:output:0')}`, /^ValueError: Function f gives 1 results where 2 are expected/],
      [
        `node { name: "i" op: "Identity" ${bool} } node { name: "s" op: "Switch" input: "i" input: "i" ${bool} }
       node { name: "m" op: "Merge" input: "s" input: "s:1" ${bool} attr { key: "N" value { i: 2 } } }`,
        /^InvalidArgumentError: Node 'i': Identity has 0 inputs where it takes 1$/,
      ],
      [loop('Neg'), /^InvalidArgumentError: A value of 'c' is read where control flow never brings it\.$/],
      [
        'node { name: "p" op: "Pack" attr { key: "N" value { i: 1099511627776 } } attr { key: "T" value { type: DT_FLOAT } } }',
        /^ValueError: NodeDef expected 1099511627776 inputs 'values', which are more than there can be/,
      ],
      [
        `${zero} node { name: "s" op: "Split" input: "k" input: "k" attr { key: "num_split" value { i: 1099511627776 } }
       attr { key: "T" value { type: DT_INT32 } } }`,
        /^ValueError: NodeDef expected 1099511627776 outputs 'output', which are more than there can be/,
      ],
    ];
    for (const [text, wanted] of files) {
      const graph = new tf.Graph();
      const error = await failure(() =>
        graph.asDefault(() => tf.importGraphDef(tf.GraphDef.fromText(text), { name: '' })),
      );
      assert.match(`${error.name}: ${error.message}`, wanted);
      assert.is(graph.size, 0);
    }
  },
);

test.run();
