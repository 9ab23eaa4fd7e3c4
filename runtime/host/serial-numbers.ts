/** Numbers in the names of things that a session makes, counted by kind. */
import type { HostOp } from './registry.ts';

/** The next number of this kind in the session, from 0. */
export function numberOf(kind: string, op: HostOp): number {
  return op.services.resources().lookupOrCreate(`numbers of ${kind}`, '', '', () => ({ next: 0 })).next++;
}
