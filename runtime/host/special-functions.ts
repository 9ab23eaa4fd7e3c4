/**
 * Host kernels of the special functions and of the other float arithmetic that has an op of its own. The functions are
 * computed in double precision for every element type.
 */
import { float32 } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { besselI, besselIe, besselJ, besselK, besselKe, besselY } from './bessel.ts';
import { arithmeticOf, brackets, invalid, rounded } from './elements.ts';
import { binaryKernel, forEachRow, mapBinary, runBroadcast, unaryKernel } from './elementwise.ts';
import { digamma, lgamma, polygamma, zeta } from './gamma.ts';
import { betainc, igamma, igammac, igammaGradA } from './incomplete-gamma.ts';
import { dawsn, expint, fresnel, spence } from './integrals.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';
import { erfinv, ndtri } from './special.ts';

const betaincKernel: HostKernel = ([a, b, x]) => {
  const { dtype } = a;
  for (const other of [b, x]) {
    if (a.rank > 0 && other.rank > 0 && a.shape.join() !== other.shape.join()) {
      throw invalid(
        `Shapes of a and ${other === b ? 'b' : 'x'} are inconsistent: ${brackets(a.shape)} vs. ${brackets(other.shape)}`,
      );
    }
  }
  const shape = runBroadcast(runBroadcast(a.shape, b.shape), x.shape);
  const out = allocate(dtype, sizeOf(shape)) as Float64Array;
  const [p, q, r] = [a, b, x].map((array) => array.data as Float64Array);
  forEachRow([a.shape, b.shape, x.shape], shape, (start, [i, j, k], length, [si, sj, sk]) => {
    for (let n = 0; n < length; n++) out[start + n] = betainc(p[i + n * si], q[j + n * sj], r[k + n * sk]);
  });
  return [new NdArray(dtype, shape, out)];
};

/** The bits of floats as integers whose order is that of the absolute values. */
function nextAfterOf(bytes: 4 | 8): (x: number, towards: number) => number {
  const float = bytes === 4 ? new Float32Array(1) : new Float64Array(1);
  const bits = new BigUint64Array(1);
  const words = new Uint32Array(float.buffer);
  const wide = bytes === 8 ? new BigUint64Array(float.buffer) : bits;
  return (x, towards) => {
    if (Number.isNaN(x) || Number.isNaN(towards)) return Number.NaN;
    if (x === towards) return towards;
    float[0] = x;
    if (x === 0) {
      if (bytes === 4) words[0] = 1;
      else wide[0] = 1n;
      return towards < 0 ? -float[0] : float[0];
    }
    const outward = towards > x === x > 0;
    if (bytes === 4) words[0] += outward ? 1 : -1;
    else wide[0] += outward ? 1n : -1n;
    return float[0];
  };
}

const next32 = nextAfterOf(4);
const next64 = nextAfterOf(8);

/** a × b of the vectors of length 3 along the last axis. */
const cross: HostKernel = ([a, b]) => {
  if (a.shape.join() !== b.shape.join()) {
    throw invalid(`Both inputs must be of same shape: ${brackets(a.shape)} vs. ${brackets(b.shape)}`);
  }
  if (a.rank === 0) throw invalid('Input must be at least 1D: []');
  if (a.shape[a.rank - 1] !== 3) {
    throw invalid(`Cross-products are only defined for 3-element vectors: ${a.shape[a.rank - 1]}`);
  }
  const { dtype } = a;
  const { mul, add } = arithmeticOf(dtype);
  const minus = (dtype.isBigInt ? -1n : -1) as never;
  const [u, v] = [a.data as never[], b.data as never[]];
  const out = allocate(dtype, a.size);
  for (let i = 0; i < out.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const [p, q] = [i + ((k + 1) % 3), i + ((k + 2) % 3)];
      const taken = mul(mul(u[q], v[p]) as never, minus);
      (out as never[])[i + k] = add(mul(u[p], v[q]) as never, taken as never) as never;
    }
  }
  return [rounded(dtype, a.shape, out)];
};

defineHostKernels({
  Lgamma: unaryKernel({ number: lgamma }),
  Digamma: unaryKernel({ number: digamma }),
  Erfinv: unaryKernel({ number: erfinv }),
  Ndtri: unaryKernel({ number: ndtri }),
  BesselI0: unaryKernel({ number: (x) => besselI(0, x) }),
  BesselI1: unaryKernel({ number: (x) => besselI(1, x) }),
  BesselI0e: unaryKernel({ number: (x) => besselIe(0, x) }),
  BesselI1e: unaryKernel({ number: (x) => besselIe(1, x) }),
  BesselJ0: unaryKernel({ number: (x) => besselJ(0, x) }),
  BesselJ1: unaryKernel({ number: (x) => besselJ(1, x) }),
  BesselK0: unaryKernel({ number: (x) => besselK(0, x) }),
  BesselK1: unaryKernel({ number: (x) => besselK(1, x) }),
  BesselK0e: unaryKernel({ number: (x) => besselKe(0, x) }),
  BesselK1e: unaryKernel({ number: (x) => besselKe(1, x) }),
  BesselY0: unaryKernel({ number: (x) => besselY(0, x) }),
  BesselY1: unaryKernel({ number: (x) => besselY(1, x) }),
  Dawsn: unaryKernel({ number: dawsn }),
  Expint: unaryKernel({ number: expint }),
  FresnelCos: unaryKernel({ number: (x) => fresnel(x)[0] }),
  FresnelSin: unaryKernel({ number: (x) => fresnel(x)[1] }),
  Spence: unaryKernel({ number: spence }),
  Polygamma: binaryKernel({ number: polygamma }),
  Zeta: binaryKernel({ number: zeta }),
  Igamma: binaryKernel({ number: igamma }),
  Igammac: binaryKernel({ number: igammac }),
  IgammaGradA: binaryKernel({ number: igammaGradA }),
  Betainc: betaincKernel,
  NextAfter: ([x, towards]) => [mapBinary(x, towards, x.dtype, x.dtype === float32 ? next32 : next64)],
  Cross: cross,
});
