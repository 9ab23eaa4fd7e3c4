/**
 * What each optimizer builds and where it leads, against the same steps of Keras: names, op types, weights, slots and
 * configurations. Schedules and what may go wrong have files of their own.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { getDefaultGraph } from '../../../src/graph/default-graph.ts';
import { toPythonKeys } from '../../../src/keras/serialization.ts';
import { globalVariables } from '../../../src/variables/index.ts';
import { difference, fromGolden, GRADIENT } from '../../support/compare.ts';
import { leakChecked } from '../../support/leaks.ts';
import { affine, type FitCase, golden, make, perceptron, readGolden, rows, train, valueOf } from './training.ts';

const tests = suite('Keras optimizers');
const test = leakChecked(tests);

/** Ops that are not compared: gradients, and what belongs to a variable but its handle. */
const OTHERS = /\/gradients\/|\/Initializer\/|\/IsInitialized\/|\/Read\/|\/Assign$/;

for (const run of golden.runs) {
  const { args, dtype, sparse, constraint } = run;
  const rate = args.learning_rate as { readonly class_name?: string } | number | undefined;
  const scheduled = typeof rate === 'object';
  const what = scheduled ? rate.class_name : JSON.stringify(args);
  const kind = `${sparse ? ', sparse' : ''}${constraint ? ', constrained' : ''}${dtype === 'float32' ? '' : `, ${dtype}`}`;

  test(`${run.class} ${what}${kind} updates as Keras does`, async () => {
    const graph = getDefaultGraph();
    const { input, loss, params } = affine(run);
    const optimizer = make(run.class, args);
    if (!scheduled) assert.equal(toPythonKeys(optimizer.getConfig()), run.config_before);
    const size = graph.size;
    const step = graph.nameScope('training', () => optimizer.getUpdates(loss, params));

    assert.equal(
      step.map((op) => op.name),
      run.step,
    );
    const built = graph.getOperations().slice(size);
    const ops = built.filter(({ name }) => !OTHERS.test(name)).map(({ name, type }) => `${name} ${type}`);
    if (run.ops) assert.fixture(ops.join('\n'), run.ops.map((op) => op.join(' ')).join('\n'));
    const made = (globalVariables() as { readonly name: string }[]).slice(2).map(({ name }) => name);
    assert.equal(made, run.variables);
    assert.equal(
      optimizer.weights.map((variable) => variable.name),
      run.weights,
    );
    assert.equal(optimizer.getSlotNames(), run.slot_names);

    const config = toPythonKeys(optimizer.getConfig()) as Record<string, unknown>;
    // Newer Keras also writes the module of a schedule's class.
    const expected = { ...run.config } as Record<string, { readonly class_name: string; readonly config: object }>;
    const { learning_rate: rateConfig } = expected;
    const plain = { class_name: rateConfig.class_name, config: rateConfig.config };
    assert.equal(config, scheduled ? { ...expected, learning_rate: plain } : expected);

    const batches = (sparse ? golden.ids : golden.x).map((x) => valueOf(x, sparse ? 'int32' : dtype));
    const feeds = batches.map((batch) => [[input, batch] as const]);
    const values = await train(step, feeds, [...params, ...optimizer.weights]);
    const wanted = [...run.final, ...run.state];
    assert.is(values.length, wanted.length);
    for (const [i, array] of wanted.entries()) assert.is(difference(values[i], fromGolden(array), GRADIENT), null);
  });
}

for (const fitted of readGolden<{ readonly cases: readonly FitCase[] }>('fit.json').cases) {
  if (fitted.model !== 'mlp') continue;
  const { optimizer: how, fit } = fitted;

  test(`fit case ${fitted.id}: ${how.class} ${JSON.stringify(how.args)}`, async () => {
    const { input, target, loss, params } = perceptron(fitted);
    const optimizer = make(how.class, how.args);
    const step = optimizer.getUpdates(loss, params);
    assert.equal(toPythonKeys(optimizer.getConfig()), how.config);
    const [x, y] = [fitted.x[0], fitted.y[0]];
    const batches = Array.from({ length: x.shape[0] / fit.batch_size }, (_, i) => {
      const [from, to] = [i * fit.batch_size, (i + 1) * fit.batch_size];
      return [[input, rows(x, from, to)] as const, [target, rows(y, from, to)] as const];
    });
    const feeds = Array.from({ length: fit.epochs }, () => batches).flat();
    const values = await train(step, feeds, params);
    for (const [i, array] of fitted.final_weights.entries()) {
      assert.is(difference(values[i], fromGolden(array), GRADIENT), null);
    }
  });
}

tests.run();
