/**
 * Projective transforms of images: the ops and their gradients, which transform back by the inverse. TensorFlow 1 has no
 * public function for them but in `tf.contrib`; graphs of other programs hold the ops.
 */
import { toNdArray } from '../util/array-convert.ts';
import { float32, int32 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import type { NdArray } from '../util/ndarray.ts';
import { sizedBy } from './image-resize.ts';
import { vector } from './indices.ts';
import { defineOp, type OpView, sample } from './opdef/define.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

const ATTRS = [
  'dtype: {uint8, int32, int64, float16, bfloat16, float32, float64}',
  'interpolation: string',
  'fill_mode: string = "CONSTANT"',
];

/** Rows of eight numbers as matrices of nine, inverted, and as rows again; the last element is always 1. */
function inverse<V>(transforms: V, $: Vocabulary<V>): V {
  const to = 'flat_transforms_to_matrices';
  const flat = $.op('Reshape', [transforms, vector(-1, 8)], {}, `${to}/Reshape`);
  const count = $.op(
    'StridedSlice',
    [$.shape(flat, int32, `${to}/Shape`), vector(0), vector(1), vector(1)],
    { shrink_axis_mask: 1 },
    `${to}/strided_slice`,
  );
  const dims = $.op('Pack', [[count, $.ints(1)]], { axis: 0 }, `${to}/ones/packed`);
  const ones = $.fill(dims, $.constant(1, float32, `${to}/ones/Const`), `${to}/ones`);
  const nine = $.op('ConcatV2', [[flat, ones], $.ints(1, `${to}/concat/axis`)], {}, `${to}/concat`);
  const matrices = $.op('Reshape', [nine, vector(-1, 3, 3)], {}, `${to}/Reshape_1`);
  const from = 'matrices_to_flat_transforms';
  const rows = $.op('Reshape', [$.op('MatrixInverse', [matrices]), vector(-1, 9)], {}, `${from}/Reshape`);
  const columns = (first: number, last: number, name: string) =>
    $.op('StridedSlice', [rows, vector(0, first), vector(0, last), vector(1, 1)], { begin_mask: 1, end_mask: 1 }, name);
  const scaled = $.op('RealDiv', [rows, columns(8, 9, `${from}/strided_slice`)], {}, `${from}/truediv`);
  return $.op(
    'StridedSlice',
    [scaled, vector(0, 0), vector(0, 8), vector(1, 1)],
    { begin_mask: 3, end_mask: 1 },
    `${from}/strided_slice_1`,
  );
}

/** What flows to the images: the same transform with the inverse, into the size of the images. */
function backward<V>(op: OpView<V>, dy: V, $: Vocabulary<V>, fill: readonly NdArray[]): V {
  const [images, transforms] = op.inputs;
  const rank = $.shapeOf(transforms)?.length;
  if (rank !== 2 && rank !== 1) throw new TypeError('Transforms should have rank 1 or 2.');
  const size = $.op('StridedSlice', [$.shape(images, int32), vector(1), vector(3), vector(1)], {}, 'strided_slice');
  const attrs = { interpolation: op.attr<string>('interpolation'), fill_mode: op.attr<string>('fill_mode') };
  return $.op(op.type, [dy, inverse(transforms, $), size, ...fill], attrs);
}

const IMAGE = sample(float32, [1, 1, 3, 1], [1, 2, 3]);
const SIZE = sample(int32, [2], [1, 3]);
const half = sample(float32, [1, 8], [1, 0, 0.5, 0, 1, 0, 0, 0]);

const VALUE = sample(float32, [], [9]);

for (const [name, doc, inputs, fill, outside] of [
  ['ImageProjectiveTransformV2', 'zero where that is outside', [], [], 0],
  ['ImageProjectiveTransformV3', 'a value where that is outside', ['fill_value: float32'], [VALUE], 9],
] as const) {
  defineOp({
    name,
    doc: `Images with each pixel taken from where a projective transform says, ${doc}.`,
    inputs: ['images: dtype', 'transforms: float32', 'output_shape: int32', ...inputs],
    outputs: ['transformed_images: dtype'],
    attrs: ATTRS,
    infer: (op) => sizedBy(op, 2),
    grad: (op, [dy], $) => {
      const zero = fill.map(() => toNdArray(0, float32));
      return [backward(op, dy, $, zero), null, null, ...fill.map(() => null)];
    },
    // Their gradient is not the transform's own, but the inverse transform.
    samples: [
      {
        inputs: [IMAGE, half, SIZE, ...fill],
        attrs: { interpolation: 'BILINEAR' },
        outputs: [sample(float32, [1, 1, 3, 1], [1.5, 2.5, 1.5 + outside / 2])],
        differentiable: false,
      },
      {
        inputs: [IMAGE, half, SIZE, ...fill],
        attrs: { interpolation: 'NEAREST', fill_mode: 'NEAREST' },
        outputs: [sample(float32, [1, 1, 3, 1], [2, 3, 3])],
        differentiable: false,
      },
    ],
  });
}
