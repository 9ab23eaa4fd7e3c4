/**
 * The WebGL context behind tfjs's backend: whether there is one that will do, whether it was lost, and another one after
 * that. Which backend is used instead is `index.ts`'s business.
 */
import { engine, env, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import type { WebglNative } from './webgl-native.ts';

/** tfjs prefers its webgl backend to those of a smaller number. */
const PRIORITY = 2;

/** Why WebGL cannot be used here; null where it can. */
export function checkWebgl(): string | null {
  if (env().getNumber('WEBGL_VERSION') < 2) return 'this machine has no WebGL 2.';
  // In 16 bits numbers have three digits, and end at 65504.
  if (!env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) return 'its textures do not hold 32-bit floats.';
  return null;
}

/** Watches the context for as long as the page lives. */
export class ContextWatch {
  private wasLost = false;

  constructor(private readonly native: WebglNative) {
    // A context that was restored looks like one that never was lost.
    (native.gpgpu.gl.canvas as EventTarget).addEventListener('webglcontextlost', () => {
      this.wasLost = true;
    });
  }

  /** Whether the context was lost. From then on it reads as zeros. */
  isLost(): boolean {
    // The event comes later than the loss.
    this.wasLost ||= this.native.gpgpu.gl.isContextLost();
    if (this.wasLost) lost.add(this.native);
    return this.wasLost;
  }
}

/** Backends of tfjs whose context is gone. */
const lost = new WeakSet<object>();

/** Has tfjs make another backend where the one that it has lost its context. */
export function renewWebgl(): void {
  const { registry } = engine() as unknown as { readonly registry: Readonly<Record<string, object | undefined>> };
  const native = registry.webgl as WebglNative | undefined;
  if (!native || !(lost.has(native) || native.gpgpu.gl.isContextLost())) return;
  const factory = findBackendFactory('webgl');
  // What belongs to the lost context is gone. Its programs are kept for whoever has a context of this version.
  for (const key of Object.keys(native.binaryCache)) delete native.binaryCache[key];
  native.disposed = true;
  removeBackend('webgl');
  registerBackend('webgl', factory, PRIORITY);
}
