/**
 * Where the wasm files of tfjs-backend-wasm lie in Node. Only Node loads this file.
 */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';

/** The folder with the wasm binaries, with a final separator; null where the package is not found on disk. */
export function wasmFolder(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    return dirname(entry) + sep;
  } catch {
    return null;
  }
}
