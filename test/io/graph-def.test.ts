/** The exported form of graphs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Graph } from '../../src/graph/graph.ts';
import { GraphDef } from '../../src/io/graph-def.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { float32 } from '../../src/util/dtype.ts';
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

test.run();
