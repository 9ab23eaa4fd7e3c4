/**
 * Algebraic rules of identities, shapes, order and types. Rules of arithmetic are in `arithmetic.ts`.
 */
import type { DType } from '../../../src/util/dtype.ts';
import type { IrValue } from '../../ir/module.ts';
import { type Match, type Rule, rule } from './match.ts';

/** Ops that change nothing but the shape. */
const RESHAPES = ['Reshape', 'ExpandDims', 'Squeeze'];

/** The input, if it has the shape of the output. */
const unchanged = (m: Match): IrValue | null => m.alone(m.x);

function isIdentity(perm: readonly number[]): boolean {
  return perm.every((axis, i) => axis === i);
}

/** Whether it names each axis of the value once: the error of one that does not is the kernel's to find. */
function isPermutation(m: Match, perm: readonly number[], of: IrValue): boolean {
  const inOrder = [...perm].sort((a, b) => a - b);
  return m.spec(of).shape?.length === perm.length && isIdentity(inOrder);
}

/** The order of the axes that are longer than 1. */
function longAxes(perm: readonly number[], shape: readonly number[]): number[] {
  return perm.filter((axis) => shape[axis] !== 1);
}

/** Types whose every value the other type represents. */
function widens(from: DType, to: DType): boolean {
  if (from === to) return true;
  if (from.isBool) return to.isInteger || to.isFloating;
  const small = from.isInteger && from.size <= 2;
  const signOk = (from.isUnsigned && to.size > from.size) || (!from.isUnsigned && !to.isUnsigned);
  if (from.isInteger && to.isInteger) return signOk && to.size > from.size;
  if (to.isFloating && to.size >= 4) {
    return from.isInteger ? small || (from.size === 4 && to.size === 8) : from.isFloating && to.size > from.size;
  }
  return false;
}

export const structureRules: readonly Rule[] = [
  rule('Identity StopGradient PreventGradient Snapshot', 'the input', (m) => m.x),
  rule('IdentityN', 'the inputs', (m) => m.node.inputs),
  rule('EnsureShape', 'the input, where the shape is known to be right', unchanged),

  rule('ExpandDims Squeeze', 'the same shape', unchanged),
  // From elsewhere a part of the same length runs over the end, which is an error of the run.
  rule('Slice', 'all of it', (m) => (m.is(m.y, 0) ? unchanged(m) : null)),
  // A shape that follows from the input's alone says nothing of what the operand asks for in the run.
  rule('Reshape BroadcastTo Tile', 'the same shape', (m) => (m.ints(m.y) ? unchanged(m) : null)),
  rule('Reshape ExpandDims Squeeze', 'a change of shape undoes the one before', (m, $) => {
    const inner = m.made(m.x, ...RESHAPES);
    const shape = m.known({ node: m.node.id, index: 0 });
    if (!inner || !shape || !m.known(m.x) || (m.node.op === 'Reshape' && !m.ints(m.y))) return null;
    const [source] = inner.inputs;
    return m.alone(source) ?? $.reshape(source, shape);
  }),
  rule('Pad PadV2 MirrorPad', 'no padding', (m) => (m.is(m.y, 0) ? unchanged(m) : null)),
  rule('ReverseV2', 'nothing to reverse', (m) => {
    const shape = m.known(m.x);
    const axes = m.ints(m.y);
    return shape && axes?.every((axis) => shape.at(axis) === 1) ? m.x : null;
  }),
  rule('ConcatV2', 'of one', (m) => (m.node.inputs.length === 2 ? m.x : null)),
  rule('Pack', 'of one', (m, $) => (m.node.inputs.length === 1 ? $.expandDims(m.x, m.attr<number>('axis')) : null)),

  rule('Sum Mean Prod Max Min All Any', 'over no axes', (m) => (m.ints(m.y)?.length === 0 ? m.x : null)),
  // Not Sum and Mean of floats: they begin with 0, and 0 + -0 is 0.
  rule('Sum Mean Prod Max Min All Any', 'over axes of length 1', (m, $) => {
    if (['Sum', 'Mean'].includes(m.node.op) && !m.dtype.isInteger) return null;
    const shape = m.known(m.x);
    const axes = m.ints(m.y);
    const out = m.known({ node: m.node.id, index: 0 });
    return out && shape && axes?.every((axis) => shape.at(axis) === 1) ? $.reshape(m.x, out) : null;
  }),

  rule('Transpose', 'in the order that is', (m, $) => {
    const perm = m.ints(m.y);
    const shape = m.known(m.x);
    if (!perm || !isPermutation(m, perm, m.x)) return null;
    if (isIdentity(perm)) return m.x;
    if (!shape) return null;
    // Only axes of length 1 change places.
    const order = longAxes(perm, shape);
    const out = perm.map((axis) => shape[axis]);
    return order.every((axis, i) => i === 0 || order[i - 1] < axis) ? $.reshape(m.x, out) : null;
  }),
  rule('Transpose', 'of a transpose', (m, $) => {
    const inner = m.made(m.x, 'Transpose');
    const outer = m.ints(m.y);
    const first = inner && m.ints(inner.inputs[1]);
    if (!inner || !outer || !first) return null;
    if (!isPermutation(m, first, inner.inputs[0]) || !isPermutation(m, outer, m.x)) return null;
    const perm = outer.map((axis) => first[axis]);
    return isIdentity(perm) ? inner.inputs[0] : $.transpose(inner.inputs[0], perm);
  }),

  rule('Cast Bitcast', 'to the same type', (m) => (m.spec(m.x).dtype === m.dtype ? m.x : null)),
  rule('Cast', 'of a cast that lost nothing', (m, $) => {
    const inner = m.made(m.x, 'Cast');
    if (!inner || inner.attrs.Truncate === true || m.attr('Truncate') === true) return null;
    const [source] = inner.inputs;
    const from = m.spec(source).dtype;
    const between = inner.outputs[0].dtype;
    if (!widens(from, between)) return null;
    // What a float beyond the range of an integer type becomes is for that very cast to say.
    if (between.isFloating && !m.dtype.isFloating && !widens(from, m.dtype)) return null;
    return from === m.dtype ? source : $.cast(source, m.dtype);
  }),
];
