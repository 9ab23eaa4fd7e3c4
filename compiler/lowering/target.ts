/**
 * Targets: what the compiler is told of the machine. Which kernels there are is asked of the runtime, which passes the
 * answers in.
 */
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import { cpuTable } from './cpu.ts';
import type { LoweringTable, Target } from './lowering.ts';
import { tfjsTable } from './tfjs.ts';
import { wasmTable } from './wasm.ts';
import { webglTable } from './webgl.ts';
import { webgpuTable } from './webgpu.ts';

/** The name of the target without a backend: every op runs on the host. */
export const HOST = 'host';

const tables: ReadonlyMap<string, LoweringTable> = new Map([
  [HOST, {}],
  ['wasm', wasmTable],
  ['webgl', webglTable],
  ['webgpu', webgpuTable],
  ['cpu', cpuTable],
]);

const bufferTypes: ReadonlySet<DType> = new Set([float32, int32, bool]);

export interface Machine {
  hasKernel(kernel: string): boolean;
  hasHost(op: string): boolean;
  /** Whether generated kernels are wanted, where the target can have them. */
  readonly codegen?: boolean;
}

/**
 * The target of a name: `wasm`, `cpu`, `webgl`, `webgpu`, `host`; any other backend gets the rows that all share.
 *
 *     makeTarget('wasm', {hasKernel: (k) => getKernel(k, 'wasm') !== undefined, hasHost: hasHostKernel})
 */
export function makeTarget(name: string, machine: Machine): Target {
  const renderer = machine.codegen && (name === 'wasm' || name === 'webgl') ? name : null;
  const generates = renderer === 'wasm';
  return {
    name,
    table: tables.get(name) ?? tfjsTable,
    dtypes: name === HOST ? new Set() : bufferTypes,
    packsRightOperand: name === 'wasm' && !generates,
    scalarsOnHost: name === 'wasm' || name === 'cpu',
    generates,
    renderer,
    hasKernel: (kernel) => machine.hasKernel(kernel),
    hasHost: (op) => machine.hasHost(op),
  };
}
