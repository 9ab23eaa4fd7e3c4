/** A network of two layers, trained: what a small program needs of the library. It leaves its losses in the page. */
import {
  float32,
  Graph,
  getVariable,
  globalVariablesInitializer,
  int32,
  matmul,
  nn,
  placeholder,
  reduceMean,
  Session,
  setRandomSeed,
  train,
  zerosInitializer,
} from 'tfjs-graph/core';

export async function run(backend: string): Promise<number[]> {
  const graph = new Graph();
  const { x, y, loss, step, init } = graph.asDefault(() => {
    // Of all draws, three in a thousand do not halve the loss in so few steps.
    setRandomSeed(1);
    const x = placeholder(float32, [null, 2]);
    const y = placeholder(int32, [null]);
    const w1 = getVariable('w1', [2, 16]);
    const b1 = getVariable('b1', [16], { initializer: zerosInitializer() });
    const w2 = getVariable('w2', [16, 2]);
    const logits = matmul(nn.relu(matmul(x, w1).add(b1)), w2);
    const loss = reduceMean(nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
    const step = new train.AdamOptimizer(0.05).minimize(loss);
    return { x, y, loss, step, init: globalVariablesInitializer() };
  });
  const session = new Session({ graph, config: { backend } });
  await session.run(init);
  const feedDict = [
    [
      x,
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
    ],
    [y, [0, 1, 1, 0]],
  ] as const;
  const losses = [Number(await session.run(loss, { feedDict }))];
  for (let i = 0; i < 60; i++) await session.run(step, { feedDict });
  losses.push(Number(await session.run(loss, { feedDict })));
  session.close();
  return losses;
}

Object.assign(globalThis, { run });
