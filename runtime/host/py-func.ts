/**
 * The host kernels of functions of the program: calling them, waiting for their promises, checking what they give. Which token
 * means which function is `src/ops/py-func.ts`'s business.
 */
import { type PyFuncResult, registeredFunction } from '../../src/ops/py-func.ts';
import { type ArrayValue, toNdArray } from '../../src/util/array-convert.ts';
import { cppName } from '../../src/util/cpp-names.ts';
import { type DType, string } from '../../src/util/dtype.ts';
import {
  CancelledError,
  InvalidArgumentError,
  type OpError,
  OutOfRangeError,
  UnimplementedError,
  UnknownError,
} from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { defineHostKernels, type HostOp } from './registry.ts';

function call(inputs: readonly NdArray[], op: HostOp): readonly NdArray[] {
  const token = op.attr<string>('token');
  const registered = registeredFunction(token);
  if (!registered) {
    throw new InvalidArgumentError(null, `ValueError: Could not find callback with key=${token} in the registry.`);
  }
  // The function may keep its inputs and change them: they are its own.
  const given = inputs.map(copyOf);
  const types = op.attr<readonly DType[]>('Tout');
  const { givesList } = registered;
  let result: PyFuncResult | Promise<PyFuncResult>;
  try {
    result = registered.fn(...given);
  } catch (error) {
    throw thrown(error);
  }
  if (!isPromise(result)) return resultsOf(result, types, givesList, token);
  let settled: () => readonly NdArray[] = () => [];
  const ready = result.then(
    (value) => {
      settled = () => resultsOf(value, types, givesList, token);
    },
    (error: unknown) => {
      settled = () => {
        throw thrown(error);
      };
    },
  );
  op.services.wait({
    ready: () => ready,
    outputs: () => settled(),
    // Nothing stops a function of the program; what it gives is not asked for any more.
    cancel: () => {},
    cancelled: () => new CancelledError(null, `The call of ${token} was cancelled`),
  });
  return [];
}

const isPromise = (value: unknown): value is Promise<PyFuncResult> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

function copyOf(array: NdArray): NdArray {
  return new NdArray(array.dtype, array.shape, array.data.slice());
}

function resultsOf(
  result: PyFuncResult,
  types: readonly DType[],
  givesList: boolean,
  token: string,
): readonly NdArray[] {
  const values = valuesOf(result, givesList);
  if (values.length !== types.length) {
    throw new InvalidArgumentError(
      null,
      `${token} returns ${values.length} values, but expects to see ${types.length} values.`,
    );
  }
  return values.map((value, i) => {
    const own = typeOf(value, types[i]);
    if (own !== null && own !== types[i]) {
      throw new InvalidArgumentError(
        null,
        `${i}-th value returned by ${token} is ${cppName(own)}, but expects ${cppName(types[i])}`,
      );
    }
    try {
      // A copy: the function may go on with what it gave.
      return copyOf(toNdArray(value, types[i]));
    } catch (error) {
      throw thrown(error);
    }
  });
}

/** A list of arrays is a list of results even where one result was said, as in TensorFlow; other lists are values then. */
function valuesOf(result: PyFuncResult, givesList: boolean): readonly ArrayValue[] {
  if (result === null || result === undefined) return [];
  if (!Array.isArray(result)) return [result as ArrayValue];
  const isList = givesList || (result.length > 0 && result.every((item) => item instanceof NdArray));
  return isList ? (result as readonly ArrayValue[]) : [result as ArrayValue];
}

/** The element type that a value has by itself; null for one that takes the type wanted. */
function typeOf(value: ArrayValue, wanted: DType): DType | null {
  if (value instanceof NdArray) return value.dtype;
  if (value instanceof Uint8Array && wanted === string) return null;
  if (ArrayBuffer.isView(value)) return toNdArray(value).dtype;
  if (typeof value === 'object' && value !== null && 'data' in value) {
    return value.dtype ?? (ArrayBuffer.isView(value.data) ? toNdArray(value).dtype : null);
  }
  return null;
}

/** What the run fails with where the function threw: by TensorFlow's table of Python's exceptions. */
function thrown(error: unknown): OpError {
  const name = error instanceof Error ? error.name : 'Error';
  const text = error instanceof Error ? `${name}: ${error.message}` : String(error);
  const found =
    name === 'TypeError' || name === 'ValueError'
      ? new InvalidArgumentError(null, text)
      : name === 'NotImplementedError'
        ? new UnimplementedError(null, text)
        : name === 'StopIteration'
          ? new OutOfRangeError(null, text)
          : new UnknownError(null, text);
  found.cause = error;
  return found;
}

defineHostKernels({ PyFunc: call, PyFuncStateless: call });
