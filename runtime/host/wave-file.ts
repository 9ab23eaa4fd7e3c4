/** Sounds as WAV files of 16-bit samples. What the sounds are for is the callers' business. */
import { invalid } from './elements.ts';

/** To the nearest integer, ties to even, as a C program does it by default; what is too great for int64 becomes 2^63. */
function rounded(value: number): bigint {
  if (!(value < 2 ** 63)) return 2n ** 63n;
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return BigInt(up ? floor + 1 : floor);
}

/**
 * The samples, frame after frame, from -1 to 1, as a file. Throws `InvalidArgumentError` for what its header cannot say.
 *
 * @param isNowhere whether the tensor that the samples are a part of has none at all
 */
export function waveFile(samples: Float32Array, sampleRate: number, channels: number, isNowhere: boolean): Uint8Array {
  const nearest = rounded(sampleRate);
  const rate = nearest === 0n ? 1n : nearest;
  if (isNowhere && channels === 0) throw invalid('audio is null');
  if (rate >= 2n ** 32n) throw invalid(`sample_rate must be in (0, 2^32), got: ${rate}`);
  if (channels >= 2 ** 16) throw invalid(`num_channels must be in (0, 2^16), got: ${channels}`);
  const frame = 2 * channels;
  const file = new Uint8Array(44 + 2 * samples.length);
  const view = new DataView(file.buffer);
  const text = (at: number, value: string) => {
    for (let i = 0; i < value.length; i++) file[at + i] = value.charCodeAt(i);
  };
  text(0, 'RIFF');
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, Number(rate), true);
  view.setUint32(28, Number(BigInt.asUintN(32, rate * BigInt(frame))), true);
  view.setUint16(32, frame, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, 2 * samples.length, true);
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i] * 32768;
    const nearest = Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
    // What is no number comes out as 0.
    view.setInt16(44 + 2 * i, Math.min(Math.max(nearest, -32768), 32767), true);
  }
  return file;
}
