/**
 * Handles and other things as values of a run: what flows between host kernels where the element type is `resource` or
 * `variant`. What is behind a handle is its family's business.
 */
import { type DType, resource, variant } from '../../src/util/dtype.ts';
import { InternalError, InvalidArgumentError } from '../../src/util/errors.ts';
import { type Data, NdArray } from '../../src/util/ndarray.ts';
import type { SessionResource } from '../session-resources.ts';

/** A thing that the session owns, with the name under which it does. */
export interface Handle {
  readonly container: string;
  readonly name: string;
  /** The kind of thing, by TensorFlow's name for its type. */
  readonly kind: string;
  readonly resource: SessionResource;
}

const opaque = (dtype: NdArray['dtype'], value: object, shape: readonly number[] = []): NdArray =>
  new NdArray(dtype, shape, new Array(shape[0] ?? 1).fill(value) as unknown as Data);
const contentOf = (array: NdArray): unknown => (array.data as unknown as unknown[])[0];

/** The type as TensorFlow's messages about handles name it: `float`. */
export function typeName({ protoName }: DType): string {
  return protoName.slice('DT_'.length).toLowerCase();
}

/** A scalar; or a vector for handles that are several names in TensorFlow. */
export function handleArray(handle: Handle, shape: readonly number[] = []): NdArray {
  return opaque(resource, handle, shape);
}

/** The handle in the array, which must be of a thing of this kind. */
export function handleOf(array: NdArray, kind: string): Handle {
  const handle = contentOf(array) as Handle;
  if (handle.kind === kind) return handle;
  throw new InvalidArgumentError(
    null,
    `Trying to access a handle's resource using the wrong type. The handle points to a resource (name '${handle.name}') of type '${handle.kind}' but you are trying to access the resource as type '${kind}'`,
  );
}

export function variantArray(value: object): NdArray {
  return opaque(variant, value);
}

/** The thing in the array, which must be of this class. */
export function variantOf<T>(array: NdArray, type: abstract new (...args: never[]) => T): T {
  const value = contentOf(array);
  if (value instanceof type) return value;
  throw new InternalError(null, `The variant holds no ${type.name}.`);
}
