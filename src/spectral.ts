/** The namespace `tf.spectral`: the transforms of `tf.signal` under their former place. */
export {
  fft,
  fft2d,
  fft3d,
  ifft,
  ifft2d,
  ifft3d,
  irfft,
  irfft2d,
  irfft3d,
  rfft,
  rfft2d,
  rfft3d,
} from './ops/fft.ts';
export { dct, idct } from './ops/signal.ts';
