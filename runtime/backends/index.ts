/**
 * Chooses and starts backends: one adapter per name and process, another one where its device was lost. The instance is the
 * one that tfjs itself uses, so that tensors can be shared. Where tfjs has no current backend yet, the first one started
 * becomes it; a choice of the program's own is left alone.
 */
import {
  engine,
  findBackend,
  getBackend,
  getKernel,
  getKernelsForBackend,
  type KernelBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { loadGenerator } from '../../compiler/codegen/index.ts';
import { loadRenderer } from '../../compiler/codegen/wasm/index.ts';
import { loadPrograms } from '../../compiler/codegen/webgl/index.ts';
import type { PooledMemory } from '../../src/graph/evaluator.ts';
import { NotFoundError, UnavailableError } from '../../src/util/errors.ts';
import { isNode } from '../../src/util/platform.ts';
import type { Backend } from './backend.ts';
import { prepareModules } from './wasm-modules.ts';

/** The packages behind the names; others must have been registered with tfjs by the program. */
const packages: ReadonlyMap<string, () => Promise<unknown>> = new Map<string, () => Promise<unknown>>([
  ['cpu', () => import('@tensorflow/tfjs-backend-cpu')],
  ['webgl', () => import('@tensorflow/tfjs-backend-webgl')],
  ['wasm', loadWasm],
]);

async function loadWasm(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (!isNode) return;
  const { wasmFolder } = await import('./wasm-node.ts');
  const folder = await wasmFolder();
  // With file names of the program's own (`setWasmPaths({...})`) tfjs prefers those to the folder.
  if (folder) setWasmPaths(folder);
}

const ready = new Map<string, Backend>();
const starting = new Map<string, Promise<Backend>>();

/** What is tried in browsers, in this order, where no backend is asked for. Programs that have WebGPU's want to use it. */
const IN_BROWSERS = ['webgpu', 'webgl', 'wasm', 'cpu'];

/** Which of them it came to be. */
let chosen: string | null = null;

/** The backend where none is asked for: `wasm` in Node; in browsers the one it has come to be, or `webgl`. */
export function defaultBackendName(): string {
  if (isNode) return 'wasm';
  return chosen ?? 'webgl';
}

/** Starts the backend where none is asked for: in browsers the first that the machine has. */
export async function startDefaultBackend(isShared = false): Promise<Backend> {
  if (isNode) return startBackend('wasm', isShared);
  if (chosen && readyBackend(chosen)) return startBackend(chosen);
  const reasons: string[] = [];
  for (const name of IN_BROWSERS) {
    if (name === 'webgpu' && !(await mayStartWebgpu())) continue;
    try {
      const backend = await startBackend(name);
      chosen = name;
      return backend;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new UnavailableError(null, `No backend can be started here. ${reasons.join(' ')}`);
}

/** Whether the program has registered the backend, and the machine has an adapter for it. */
async function mayStartWebgpu(): Promise<boolean> {
  if (!engine().backendNames().includes('webgpu')) return false;
  const { hasAdapter } = await import('./webgpu-device.ts');
  return hasAdapter();
}

/** The backend, if it has been started and its device is still there. */
export function readyBackend(name: string): Backend | undefined {
  const backend = ready.get(name);
  if (!backend?.isLost?.()) return backend;
  ready.delete(name);
  starting.delete(name);
  return undefined;
}

/** Whether a backend has a kernel, started or not; true where its kernels are not loaded, so that nobody knows. */
export function mayHaveKernel(backend: string, kernel: string): boolean {
  return getKernel(kernel, backend) !== undefined || getKernelsForBackend(backend).length === 0;
}

/**
 * Starts the backend, once per process, and anew where its device was lost. Rejects with `NotFoundError` for a name that
 * nobody registered, with `UnavailableError` where the machine does not have it; a later call tries again.
 *
 * @param isShared whether threads are to share the memory of `wasm`, which only its first start in Node can give it
 */
export function startBackend(name: string, isShared = false): Promise<Backend> {
  readyBackend(name);
  const running = starting.get(name);
  if (running) return running;
  const start = begin(name, isShared).then(
    (backend) => {
      ready.set(name, backend);
      return backend;
    },
    (error) => {
      starting.delete(name);
      throw error;
    },
  );
  starting.set(name, start);
  return start;
}

/** Gives back what started backends keep for buffers to come. Buffers that anybody holds are not touched. */
export function releasePooled(): PooledMemory {
  let [buffers, bytes] = [0, 0];
  for (const backend of ready.values()) {
    const released = backend.releasePooled?.();
    buffers += released?.buffers ?? 0;
    bytes += released?.bytes ?? 0;
  }
  return Object.freeze({ buffers, bytes });
}

async function begin(name: string, isShared: boolean): Promise<Backend> {
  try {
    await packages.get(name)?.();
  } catch (error) {
    throw unavailable(name, error);
  }
  if (!engine().backendNames().includes(name)) {
    throw new NotFoundError(
      null,
      `No backend '${name}' is registered with TensorFlow.js. Known: ${engine().backendNames().join(', ')}.`,
    );
  }
  const { TfjsBackend } = await import('./tfjs.ts');
  await loadGenerators(name);
  if (name === 'webgl') await prepareWebgl();
  if (name === 'webgpu') await prepareWebgpu();
  const native = isShared && name === 'wasm' && isNode ? await sharedInstance(name) : await instance(name);
  if (isNode && name === 'wasm') (await import('./wasm-node.ts')).dropErrorHandlers();
  if (name === 'wasm') (await import('./wasm-alignment.ts')).alignBuffers(native);
  // Without this the program's own `tfjs.tensor()` would fail until it chose a backend that needs no start.
  if (!getBackend()) await setBackend(name);
  // tfjs does this when a backend becomes its current one; to do it twice does no harm.
  for (const kernel of getKernelsForBackend(name)) kernel.setupFunc?.(native);
  // The cpu backend's advice to Node users to install another package speaks of tfjs's own use.
  if ('firstUse' in native) native.firstUse = false;
  if (name === 'webgpu') return new (await import('./webgpu-backend.ts')).WebgpuBackend(native);
  return new TfjsBackend(name, native);
}

/** What generates the backend's kernels: in bundles for browsers it is fetched only now. */
async function loadGenerators(name: string): Promise<void> {
  if (name === 'wasm' || name === 'webgl') await loadGenerator();
  if (name === 'wasm') await loadRenderer().then(prepareModules);
  if (name === 'webgl') await loadPrograms();
}

/** Throws where the machine has no WebGL that will do. */
async function prepareWebgl(): Promise<void> {
  const { checkWebgl, renewWebgl } = await import('./webgl-context.ts');
  const reason = checkWebgl();
  if (reason) throw unavailable('webgl', new Error(reason));
  renewWebgl();
}

/** Throws where the machine has no adapter: tfjs would fail with words that do not say so. */
async function prepareWebgpu(): Promise<void> {
  const { hasAdapter, renewWebgpu } = await import('./webgpu-device.ts');
  if (!(await hasAdapter())) throw unavailable('webgpu', new Error('the browser gives no adapter.'));
  renewWebgpu();
}

/** The instance of tfjs's engine. A start of another backend in between makes the engine drop ours, so it is repeated. */
async function instance(name: string): Promise<KernelBackend> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const found = findBackend(name);
      if (found) return found;
      await (engine() as unknown as { readonly pendingBackendInit?: Promise<boolean> | null }).pendingBackendInit;
    } catch (error) {
      throw unavailable(name, error);
    }
  }
  throw unavailable(name, null);
}

/** The instance with a memory that threads share, unless the program has an instance already. */
async function sharedInstance(name: string): Promise<KernelBackend> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const { wasmFolder } = await import('./wasm-node.ts');
  const { shareHeap } = await import('./wasm-shared-node.ts');
  const folder = await wasmFolder();
  const unshare = folder && (await shareHeap(setWasmPaths as Parameters<typeof shareHeap>[0], folder));
  try {
    return await instance(name);
  } finally {
    if (unshare) unshare();
  }
}

/** In browsers the files are fetched from where the page is, unless the program says where they are. */
const WASM_HINT =
  "its .wasm files were not found, or the browser has no WebAssembly. They are in the folder dist of @tensorflow/tfjs-backend-wasm: serve them, and say where by that package's setWasmPaths.";

function unavailable(name: string, cause: unknown): UnavailableError {
  const detail = cause instanceof Error ? cause.message : name === 'wasm' && !isNode ? WASM_HINT : null;
  const reason = detail ? `: ${detail}` : '.';
  const error = new UnavailableError(null, `The backend '${name}' cannot be started here${reason}`);
  error.cause = cause;
  return error;
}
