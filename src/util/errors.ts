/**
 * The error classes of the library: Python's (`ValueError`, `RuntimeError`, …) for mistakes in building and calling,
 * and `OpError` with its subclasses, under TensorFlow's status codes, for failures of a run.
 * Message texts are written where the error is found.
 */

/** The argument has the right type but a value that cannot be used. */
export class ValueError extends Error {
  override name = 'ValueError';
}

/** The argument has the wrong type. Also an instance of JavaScript's own `TypeError`. */
export class TypeError extends globalThis.TypeError {
  override name = 'TypeError';
}

/** The call is wrong in the present state: a closed session, a finalized graph. */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
}

/** Nothing is registered or stored under the key. */
export class LookupError extends Error {
  override name = 'LookupError';
}

/** No such name. */
export class KeyError extends LookupError {
  override name = 'KeyError';
}

/** An invariant of nesting or order is violated. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** An operation of the host language was used on a symbolic tensor, which has no value yet. */
export class OperatorNotAllowedInGraphError extends TypeError {
  override name = 'OperatorNotAllowedInGraphError';
}

/** The tensor or operation may not be fetched from where it is asked for. */
export class InaccessibleTensorError extends ValueError {
  override name = 'InaccessibleTensorError';
}

/** TensorFlow's canonical status codes (`error_codes.proto`). */
export const OK = 0;
export const CANCELLED = 1;
export const UNKNOWN = 2;
export const INVALID_ARGUMENT = 3;
export const DEADLINE_EXCEEDED = 4;
export const NOT_FOUND = 5;
export const ALREADY_EXISTS = 6;
export const PERMISSION_DENIED = 7;
export const RESOURCE_EXHAUSTED = 8;
export const FAILED_PRECONDITION = 9;
export const ABORTED = 10;
export const OUT_OF_RANGE = 11;
export const UNIMPLEMENTED = 12;
export const INTERNAL = 13;
export const UNAVAILABLE = 14;
export const DATA_LOSS = 15;
export const UNAUTHENTICATED = 16;

/** The node a run-time error speaks of: what `OpError` needs to know of an `Operation`. */
export interface ErrorNode {
  readonly name: string;
  readonly type?: string;
}

/**
 * A run failed. `op` is the operation that failed (or an object with at least its name), null where no operation is
 * to blame; `code` is the status code.
 */
export class OpError extends Error {
  override name = 'OpError';
  /** The text without the node's name and without the source line that debug mode adds. */
  readonly detail: string;

  /** The operation that failed; not enumerable, so that a printed error does not carry its whole graph. */
  declare readonly op: ErrorNode | null;

  constructor(
    op: ErrorNode | null,
    message: string,
    readonly code: number = UNKNOWN,
  ) {
    super(message);
    this.detail = message;
    Object.defineProperty(this, 'op', { value: op, enumerable: false, configurable: true });
  }
}

type OpErrorClass = new (op: ErrorNode | null, message: string) => OpError;

function define(name: string, code: number): OpErrorClass {
  const defined = {
    [name]: class extends OpError {
      override name = name;
      constructor(op: ErrorNode | null, message: string) {
        super(op, message, code);
      }
    },
  }[name] as OpErrorClass;
  return defined;
}

/** The run was cancelled, by closing its session for instance. */
export class CancelledError extends define('CancelledError', CANCELLED) {}
/** An error with no better class. */
export class UnknownError extends define('UnknownError', UNKNOWN) {}
/** An operation received an input that it cannot work with. */
export class InvalidArgumentError extends define('InvalidArgumentError', INVALID_ARGUMENT) {}
/** The run took longer than its timeout. */
export class DeadlineExceededError extends define('DeadlineExceededError', DEADLINE_EXCEEDED) {}
/** A file, key or resource does not exist. */
export class NotFoundError extends define('NotFoundError', NOT_FOUND) {}
/** What was to be created exists. */
export class AlreadyExistsError extends define('AlreadyExistsError', ALREADY_EXISTS) {}
/** The caller may not do this. */
export class PermissionDeniedError extends define('PermissionDeniedError', PERMISSION_DENIED) {}
/** Memory or another resource is used up. */
export class ResourceExhaustedError extends define('ResourceExhaustedError', RESOURCE_EXHAUSTED) {}
/** The system is not in the state that the operation needs: an uninitialised variable, for instance. */
export class FailedPreconditionError extends define('FailedPreconditionError', FAILED_PRECONDITION) {}
/** The operation was aborted, by a conflict for instance. */
export class AbortedError extends define('AbortedError', ABORTED) {}
/** The end of an iterator, queue or count was passed. */
export class OutOfRangeError extends define('OutOfRangeError', OUT_OF_RANGE) {}
/** The operation is not implemented for these types, shapes or attributes. */
export class UnimplementedError extends define('UnimplementedError', UNIMPLEMENTED) {}
/** An invariant of this library is broken: please report it. */
export class InternalError extends define('InternalError', INTERNAL) {}
/** A remote party cannot be reached. */
export class UnavailableError extends define('UnavailableError', UNAVAILABLE) {}
/** Data is corrupt or lost. */
export class DataLossError extends define('DataLossError', DATA_LOSS) {}
/** The caller is not authenticated. */
export class UnauthenticatedError extends define('UnauthenticatedError', UNAUTHENTICATED) {}

const byCode: readonly (OpErrorClass | null)[] = [
  null,
  CancelledError,
  UnknownError,
  InvalidArgumentError,
  DeadlineExceededError,
  NotFoundError,
  AlreadyExistsError,
  PermissionDeniedError,
  ResourceExhaustedError,
  FailedPreconditionError,
  AbortedError,
  OutOfRangeError,
  UnimplementedError,
  InternalError,
  UnavailableError,
  DataLossError,
  UnauthenticatedError,
];

/** The class for a status code; `OpError` for OK and for codes unknown here. */
export function exceptionTypeFromErrorCode(code: number): OpErrorClass | typeof OpError {
  return byCode[code] ?? OpError;
}

/** The status code of a class, the inverse of `exceptionTypeFromErrorCode`. */
export function errorCodeFromExceptionType(type: OpErrorClass): number {
  const code = byCode.indexOf(type);
  if (code < 0) throw new KeyError(`${type.name} has no error code.`);
  return code;
}
