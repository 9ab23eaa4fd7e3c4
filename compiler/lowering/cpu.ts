/**
 * The lowering table of the cpu backend: the shared rows, and what differs here.
 */
import type { LoweringTable } from './lowering.ts';
import { tfjsTable } from './tfjs.ts';
import { cpuArrayRows } from './tfjs-array.ts';
import { cpuLinearRows } from './tfjs-linear.ts';
import { cpuMathRows } from './tfjs-math.ts';
import { cpuNnRows } from './tfjs-nn.ts';

export const cpuTable: LoweringTable = {
  ...tfjsTable,
  ...cpuMathRows,
  ...cpuLinearRows,
  ...cpuArrayRows,
  ...cpuNnRows,
};
