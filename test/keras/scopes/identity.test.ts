/**
 * Identity, never names: what was built before a clear works in its own open session, or fails with an error that names
 * the clear. It never answers with the values of a namesake, and never costs the models of today theirs.
 */
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../../runtime/session.ts';
import { getDefaultGraph, resetDefaultGraph } from '../../../src/graph/default-graph.ts';
import { Graph, type Tensor } from '../../../src/graph/graph.ts';
import { Callback } from '../../../src/keras/callbacks/callback.ts';
import * as integrated from '../../../src/keras/index.ts';
import { Constant } from '../../../src/keras/initializers.ts';
import { add, constant } from '../../../src/ops/index.ts';
import { configure, outcome, refusal, restoreKeras } from '../../support/keras.ts';
import { leakChecked } from '../../support/leaks.ts';
import { slowBackend } from '../../support/session.ts';

const test = leakChecked(suite);
suite.after.each(restoreKeras);

const K = integrated.backend;
const LOST = 'was closed by clearSession()';

/** A model `x → value · (x₀ + x₁)` under the names that all of them get. */
function model(value: number, keras: Pick<typeof integrated, 'Sequential' | 'layers'> = integrated) {
  const layer = new keras.layers.Dense(1, {
    inputShape: [2],
    kernelInitializer: new Constant(value),
    name: 'dense',
  });
  const made = new keras.Sequential({ layers: [layer], name: 'namesake' });
  return { made, layer, predict: () => outcome(() => made.predict([[1, 1]])) };
}

test('a cleared model fails at predict, getWeights, K.getValue and K.function, beside a namesake that works', async () => {
  const old = model(1);
  const f = K.function(old.made.inputs, old.made.outputs[0]);
  assert.is(await old.predict(), 2);
  assert.is(await outcome(() => f([[[1, 1]]])), 2);
  K.clearSession();
  const fresh = model(5);
  assert.is(await fresh.predict(), 10);
  assert.equal(
    fresh.made.weights.map(({ name }) => name),
    old.made.weights.map(({ name }) => name),
  );
  const kernel = old.layer.kernel;
  const reads: (() => unknown)[] = [
    () => old.made.predict([[1, 1]]),
    () => old.made.predictOnBatch([[1, 1]]),
    () => old.made.getWeights(),
    () => old.layer.getWeights(),
    () => K.getValue(kernel),
    () => K.batchGetValue([kernel]),
    () => K.getValue(old.made.outputs[0] as Tensor),
    () => f([[[1, 1]]]),
  ];
  for (const read of reads) {
    await refusal(read, 'FailedPreconditionError', LOST);
    assert.is(await fresh.predict(), 10, 'the new model still has its weights');
  }
  assert.is((K.getSession() as Session).closed, false);
});

test('what was cleared before it ever ran says that the graph was replaced', async () => {
  const old = model(1);
  const f = K.function(old.made.inputs, old.made.outputs[0]);
  K.clearSession();
  const fresh = model(5);
  assert.is(await fresh.predict(), 10);
  for (const read of [() => old.made.predict([[1, 1]]), () => old.layer.getWeights(), () => f([[[1, 1]]])]) {
    await refusal(read, 'FailedPreconditionError', 'clearSession() or resetDefaultGraph() replaced it');
  }
  assert.is(await fresh.predict(), 10);
  // On its own graph it begins with its own initial values.
  using _ = old.made.graph.asDefault();
  assert.is(await old.predict(), 2);
});

test('a model that lives in a session of its user goes on there, whatever is cleared', async () => {
  const old = model(1);
  using session = new Session();
  {
    using _ = session.asDefault();
    assert.is(await old.predict(), 2);
    await old.made.setWeights([[[3], [4]], [0]]);
    assert.is(await old.predict(), 7);
  }
  K.clearSession();
  const fresh = model(5);
  assert.equal([await fresh.predict(), await old.predict(), await fresh.predict()], [10, 7, 10]);
  session.close();
  await refusal(() => old.made.predict([[1, 1]]), 'FailedPreconditionError', 'was closed with Session.close()');
  assert.is(await fresh.predict(), 10);
});

test('a session that Keras makes does not draw a model out of the open session where it lives', async () => {
  const old = model(1);
  using session = new Session();
  {
    using _ = session.asDefault();
    await old.made.setWeights([[[3], [4]], [0]]);
  }
  assert.is.not(K.getSession(), session);
  assert.is(await old.predict(), 7);
  session.close();
  await refusal(() => old.made.predict([[1, 1]]), 'FailedPreconditionError', 'was closed with Session.close()');
});

test('a model that looked into another session is back in its own after it', async () => {
  const old = model(1);
  await old.made.setWeights([[[3], [4]], [0]]);
  {
    using session = new Session();
    using _ = session.asDefault();
    assert.is(await old.predict(), 2, 'its initial values there');
  }
  assert.is(await old.predict(), 7);
});

test('a model in a session that was handed over goes on there after the clear that lets go of it', async () => {
  using session = new Session();
  K.setSession(session);
  const old = model(1);
  assert.is(await old.predict(), 2);
  K.clearSession();
  const fresh = model(5);
  assert.equal([await fresh.predict(), await old.predict()], [10, 2]);
});

test('a cleared model can be given weights again, and the models of today keep theirs', async () => {
  const old = model(1);
  const weights = await old.made.getWeights();
  K.clearSession();
  const fresh = model(5);
  assert.is(await fresh.predict(), 10);
  const session = K.getSession() as Session;
  await old.made.setWeights(weights);
  assert.equal([session.closed, K.getSession() === session], [false, true]);
  assert.equal([await old.predict(), await fresh.predict(), await old.predict()], [2, 10, 2]);
  // The next clear takes both: sessions that Keras made for old graphs too.
  const report = K.clearSession();
  assert.is(report.session?.variables, 4);
  for (const { made } of [old, fresh]) {
    await refusal(() => made.predict([[1, 1]]), 'FailedPreconditionError', LOST);
  }
});

test('a cleared model that is given one weight of two still does not answer', async () => {
  const old = model(1);
  await old.predict();
  K.clearSession();
  await K.setValue(old.layer.kernel, [[1], [1]]);
  await refusal(() => old.made.predict([[1, 1]]), 'FailedPreconditionError', LOST);
  await K.setValue(old.layer.bias as never, [0.5]);
  assert.is(await old.predict(), 2.5);
});

test('tensors and functions without variables work after a clear, and cost nobody a session', async () => {
  const x = K.placeholder([null]);
  const y = add(x, 1);
  const f = K.function([x], y);
  const c = constant(3);
  K.clearSession();
  const fresh = model(5);
  assert.is(await fresh.predict(), 10);
  assert.equal([await outcome(() => f([[2]])), await outcome(() => K.getValue(c))], [3, 3]);
  assert.is(await fresh.predict(), 10);
  assert.is(K.clearSession().session?.variables, 2);
});

test('models of one name on one graph have weights of their own', async () => {
  const [first, second] = [model(1), model(5)];
  assert.equal(
    [first, second].map(({ layer }) => layer.kernel.name),
    ['dense/kernel:0', 'dense_1/kernel:0'],
  );
  assert.equal([await first.predict(), await second.predict(), await first.predict()], [2, 10, 2]);
  await second.made.setWeights([[[0], [0]], [7]]);
  assert.equal([await first.predict(), await second.predict()], [2, 7]);
});

test('after resetDefaultGraph a model works until Keras moves on, then says so', async () => {
  const old = model(1);
  assert.is(await old.predict(), 2);
  resetDefaultGraph();
  assert.is(await old.predict(), 2);
  const fresh = model(5);
  assert.is(await fresh.predict(), 10);
  await refusal(() => old.made.predict([[1, 1]]), 'FailedPreconditionError', 'when Keras moved to another graph');
  await refusal(() => old.layer.getWeights(), 'FailedPreconditionError', 'when Keras moved to another graph');
  // Nor does it begin anew on its own graph, where its weights would be those of the start.
  using _ = old.made.graph.asDefault();
  await refusal(() => old.made.predict([[1, 1]]), 'FailedPreconditionError', 'when Keras moved to another graph');
});

test('a default session on another graph is not in the way of a model', async () => {
  const made = model(1);
  using other = new Session({ graph: new Graph() });
  using _ = other.asDefault();
  assert.is(await made.predict(), 2);
  assert.is(K.getSession(), other, 'as TensorFlow has it');
});

test('in a session that lacks the weights of a cleared model, it says where they are', async () => {
  const old = model(1);
  const weights = await old.made.getWeights();
  K.clearSession();
  await old.made.setWeights(weights);
  using session = new Session({ graph: old.made.graph });
  {
    using _ = session.asDefault();
    await refusal(() => old.made.predict([[1, 1]]), 'FailedPreconditionError', 'are in another session');
  }
  assert.is(await old.predict(), 2);
});

test('clearSession inside of a layer is refused, and leaves the graph as it was', async () => {
  const made = model(1);
  class Clearing extends integrated.layers.Layer {
    override call(inputs: Tensor): Tensor {
      K.clearSession();
      return inputs;
    }
  }
  const { size } = getDefaultGraph();
  await refusal(() => new Clearing().apply(made.made.outputs[0]), 'AssertionError', 'nested graphs');
  assert.is(getDefaultGraph().size, size);
  assert.is(await made.predict(), 2);
});

test('clearSession inside of a learning-phase scope does not carry the phase over', () => {
  const old = getDefaultGraph();
  K.learningPhaseScope(1, () => {
    assert.is(K.learningPhase(), 1);
    K.clearSession();
    assert.is((K.learningPhase() as Tensor).name, 'keras_learning_phase:0');
  });
  const now = K.learningPhase() as Tensor;
  assert.equal([now.name, now.graph === getDefaultGraph()], ['keras_learning_phase:0', true]);
  old.asDefault(() => assert.not.equal(K.learningPhase(), 1));
});

test('a callback that clears ends the training with an error', async () => {
  const { made } = model(1);
  made.compile({ optimizer: 'sgd', loss: 'mse' });
  let epochs = 0;
  class Clearing extends Callback {
    override onEpochEnd(): void {
      epochs++;
      K.clearSession();
    }
  }
  const training = () => made.fit([[1, 1]], [[1]], { epochs: 5, verbose: 0, callbacks: [new Clearing()] });
  assert.match(String(await outcome(training)), /^(CancelledError|RuntimeError|FailedPreconditionError)/);
  assert.is(epochs, 1);
  assert.is(await model(5).predict(), 10);
});

test('a training that a clear interrupts rejects, and the weights are gone, not half trained', async () => {
  configure(integrated, { backend: await slowBackend('wasm', 3) });
  const old = model(1);
  old.made.compile({ optimizer: 'sgd', loss: 'mse' });
  const training = outcome(() => old.made.fit([[1, 1]], [[1]], { epochs: 50, verbose: 0 }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  K.clearSession();
  assert.match(String(await training), /^(CancelledError|RuntimeError|FailedPreconditionError)/);
  await refusal(() => old.made.getWeights(), 'FailedPreconditionError', LOST);
  await refusal(() => old.made.fit([[1, 1]], [[1]], { verbose: 0 }), 'FailedPreconditionError', LOST);
});

test('trained weights and optimizer state are not mixed between namesakes', async () => {
  const train = async (value: number) => {
    const { made } = model(value);
    made.compile({ optimizer: 'adam', loss: 'mse' });
    const losses: unknown[] = [];
    for (let i = 0; i < 3; i++) losses.push(...(await made.trainOnBatch([[1, 1]], [[1]])));
    return losses;
  };
  const first = await train(1);
  K.clearSession();
  assert.equal(await train(1), first, 'the same from the start again');
  K.clearSession();
  assert.not.equal(await train(5), first);
});

test('a graph that is entered by hand has models apart from those of the default graph', async () => {
  const outer = model(1);
  assert.is(await outer.predict(), 2);
  const graph = new Graph();
  using session = new Session({ graph });
  const scope = session.asDefault();
  const inner = graph.asDefault(() => model(5));
  assert.is(await inner.predict(), 10);
  scope[Symbol.dispose]();
  assert.equal([await outer.predict(), await inner.predict(), await outer.predict()], [2, 10, 2]);
  K.clearSession();
  assert.is(await inner.predict(), 10);
  assert.is(getDefaultGraph().size, 2);
});

suite.run();
