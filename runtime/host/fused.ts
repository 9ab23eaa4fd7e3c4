/**
 * Host kernels of the compiler's fused ops: the kernels of their parts, one after the other.
 */
import { InternalError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { defineHostKernels, findHostKernel, type HostKernel, type HostOp } from './registry.ts';

function run(type: string, inputs: readonly NdArray[], op: HostOp): NdArray {
  const kernel = findHostKernel(type);
  if (!kernel) throw new InternalError(null, `${op.type} needs the host kernel of ${type}.`);
  return kernel(inputs, op)[0];
}

/** The product or convolution `type`, then the ops of `fused_ops`. */
function fused(type: string): HostKernel {
  return ([x, y, ...args], op) => {
    const view = (part: string): HostOp => ({
      type: part,
      name: op.name,
      services: op.services,
      attr: (name) => op.attr(part === 'LeakyRelu' && name === 'alpha' ? 'leakyrelu_alpha' : name),
      outputDType: (i) => op.outputDType(i),
    });
    let value = run(type, [x, y], view(type));
    let next = 0;
    for (const part of op.attr<readonly string[]>('fused_ops')) {
      if (part === 'BiasAdd') value = run(part, [value, args[next++]], biasView(view(part)));
      else if (part === 'Add') value = run('AddV2', [value, args[next++]], view('AddV2'));
      else value = run(part, [value], view(part));
    }
    return [value];
  };
}

/** A fused product has no data format: its channels come last. */
function biasView(op: HostOp): HostOp {
  return { ...op, attr: (name) => (name === 'data_format' ? (op.attr(name) ?? ('NHWC' as never)) : op.attr(name)) };
}

defineHostKernels({
  _FusedMatMul: fused('MatMul'),
  _FusedConv2D: fused('Conv2D'),
});
