/** The error classes: codes, names, inheritance. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as errors from '../../src/util/errors.ts';

const test = suite('util/errors');

test('codes are those of error_codes.proto, and lead back to their classes', () => {
  const expected: [number, abstract new (...args: never[]) => errors.OpError][] = [
    [1, errors.CancelledError],
    [2, errors.UnknownError],
    [3, errors.InvalidArgumentError],
    [4, errors.DeadlineExceededError],
    [5, errors.NotFoundError],
    [6, errors.AlreadyExistsError],
    [7, errors.PermissionDeniedError],
    [8, errors.ResourceExhaustedError],
    [9, errors.FailedPreconditionError],
    [10, errors.AbortedError],
    [11, errors.OutOfRangeError],
    [12, errors.UnimplementedError],
    [13, errors.InternalError],
    [14, errors.UnavailableError],
    [15, errors.DataLossError],
    [16, errors.UnauthenticatedError],
  ];
  for (const [code, type] of expected) {
    const Type = errors.exceptionTypeFromErrorCode(code);
    assert.is(Type, type as unknown);
    const error = new Type({ name: 'n' }, 'text');
    assert.is(error.code, code);
    assert.is(error.message, 'text');
    assert.is(error.detail, 'text');
    assert.is(error.op?.name, 'n');
    assert.ok(error instanceof errors.OpError && error instanceof Error);
    assert.is(error.name, Type.name);
    assert.is(errors.errorCodeFromExceptionType(Type as never), code);
  }
  assert.is(errors.exceptionTypeFromErrorCode(0), errors.OpError);
  assert.is(errors.exceptionTypeFromErrorCode(99), errors.OpError);
  assert.throws(() => errors.errorCodeFromExceptionType(errors.OpError as never), /has no error code/);
});

test('Python’s classes keep their names and their kin', () => {
  assert.is(new errors.ValueError('x').name, 'ValueError');
  assert.ok(new errors.TypeError('x') instanceof globalThis.TypeError);
  assert.ok(new errors.KeyError('x') instanceof errors.LookupError);
  assert.ok(new errors.InaccessibleTensorError('x') instanceof errors.ValueError);
  assert.ok(new errors.OperatorNotAllowedInGraphError('x') instanceof errors.TypeError);
  assert.is(String(new errors.RuntimeError('x')), 'RuntimeError: x');
  assert.is(new errors.AssertionError('x').name, 'AssertionError');
});

test.run();
