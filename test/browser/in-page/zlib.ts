/** What tests take of `node:zlib`, in a page. */
import { gunzipSync as unpacked } from 'fflate';
import { Buffer } from './buffer.ts';

export function gunzipSync(bytes: Uint8Array): Uint8Array {
  return Buffer.from(unpacked(bytes));
}
