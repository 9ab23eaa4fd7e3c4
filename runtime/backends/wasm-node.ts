/**
 * Where the wasm files of tfjs-backend-wasm lie in Node. Only Node loads this file.
 */

// By a name that bundlers do not follow: what they make for browsers must not ask for modules of Node.
const load = (name: string): Promise<unknown> => import(/* webpackIgnore: true */ /* @vite-ignore */ name);

/** The folder with the wasm binaries, with a final separator; null where the package is not found on disk. */
export async function wasmFolder(): Promise<string | null> {
  const { createRequire } = (await load('node:module')) as typeof import('node:module');
  const { dirname, sep } = (await load('node:path')) as typeof import('node:path');
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep;
  } catch {
    return null;
  }
}
