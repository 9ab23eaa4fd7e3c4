/** Definitions of ops as messages, in an order of their own for comparisons: that of attributes and types has no meaning. */
import { clone, toBinary } from '@bufbuild/protobuf';
import { type OpDef, OpDefSchema } from '../../src/io/proto/op_def_pb.ts';

/** The bytes as hexadecimal digits, with sorted attributes and allowed types. */
export function sortedBytes(op: OpDef): string {
  const copy = clone(OpDefSchema, op);
  copy.attr.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { allowedValues } of copy.attr) {
    if (allowedValues?.value.case === 'list') allowedValues.value.value.type.sort((a, b) => a - b);
  }
  return Buffer.from(toBinary(OpDefSchema, copy)).toString('hex');
}
