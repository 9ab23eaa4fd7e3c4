/** Host kernels that make complex numbers and take them apart. Arithmetic on them is in `complex.ts`. */
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import * as complex from './complex.ts';
import { forEachPair, mapComplex, runBroadcast } from './elementwise.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

/** A real number of every complex one. */
const toReal =
  (fn: (re: number, im: number) => number): HostKernel =>
  ([x], op) => {
    const dtype = op.outputDType(0);
    const source = x.data as Float64Array;
    const out = allocate(dtype, x.size) as Float64Array;
    for (let i = 0; i < out.length; i++) out[i] = fn(source[2 * i], source[2 * i + 1]);
    return [new NdArray(dtype, x.shape, out)];
  };

defineHostKernels({
  Complex: ([real, imag], op) => {
    const shape = runBroadcast(real.shape, imag.shape);
    const dtype = op.outputDType(0);
    const out = allocate(dtype, sizeOf(shape)) as Float64Array;
    const [re, im] = [real.data as Float64Array, imag.data as Float64Array];
    forEachPair(real, imag, shape, (k, i, j) => {
      out[2 * k] = re[i];
      out[2 * k + 1] = im[j];
    });
    return [new NdArray(dtype, shape, out)];
  },
  Real: toReal((re) => re),
  Imag: toReal((_re, im) => im),
  Angle: toReal((re, im) => Math.atan2(im, re)),
  ComplexAbs: toReal(Math.hypot),
  Conj: ([x]) => [mapComplex(x, complex.conj)],
});
