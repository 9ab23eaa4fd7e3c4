/**
 * The textures that tfjs's webgl backend keeps for reuse: it never gives one back by itself. Compiled programs are not
 * looked at: sessions and the program's own use of tfjs share them.
 */
import type { PooledMemory } from '../../src/graph/evaluator.ts';

/** What this takes of the backend; the members are tfjs's own. */
interface WebglBackend {
  readonly gpgpu: { deleteMatrixTexture(texture: unknown): void };
  readonly textureManager: {
    freeTextures: Record<string, { readonly texture: unknown }[]> | null;
    numFreeTextures: number;
    _numBytesAllocated: number;
    _numBytesFree: number;
  };
}

const NOTHING: PooledMemory = Object.freeze({ buffers: 0, bytes: 0 });

function isWebgl(native: object): native is WebglBackend {
  const { textureManager, gpgpu } = native as Partial<WebglBackend>;
  return (
    typeof gpgpu?.deleteMatrixTexture === 'function' &&
    typeof textureManager?.freeTextures === 'object' &&
    typeof textureManager._numBytesFree === 'number'
  );
}

/** Deletes the textures that no buffer uses. Does nothing on backends that have none. */
export function releaseTextures(native: object): PooledMemory {
  if (!isWebgl(native)) return NOTHING;
  const { gpgpu, textureManager } = native;
  const pools = textureManager.freeTextures;
  // Null: the backend was disposed.
  if (!pools) return NOTHING;
  let buffers = 0;
  for (const pool of Object.values(pools)) {
    for (const { texture } of pool) gpgpu.deleteMatrixTexture(texture);
    buffers += pool.length;
    pool.length = 0;
  }
  const bytes = textureManager._numBytesFree;
  textureManager.numFreeTextures -= buffers;
  textureManager._numBytesAllocated -= bytes;
  textureManager._numBytesFree = 0;
  return { buffers, bytes };
}
