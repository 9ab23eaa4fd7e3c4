/** Where graphs run: the backends that can be started from the command line. */
import { defaultBackendName, startBackend } from '../../runtime/backends/index.ts';

/** Backends that Node has, and `host`: every op by the kernels of this package. */
export const TARGETS = ['wasm', 'cpu', 'host'] as const;
export type TargetName = (typeof TARGETS)[number];

/** The name of the target, which is started so that its kernels are known. */
export async function startTarget(name: string = defaultBackendName()): Promise<string> {
  if (name !== 'host') await startBackend(name);
  return name;
}
