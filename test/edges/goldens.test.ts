/**
 * Edge inputs against real TensorFlow: empty tensors, scalars, NaN, infinities, −0, the ends of the integer types; by host
 * kernels and by sessions on wasm and cpu. `test/goldens/edges/make.py` makes the cases; values in the middle of the
 * road are left to `test/session/goldens.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import '../../src/ops/index.ts';
import '../../runtime/host/index.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { type GoldenArray, GRADIENT } from '../support/compare.ts';
import { checkForward, checkGradients, type GoldenCase, type Gradients, type Run } from '../support/goldens.ts';
import { interpret } from '../support/interpret.ts';

const GROUPS = [
  'unary',
  'binary',
  'integers',
  'casts',
  'reductions',
  'losses',
  'shapes',
  'picking',
  'windows',
  'families',
];

const byAutodiff: Gradients = (ys, xs, gradYs) => gradients([...ys], [...xs], { gradYs: [...gradYs] });

function onBackend(backend: string): Run {
  return async (fetches, feeds, target) => {
    using session = new Session({ graph: target?.graph ?? fetches[0].graph, config: { backend } });
    return (await session.run(target ? [...fetches, target] : [...fetches], { feedDict: new Map(feeds) })) as NdArray[];
  };
}

const runs: Readonly<Record<string, Run>> = {
  host: (fetches, feeds, target) => {
    const graph = target?.graph ?? fetches[0].graph;
    return interpret(graph.snapshot(), fetches, { feeds, targets: target && [target] });
  },
  wasm: onBackend('wasm'),
  cpu: onBackend('cpu'),
};

/** Of these, which zero comes out is a matter of the order in which equals are compared, or zeros added up. */
const FREE_ZEROS: ReadonlySet<string> = new Set(
  'Maximum Minimum Max Min AddN Xdivy Xlogy Xlog1py Cumsum SegmentSum SegmentMean CumulativeLogsumexp Log1p Sin Elu Selu Relu Relu6 Round Rint ClipByValue SqrtGrad RsqrtGrad ReciprocalGrad'.split(
    ' ',
  ),
);

/** Comparison takes 0 and −0 for equal; here they are not. */
function checkZeros(values: readonly NdArray[], outputs: GoldenCase['outputs']): void {
  outputs?.forEach((golden, k) => {
    golden?.data.forEach((element: GoldenArray['data'][number], i) => {
      const zero = element === 0 && values[k].data[i] === 0;
      if (zero && !golden.dtype.includes('int') && !Object.is(values[k].data[i], element)) {
        throw new Error(
          `output ${k}, element ${i}: zero of the other sign, expected ${Object.is(element, 0) ? 0 : '-0'}`,
        );
      }
    });
  });
}

for (const group of GROUPS) {
  const file = new URL(`../goldens/edges/${group}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: GoldenCase[] };
  for (const [where, run] of Object.entries(runs)) {
    const test = suite(`edges/${where}/${group}`);
    for (const c of cases) {
      const note = c.note ? ` (${c.note})` : '';
      test(`${c.id} ${c.op}${note}`, async () => {
        let values: readonly NdArray[] = [];
        await checkForward(
          c,
          async (...args) => {
            values = await run(...args);
            return [...values];
          },
          GRADIENT,
        );
        if (c.outputs && !FREE_ZEROS.has(c.op as string)) checkZeros(values, c.outputs);
      });
      if (c.grads) test(`${c.id} ${c.op}${note}, gradients`, () => checkGradients(c, byAutodiff, run));
    }
    test.run();
  }
}
