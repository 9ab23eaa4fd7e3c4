/**
 * The rows that all tfjs backends share, gathered from the files of the op families. What a backend does differently is
 * in `wasm.ts`, `webgl.ts` and `cpu.ts`.
 */
import type { LoweringTable } from './lowering.ts';
import { arrayRows } from './tfjs-array.ts';
import { fusedRows } from './tfjs-fused.ts';
import { linearRows } from './tfjs-linear.ts';
import { mathRows } from './tfjs-math.ts';
import { nnRows } from './tfjs-nn.ts';

export const tfjsTable: LoweringTable = {
  ...mathRows,
  ...linearRows,
  ...arrayRows,
  ...nnRows,
  ...fusedRows,
};
