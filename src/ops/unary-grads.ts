/**
 * The ops that gradients of one-operand mathematics are made of: they take the function's output and the gradient that
 * flows to it. Those of the activations are in `activations.ts`.
 */
import { float32 } from '../util/dtype.ts';
import { conj, FLOATS_AND_COMPLEX } from './elementwise.ts';
import { defineOp, type OpView, sample } from './opdef/define.ts';
import { unchanged } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

type Row = readonly [
  name: string,
  doc: string,
  grad: <V>(y: V, dy: V, incoming: V, $: Vocabulary<V>, op: OpView<V>) => readonly [V, V],
  result: readonly number[],
  decompose: <V>(y: V, dy: V, $: Vocabulary<V>) => V,
];

/** [-2 · incoming · dy · y, op(y, incoming)]: of functions whose gradient op is quadratic in y. */
const quadratic =
  (type: string): Row[2] =>
  (y, dy, incoming, $) => {
    const toY = $.mul($.mul($.mul(incoming, -2), dy), y);
    return [toY, $.op(type, [y, incoming])];
  };

/** Where nothing comes in nothing goes out, also at zero. */
function orNothing<V>(dy: V, gradient: V, $: Vocabulary<V>): V {
  return $.where($.equal(dy, 0), dy, gradient);
}

const reciprocal: Row[4] = (y, dy, $) => orNothing(dy, $.mul($.neg(dy), $.square(y)), $);

const rows: readonly Row[] = [
  [
    'SqrtGrad',
    'dy · 0.5 / y, where y = √x.',
    (y, _dy, incoming, $, op) => {
      const ratio = $.div(incoming, y);
      const toY = $.mul($.neg(conj(ratio, $)), op.outputs[0]);
      return [toY, $.mul(0.5, ratio)];
    },
    [1, -0.75],
    (y, dy, $) => orNothing(dy, $.div($.mul(dy, 0.5), y), $),
  ],
  [
    'RsqrtGrad',
    'dy · -0.5 · y³, where y = 1 / √x.',
    (y, dy, incoming, $) => {
      const toY = $.mul($.mul($.mul(-1.5, conj(incoming, $)), dy), $.square(y));
      return [toY, $.op('RsqrtGrad', [y, incoming])];
    },
    [-0.0625, 12],
    (y, dy, $) => orNothing(dy, $.mul($.mul(dy, -0.5), $.mul($.square(y), y)), $),
  ],
  ['ReciprocalGrad', '-dy · y², where y = 1 / x.', quadratic('ReciprocalGrad'), [-0.25, 12], reciprocal],
  ['InvGrad', '-dy · y², where y = 1 / x.', quadratic('ReciprocalGrad'), [-0.25, 12], reciprocal],
  [
    'TanhGrad',
    'dy · (1 - y²), where y = tanh(x).',
    quadratic('TanhGrad'),
    [0.75, 9],
    (y, dy, $) => $.mul(dy, $.sub(1, $.square(y))),
  ],
  [
    'SigmoidGrad',
    'dy · y · (1 - y), where y = sigmoid(x).',
    (y, dy, incoming, $) => {
      const product = $.mul(incoming, dy);
      const toY = $.sub(product, $.mul($.mul(2, product), y));
      return [toY, $.op('SigmoidGrad', [y, incoming])];
    },
    [0.25, 6],
    (y, dy, $) => $.mul($.mul(dy, y), $.sub(1, y)),
  ],
];

for (const [name, doc, grad, result, decompose] of rows) {
  defineOp({
    name,
    doc,
    inputs: ['y: T', 'dy: T'],
    outputs: ['z: T'],
    attrs: [`T: {${FLOATS_AND_COMPLEX}}`],
    infer: unchanged,
    grad: (op, [incoming], $) =>
      $.after([incoming], () => grad(conj(op.inputs[0], $), conj(op.inputs[1], $), incoming, $, op)),
    // Conjugates are left to the host.
    decompose: (op, $) => {
      const [y, dy] = op.inputs;
      return $.dtypeOf(y).isComplex ? null : [decompose(y, dy, $)];
    },
    samples: [
      {
        inputs: [sample(float32, [2], [0.5, 2]), sample(float32, [2], [1, -3])],
        outputs: [sample(float32, [2], result)],
      },
    ],
  });
}
