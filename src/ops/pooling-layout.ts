/** Pools of images with their channels first as pools of images that have them last. The ops are in `pooling.ts` and `pooling3d.ts`. */
import type { AttrValue } from '../graph/node.ts';
import { isFullyDefined } from '../util/shape.ts';
import { padsOf } from '../util/window.ts';
import type { OpView } from './opdef/define.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

/**
 * The op on images turned so that channels come last, and its result turned back; null where they are last already.
 *
 * @param images the inputs that are images; input 0 of the others is the shape of one
 * @param names the attributes of the op, `explicit_paddings` aside
 */
export function channelsLast<V>(
  op: OpView<V>,
  images: readonly number[],
  names: readonly string[],
  $: Vocabulary<V>,
): readonly V[] | null {
  const format = op.attr<string>('data_format');
  if (format !== 'NCHW' && format !== 'NCDHW') return null;
  const rank = format.length;
  const order = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  // What has no such rank is refused by the host, in TensorFlow's words.
  if (images.some((i) => $.shapeOf(op.inputs[i])?.length !== rank || !isFullyDefined($.shapeOf(op.inputs[i])))) {
    return null;
  }
  const moved = (list: readonly number[]) => order.map((axis) => list[axis]);
  const attrs: Record<string, AttrValue> = {
    ...Object.fromEntries(names.map((name) => [name, op.attr(name)])),
    ksize: moved(op.attr('ksize')),
    strides: moved(op.attr('strides')),
    data_format: rank === 4 ? 'NHWC' : 'NDHWC',
  };
  const explicit = (op.attr('explicit_paddings') ?? []) as readonly number[];
  if (explicit.length > 0) attrs.explicit_paddings = order.flatMap((axis) => padsOf(explicit, axis));
  const inputs = op.inputs.map((x, i) => (images.includes(i) ? $.transpose(x, order) : x));
  if (!images.includes(0)) inputs[0] = $.gather(inputs[0], $.ints(order));
  const back = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
  return [$.transpose($.op(op.type, inputs, attrs), back)];
}
