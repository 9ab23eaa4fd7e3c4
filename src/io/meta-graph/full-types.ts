/**
 * The full types that TensorFlow gives the outputs of some ops: what a dataset or a list of tensors holds. The rest of
 * an op's definition is `op-list.ts`'s business.
 */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { OpDef } from '../../ops/opdef/define.ts';
import type { ArgDef } from '../../ops/opdef/signature.ts';
import { type FullTypeDef, FullTypeDefSchema, FullTypeId } from '../proto/full_type_pb.ts';

type Init = MessageInitShape<typeof FullTypeDefSchema>;

/** Of the ops that answer a list, only this one has no full type. */
const PLAIN: ReadonlySet<string> = new Set(['TensorListPopBack']);

/** The full type of an output; undefined where TensorFlow gives it none. */
export function fullTypeOf(op: OpDef, output: ArgDef): FullTypeDef | undefined {
  const init = initOf(op, output);
  return init && create(FullTypeDefSchema, init);
}

function initOf(op: OpDef, output: ArgDef): Init | undefined {
  if (op.name === 'Shape') return type(FullTypeId.TFT_SHAPE_TENSOR, variable('out_type'));
  if (output.type?.name !== 'variant' || PLAIN.has(op.name)) return undefined;
  const has = (name: string) => op.attrs.some((attr) => attr.name === name);
  if (has('element_dtype')) return type(FullTypeId.TFT_ARRAY, tensor(variable('element_dtype')));
  if (!/Dataset(V\d)?$/.test(op.name)) return undefined;
  const types = ['output_types', 'Toutput_types'].find(has);
  if (types === undefined) return type(FullTypeId.TFT_DATASET, tensor(type(FullTypeId.TFT_STRING)));
  const each = type(FullTypeId.TFT_FOR_EACH, type(FullTypeId.TFT_PRODUCT), tensor(variable(types)), variable(types));
  return type(FullTypeId.TFT_DATASET, each);
}

function type(typeId: FullTypeId, ...args: Init[]): Init {
  return { typeId, args };
}

function tensor(of: Init): Init {
  return type(FullTypeId.TFT_TENSOR, of);
}

function variable(attr: string): Init {
  return { typeId: FullTypeId.TFT_VAR, attr: { case: 's', value: attr } };
}
