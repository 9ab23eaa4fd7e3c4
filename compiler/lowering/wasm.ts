/**
 * The lowering table of the wasm backend: the shared rows, and what differs here.
 */
import type { LoweringTable } from './lowering.ts';
import { tfjsTable } from './tfjs.ts';

export const wasmTable: LoweringTable = { ...tfjsTable };
