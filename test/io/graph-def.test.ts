/** The exported form of graphs: values, bytes, text and JSON, against files that TensorFlow wrote. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph } from '../../src/graph/graph.ts';
import { GraphDef } from '../../src/io/graph-def.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32 } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import { toDot } from '../../src/viz/dot.ts';

const test = suite('io/graph-def');

test('a graph gives its exported form', () => {
  const g = new Graph();
  g.asDefault(() => placeholder(float32, [2], { name: 'x' }));
  assert.instance(g.asGraphDef(), GraphDef);
  assert.is(g.asGraphDef().toText(), GraphDef.of(g).toText());
  assert.is(g.asGraphDef({ addShapes: true }).toText(), GraphDef.of(g, { addShapes: true }).toText());
  assert.ok(g.asGraphDef({ addShapes: true }).toText().includes('_output_shapes'));
});

test('a placeholder and a constant print as TensorFlow prints them', () => {
  const g = new Graph();
  g.asDefault(() => {
    placeholder(float32, [null, 3], { name: 'x' });
    constant([0.4, -0.695], { name: 'w0/initial_value' });
    constant(-0.098, { name: 'one', shape: [1] });
  });
  // Written by TensorFlow 2.21 for the same nodes.
  assert.is(
    GraphDef.of(g).toText(),
    String.raw`node {
  name: "x"
  op: "Placeholder"
  attr {
    key: "dtype"
    value {
      type: DT_FLOAT
    }
  }
  attr {
    key: "shape"
    value {
      shape {
        dim {
          size: -1
        }
        dim {
          size: 3
        }
      }
    }
  }
}
node {
  name: "w0/initial_value"
  op: "Const"
  attr {
    key: "dtype"
    value {
      type: DT_FLOAT
    }
  }
  attr {
    key: "value"
    value {
      tensor {
        dtype: DT_FLOAT
        tensor_shape {
          dim {
            size: 2
          }
        }
        tensor_content: "\315\314\314>\205\3531\277"
      }
    }
  }
}
node {
  name: "one"
  op: "Const"
  attr {
    key: "dtype"
    value {
      type: DT_FLOAT
    }
  }
  attr {
    key: "value"
    value {
      tensor {
        dtype: DT_FLOAT
        tensor_shape {
          dim {
            size: 1
          }
        }
        float_val: -0.098
      }
    }
  }
}
versions {
  producer: 2474
}
`,
  );
});

test('case 113: addShapes writes _output_shapes with unknown ranks and dimensions', () => {
  const g = new Graph();
  const shapes = [null, [], [null], [43, 37], [43, null]];
  const outputs = shapes.map((shape) => ({ dtype: float32, shape }));
  g.createOp({ type: 'Five', inputs: [], attrs: {}, outputs, name: 'five' });
  const [node] = GraphDef.of(g, { addShapes: true }).node;
  assert.equal(node.attr.get('_output_shapes'), {
    list: [
      { shape: { unknownRank: true, dim: [] } },
      { shape: { dim: [] } },
      { shape: { dim: [-1] } },
      { shape: { dim: [43, 37] } },
      { shape: { dim: [43, -1] } },
    ],
  });
  assert.is(GraphDef.of(g).node[0].attr.has('_output_shapes'), false);
});

test('case 95: outputs are inputs of other nodes by name, the first without its index', () => {
  const g = new Graph();
  const outputs = [float32, float32].map((dtype) => ({ dtype, shape: [] }));
  const pair = g.createOp({ type: 'Two', inputs: [], attrs: {}, outputs, name: 'myop' });
  assert.equal(
    pair.outputs.map((t) => t.name),
    ['myop:0', 'myop:1'],
  );
  g.createOp({ type: 'Takes', inputs: pair.outputs, attrs: {}, outputs: [], name: 'takes' });
  assert.equal(GraphDef.of(g).node[1].input, ['myop', 'myop:1']);
});

test('DOT: scopes are clusters, user names are only labels', () => {
  const g = new Graph();
  g.asDefault(() => {
    const x = placeholder(float32, [2], { name: 'constructor' });
    g.nameScope('layer', () => g.controlDependencies([x], () => constant(1, { name: '__c' })));
  });
  const dot = toDot(g);
  assert.match(dot, /subgraph cluster_s0 \{\s+label="layer"/);
  assert.match(dot, /n0 \[label="constructor\\nPlaceholder"/);
  assert.match(dot, /n0 -> n1 \[style=dashed/);
});

const goldens = new URL('../goldens/', import.meta.url);
const readBytes = (path: string) => new Uint8Array(readFileSync(new URL(path, goldens)));
const readText = (path: string) => readFileSync(new URL(path, goldens), 'utf8');

for (const name of ['graph', 'frozen']) {
  test(`${name}.pb and ${name}.pbtxt are read and written byte for byte`, () => {
    const bytes = readBytes(`interchange/graph/${name}.pb`);
    const text = readText(`interchange/graph/${name}.pbtxt`);
    const def = GraphDef.fromBinary(bytes);
    assert.is(def.toText(), text);
    assert.equal(def.toBinary(), bytes);
    assert.equal(GraphDef.fromText(text).toBinary(), bytes);
    assert.equal(GraphDef.fromJson(def.toJson()).toBinary(), bytes);
    assert.equal(GraphDef.fromJson(JSON.stringify(def.toJson())).toBinary(), bytes);
    assert.is(def.versions.producer, 2474);
  });
}

test('the nodes of graph.pb hold what TensorFlow says they hold', () => {
  const { graph } = JSON.parse(readText('interchange/graph.json')) as { graph: { nodes: Record<string, unknown>[] } };
  const def = GraphDef.fromBinary(readBytes('interchange/graph/graph.pb'));
  assert.equal(
    def.node.map(({ name, op, input }) => ({ name, op, input })),
    graph.nodes.map(({ name, op, input }) => ({ name, op, input })),
  );
  for (const [i, node] of def.node.entries()) {
    assert.equal([...node.attr.keys()], Object.keys(graph.nodes[i].attr as object).sort());
  }
});

test('graphs with functions are read and written byte for byte', () => {
  for (const name of ['functions', 'tf_function', 'while_simple_v2', 'while_grad_v2']) {
    const bytes = readBytes(`interchange/functions/${name}.pb`);
    const def = GraphDef.fromBinary(bytes);
    assert.ok(def.library.function.length > 0);
    assert.equal(def.toBinary(), bytes, name);
    assert.equal(GraphDef.fromText(def.toText()).toBinary(), bytes, name);
  }
});

test('attributes are values: numbers where exact, bigints where not, functions with their attributes', () => {
  const text = `node {
  name: "n"
  op: "O"
  input: "a"
  input: "b:1"
  input: "^c"
  device: "/cpu:0"
  attr { key: "small" value { i: -9007199254740991 } }
  attr { key: "large" value { i: 9007199254740992 } }
  attr { key: "f" value { func { name: "g" attr { key: "T" value { type: DT_INT64 } } } } }
  attr { key: "list" value { list { type: DT_FLOAT type: DT_STRING } } }
  attr { key: "empty" value { list { } } }
  attr { key: "unknown" value { shape { unknown_rank: true } } }
  attr { key: "__proto__" value { placeholder: "T" } }
  attr { key: "unset" value { } }
}
library { function { signature {
  name: "g" is_stateful: true input_arg { name: "x" type_attr: "T" } output_arg { name: "y" type: DT_FLOAT description: "d" }
  attr { name: "T" type: "type" } control_output: "e" }
  ret { key: "y" value: "z:out:0" } control_ret { key: "e" value: "z" } arg_attr { key: 0 value { } }
  resource_arg_unique_id { key: 1 value: 2 } }
  gradient { function_name: "g" gradient_func: "h" } }
versions { producer: 9 min_consumer: 3 bad_consumers: 4 }`;
  const def = GraphDef.fromText(text);
  const [node] = def.node;
  assert.equal(node.input, ['a', 'b:1', '^c']);
  assert.equal(node.attr.get('small'), { i: -9007199254740991 });
  assert.equal(node.attr.get('large'), { i: 9007199254740992n });
  assert.is((node.attr.get('f') as { func: { name: string } }).func.name, 'g');
  assert.is([...(node.attr.get('list') as { list: { type: unknown }[] }).list][0].type, float32);
  assert.equal(node.attr.get('empty'), { list: [] });
  assert.equal(node.attr.get('unknown'), { shape: { unknownRank: true, dim: [] } });
  assert.equal(node.attr.get('__proto__'), { placeholder: 'T' });
  assert.is(node.attr.has('unset'), false);
  const [fn] = def.library.function;
  assert.equal([fn.name, fn.isStateful, fn.controlOutput], ['g', true, ['e']]);
  assert.equal(fn.inputArg, [{ name: 'x', type: null, typeAttr: 'T' }]);
  assert.is(fn.outputArg[0].type, float32);
  assert.equal(
    [...fn.ret, ...fn.controlRet],
    [
      ['y', 'z:out:0'],
      ['e', 'z'],
    ],
  );
  assert.equal(def.library.gradient, [{ functionName: 'g', gradientFunc: 'h' }]);
  assert.equal(def.versions, { producer: 9, minConsumer: 3, badConsumers: [4] });
  // What the values have no members for is written again too.
  for (const kept of ['description: "d"', 'type: "type"', 'resource_arg_unique_id', '__proto__']) {
    assert.ok(GraphDef.fromBinary(def.toBinary()).toText().includes(kept), kept);
  }
});

test('a tensor that cannot be is told with its node and attribute', () => {
  const text = 'node { name: "n" attr { key: "v" value { tensor { dtype: DT_INT32 tensor_content: "abc" } } } }';
  assert.throws(
    () => GraphDef.fromText(text),
    (error: unknown) =>
      error instanceof InvalidArgumentError &&
      error.message === "NodeDef n, attr 'v': Cannot parse tensor from proto: Input size was 3 and expected 4",
  );
});

test('what is no JSON of a graph is refused', () => {
  for (const json of ['{', '{"node": 3}', { node: [{ nme: 'x' }] }, null, 7]) {
    assert.throws(() => GraphDef.fromJson(json), /^Failed to parse GraphDef from JSON/);
  }
});

test('JSON is what Python prints: int64 as text, floats short, enums by name', () => {
  const def = GraphDef.fromText(
    'node { name: "n" attr { key: "f" value { f: 0.1 } } attr { key: "i" value { i: 7 } } attr { key: "t" value { type: DT_HALF } } }',
  );
  assert.equal(def.toJson(), {
    node: [{ name: 'n', attr: { f: { f: 0.1 }, i: { i: '7' }, t: { type: 'DT_HALF' } } }],
  });
});

test.run();
