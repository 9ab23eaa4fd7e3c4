/**
 * Every sample of every op definition: the result, the shape rule against it, the gradient against finite differences.
 * The same on each backend, and folding against execution: `test/session/samples.test.ts`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/autodiff/gradients.ts';
import type { Operation, Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import '../../src/ops/index.ts';
import { type OpDef, opDefs, type Sample } from '../../src/ops/opdef/define.ts';
import { type DType, float32, float64, resource, variant } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { difference } from '../support/compare.ts';
import { interpret } from '../support/interpret.ts';
import { type BuiltSample, buildSample, sampleArray } from '../support/samples.ts';

const test = suite('ops/samples');

const run = (built: BuiltSample, fetches: readonly Tensor[], feeds = built.feeds, targets: readonly Operation[] = []) =>
  interpret(built.graph.snapshot(), fetches, { feeds, targets, print: () => {} });

for (const def of opDefs()) {
  def.samples.forEach((sample, i) => {
    const title = `${def.name}, sample ${i + 1}`;
    test(`${title}: the result is TensorFlow's, and has the inferred shape`, () => {
      const built = buildSample(def, sample, 'placeholders');
      // Ops without outputs run for what they do.
      const results = run(built, built.outputs, built.feeds, [built.operation]);
      assert.is(sample.outputs.length, results.length, 'number of outputs');
      results.forEach((result, k) => {
        const expected = sample.outputs[k];
        const tolerance = { relative: sample.tolerance ?? 1e-5, absolute: 1e-6 };
        if (expected) assert.is(difference(result, sampleArray(expected), tolerance), null, `output ${k}`);
        else if (sample.shapes) assert.equal([...result.shape], [...sample.shapes[k]]);
        const inferred = built.outputs[k].shape;
        assert.ok(
          inferred === null ||
            (inferred.length === result.rank && inferred.every((d, axis) => d === null || d === result.shape[axis])),
          `output ${k}: inferred ${JSON.stringify(inferred)}, got [${result.shape}]`,
        );
      });
    });
    if (def.grad && sample.differentiable !== false && sample.inputs.some((v) => v.dtype === float32)) {
      test(`${title}: the gradient agrees with finite differences`, () => checkGradient(def, sample));
    }
  });
}

/** Whether every type attribute that a float32 input binds allows float64 too. */
function widens(def: OpDef): boolean {
  return def.attrs.every((a) => a.type !== 'type' || !a.allowed?.includes(float32) || a.allowed.includes(float64));
}

function checkGradient(def: OpDef, sample: Sample): void {
  const wide = widens(def) && [...def.inputs, ...def.outputs].every((arg) => arg.type !== float32);
  const built = buildSample(def, sample, 'placeholders', wide);
  const ys = built.outputs.filter((t) => t.dtype.isFloating);
  const xs = built.inputs.filter((t) => built.feeds.has(t));
  if (ys.length === 0 || xs.length === 0) return;
  const values = run(built, ys);
  const weights = values.map((value, k) => {
    const data = Float64Array.from(value.data as Float64Array, (_, i) => Math.sin(1 + i + 10 * k));
    return new NdArray(value.dtype, value.shape, wide ? data : Float32Array.from(data));
  });
  const found = built.graph.asDefault(() =>
    gradients([...ys], [...xs], { gradYs: weights.map((w) => constant(w)) }).map((g) =>
      g === null ? null : 'asTensor' in g ? g.asTensor() : g,
    ),
  );
  const objective = (feeds: ReadonlyMap<Tensor, NdArray>): number => {
    let sum = 0;
    run(built, ys, feeds).forEach((value, k) => {
      (value.data as Float64Array).forEach((y, i) => {
        if (Number.isFinite(y)) sum += y * (weights[k].data as Float64Array)[i];
      });
    });
    return sum;
  };
  const step = wide ? 1e-5 : 1e-2;
  found.forEach((gradient, k) => {
    if (gradient === null) return;
    const analytic = run(built, [gradient])[0].data as Float64Array;
    const x = built.feeds.get(xs[k]) as NdArray;
    for (let i = 0; i < x.data.length; i++) {
      const moved = (by: number) => {
        const data = (x.data as Float64Array).slice();
        data[i] += by;
        return objective(new Map([...built.feeds, [xs[k], new NdArray(x.dtype, x.shape, data)]]));
      };
      const numeric = (moved(step) - moved(-step)) / (2 * step);
      const allowed = wide ? 1e-5 + 1e-5 * Math.abs(numeric) : 2e-2 + 2e-2 * Math.abs(numeric);
      assert.ok(
        Math.abs(analytic[i] - numeric) <= allowed,
        `input ${k}, element ${i}: gradient ${analytic[i]}, finite difference ${numeric}`,
      );
    }
  });
}

/** Why an op has no sample that a graph of constants could hold; null where it can have one. */
function reasonForNone(def: OpDef): string | null {
  const args = [...def.inputs, ...def.outputs];
  const isHandle = (dtype: DType | null | undefined) => dtype === resource || dtype === variant;
  if (args.some((arg) => isHandle(arg.type))) return 'handles: resources, datasets, lists, queues, tables';
  if (args.some((arg) => arg.isRef)) return 'references to variables';
  if (def.attrs.some((attr) => attr.type === 'func')) return 'functions of the graph';
  return OTHER_REASONS.get(def.name) ?? null;
}

const OTHER_REASONS: ReadonlyMap<string, string> = new Map([
  ['Placeholder', 'its value is fed'],
  ['_Arg', 'its value is an argument of a function'],
  ['PyFunc', 'a function of the program'],
  ['PyFuncStateless', 'a function of the program'],
  ['LearnedUnigramCandidateSampler', 'learns in a session'],
  ['ThreadUnsafeUnigramCandidateSampler', 'learns in a session'],
  ...['Save', 'SaveSlices', 'SaveV2', 'MergeV2Checkpoints', 'Restore', 'RestoreSlice', 'RestoreV2'].map(
    (name) => [name, 'files'] as const,
  ),
]);

test('every op has a sample, or a reason to have none', () => {
  const without = opDefs().filter((def) => def.samples.length === 0);
  assert.equal(
    without.filter((def) => reasonForNone(def) === null).map((def) => def.name),
    [],
  );
  const needless = opDefs().filter((def) => def.samples.length > 0 && OTHER_REASONS.has(def.name));
  assert.equal(
    needless.map((def) => def.name),
    [],
    'reasons for ops that have samples',
  );
});

test.run();
