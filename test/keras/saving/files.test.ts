/** Saving and loading by path, bytes and function. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../../src/graph/graph.ts';
import { bindNamespace } from '../../../src/keras/binding.ts';
import { KerasContext } from '../../../src/keras/context.ts';
import { Layer } from '../../../src/keras/engine/layer.ts';
import type { TensorNest } from '../../../src/keras/engine/nest.ts';
import * as layers from '../../../src/keras/layers/index.ts';
import { loadModel, Model, Sequential, saveModel } from '../../../src/keras/models/index.ts';
import { leakChecked } from '../../support/leaks.ts';
import { type AnyModel, goldenBytes, row, same, X, Y } from './support.ts';

const tests = suite('files of models');
const test = leakChecked(tests);

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-graph-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: Error) => reason,
  );
  return error ? `${error.name}: ${error.message}` : 'nothing was thrown';
}

test('a model is saved to a path and loaded from it, in each format', () =>
  inFolder(async (folder) => {
    const model = row();
    await model.trainOnBatch(X, Y);
    for (const name of ['a.h5', 'deep/b.hdf5', 'c.keras', 'd', 'e/model.json']) {
      await model.save(join(folder, name));
      const again = await loadModel(join(folder, name));
      assert.instance(again, Sequential);
      same(await again.getWeights(), await model.getWeights());
      assert.ok(again.isCompiled);
    }
    assert.equal(readdirSync(join(folder, 'd')).sort(), ['group1-shard1of1.bin', 'model.json']);
  }));

test('weights are saved to a path, and to a function', () =>
  inFolder(async (folder) => {
    const [model, other] = [row(), row()];
    const path = join(folder, 'weights.h5');
    await model.saveWeights(path);
    await other.loadWeights(path);
    same(await other.getWeights(), await model.getWeights());

    await model.setWeights(
      (await model.getWeights()).map(({ shape }) => ({
        shape,
        data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
      })),
    );
    let bytes: Uint8Array | null = null;
    await model.saveWeights((given) => {
      bytes = given;
    });
    await other.loadWeights(async () => bytes as unknown as Uint8Array);
    same(await other.getWeights(), await model.getWeights());
    await other.loadWeights(path, { byName: true });
  }));

test('a file that is there is replaced only where that is wished', () =>
  inFolder(async (folder) => {
    const model = row();
    for (const name of ['a.h5', 'b']) {
      await model.save(join(folder, name));
      assert.match(
        await messageOf(model.save(join(folder, name), { overwrite: false })),
        /AlreadyExistsError: .*overwrite/,
      );
    }
    await model.save(join(folder, 'a.h5'), { overwrite: true, includeOptimizer: false });
    assert.not((await loadModel(join(folder, 'a.h5'))).isCompiled);
    assert.match(await messageOf(model.saveWeights(join(folder, 'a.h5'), { overwrite: false })), /AlreadyExistsError/);
  }));

test('what is no model is refused', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'x.h5');
    assert.match(await messageOf(loadModel(path)), /NotFoundError: No file or directory found at/);
    assert.match(await messageOf(loadModel(folder)), /NotFoundError/);
    writeFileSync(path, 'text');
    assert.match(await messageOf(loadModel(path)), /ValueError: The bytes are no saved model/);
    assert.match(await messageOf(row().loadWeights(path)), /ValueError: The bytes are not an HDF5 file/);
    assert.not(existsSync(join(folder, 'y.h5')));
  }));

test('a model that is given by its call saves weights, but not itself', async () => {
  class Own extends Model {
    readonly dense = new layers.Dense(2);
    override call(x: TensorNest): Tensor {
      return this.dense.apply(x as Tensor);
    }
  }
  const [model, other] = [new Own(), new Own()];
  for (const one of [model, other]) await one.predict(X);
  let bytes = new Uint8Array();
  await model.saveWeights((given) => {
    bytes = given as Uint8Array<ArrayBuffer>;
  });
  await other.loadWeights(bytes);
  same(await other.getWeights(), await model.getWeights());
  assert.match(
    await messageOf(saveModel(model as unknown as AnyModel, () => {})),
    /does not work for subclassed models/,
  );
});

test('a model without weights yet has none to save or to set', async () => {
  const model = new Sequential([new layers.Dense(2)]);
  const built = row();
  let bytes = new Uint8Array();
  await built.saveWeights((given) => {
    bytes = given as Uint8Array<ArrayBuffer>;
  });
  const message = /ValueError: Weights for model 'sequential' have not yet been created/;
  assert.match(await messageOf(model.saveWeights(() => {})), message);
  assert.match(await messageOf(model.save(() => {})), message);
  assert.match(await messageOf(model.loadWeights(bytes)), message);
});

test('layers of the user are found by name', async () => {
  class Twice extends Layer {
    static readonly className = 'Twice';
    override call(x: TensorNest): Tensor {
      return (x as Tensor).mul(2);
    }
  }
  const model = new Sequential([new layers.Dense(2, { inputShape: [3] }), new Twice()]);
  let bytes = new Uint8Array();
  await model.save((given) => {
    bytes = given as Uint8Array<ArrayBuffer>;
  });
  assert.match(await messageOf(loadModel(bytes)), /Unknown layer: 'Twice'/);
  const again = await loadModel(bytes, { customObjects: { Twice } });
  assert.instance(again.layers[1], Twice);
});

test('a model is loaded into the context that is asked to', async () => {
  const context = new KerasContext({ name: 'other', zeroBased: true, ownGraph: true });
  const model = await bindNamespace({ loadModel }, context).loadModel(goldenBytes('h5/mlp_adam_model.h5'));
  assert.is(model.graph, context.graph);
  assert.is(model.context, context);
  await model.trainOnBatch(X, Y);
  context.clear();
});

tests.run();
