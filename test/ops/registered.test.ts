/**
 * That a bundle has the ops that it needs: what the functions of a family build, their gradients, and what the compiler
 * makes of both, is registered with the family.
 */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RegisteredOps } from '../../scripts/build/registered-ops.ts';
import * as tf from '../../src/index.ts';
import { buildSample } from '../support/samples.ts';

const test = suite('ops/registered');

const registered = new RegisteredOps(fileURLToPath(new URL('../../', import.meta.url)));
/** Registered by every session: ops of the compiler's own. */
const isInner = (op: string): boolean => op.startsWith('_');

/** What the tests use themselves. */
const own = ['src/ops/placeholders.ts', 'src/ops/constants.ts', 'src/autodiff/gradients.ts'].flatMap((file) => [
  file,
  ...registered.registeredBy(file),
]);

/** The types of the ops that come into being when a sample of the op is built, differentiated and compiled. */
function opsOf(def: tf.OpDef): Set<string> {
  const types = new Set<string>();
  for (const sample of def.samples) {
    const { graph, inputs, outputs, feeds } = buildSample(def, sample, 'placeholders');
    const ys = outputs.filter((tensor) => tensor.dtype.isFloating);
    const xs = inputs.filter((tensor) => feeds.has(tensor));
    let fetches: tf.Tensor[] = [...outputs];
    if (def.grad && ys.length > 0 && xs.length > 0) {
      try {
        const found = graph.asDefault(() => tf.gradients(ys, xs));
        fetches = [...fetches, ...found.flatMap((grad) => (grad instanceof tf.Tensor ? [grad] : []))];
      } catch (error) {
        // Some gradients are there to say that there is none.
        assert.match(
          (error as Error).message,
          /not implemented|explicitly disabled|positional arguments/,
          `${def.name}: ${(error as Error).message}`,
        );
      }
    }
    for (const op of graph.getOperations()) types.add(op.type);
    if (fetches.length === 0) continue;
    for (const target of ['wasm', 'webgl', 'cpu']) {
      let stages: ReturnType<typeof tf.compile>['stages'];
      try {
        ({ stages } = tf.compile(fetches, { graph, feeds: [...feeds.keys()], target }));
      } catch (error) {
        // What no target can compute, or only in a session, comes to nothing that could be missing.
        if (error instanceof tf.OpError) continue;
        throw error;
      }
      for (const { module } of stages) for (const { op } of module.nodes) types.add(op);
    }
  }
  return types;
}

const families = new Map<string, tf.OpDef[]>();
for (const def of tf.opDefs()) {
  const owner = registered.ownerOf(def.name);
  if (owner) families.set(owner, [...(families.get(owner) ?? []), def]);
}

for (const [family, defs] of families) {
  test(`${family} brings the ops that it needs`, () => {
    const has = new Set([...own, family, ...registered.registeredBy(family)]);
    const missing = new Set<string>();
    for (const def of defs) {
      for (const op of opsOf(def)) {
        const owner = registered.ownerOf(op);
        if (!isInner(op) && (owner === undefined || !has.has(owner))) missing.add(`${op} (${owner}), of ${def.name}`);
      }
    }
    assert.equal([...missing], []);
  });
}

test('what takes any op registers all of them', () => {
  for (const file of ['src/io/import-graph.ts', 'src/io/meta-graph/import.ts', 'src/io/saved-model/loader.ts']) {
    assert.equal([...registered.registeredBy(file)], ['src/ops/all.ts'], file);
  }
});

test.run();
