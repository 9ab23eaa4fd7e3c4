/** Damaged files for readers to survive: bytes changed, cut out, doubled, cut off. What the readers must do is the tests' business. */

/** A generator of numbers from 0 to before 1 that is the same everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` damaged copies of a file, the same ones for the same seed. */
export function* mutations(file: Uint8Array, count: number, seed = 1): Generator<Uint8Array> {
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  for (let i = 0; i < count; i++) {
    let bytes = file.slice();
    for (let change = below(4); change >= 0 && bytes.length > 0; change--) {
      const at = below(bytes.length);
      const length = 1 + below(Math.min(16, bytes.length - at));
      switch (below(6)) {
        case 0:
          bytes[at] ^= 1 << below(8);
          break;
        case 1:
          bytes[at] = below(256);
          break;
        case 2:
          for (let k = 0; k < length; k++) bytes[at + k] = [0, 255, 127, 128][below(4)];
          break;
        case 3:
          bytes = bytes.slice(0, at);
          break;
        case 4:
          bytes = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
          break;
        default:
          bytes = new Uint8Array([...bytes.subarray(0, at + length), ...bytes.subarray(at)]);
      }
    }
    yield bytes;
  }
}
