/** The rules of each renderer. */
import type { Renderer } from '../lowering/lowering.ts';
import { isView } from './loop-builder.ts';
import type { LoopRules } from './loop-rules.ts';
import { webglLoops } from './webgl/rules.ts';

/** Memory, and loops of any length. */
const wasmLoops: LoopRules = {
  limits: () => ({ admits: () => true }),
  computes: ({ op }) => !isView(op),
  renders: () => true,
};

const rules: Readonly<Record<Renderer, LoopRules>> = { wasm: wasmLoops, webgl: webglLoops };

export function loopRules(renderer: Renderer): LoopRules {
  return rules[renderer];
}
