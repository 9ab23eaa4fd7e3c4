/** The namespace `tf.signal`. */
export {
  type AxesRest,
  type FftLengthRest,
  fft,
  fft2d,
  fft3d,
  fftshift,
  ifft,
  ifft2d,
  ifft3d,
  ifftshift,
  irfft,
  irfft2d,
  irfft3d,
  rfft,
  rfft2d,
  rfft3d,
} from './ops/fft.ts';
