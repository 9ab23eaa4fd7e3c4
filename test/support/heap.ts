/** The size of the heap, for tests that memory stays flat. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of heap in use, after garbage was collected. */
export function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** `heap` after two turns of the event loop, before which what weak references point to stays alive. */
export async function settledHeap(): Promise<number> {
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  return heap();
}
