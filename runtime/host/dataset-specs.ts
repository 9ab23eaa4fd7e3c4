/**
 * What the kernels of datasets and iterators have in common: datasets as values, and whether types and shapes of elements fit.
 */
import type { DType } from '../../src/util/dtype.ts';
import { InvalidArgumentError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, type Shape, shapeConflict } from '../../src/util/shape.ts';
import { Dataset, type Elements, type Pass } from './dataset-pass.ts';
import { typeName, variantArray } from './handles.ts';
import type { HostOp } from './registry.ts';

export function datasetOf(
  op: HostOp,
  inputs: readonly Dataset[],
  iterate: (pass: Pass) => Elements,
  own: () => void = () => {
    for (const input of inputs) input.own();
  },
): NdArray {
  const types = op.attr<readonly DType[] | null>('output_types') ?? op.attr<readonly DType[]>('Toutput_types');
  return variantArray(new Dataset(types, op.attr<readonly Shape[]>('output_shapes'), iterate, own));
}

export function numberIn(array: NdArray): number {
  return Number(array.data[0]);
}

export interface ElementSpec {
  readonly types: readonly DType[];
  readonly shapes: readonly Shape[];
}

export function checkComponents(wanted: ElementSpec, given: ElementSpec): void {
  const conflict = conflictOf(wanted.types, given.types) ?? shapesConflict(wanted.shapes, given.shapes);
  if (conflict) throw new InvalidArgumentError(null, conflict);
}

export function conflictOf(wanted: readonly DType[], given: readonly DType[]): string | null {
  if (wanted.length !== given.length) {
    return `Number of components does not match: expected ${wanted.length} types but got ${given.length}.`;
  }
  const at = wanted.findIndex((dtype, i) => dtype !== given[i]);
  return at < 0
    ? null
    : `Data type mismatch at component ${at}: expected ${typeName(wanted[at])} but got ${typeName(given[at])}.`;
}

function shapesConflict(wanted: readonly Shape[], given: readonly Shape[]): string | null {
  const at = wanted.findIndex((shape, i) => shapeConflict(shape, given[i]));
  if (at < 0) return null;
  const [expected, got] = [wanted[at], given[at]].map(formatShapeBrackets);
  return `Incompatible shapes at component ${at}: expected ${expected} but got ${got}.`;
}
