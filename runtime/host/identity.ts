/** Host kernels of ops that pass their input on. */
import { InvalidArgumentError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { formatShapeBrackets, isCompatible, type Shape } from '../../src/util/shape.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

const pass: HostKernel = (inputs) => inputs;

function checkNumerics(x: NdArray, message: string): void {
  const data = x.data as Float32Array;
  let infinite = false;
  let nan = false;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    if (Number.isNaN(data[i])) nan = true;
    else infinite = true;
  }
  if (!infinite && !nan) return;
  const found = [infinite ? 'Inf' : null, nan ? 'NaN' : null].filter(Boolean).join(' and ');
  throw new InvalidArgumentError(null, `${message} : Tensor had ${found} values`);
}

defineHostKernels({
  Identity: pass,
  IdentityN: pass,
  Snapshot: pass,
  StopGradient: pass,
  PreventGradient: pass,
  GuaranteeConst: pass,
  CheckNumerics: ([x], op) => {
    checkNumerics(x, op.attr<string>('message'));
    return [x];
  },
  EnsureShape: ([x], op) => {
    const shape = op.attr<Shape>('shape');
    if (isCompatible(shape, x.shape)) return [x];
    throw new InvalidArgumentError(
      null,
      `Shape of tensor ${op.name} ${formatShapeBrackets(x.shape)} is not compatible with expected shape ${formatShapeBrackets(shape)}.`,
    );
  },
});
