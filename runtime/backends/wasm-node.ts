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

/** Sets flags of V8 while a program runs. */
export async function nodeFlags(): Promise<(flags: string) => void> {
  return ((await load('node:v8')) as typeof import('node:v8')).setFlagsFromString;
}

/** How Emscripten's handlers of a process's errors read. */
const EMSCRIPTEN = /ExitStatus|^function\s*\(reason\)\s*\{\s*throw reason;?\s*\}$/;

/**
 * Takes away the handlers of uncaught errors that the wasm module installs on the process: they throw what they are given
 * once more, so that Node prints the module's whole source, one line of 100,000 characters, above every error of the
 * program.
 */
export function dropErrorHandlers(): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (EMSCRIPTEN.test(listener.toString())) process.removeListener(event, listener);
    }
  }
}
