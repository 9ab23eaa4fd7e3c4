/**
 * What `goldens/special.json` holds: op cases, and gradients through complex numbers, which are chains of public functions.
 */
import { readFileSync } from 'node:fs';
import type { Tensor } from '../../src/graph/graph.ts';
import * as tf from '../../src/index.ts';
import type { GoldenArray } from './compare.ts';
import type { GoldenCase } from './goldens.ts';

interface SignalArguments {
  readonly type: number;
  readonly n: number;
  readonly norm: string | null;
  readonly length: number;
  readonly step: number;
  readonly periodic: boolean;
  readonly padEnd?: boolean;
  readonly padValue?: number;
  readonly axis?: number;
  readonly fftLength?: number;
  readonly windowFn?: null;
}

export interface Chain {
  readonly name: string;
  readonly length: readonly number[] | null;
  /** Of functions made of transforms. */
  readonly args?: SignalArguments;
  readonly inputs: readonly GoldenArray[];
  readonly weights: GoldenArray;
  readonly y: GoldenArray;
  readonly grads: readonly GoldenArray[];
}

const file = new URL('../goldens/special.json', import.meta.url);

export const special: { readonly cases: readonly GoldenCase[]; readonly chains: readonly Chain[] } = JSON.parse(
  readFileSync(file, 'utf8'),
);

type Build = (inputs: readonly Tensor[], length: readonly number[] | null, args: SignalArguments) => Tensor;

const modulus = (name: 'fft' | 'ifft' | 'fft2d' | 'ifft2d' | 'fft3d' | 'ifft3d'): Build => {
  return ([x, y]) => tf.abs(tf.signal[name](tf.complex(x, y)));
};

const chains: Readonly<Record<string, Build>> = {
  abs: ([x, y]) => tf.abs(tf.complex(x, y)),
  broadcast: ([x, y]) => tf.abs(tf.complex(x, y)),
  angle: ([x, y]) => tf.angle(tf.complex(x, y)),
  real: ([x, y]) => tf.real(tf.square(tf.complex(x, y))),
  imag: ([x, y]) => tf.imag(tf.exp(tf.complex(x, y))),
  conj: ([x, y]) => tf.imag(tf.multiply(tf.conj(tf.complex(x, y)), tf.complex(y, x))),
  fft: modulus('fft'),
  ifft: modulus('ifft'),
  fft2d: modulus('fft2d'),
  ifft2d: modulus('ifft2d'),
  fft3d: modulus('fft3d'),
  ifft3d: modulus('ifft3d'),
  rfft: ([x], length) => tf.abs(tf.signal.rfft(x, length)),
  rfft2d: ([x], length) => tf.abs(tf.signal.rfft2d(x, length)),
  irfft: ([x, y], length) => tf.square(tf.signal.irfft(tf.complex(x, y), length)),
  irfft2d: ([x, y], length) => tf.square(tf.signal.irfft2d(tf.complex(x, y), length)),
  'signal.dct': ([x], _, a) => tf.signal.dct(x, a.type, a.n, { norm: a.norm }),
  'signal.idct': ([x], _, a) => tf.signal.idct(x, a.type, a.n, { norm: a.norm }),
  'signal.frame': ([x], _, { length, step, ...options }) => {
    return tf.signal.frame(x, length, step, { padEnd: options.padEnd, padValue: options.padValue, axis: options.axis });
  },
  'signal.hann': ([x], _, a) => tf.multiply(x, tf.signal.hannWindow(a.n, a.periodic, x.dtype)),
  'signal.hamming': ([x], _, a) =>
    tf.multiply(x, tf.signal.hammingWindow(a.n, { periodic: a.periodic, dtype: x.dtype })),
  'signal.stft': ([x], _, a) => {
    const options = { fftLength: a.fftLength, padEnd: a.padEnd, ...('windowFn' in a && { windowFn: null }) };
    return tf.abs(tf.signal.stft(x, a.length, a.step, options));
  },
};

/** The real function of real inputs that the chain names. */
export function buildChain(chain: Chain, inputs: readonly Tensor[]): Tensor {
  return chains[chain.name](inputs, chain.length, chain.args as SignalArguments);
}

/** The gradients of the chain along its inputs. */
export function chainGradients(chain: Chain, y: Tensor, inputs: readonly Tensor[], weights: Tensor): Tensor[] {
  const found = tf.gradients([y], [...inputs], { gradYs: [weights] });
  return found.map((gradient) => {
    if (gradient === null) throw new Error(`${chain.name} has no gradient.`);
    return 'asTensor' in gradient ? gradient.asTensor() : gradient;
  });
}
