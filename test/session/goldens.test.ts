/**
 * The golden cases and the samples again, through sessions on wasm and cpu: lowering tables, decompositions, folding and
 * fusion against real TensorFlow. Inputs are fed (so that kernels run), then constant (so that folding runs).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import { opDefs } from '../../src/ops/opdef/define.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import '../../src/index.ts';
import { difference } from '../support/compare.ts';
import {
  checkForward,
  checkGradients,
  type Gradients,
  goldenGroups,
  knownCases,
  type Run,
  toleranceOf,
} from '../support/goldens.ts';
import { buildSample, sampleArray } from '../support/samples.ts';

const byAutodiff: Gradients = (ys, xs, gradYs) => gradients([...ys], [...xs], { gradYs: [...gradYs] });

function onBackend(backend: string, passes?: boolean): Run {
  return async (fetches, feeds, target) => {
    const graph = target?.graph ?? fetches[0].graph;
    const session = new Session({ graph, config: { backend, passes } });
    try {
      const wanted = target ? [...fetches, target] : [...fetches];
      return (await session.run(wanted, { feedDict: new Map(feeds) })) as NdArray[];
    } finally {
      session.close();
    }
  };
}

for (const backend of ['wasm', 'cpu']) {
  const run = onBackend(backend);
  for (const group of goldenGroups) {
    const test = suite(`session/goldens/${backend}/${group}`);
    for (const c of knownCases(group)) {
      const title = `${c.id} ${c.op}${c.note ? ` (${c.note})` : ''}`;
      if (!c.construct_error) test(title, () => checkForward(c, run, toleranceOf(c)));
      if (c.grads && !c.grad_error) test(`${title}, gradients`, () => checkGradients(c, byAutodiff, run));
    }
    test.run();
  }

  const test = suite(`session/samples/${backend}`);
  for (const def of opDefs().filter((d) => d.outputs.length > 0 && d.effect === 'pure')) {
    def.samples.forEach((sample, i) => {
      for (const how of ['placeholders', 'constants'] as const) {
        test(`${def.name}, sample ${i + 1}, inputs are ${how}`, async () => {
          const built = buildSample(def, sample, how);
          const results = await run(built.outputs, built.feeds);
          results.forEach((result, k) => {
            const expected = sample.outputs[k];
            if (!expected) return;
            const tolerance = { relative: sample.tolerance ?? 1e-5, absolute: 1e-6 };
            assert.is(difference(result, sampleArray(expected), tolerance), null, `output ${k}`);
          });
        });
      }
    });
  }
  test.run();
}
