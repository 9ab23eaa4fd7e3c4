/**
 * How the weights of losses broadcast, and what they divide by.
 */
import type { Operation, Tensor } from '../graph/graph.ts';
import { bool, float32, int32 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { formatShape, isFullyDefined } from '../util/shape.ts';
import { cast } from './cast.ts';
import { Assert, noOp } from './control.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { onesLike, zerosLike } from './filling.ts';
import { reduceSum } from './reductions.ts';
import { rank as rankOf, shape as shapeOf, size as sizeOf } from './shaping.ts';
import type { TensorLike } from './tensor-like.ts';

const MISFIT = 'weights can not be broadcast to values.';

/** An int32 scalar. */
export function int(value: number): NdArray {
  return new NdArray(int32, [], Int32Array.of(value));
}

/** Runs `body` under the check that the weights broadcast to the values: they may not be the larger ones. */
export function whenBroadcastable(weights: TensorLike, values: Tensor, body: () => Tensor): Tensor {
  return values.graph.controlDependencies([assertBroadcastable(weights, values)], body);
}

/** An op that fails the run where weights and values do not fit. What static shapes tell is checked here. */
function assertBroadcastable(given: TensorLike, values: Tensor): Operation {
  return opScope(null, 'assert_broadcastable', [given, values], () => {
    const facts = (like: TensorLike, name: string) =>
      opScope(null, name, [like], (scope) => {
        const x = convertToTensor(like, { name: scope, preferredDtype: float32 });
        return { x, shape: shapeOf(x, 'shape'), rank: rankOf(x, 'rank') };
      });
    const w = facts(given, 'weights');
    const weights = w.x;
    const v = facts(values, 'values');
    const [a, b] = [weights.shape, values.shape];
    if (a?.length === 0) return noOp('static_scalar_check_success');
    if (a !== null && b !== null) {
      const received = `values.shape=${formatShape(b)}. weights.shape=${formatShape(a)}. Received weights=${weights}, values=${values}`;
      if (a.length !== b.length) {
        throw new ValueError(`${MISFIT} values.rank=${b.length}. weights.rank=${a.length}. ${received}`);
      }
      a.forEach((d, i) => {
        if (d === null || d === 1 || b[i] === null || d === b[i]) return;
        throw new ValueError(`${MISFIT} Mismatch at dim ${i}. ${received}`);
      });
      if (isFullyDefined(a) && (isFullyDefined(b) || a.every((d) => d === 1))) {
        return noOp('static_dims_check_success');
      }
      // Each length must be equal or 1.
      const equal = emitOne('Equal', [w.shape, v.shape]);
      const ones = emitOne('Equal', [w.shape, int(1)]);
      const valid = emitOne('All', [emitOne('LogicalOr', [equal, ones]), [0]], {}, 'is_valid_shape');
      return assertion(valid, w.shape, v.shape);
    }
    // Nothing but the ranks can be checked before the multiplication itself.
    const scalar = emitOne('Equal', [int(0), w.rank], {}, 'is_scalar');
    const sameRank = emitOne('Equal', [w.rank, v.rank], {}, 'is_same_rank');
    return assertion(emitOne('LogicalOr', [scalar, sameRank]), w.shape, v.shape);
  });
}

function assertion(valid: Tensor, weightsShape: Tensor, valuesShape: Tensor): Operation {
  const data = [MISFIT, 'weights.shape=', weightsShape, 'values.shape=', valuesShape];
  return Assert(convertToTensor(valid, { dtype: bool }), data, { name: 'assert_valid_shape' }) as Operation;
}

/** The weights repeated to the shape of the values. */
function broadcastWeights(weights: Tensor, values: Tensor): Tensor {
  return opScope(null, 'broadcast_weights', [weights, values], (scope) => {
    const [a, b] = [weights.shape, values.shape];
    if (isFullyDefined(a) && isFullyDefined(b) && a.length === b.length && a.every((d, i) => d === b[i]))
      return weights;
    return whenBroadcastable(weights, values, () => emitOne('Mul', [weights, onesLike(values)], {}, scope));
  });
}

/** How many elements have a weight other than zero; for each example where `perBatch`. */
export function numPresent(losses: Tensor, weights: Tensor, perBatch: boolean): Tensor {
  return opScope(null, 'num_present', [losses, weights], (scope) => {
    const none = emitOne('Equal', [weights, 0]);
    const each = emitOne('Select', [none, zerosLike(weights), onesLike(weights)]);
    const present = broadcastWeights(each, losses);
    if (!perBatch) return reduceSum(present, { name: scope });
    const axes = emitOne('Range', [int(1), rankOf(present), int(1)], {}, 'range');
    return reduceSum(present, axes, true, scope);
  });
}

export function numElements(losses: Tensor): Tensor {
  return opScope(null, 'num_elements', [losses], (scope) => {
    const count = sizeOf(losses, { name: scope });
    return cast(count, losses.dtype);
  });
}

/** The sum divided by the number, 0 where that is 0. TensorFlow sums the scalar once more; so do its graphs. */
export function safeMean(sum: Tensor, count: Tensor): Tensor {
  const axes = emitOne('Range', [int(0), rankOf(sum), int(1)], {}, 'range');
  const whole = emitOne('Sum', [sum, axes]);
  return emitOne('DivNoNan', [whole, count], {}, 'value');
}
