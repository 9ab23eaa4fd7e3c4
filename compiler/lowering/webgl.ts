/**
 * The lowering table of the webgl backend: the shared rows, and what differs here.
 */
import type { LoweringTable } from './lowering.ts';
import { tfjsTable } from './tfjs.ts';
import { webglArrayRows } from './tfjs-array.ts';
import { webglLinearRows } from './tfjs-linear.ts';
import { webglMathRows } from './tfjs-math.ts';
import { webglNnRows } from './tfjs-nn.ts';

export const webglTable: LoweringTable = {
  ...tfjsTable,
  ...webglMathRows,
  ...webglLinearRows,
  ...webglArrayRows,
  ...webglNnRows,
};
