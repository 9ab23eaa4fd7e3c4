/**
 * The update ops of optimizers on reference variables, `Apply*` and `SparseApply*`: the forms on handles in
 * `training-ops.ts` with references in their places. The compiler turns them into those (`compiler/ir/references.ts`).
 */
import { defineOp } from './opdef/define.ts';
import { checkUpdate, inputType, updateOps } from './training-ops.ts';

/** These came when TensorFlow had no new ops on references any more. */
const ON_HANDLES_ONLY: ReadonlySet<string> = new Set([
  'ResourceApplyAdamWithAmsgrad',
  'ResourceApplyKerasMomentum',
  'ResourceSparseApplyKerasMomentum',
]);

for (const { type, doc, inputs, attrs } of updateOps) {
  if (ON_HANDLES_ONLY.has(type)) continue;
  defineOp({
    name: type.replace('Resource', ''),
    doc: `${doc.replace(/\.$/, '')}; the variable after it.`,
    inputs: inputs.map((arg) => `${arg.replace('!', '')}: ${inputType(arg, 'Ref(T)')}`),
    outputs: ['out: Ref(T)'],
    attrs,
    effect: 'writes',
    infer: (op) => [checkUpdate(op, inputs, (input) => op.shape(input))],
    grad: null,
    samples: [],
  });
}
