/**
 * The rows that all tfjs backends share, gathered from the files of the op families. What a backend does differently is
 * in `wasm.ts`, `webgl.ts` and `cpu.ts`.
 */
import type { LoweringTable } from './lowering.ts';
import { fusedRows } from './tfjs-fused.ts';

export const tfjsTable: LoweringTable = { ...fusedRows };
