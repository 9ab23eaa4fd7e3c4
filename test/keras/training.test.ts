/**
 * `compile`, `fit`, `evaluate`, `predict` and the methods for batches, with the options they have, against Keras 2.15 in
 * graph mode: each case of `training.json` is a model, its data and a list of calls. What needs code of the user's
 * (callbacks, losses, generators) is in `training-programs.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromGolden } from '../support/compare.ts';
import { leakChecked } from '../support/leaks.ts';
import { type AnyModel, agree, type Call, type Case, compile, modelOf, perform } from '../support/training.ts';

const test = leakChecked(suite);

const file = new URL('../goldens/keras/training.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] };

for (const c of cases.filter(({ name }) => !name.startsWith('error: '))) {
  test(`${c.name}: as in Keras`, async () => {
    const model = modelOf(c);
    await model.setWeights(c.weights.map(fromGolden));
    compile(model, c.compile);
    assert.equal(model.metricsNames, [...c.metrics_names]);
    for (const [i, call] of c.calls.entries()) {
      const what = `call ${i} ${call.method}`;
      if (!call.error) await perform(model, call, what);
      else await refuses(model, call, what);
    }
    agree(await model.getWeights(), c.final, 'weights');
  });
}

async function refuses(model: AnyModel, call: Call, what: string): Promise<void> {
  const [type, message] = call.error as readonly [string, string];
  try {
    await perform(model, call, what);
  } catch (error) {
    const { name, message: found } = error as Error;
    assert.is(`${name}: ${found}`, `${type}: ${message}`, what);
    return;
  }
  assert.unreachable(`${what} should fail: ${message}`);
}

suite.run();
