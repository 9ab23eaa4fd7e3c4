/**
 * Rows of the fused ops. When ops are fused is `passes/fuse.ts`'s business.
 */
import { float32 } from '../../src/util/dtype.ts';
import type { KnownShape } from '../../src/util/shape.ts';
import { isFullyDefined } from '../../src/util/shape.ts';
import type { LowerContext, LoweringRule, LoweringTable } from './lowering.ts';
import { convolutionAttrs } from './tfjs-nn.ts';

/** tfjs's names of the activations. */
const activations: ReadonlyMap<string, string> = new Map([
  ['Relu', 'relu'],
  ['Relu6', 'relu6'],
  ['Elu', 'elu'],
  ['Sigmoid', 'sigmoid'],
  ['LeakyRelu', 'leakyrelu'],
]);

/** What is fused, in tfjs's terms; null where a kernel cannot take it. */
function fusion(op: LowerContext): { readonly bias: boolean; readonly attrs: Record<string, unknown> } | null {
  const rest = [...op.attr<readonly string[]>('fused_ops')];
  const bias = rest[0] === 'BiasAdd';
  if (bias) rest.shift();
  if (rest.length > 1 || op.inputCount !== (bias ? 3 : 2) || op.dtype(0) !== float32) return null;
  const activation = rest.length === 0 ? 'linear' : activations.get(rest[0]);
  if (activation === undefined) return null;
  return { bias, attrs: { activation, leakyreluAlpha: op.attr<number>('leakyrelu_alpha') } };
}

const two = (bias: boolean) => (bias ? [0, 1, 2] : [0, 1]);

/** A row for some of the activations only. */
export function without(row: LoweringRule, ...names: string[]): LoweringRule {
  return (op) => (op.attr<readonly string[]>('fused_ops').some((name) => names.includes(name)) ? null : row(op));
}

export const fusedRows: LoweringTable = {
  _FusedMatMul: (op) => {
    const fused = fusion(op);
    const [a, b, out] = [op.shape(0), op.shape(1), op.outputShape(0)];
    if (!fused || op.attr('transpose_a') || op.attr('transpose_b')) return null;
    if (!isFullyDefined(a) || !isFullyDefined(b) || !isFullyDefined(out)) return null;
    // The kernel multiplies batches of matrices.
    const batch = (shape: KnownShape): KnownShape => [1, ...shape];
    return {
      kind: 'kernel',
      kernel: '_FusedMatMul',
      inputs: two(fused.bias),
      names: fused.bias ? ['a', 'b', 'bias'] : ['a', 'b'],
      attrs: { transposeA: false, transposeB: false, ...fused.attrs },
      inputShapes: fused.bias ? [batch(a), batch(b), null] : [batch(a), batch(b)],
      outputShapes: [out],
    };
  },

  _FusedConv2D: (op) => {
    const fused = fusion(op);
    const [input, filter] = [op.shape(0), op.shape(1)];
    if (!fused || op.attr('data_format') !== 'NHWC') return null;
    if (!isFullyDefined(input) || !isFullyDefined(filter)) return null;
    // Grouped convolutions are not these kernels'.
    if (input[3] !== filter[2]) return null;
    return {
      kind: 'kernel',
      kernel: 'FusedConv2D',
      inputs: two(fused.bias),
      names: fused.bias ? ['x', 'filter', 'bias'] : ['x', 'filter'],
      attrs: {
        ...convolutionAttrs(op, input, filter),
        ...fused.attrs,
      },
    };
  },
};

/** wasm: a fused Relu or Relu6 turns NaN into 0, where TensorFlow keeps it. */
export const wasmFusedRows: LoweringTable = {
  _FusedMatMul: without(fusedRows._FusedMatMul, 'Relu', 'Relu6'),
  _FusedConv2D: without(fusedRows._FusedConv2D, 'Relu', 'Relu6'),
};

/** webgl: activations of the convolution's kernel lose infinities; products have been mended. */
export const webglFusedRows: LoweringTable = {
  _FusedConv2D: without(fusedRows._FusedConv2D, 'Relu', 'Relu6', 'Elu', 'LeakyRelu'),
};
