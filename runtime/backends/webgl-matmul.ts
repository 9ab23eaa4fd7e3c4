/**
 * Products of matrices on WebGL. tfjs's own add up what lies in texels beyond an odd inner length, which may be NaN, and its
 * activations lose infinities; where neither matters they are left to tfjs.
 */
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { functionsFor } from '../../compiler/codegen/webgl/functions.ts';
import type { Program, WebglNative } from './webgl-native.ts';

interface Attrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

interface Operands {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly bias?: TensorInfo;
}

export function product(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const { a } = args.inputs as unknown as Operands;
    const { transposeA } = args.attrs as unknown as Attrs;
    return a.shape[transposeA ? 1 : 2] % 2 === 0 ? kernel(args) : multiply(args);
  };
}

export function fusedProduct(kernel: KernelFunc): KernelFunc {
  return (args) => {
    const { a } = args.inputs as unknown as Operands;
    const { transposeA, activation } = args.attrs as unknown as Attrs;
    const isPlain = activation === undefined || activation === 'linear';
    return isPlain && a.shape[transposeA ? 1 : 2] % 2 === 0 ? kernel(args) : multiply(args);
  };
}

/** The activation as an expression of `y`. */
function activationOf({ activation, leakyreluAlpha }: Attrs): string {
  switch (activation) {
    case 'relu':
    case 'relu6':
    case 'elu':
    case 'sigmoid':
      return `tf_${activation}(y)`;
    case 'leakyrelu':
      return `mix(float(${Math.fround(leakyreluAlpha ?? 0.2)}) * y, y, greaterThan(y, vec4(0.0)))`;
  }
  return 'y';
}

/** Batches of matrices of rank 3, as lowering gives them. */
const multiply: KernelFunc = ({ inputs, attrs, backend }) => {
  const { a, b, bias } = inputs as unknown as Operands;
  const given = attrs as unknown as Attrs;
  const { transposeA, transposeB } = given;
  const inner = a.shape[transposeA ? 1 : 2];
  const shape = [Math.max(a.shape[0], b.shape[0]), a.shape[transposeA ? 2 : 1], b.shape[transposeB ? 1 : 2]];
  const [batchA, batchB] = [a, b].map((operand) => (operand.shape[0] === 1 ? '0' : 'at.x'));
  const readA = transposeA ? 'k, at.y' : 'at.y, k';
  const readB = transposeB ? 'at.z, k' : 'k, at.z';
  // Elements of a texel are x y above z w: of two rows by two columns.
  const [firstA, secondA] = transposeA ? ['p.xxyy', 'p.zzww'] : ['p.xxzz', 'p.yyww'];
  const [firstB, secondB] = transposeB ? ['q.xzxz', 'q.ywyw'] : ['q.xyxy', 'q.zwzw'];
  const activation = activationOf(given);
  const step = `vec4 p = getA(${batchA}, ${readA}); vec4 q = getB(${batchB}, ${readB}); y += ${firstA} * ${firstB};`;
  const program: Program = {
    variableNames: bias ? ['A', 'B', 'bias'] : ['A', 'B'],
    outputShape: shape,
    packedInputs: true,
    packedOutput: true,
    userCode: `${functionsFor(activation)}
      void main() {
        ivec3 at = getOutputCoords();
        vec4 y = vec4(0.0);
        for (int i = 0; i < ${inner >> 1}; i++) {
          int k = 2 * i;
          ${step}
          y += ${secondA} * ${secondB};
        }
        ${inner % 2 === 1 ? `{ int k = ${inner - 1}; ${step} }` : ''}
        ${bias ? 'y += getBiasAtOutCoords();' : ''}
        setOutput(${activation});
      }`,
  };
  const operands = bias ? [a, b, bias] : [a, b];
  return (backend as WebglNative).runWebGLProgram(program, operands, 'float32');
};
