/**
 * What the compiler makes of an op for a backend, asked of the compiler itself: the samples of the op's definition are
 * compiled, and the plan tells. Writing it down is `ops-table.ts`'s job.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import { getKernel } from '@tensorflow/tfjs-core';
import { canGenerate } from '../compiler/codegen/generate.ts';
import { compile, type Feed } from '../compiler/compile.ts';
import { Facts } from '../compiler/ir/context.ts';
import { onHost, type Target } from '../compiler/lowering/lowering.ts';
import { makeTarget } from '../compiler/lowering/target.ts';
import { hasHostKernel } from '../runtime/host/index.ts';
import { Graph } from '../src/graph/graph.ts';
import { constant } from '../src/ops/constants.ts';
import { emit } from '../src/ops/emit.ts';
import type { OpDef, Sample } from '../src/ops/opdef/define.ts';
import { float32, resource } from '../src/util/dtype.ts';
import { UnimplementedError } from '../src/util/errors.ts';
import { buildSample } from '../test/support/samples.ts';

export type Lowering = 'generated' | 'kernel' | 'decomposed' | 'host' | 'plan' | '–';

const targets = new Map<string, Target>();

function targetOf(name: string): Target {
  const known = targets.get(name);
  if (known) return known;
  const hasKernel = (kernel: string) => getKernel(kernel, name) !== undefined;
  const target = makeTarget(name, { hasKernel, hasHost: hasHostKernel, codegen: true });
  targets.set(name, target);
  return target;
}

/** The best that any sample gets; what the tables and the definition say where there is no sample. */
export function loweringOf(def: OpDef, backend: string): Lowering {
  const target = targetOf(backend);
  const found = new Set(
    def.samples.flatMap((sample) =>
      (['placeholders', 'constants'] as const).map((how) => ofSample(def, sample, how, target)),
    ),
  );
  if (found.size === 0) return withoutSample(def, target);
  return (['plan', 'generated', 'kernel', 'decomposed', 'host'] as const).find((word) => found.has(word)) as Lowering;
}

function ofSample(def: OpDef, sample: Sample, how: 'placeholders' | 'constants', target: Target): Lowering {
  const built = buildSample(def, sample, how);
  const feeds = [...built.feeds].map(([tensor, { shape }]) => ({
    endpoint: tensor.endpoint,
    dtype: tensor.dtype,
    shape,
  }));
  return ofGraph(built.graph, def, feeds, target);
}

/** What becomes of the operation `op` of the graph. */
function ofGraph(graph: Graph, def: OpDef, feeds: readonly Feed[], target: Target): Lowering {
  const op = graph.getOperationByName('op');
  const request = { fetches: op.outputs.map((output) => output.endpoint), targets: [op.id], feeds };
  // Only the passes that no plan can do without: the others see more than the one op.
  const { plan, stages } = compile(graph.snapshot(), request, target, { passes: false });
  const last = stages[stages.length - 1].module;
  const node = last.nodes.find((each) => each.op === def.name && each.name === 'op');
  if (!node) return 'decomposed';
  const step = plan.instructions.find(({ name }) => name === 'op');
  if (step?.kind === 'generated' || (target.generates && canGenerate(new Facts(last.nodes), node))) return 'generated';
  if (step?.kind === 'kernel' || step?.kind === 'alias') return 'kernel';
  return step?.kind === 'host' ? 'host' : 'plan';
}

function withoutSample(def: OpDef, target: Target): Lowering {
  if (def.inputs.length + def.attrs.length + def.outputs.length === 0) {
    return ofSample(def, { inputs: [], outputs: [] }, 'constants', target);
  }
  const row = Object.hasOwn(target.table, def.name) ? target.table[def.name] : undefined;
  if (row && row !== onHost) return 'kernel';
  if (def.decompose) return 'decomposed';
  if (hasHostKernel(def.name)) return 'host';
  return def.inputs[0]?.type === resource ? ofVariable(def, target) : 'plan';
}

/** The op on a variable; `–` where nothing computes it. */
function ofVariable(def: OpDef, target: Target): Lowering {
  const graph = new Graph();
  graph.asDefault(() => {
    const [handle] = emit('VarHandleOp', [], { dtype: float32, shape: [2] }, 'variable').outputs;
    const operands = def.inputs.slice(1).map(() => constant([1, 2]));
    const hasType = def.attrs.some(({ name }) => name === 'dtype');
    emit(def.name, [handle, ...operands], hasType ? { dtype: float32 } : {}, 'op');
  });
  try {
    return ofGraph(graph, def, [], target);
  } catch (error) {
    if (error instanceof UnimplementedError) return '–';
    throw error;
  }
}
