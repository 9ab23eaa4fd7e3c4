/**
 * What session tests start from: ops and kernels registered, a fresh default graph, sessions that are closed in the end,
 * and a backend that has to be waited for. Leaks are `leaks.ts`'s business.
 */
import '../../src/ops/index.ts';
import '../../runtime/host/index.ts';
import type { Backend } from '../../runtime/backends/backend.ts';
import { startBackend } from '../../runtime/backends/index.ts';

/** Delegates to a real backend, but cannot be read synchronously: runs on it can be caught in flight. */
export async function slowBackend(name = 'cpu', milliseconds = 1): Promise<Backend> {
  const real = await startBackend(name);
  return {
    name: real.name,
    native: real.native,
    canReadSync: false,
    kernel: (kernel) => real.kernel(kernel),
    write: (array) => real.write(array),
    readSync: () => {
      throw new Error('This backend cannot be read synchronously.');
    },
    read: async (value, dtype) => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return real.read(value, dtype);
    },
    incRef: (id) => real.incRef(id),
    dispose: (id) => real.dispose(id),
    owns: (id) => real.owns(id),
    shareTensor: (value) => real.shareTensor(value),
    makeTensor: (array) => real.makeTensor(array),
    numBuffers: () => real.numBuffers(),
  };
}

/** The error that the call throws or rejects with. Throws where it does neither. */
export async function failure(call: () => unknown): Promise<Error & Record<string, unknown>> {
  try {
    await call();
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('The call was expected to fail.');
}
