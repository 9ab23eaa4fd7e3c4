/**
 * Compiles WebAssembly modules, and says what may be in them. The modules are written by the compiler.
 *
 * Node 20 has the instruction that multiplies and adds as later versions and browsers have it, but takes modules with it only
 * under a flag of V8. The flag is set while a module of ours is compiled, and at no other time: what a module may hold is
 * settled then, and nothing else in the process sees the flag.
 */
import { type Features, multiplyAddProbe } from '../../compiler/codegen/wasm/index.ts';
import { isNode } from '../../src/util/platform.ts';

const FLAG = 'experimental-wasm-relaxed-simd';

/** Sets flags of V8; null where none is needed. */
let setFlags: ((flags: string) => void) | null = null;
let known: Features = { multiplyAdd: false };

/** To be awaited before anything else here is used. */
export async function prepareModules(): Promise<void> {
  const probe = multiplyAddProbe();
  if (!WebAssembly.validate(probe) && isNode && process.versions.node.startsWith('20.')) {
    const { nodeFlags } = await import('./wasm-node.ts');
    setFlags = await nodeFlags();
  }
  known = { multiplyAdd: flagged(() => WebAssembly.validate(probe)) };
}

/** What modules may hold here. */
export function moduleFeatures(): Features {
  return known;
}

export function compileModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  return flagged(() => new WebAssembly.Module(bytes));
}

function flagged<T>(work: () => T): T {
  if (!setFlags) return work();
  setFlags(`--${FLAG}`);
  try {
    return work();
  } finally {
    setFlags(`--no-${FLAG}`);
  }
}
