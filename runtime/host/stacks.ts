/**
 * Host kernels of stacks of tensors. A stack is held by its handle alone: it lasts as long as the run that made it, and
 * every execution of the op makes a new one.
 */
import type { DType } from '../../src/util/dtype.ts';
import { InternalError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { brackets, invalid } from './elements.ts';
import { handleArray, handleOf, typeName } from './handles.ts';
import { integer } from './operands.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { numberOf } from './serial-numbers.ts';

const KIND = 'tensorflow::Stack';

class Stack {
  private values: NdArray[] = [];
  private isClosed = false;

  constructor(
    readonly name: string,
    private readonly dtype: DType,
    private readonly maxSize: number,
  ) {}

  push(value: NdArray): void {
    this.checkOpen();
    if (value.dtype !== this.dtype) {
      throw invalid(`Must have type ${this.dtype.asDatatypeEnum} but got ${value.dtype.asDatatypeEnum}`);
    }
    if (this.maxSize >= 0 && this.values.length >= this.maxSize) {
      throw invalid(`Stack[${this.name}] overflowed its max_size (${this.maxSize})`);
    }
    this.values.push(value);
  }
  pop(): NdArray {
    this.checkOpen();
    const value = this.values.pop();
    if (!value) throw invalid(`Stack[${this.name}] is empty when calling Pop().`);
    return value;
  }
  close(): void {
    this.isClosed = true;
    this.values = [];
  }
  private checkOpen(): void {
    if (this.isClosed) throw invalid(`Stack[${this.name}] has already been closed.`);
  }
}

function stackOf(handle: NdArray): Stack {
  return handleOf(handle, KIND).resource as Stack;
}

function make(maxSize: NdArray, op: HostOp): NdArray[] {
  if (maxSize.rank > 0) throw invalid(`Stack size must be a scalar, but had shape: ${brackets(maxSize.shape)}`);
  const name = `${op.attr<string>('stack_name') || op.name}_${numberOf('stacks', op)}`;
  const stack = new Stack(name, op.attr('elem_type'), integer(maxSize));
  return [handleArray({ container: '_stacks', name: `_stacks${name}`, kind: KIND, resource: stack }, [2])];
}

defineHostKernels({
  StackV2: ([maxSize], op) => make(maxSize, op),
  StackPushV2: ([handle, value]) => {
    stackOf(handle).push(value);
    return [value];
  },
  StackPopV2: ([handle], op) => {
    const value = stackOf(handle).pop();
    const asked = op.attr<DType>('elem_type');
    if (asked !== value.dtype) {
      throw new InternalError(
        null,
        `Output 0 of type ${typeName(value.dtype)} does not match declared output type ${typeName(asked)} for node ${op.name}`,
      );
    }
    return [value];
  },
  StackCloseV2: ([handle]) => {
    stackOf(handle).close();
    return [];
  },
});
