/**
 * Gives errors of a run their operation, TensorFlow's closing line and, in debug mode, the line that built the node.
 */
import {
  type ErrorNode,
  exceptionTypeFromErrorCode,
  InternalError,
  OpError,
  ResourceExhaustedError,
  UnavailableError,
} from '../src/util/errors.ts';

/** The error as an `OpError` of `op`; one that names an operation already keeps it. */
export function runError(error: unknown, op: ErrorNode, site?: string): OpError {
  const known = error instanceof OpError ? error : fromKernel(error, op);
  const blamed = known.op ?? op;
  const found = new (exceptionTypeFromErrorCode(known.code))(blamed, known.detail, known.code);
  found.message = `${known.detail}\n\t [[{{node ${blamed.name}}}]]${site ? `\n\t built at ${site}` : ''}`;
  if (known.cause !== undefined) found.cause = known.cause;
  if (known.stack) found.stack = `${found.name}: ${found.message}\n${framesOf(known.stack)}`;
  return found;
}

/** An error that a kernel of the backend threw: its arguments were checked, so it is no mistake of the user's. */
function fromKernel(error: unknown, op: ErrorNode): OpError {
  const text = error instanceof Error ? error.message : String(error);
  const outOfMemory = error instanceof RangeError || /out of memory|allocation failed/i.test(text);
  const found = outOfMemory ? new ResourceExhaustedError(op, `Out of memory: ${text}`) : new InternalError(op, text);
  found.cause = error;
  return found;
}

function framesOf(stack: string): string {
  const first = stack.search(/^\s+at /m);
  return first < 0 ? '' : stack.slice(first);
}

/** The device was taken away while a session had values on it. */
export function deviceLost(backend: string): UnavailableError {
  const context = backend === 'webgl' ? 'WebGL context' : `device of the backend '${backend}'`;
  return new UnavailableError(
    null,
    `The ${context} was lost, and with it the variables of this session. Make a new session, and initialize or restore them.`,
  );
}
