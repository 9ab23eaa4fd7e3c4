/**
 * The fused ops of recurrent networks: whole LSTM sequences, single LSTM and GRU steps, their gradients. Cells and the
 * functions that unroll them build of plain ops elsewhere.
 */
import { float32, int64 } from '../util/dtype.ts';
import type { Dim } from '../util/shape.ts';
import {
  defineOp,
  type GradFn,
  type InferContext,
  type Inferred,
  type Sample,
  type SampleValue,
  ShapeError,
  sample,
} from './opdef/define.ts';
import { merge, withRank } from './opdef/shape-rules.ts';

const FLOATS = 'T: {float16, float32}';
const PEEPHOLES = 'use_peephole: bool = false';
const WEIGHTS = ['w: T', 'wci: T', 'wcf: T', 'wco: T', 'b: T'];
const GATES = ['i: T', 'cs: T', 'f: T', 'o: T', 'ci: T', 'co: T', 'h: T'];

function quarter(dim: Dim): Dim {
  if (dim === null) return null;
  if (dim % 4 !== 0) throw new ShapeError(`Dimension size must be evenly divisible by 4 but is ${dim}`);
  return dim / 4;
}

/** All outputs are [time, batch, cell]. */
function sequenceShapes(op: InferContext): Inferred {
  const [time, batch] = withRank(op.shape(1), 3);
  const [width] = withRank(op.shape(8), 1);
  return new Array(7).fill([time, batch, quarter(width)]) as Inferred;
}

/**
 * TensorFlow registers the same gradient for both versions, though the second one has its gates in another order: its
 * values are TensorFlow's, not the derivatives.
 */
const sequenceGradient: GradFn = (op, dy, $) => {
  const [, dcs, , , , , dh] = dy;
  const inputs = [...op.inputs, ...op.outputs, dcs, dh];
  return [null, ...$.ops('BlockLSTMGrad', inputs, { use_peephole: op.attr('use_peephole') })];
};

const vector = (...values: number[]) => sample(float32, [values.length], values);
const row = (...values: number[]) => sample(float32, [1, values.length], values);
const lstmWeights = [
  sample(float32, [2, 4], [0.5, -0.3, 0.8, 0.2, -0.6, 0.4, 0.1, 0.7]),
  vector(0.3),
  vector(-0.2),
  vector(0.4),
  vector(0.1, -0.1, 0.2, 0.3),
];
const lstmStep = [row(0.5), row(0.4), row(-0.3), ...lstmWeights];
const sequence = [sample(int64, [], [2n]), sample(float32, [2, 1, 1], [0.5, -1]), row(0.4), row(-0.3), ...lstmWeights];
const steps = (...values: number[]) => sample(float32, [2, 1, 1], values);

const sequences: readonly [name: string, attrs: readonly string[], sample: Sample][] = [
  [
    'BlockLSTM',
    ['forget_bias: float = 1', 'cell_clip: float = 3'],
    {
      inputs: sequence,
      attrs: { cell_clip: 0, use_peephole: true },
      outputs: [
        steps(0.6570105, 0.40056825),
        steps(0.09385502, 0.14293313),
        steps(0.81607825, 0.59542495),
        steps(0.5566413, 0.5482585),
        steps(-0.35399172, 0.21731502),
        steps(0.09358041, 0.14196767),
        steps(0.05209072, 0.07783498),
      ],
    },
  ],
  [
    'BlockLSTMV2',
    ['cell_clip: float = 0'],
    {
      inputs: sequence,
      outputs: [
        steps(0.6294831, 0.36618832),
        steps(0.48782635, 0.08999522),
        steps(0.408541, 0.574215),
        steps(0.5473577, 0.56792045),
        steps(0.5153593, -0.51919186),
        steps(0.45248953, 0.08975304),
        steps(0.24767362, 0.050972585),
      ],
    },
  ],
];

for (const [name, attrs, one] of sequences) {
  defineOp({
    name,
    doc: 'The gates, states and outputs of an LSTM at each step of a sequence, zeros after its end.',
    inputs: ['seq_len_max: int64', 'x: T', 'cs_prev: T', 'h_prev: T', ...WEIGHTS],
    outputs: GATES,
    attrs: [...attrs, PEEPHOLES, FLOATS],
    infer: sequenceShapes,
    grad: sequenceGradient,
    // Only the gradients of the states and of the outputs count, as in TensorFlow.
    samples: [{ ...one, differentiable: false }],
  });
}

const gradients: readonly [name: string, attrs: Sample['attrs'], of: Sample, results: Sample['outputs']][] = [
  [
    'BlockLSTMGrad',
    { use_peephole: true },
    sequences[0][2],
    [
      steps(-0.016669665, 0.028305259),
      row(0.0983951),
      row(0.049953043),
      sample(
        float32,
        [2, 4],
        [0.026410414, 0.2662031, 0.017409168, 0.080441505, 0.0013805608, -0.033723377, -0.0029813151, -0.009734508],
      ),
      vector(-0.0069753537),
      vector(0.0017503188),
      vector(-0.008152003),
      vector(-0.041502137, -0.15748072, -0.00605076, -0.050084736),
    ],
  ],
  [
    'BlockLSTMGradV2',
    { use_peephole: false },
    sequences[1][2],
    [
      steps(0.02847952, -0.0827286),
      row(0.008978533),
      row(0.06911881),
      sample(
        float32,
        [2, 4],
        [-0.07419642, 0.07580733, 0.17270634, 0.09321852, 0.017911138, -0.019149678, -0.0445646, -0.040411692],
      ),
      vector(0),
      vector(0),
      vector(0),
      vector(0.07815887, -0.07262107, -0.15746649, 0.054291766),
    ],
  ],
];

for (const [name, sampled, of, results] of gradients) {
  defineOp({
    name,
    doc: 'The gradient of an LSTM over a sequence for its inputs, states and weights.',
    inputs: ['seq_len_max: int64', 'x: T', 'cs_prev: T', 'h_prev: T', ...WEIGHTS, ...GATES, 'cs_grad: T', 'h_grad: T'],
    outputs: [
      'x_grad: T',
      'cs_prev_grad: T',
      'h_prev_grad: T',
      'w_grad: T',
      'wci_grad: T',
      'wcf_grad: T',
      'wco_grad: T',
      'b_grad: T',
    ],
    attrs: ['use_peephole: bool', FLOATS],
    infer: (op) => [
      withRank(op.shape(1), 3),
      withRank(op.shape(2), 2),
      withRank(op.shape(3), 2),
      withRank(op.shape(4), 2),
      ...[5, 6, 7].map((input) => merge(op.shape(input), [null])),
      withRank(op.shape(8), 1),
    ],
    grad: null,
    samples: [
      {
        inputs: [...of.inputs, ...(of.outputs as readonly SampleValue[]), steps(0, 0.5), steps(1, -2)],
        attrs: sampled,
        outputs: results,
      },
    ],
  });
}

defineOp({
  name: 'LSTMBlockCell',
  doc: 'The gates, state and output of an LSTM after one step.',
  inputs: ['x: T', 'cs_prev: T', 'h_prev: T', ...WEIGHTS],
  outputs: GATES,
  attrs: ['forget_bias: float = 1', 'cell_clip: float = 3', PEEPHOLES, FLOATS],
  infer: (op) => {
    const [batch] = withRank(op.shape(0), 2);
    const [, cell] = withRank(op.shape(1), 2);
    return new Array(7).fill([batch, cell]) as Inferred;
  },
  grad: null,
  samples: [
    {
      inputs: lstmStep,
      attrs: { use_peephole: true },
      outputs: [
        row(0.6570105),
        row(0.09385502),
        row(0.81607825),
        row(0.5566413),
        row(-0.35399172),
        row(0.09358041),
        row(0.05209072),
      ],
    },
  ],
});

defineOp({
  name: 'LSTMBlockCellGrad',
  doc: 'The gradient of one step of an LSTM for its state, gates and peepholes.',
  inputs: [
    'x: T',
    'cs_prev: T',
    'h_prev: T',
    ...WEIGHTS,
    'i: T',
    'cs: T',
    'f: T',
    'o: T',
    'ci: T',
    'co: T',
    'cs_grad: T',
    'h_grad: T',
  ],
  outputs: ['cs_prev_grad: T', 'dicfo: T', 'wci_grad: T', 'wcf_grad: T', 'wco_grad: T'],
  attrs: ['use_peephole: bool', FLOATS],
  infer: (op) => {
    const [batch] = withRank(op.shape(0), 2);
    const [, cell] = withRank(op.shape(1), 2);
    return [[batch, cell], [batch, cell === null ? null : 4 * cell], [cell], [cell], [cell]];
  },
  grad: null,
  samples: [
    {
      inputs: [...lstmStep, row(0.6), row(0.5), row(0.7), row(0.55), row(0.3), row(0.45), row(0.2), row(-0.4)],
      attrs: { use_peephole: true },
      outputs: [
        row(0.004743298),
        row(0.00048455945, 0.0036745756, 0.0005653194, -0.044549998),
        vector(0.00019382378),
        vector(0.00022612776),
        vector(-0.022274999),
      ],
    },
  ],
});

const gruWeights = [
  sample(float32, [2, 2], [0.5, -0.3, 0.8, 0.2]),
  sample(float32, [2, 1], [-0.6, 0.4]),
  vector(0.1, -0.1),
  vector(0.2),
];

defineOp({
  name: 'GRUBlockCell',
  doc: 'The gates and the output of a GRU after one step.',
  inputs: ['x: T', 'h_prev: T', 'w_ru: T', 'w_c: T', 'b_ru: T', 'b_c: T'],
  outputs: ['r: T', 'u: T', 'c: T', 'h: T'],
  attrs: ['T: {float32}'],
  infer: (op) => {
    const [batch] = withRank(op.shape(0), 2);
    const [, cell] = withRank(op.shape(1), 2);
    return new Array(4).fill([batch, cell]) as Inferred;
  },
  grad: null,
  samples: [
    {
      inputs: [row(0.5), row(-0.3), ...gruWeights],
      outputs: [row(0.52747226), row(0.42311475), row(-0.16186053), row(-0.22030938)],
    },
  ],
});

defineOp({
  name: 'GRUBlockCellGrad',
  doc: 'The gradient of one step of a GRU for its input, state and gates.',
  inputs: ['x: T', 'h_prev: T', 'w_ru: T', 'w_c: T', 'b_ru: T', 'b_c: T', 'r: T', 'u: T', 'c: T', 'd_h: T'],
  outputs: ['d_x: T', 'd_h_prev: T', 'd_c_bar: T', 'd_r_bar_u_bar: T'],
  attrs: ['T: {float32}'],
  infer: (op) => {
    const x = withRank(op.shape(0), 2);
    const state = withRank(op.shape(1), 2);
    const [, gates] = withRank(op.shape(2), 2);
    const shape = [x[0], state[1]];
    return [x, shape, shape, [x[0], gates]];
  },
  grad: null,
  samples: [
    {
      inputs: [row(0.5), row(-0.3), ...gruWeights, row(0.6), row(0.45), row(0.2), row(-0.7)],
      outputs: [row(0.20109473), row(-0.3778634), row(-0.36959997), row(0.01064448, 0.086625)],
    },
  ],
});
