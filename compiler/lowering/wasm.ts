/**
 * The lowering table of the wasm backend: the shared rows, and what differs here.
 */
import type { LoweringTable } from './lowering.ts';
import { tfjsTable } from './tfjs.ts';
import { wasmArrayRows } from './tfjs-array.ts';
import { wasmFusedRows } from './tfjs-fused.ts';
import { wasmLinearRows } from './tfjs-linear.ts';
import { wasmMathRows } from './tfjs-math.ts';
import { wasmNnRows } from './tfjs-nn.ts';

export const wasmTable: LoweringTable = {
  ...tfjsTable,
  ...wasmMathRows,
  ...wasmLinearRows,
  ...wasmArrayRows,
  ...wasmNnRows,
  ...wasmFusedRows,
};
