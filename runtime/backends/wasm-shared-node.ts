/**
 * The heap of the wasm backend as a memory that threads share: tfjs is given its own binary with that one property of the
 * memory changed. Its kernels stay as they are, and on one thread. Only Node loads this file.
 *
 * tfjs has a binary with threads of its own, for browsers: Emscripten's start of it fails in Node.
 */

// By a name that bundlers do not follow, as in `wasm-node.ts`.
const load = (name: string): Promise<unknown> => import(/* webpackIgnore: true */ /* @vite-ignore */ name);

const BINARIES = [
  'tfjs-backend-wasm.wasm',
  'tfjs-backend-wasm-simd.wasm',
  'tfjs-backend-wasm-threaded-simd.wasm',
] as const;

type SetPaths = (files: Record<string, string>, usePlatformFetch?: boolean) => void;

/**
 * Lets the start of the backend that follows have a shared heap.
 *
 * @param setPaths tfjs's `setWasmPaths`
 * @param folder where the binaries are, with a final separator
 * @returns what is to be called after the start; null where the binary is not as expected, and nothing was done
 */
export async function shareHeap(setPaths: SetPaths, folder: string): Promise<(() => void) | null> {
  const { readFile } = (await load('node:fs/promises')) as typeof import('node:fs/promises');
  const binary = withSharedMemory(await readFile(folder + BINARIES[1]));
  if (!binary) return null;
  const url = `data:application/wasm;base64,${Buffer.from(binary).toString('base64')}`;
  setPaths(Object.fromEntries(BINARIES.map((name) => [name, url])), true);
  return () => setPaths(Object.fromEntries(BINARIES.map((name) => [name, folder + name])), false);
}

const MEMORY_SECTION = 5;
const WITH_MAXIMUM = 0x01;
const SHARED = 0x03;

/** The module with its memory shared; null where it has no memory of its own with a maximum. */
export function withSharedMemory(module: Uint8Array): Uint8Array | null {
  // After a section's number comes the length of what follows (WebAssembly core specification, version 2, 5.5.2).
  let at = 8;
  const unsigned = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = module[at++];
      value += (byte & 0x7f) * scale;
      if (!(byte & 0x80)) return value;
    }
  };
  while (at < module.length) {
    const section = module[at++];
    const length = unsigned();
    if (section !== MEMORY_SECTION) {
      at += length;
      continue;
    }
    if (unsigned() !== 1 || module[at] !== WITH_MAXIMUM) return null;
    const shared = Uint8Array.from(module);
    shared[at] = SHARED;
    return WebAssembly.validate(shared) ? shared : null;
  }
  return null;
}
