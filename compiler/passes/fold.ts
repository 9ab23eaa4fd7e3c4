/**
 * `fold`: replaces values that are known before the run by constants: by the rules of op definitions (shapes, sizes),
 * and by computing pure ops on constants. What an op computes is asked of the evaluator that the runtime passes in.
 */
import type { AttrValue, TensorSpec } from '../../src/graph/node.ts';
import { ShapeError } from '../../src/ops/opdef/define.ts';
import { resource, variant } from '../../src/util/dtype.ts';
import { OpError } from '../../src/util/errors.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { isFullyDefined, numElements } from '../../src/util/shape.ts';
import { type Facts, inferOutputs } from '../ir/context.ts';
import { effectOf, isInvalid } from '../ir/effects.ts';
import { isBranch, isLoop } from '../ir/functions.ts';
import { ARG, type IrModule, type IrNode } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import type { Evaluate, Pass, PassContext } from './pass.ts';

/** No constant that folding makes has more bytes: a large one costs more to keep than to compute. */
export const FOLD_LIMIT = 1 << 20;

export const fold: Pass = {
  name: 'fold',
  doc: 'Computes what is known before the run.',
  run(module: IrModule, { evaluate }: PassContext): IrModule {
    const rewriter = new Rewriter(module);
    for (const node of module.nodes) {
      const current = reinferred(rewriter.facts, rewriter.resolved(node));
      const values = isCandidate(current) ? valuesOf(rewriter, current, evaluate) : null;
      if (!values) rewriter.keep(current, node);
      else if (values.length === 1) rewriter.keep(constant(current, values[0]), node);
      else {
        const built = rewriter.at(current).builder;
        rewriter.replace(
          node,
          values.map((value, i) => built.constant(value, String(i))),
        );
      }
    }
    return rewriter.finish();
  },
};

/** The node with the shapes that its rule finds now, where some were not known: of its inputs more may be known than before. */
function reinferred(facts: Facts, node: IrNode): IrNode {
  if (node.outputs.every(({ shape }) => isFullyDefined(shape)) || isInvalid(node) || isLoop(node) || isBranch(node)) {
    return node;
  }
  try {
    const found = inferOutputs(facts, node);
    const outputs = node.outputs.map((spec, i) => (isFullyDefined(found[i].shape) ? { ...spec, ...found[i] } : spec));
    return outputs.every((spec, i) => spec === node.outputs[i]) ? node : { ...node, outputs };
  } catch (error) {
    // It fails in the run, and there the failure is reported.
    if (!(error instanceof ShapeError)) throw error;
    return node;
  }
}

function isCandidate(node: IrNode): boolean {
  if (node.op === 'Const' || node.op === ARG || node.outputs.length === 0) return false;
  // What depends on session state may have a part that does not: the shape of a variable.
  const effect = effectOf(node);
  return (effect === 'pure' || effect === 'reads') && node.outputs.every(mayBeConstant);
}

function mayBeConstant({ dtype, shape }: TensorSpec): boolean {
  if (dtype === resource || dtype === variant) return false;
  const count = numElements(shape);
  return count === null || count * Math.max(dtype.size, 1) <= FOLD_LIMIT;
}

function valuesOf(rewriter: Rewriter, node: IrNode, evaluate: Evaluate | null): readonly NdArray[] | null {
  const byRule = byDefinition(rewriter, node);
  if (byRule) return byRule;
  if (!evaluate || node.inputs.length === 0 || effectOf(node) !== 'pure') return null;
  const inputs: NdArray[] = [];
  for (const input of node.inputs) {
    const value = rewriter.facts.constant(input);
    if (!value) return null;
    inputs.push(value);
  }
  const values = computed(node, inputs, evaluate);
  return values?.every((value) => value.byteLength <= FOLD_LIMIT) ? values : null;
}

function byDefinition(rewriter: Rewriter, node: IrNode): readonly NdArray[] | null {
  const known = rewriter.facts.derive(node);
  if (!known || known.length < node.outputs.length) return null;
  return known.every((value): value is NdArray => value !== null && value.byteLength <= FOLD_LIMIT) ? known : null;
}

/** What a pure op gives for these inputs; null where it cannot be computed, or fails. */
export function computed(node: IrNode, inputs: readonly NdArray[], evaluate: Evaluate): readonly NdArray[] | null {
  try {
    return evaluate(
      { ...node, attr: <T extends AttrValue = AttrValue>(name: string) => node.attrs[name] as T },
      inputs,
    );
  } catch (error) {
    // It fails in the run as well, and there the failure is reported.
    if (error instanceof OpError || error instanceof ShapeError) return null;
    throw error;
  }
}

/** A constant in the place of a node with one output. */
export function constant(node: IrNode, value: NdArray): IrNode {
  return {
    ...node,
    op: 'Const',
    inputs: [],
    attrs: { value, dtype: value.dtype },
    outputs: [{ dtype: value.dtype, shape: value.shape }],
  };
}
