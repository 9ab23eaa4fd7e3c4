/** Starting backends, and living beside programs that use TensorFlow.js themselves. */
import * as tfjs from '@tensorflow/tfjs-core';
import { test as suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultBackendName, mayHaveKernel, readyBackend, startBackend } from '../../runtime/backends/index.ts';
import { wasmFolder } from '../../runtime/backends/wasm-node.ts';
import { Session } from '../../runtime/session.ts';
import { add, constant, matmul, placeholder } from '../../src/ops/index.ts';
import { float32 } from '../../src/util/dtype.ts';
import { Variable } from '../../src/variables/variable.ts';
import { leakChecked } from '../support/leaks.ts';
import { failure } from '../support/session.ts';

const test = leakChecked(suite);

test('a backend is started once, and is the one that tfjs uses', async () => {
  const [one, two] = await Promise.all([startBackend('wasm'), startBackend('wasm')]);
  assert.is(one, two);
  assert.is(readyBackend('wasm'), one);
  assert.is(one.native, tfjs.findBackend('wasm'));
  assert.is(defaultBackendName(), 'wasm');
});

test("the current backend of tfjs and its tensors stay the program's own", async () => {
  await tfjs.setBackend('cpu');
  const before = tfjs.memory().numTensors;
  const v = new Variable([[1, 2]]);
  const x = placeholder(float32, [2, 1]);
  using sess = new Session({ config: { backend: 'wasm' } });
  await sess.run(v.initializer);
  const y = await sess.run(add(matmul(v, x), 1), [[x, [[3], [4]]]]);
  assert.equal(y.array(), [[12]]);
  assert.is(tfjs.getBackend(), 'cpu');
  assert.is(tfjs.memory().numTensors, before);
});

test('a result as a tfjs tensor can be used by tfjs on another backend', async () => {
  await tfjs.setBackend('cpu');
  const v = new Variable([1, 2]);
  using sess = new Session({ config: { backend: 'wasm' } });
  await sess.run(v.initializer);
  const tensor = await sess.run(v, { as: 'tensor' });
  const doubled = tfjs.mul(tensor, 2);
  assert.equal(doubled.arraySync(), [2, 4]);
  assert.equal((await sess.run(v)).array(), [1, 2]);
  doubled.dispose();
  tensor.dispose();
  assert.equal((await sess.run(add(v, 1))).array(), [2, 3]);
});

test('in Node the wasm files are found beside the package', async () => {
  assert.match((await wasmFolder()) as string, /tfjs-backend-wasm[\\/]dist[\\/]$/);
});

test('kernels are known once they are loaded', () => {
  assert.ok(mayHaveKernel('wasm', 'Add'));
  assert.not(mayHaveKernel('wasm', 'Conv2DBackpropFilter'));
  assert.ok(mayHaveKernel('a backend of the future', 'Add'));
});

test('a name that nobody registered', async () => {
  const error = await failure(() => startBackend('abacus'));
  assert.is(error.name, 'NotFoundError');
  constant(1);
});

suite.run();
