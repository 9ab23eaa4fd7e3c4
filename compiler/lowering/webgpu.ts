/**
 * The lowering table of the webgpu backend: the shared rows, and what differs here. What is mended in the kernels themselves is
 * the runtime's business.
 */
import { float32 } from '../../src/util/dtype.ts';
import { withFewAxes } from './few-axes.ts';
import { forTypes, isMarker, kernel, type LoweringTable } from './lowering.ts';
import { tfjsTable } from './tfjs.ts';
import { webglArrayRows } from './tfjs-array.ts';
import { fusedRows, without } from './tfjs-fused.ts';
import { webglLinearRows } from './tfjs-linear.ts';
import { webglMathRows } from './tfjs-math.ts';
import { webglNnRows } from './tfjs-nn.ts';
import { ELEMENTWISE, ofFloats } from './webgl.ts';

/** Activations that a fused kernel loses NaN or infinities in. */
const LOSSY = ['Relu6', 'Elu', 'Sigmoid', 'LeakyRelu'] as const;

const rows: LoweringTable = {
  ...withFewAxes(
    {
      ...tfjsTable,
      ...webglMathRows,
      ...webglLinearRows,
      ...webglNnRows,
      _FusedMatMul: without(fusedRows._FusedMatMul, ...LOSSY),
      _FusedConv2D: without(fusedRows._FusedConv2D, ...LOSSY),
    },
    { elementwise: ELEMENTWISE, axes: 4 },
  ),
  ...webglArrayRows,
  // The kernel is the runtime's own, and takes any number of axes.
  LogSoftmax: forTypes([float32], kernel('LogSoftmax', ['logits'])),
};

/** Buffers hold integers, but the programs read and write all elements as floats, which have 24 bits. */
export const webgpuTable: LoweringTable = Object.fromEntries(
  Object.entries(rows).map(([op, row]) => [op, isMarker(row) ? row : ofFloats(row)]),
);
