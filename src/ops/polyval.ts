/** Polynomials. No op is defined here. */
import type { Tensor } from '../graph/graph.ts';
import { ValueError } from '../util/errors.ts';
import { convertToTensor, emitOne, opScope } from './emit.ts';
import { zerosLike } from './filling.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

/**
 * The value of a polynomial at `x`, by Horner's rule. `coeffs` is a list, that of the highest power first; each and `x`
 * are broadcast against each other. Throws `ValueError` for what is no list.
 *
 *     tf.math.polyval([2, -1, 1], x)                // 2 x² - x + 1
 */
export function polyval(
  coeffs: readonly TensorLike[],
  x: TensorLike,
  ...rest: Rest<[name: string | null], { readonly name?: string | null }>
): Tensor {
  const { name } = bind<{ readonly name?: string | null }>(['name'], rest);
  if (!Array.isArray(coeffs)) {
    throw new ValueError(`Argument coeffs must be list type. Received type ${typeof coeffs}.`);
  }
  return opScope(name, 'polyval', [...coeffs, x], (scope) => {
    const at = convertToTensor(x, { name: 'x' });
    if (coeffs.length === 0) return zerosLike(at, { name: scope });
    const [first, ...others] = coeffs.map((coeff, i) => convertToTensor(coeff, { name: `coeff_${i}` }));
    return others.reduce((p, c) => emitOne('AddV2', [c, emitOne('Mul', [p, at], {}, 'mul')], {}, 'add'), first);
  });
}
