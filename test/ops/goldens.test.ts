/**
 * Every case of `test/goldens/ops` whose op is registered, forward and backward, by the interpreter: host kernels against
 * real TensorFlow. `test/session/goldens.test.ts` does the same through sessions.
 */
import { suite } from 'uvu';
import { gradients } from '../../src/autodiff/gradients.ts';
import '../../src/ops/index.ts';
import {
  checkForward,
  checkGradients,
  type Gradients,
  goldenGroups,
  knownCases,
  toleranceOf,
} from '../support/goldens.ts';

const byAutodiff: Gradients = (ys, xs, gradYs) => gradients([...ys], [...xs], { gradYs: [...gradYs] });

for (const group of goldenGroups) {
  const test = suite(`ops/goldens/${group}`);
  for (const c of knownCases(group)) {
    const title = `${c.id} ${c.op}${c.note ? ` (${c.note})` : ''}`;
    test(title, () => checkForward(c, undefined, toleranceOf(c)));
    if (c.grads || c.grad_error) test(`${title}, gradients`, () => checkGradients(c, byAutodiff));
  }
  test.run();
}
