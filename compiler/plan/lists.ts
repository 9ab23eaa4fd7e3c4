/**
 * Which ops work on lists of tensors: they take and give values wherever these are, on the device or on the host. Doing it
 * is the runtime's business.
 */
import { variant } from '../../src/util/dtype.ts';
import type { IrNode } from '../ir/module.ts';

/** Whether the node is an op on a list, or one on any values that is given lists. */
export function isListOp({ op, outputs }: IrNode): boolean {
  if (op === 'AddN' || op === 'ZerosLike') return outputs[0].dtype === variant;
  return op.startsWith('TensorList') || op === 'EmptyTensorList';
}

/** Whether the node hands on a value that may be a list, as it is. */
export function handsOnList({ op, outputs }: IrNode): boolean {
  return (op === 'Identity' || op === 'StopGradient') && outputs[0].dtype === variant;
}
