/**
 * Colors of images: between red-green-blue and hue-saturation-value, and the ops that change contrast, hue and saturation.
 * The functions that change images of any type are in `image-adjust.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import { emitOne } from './emit.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const FLOATS = 'T: {float16, bfloat16, float32, float64} = float32';
const ADJUSTED = 'T: {float16, float32} = float32';

function inferColors(op: InferContext): Inferred {
  const shape = withRankAtLeast(op.shape(0), 1);
  const last = shape?.[shape.length - 1] ?? null;
  if (last !== null && last !== 3) throw new ShapeError(`Dimension must be 3 but is ${last}`);
  return [shape === null ? null : [...shape.slice(0, -1), 3]];
}

function inferAdjusted(op: InferContext): Inferred {
  const shape = withRankAtLeast(op.shape(0), 3);
  withRank(op.shape(1), 0);
  return [shape];
}

interface Channel<V> {
  readonly x: V;
  readonly isPositive: V;
  readonly isGreatest: V;
  readonly isLeast: V;
}

/** The three colors with what each is to the others as numbers 0 and 1; equal colors count in the order of TensorFlow. */
function channelsOf<V>($: Vocabulary<V>, colors: V): readonly Channel<V>[] {
  const [red, green, blue] = $.ops('Unpack', [colors], { num: 3, axis: -1 }, 'unstack');
  const dtype = $.dtypeOf(colors);
  const mask = (a: V, b: V) => $.cast($.logicalAnd(a, b), dtype);
  const channel = (x: V, isGreatest: V, isLeast: V): Channel<V> => ({
    x,
    isPositive: $.cast($.greater(x, 0), dtype),
    isGreatest,
    isLeast,
  });
  return [
    channel(
      red,
      mask($.greaterEqual(red, blue), $.greaterEqual(red, green)),
      mask($.less(red, blue), $.less(red, green)),
    ),
    channel(
      green,
      mask($.greater(green, red), $.greaterEqual(green, blue)),
      mask($.lessEqual(green, red), $.less(green, blue)),
    ),
    channel(
      blue,
      mask($.greater(blue, red), $.greater(blue, green)),
      mask($.lessEqual(blue, red), $.lessEqual(blue, green)),
    ),
  ];
}

/** Zero over zero is zero. */
function over<V>($: Vocabulary<V>, x: V, y: V): V {
  return $.op('DivNoNan', [x, y]);
}

const rgbToHsvGrad: GradFn = (op, [dy], $) => {
  const colors = channelsOf($, op.inputs[0]);
  const [, saturation, value] = $.ops('Unpack', [op.outputs[0]], { num: 3, axis: -1 }, 'unstack');
  const [dHue, dSaturation, dValue] = $.ops('Unpack', [dy], { num: 3, axis: -1 }, 'unstack');
  const all = (...factors: (typeof dy)[]) => factors.reduce((a, b) => $.mul(a, b));
  const range = $.square($.mul(saturation, value));
  const grads = colors.map((a, i) => {
    // The rule is the same for each color, with the next two in their order.
    const [b, c] = [colors[(i + 1) % 3], colors[(i + 2) % 3]];
    const least = $.add($.mul(b.isLeast, b.x), $.mul(c.isLeast, c.x));
    const greatest = $.add($.mul(b.isGreatest, b.x), $.mul(c.isGreatest, c.x));
    const asGreatest = $.mul(a.isGreatest, over($, least, $.square(a.x)));
    const bySaturation = $.mul(a.isPositive, $.sub(asGreatest, over($, a.isLeast, greatest)));
    const parts = [
      $.neg(over($, all(a.isPositive, a.isGreatest, $.sub(b.x, c.x)), range)),
      over($, all(b.isPositive, b.isGreatest, a.isLeast, $.sub(c.x, b.x)), $.square($.sub(a.x, b.x))),
      $.neg(over($, all(b.isPositive, b.isGreatest, c.isLeast), $.sub(b.x, c.x))),
      over($, all(c.isPositive, c.isGreatest, a.isLeast, $.sub(c.x, b.x)), $.square($.sub(c.x, a.x))),
      over($, all(c.isPositive, c.isGreatest, b.isLeast), $.sub(c.x, b.x)),
    ];
    const byHue = $.div($.addN(parts), 6);
    return $.addN([$.mul(dValue, a.isGreatest), $.mul(dSaturation, bySaturation), $.mul(dHue, byHue)]);
  });
  return [$.pack(grads, -1)];
};

const rgb = sample(float32, [2, 3], [0.2, 0.6, 0.4, 1, 0.5, 0]);
const hsv = sample(float32, [2, 3], [5 / 12, 2 / 3, 0.6, 1 / 12, 1, 1]);

defineOp({
  name: 'RGBToHSV',
  doc: 'Red, green and blue as hue, saturation and value, all between 0 and 1.',
  inputs: ['images: T'],
  outputs: ['output: T'],
  attrs: [FLOATS],
  infer: inferColors,
  grad: rgbToHsvGrad,
  samples: [{ inputs: [rgb], outputs: [hsv], differentiable: false }],
});

defineOp({
  name: 'HSVToRGB',
  doc: 'Hue, saturation and value as red, green and blue, all between 0 and 1.',
  inputs: ['images: T'],
  outputs: ['output: T'],
  attrs: [FLOATS],
  infer: inferColors,
  grad: () => [null],
  samples: [{ inputs: [hsv], outputs: [rgb] }],
});

const pixels = sample(float32, [1, 2, 3], [0.2, 0.6, 0.4, 1, 0.5, 0]);

defineOp({
  name: 'AdjustContrastv2',
  doc: 'Images whose differences from the mean of each channel are multiplied by a factor.',
  inputs: ['images: T', 'contrast_factor: float32'],
  outputs: ['output: T'],
  attrs: [ADJUSTED],
  infer: inferAdjusted,
  grad: null,
  samples: [
    {
      inputs: [pixels, sample(float32, [], [2])],
      outputs: [sample(float32, [1, 2, 3], [-0.2, 0.65, 0.6, 1.4, 0.45, -0.2])],
    },
  ],
});

defineOp({
  name: 'AdjustHue',
  doc: 'Images whose hues are turned by a part of the circle.',
  inputs: ['images: T', 'delta: float32'],
  outputs: ['output: T'],
  attrs: [ADJUSTED],
  infer: inferAdjusted,
  grad: null,
  samples: [
    {
      inputs: [pixels, sample(float32, [], [1 / 3])],
      outputs: [sample(float32, [1, 2, 3], [0.4, 0.2, 0.6, 0, 1, 0.5])],
    },
  ],
});

defineOp({
  name: 'AdjustSaturation',
  doc: 'Images whose saturations are multiplied by a factor.',
  inputs: ['images: T', 'scale: float32'],
  outputs: ['output: T'],
  attrs: [ADJUSTED],
  infer: inferAdjusted,
  grad: null,
  samples: [
    {
      inputs: [pixels, sample(float32, [], [0.5])],
      outputs: [sample(float32, [1, 2, 3], [0.4, 0.6, 0.5, 1, 0.75, 0.5])],
    },
  ],
});

interface Named {
  readonly name?: string | null;
}

/**
 * Floats `images` [..., 3] of red, green and blue in [0, 1] as hue, saturation and value in [0, 1]. Throws `ValueError` for
 * another number of channels.
 *
 *     tf.image.rgbToHsv([[1, 0, 0]])           // [[0, 1, 1]]
 */
export function rgbToHsv(images: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return emitOne('RGBToHSV', [images], {}, bind<Named>(['name'], rest).name);
}

/** Floats `images` [..., 3] of hue, saturation and value in [0, 1] as red, green and blue; it has no gradient. */
export function hsvToRgb(images: TensorLike, ...rest: Rest<[name: string | null], Named>): Tensor {
  return emitOne('HSVToRGB', [images], {}, bind<Named>(['name'], rest).name);
}
