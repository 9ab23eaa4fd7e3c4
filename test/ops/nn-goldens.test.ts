/**
 * The functions of `tf.nn` and `tf.losses` against real TensorFlow: every API case of the goldens, value and gradients,
 * by the interpreter. Single ops are in `goldens.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import { gradients } from '../../src/autodiff/gradients.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { nnFunctions as functions } from '../runners/nn-functions.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';

interface ApiCase {
  readonly id: string;
  readonly api: string;
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: readonly (GoldenArray & { readonly arg: string })[];
  readonly outputs: readonly GoldenArray[];
  readonly grad_weights?: readonly GoldenArray[];
  readonly grads?: readonly { readonly arg: string; readonly grad: GoldenArray | null }[];
}

const cases = ['conv', 'norm', 'api', 'windows'].flatMap((group) => {
  const text = readFileSync(new URL(`../goldens/ops/${group}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: ApiCase[] }).cases.filter((c) => c.api !== undefined && functions[c.api]);
});

const test = suite('ops/nn-goldens');

for (const c of cases) {
  test(`${c.id} ${c.api}`, () => {
    const graph = new Graph();
    graph.asDefault(() => {
      const feeds = new Map<Tensor, NdArray>();
      const inputs = c.inputs.map((golden) => {
        const value = fromGolden(golden);
        const tensor = placeholder(value.dtype, value.shape);
        feeds.set(tensor, value);
        return tensor;
      });
      const built = functions[c.api](inputs, c.args as Record<string, never>);
      const outputs = (Array.isArray(built) ? built : [built]) as readonly Tensor[];
      const results = interpret(graph.snapshot(), outputs, { feeds });
      const problems = c.outputs.map((golden, i) => difference(results[i], fromGolden(golden), FORWARD));
      if (c.grads && c.grad_weights) {
        const gradYs = c.grad_weights.map((golden) => constant(fromGolden(golden)));
        const xs = inputs.filter((t) => t.dtype.isFloating);
        const found = gradients([...outputs.slice(0, gradYs.length)], xs, { gradYs });
        c.grads.forEach(({ arg, grad }, i) => {
          const gradient = found[i] as Tensor | null;
          if (grad === null || gradient === null) {
            if ((grad === null) !== (gradient === null))
              problems.push(`gradient of ${arg}: expected ${grad ? 'one' : 'none'}`);
            return;
          }
          const [value] = interpret(graph.snapshot(), [gradient], { feeds });
          const text = difference(value, fromGolden(grad), GRADIENT);
          if (text) problems.push(`gradient of ${arg}: ${text}`);
        });
      }
      const text = problems.filter((p) => p !== null).join('; ');
      if (text) throw new Error(text);
    });
  });
}

test.run();
