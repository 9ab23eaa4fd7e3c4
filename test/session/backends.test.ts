/** Starting backends, and living beside programs that use TensorFlow.js themselves. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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

/** Runs a program in a process of its own, where tfjs has no backend yet; what it prints. */
async function alone(program: string): Promise<string> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const code = `
    import * as tfjs from ${JSON.stringify(import.meta.resolve('@tensorflow/tfjs-core'))};
    import * as tf from ${url('../../src/index.ts')};
    ${program}`;
  const node = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, node);
  return stdout.trim();
}

test('the first backend becomes that of tfjs, where the program has chosen none', async () => {
  const printed = await alone(`
    const x = tf.placeholder(tf.float32, [2]);
    const first = new tf.Session();
    await first.ready();
    const second = new tf.Session({ config: { backend: 'cpu' } });
    await second.ready();
    const y = await first.run(x.mul(2), { feedDict: [[x, tfjs.tensor([1, 2])]] });
    console.log(tfjs.getBackend(), String(y));`);
  assert.is(printed, 'wasm [2. 4.]');
});

test('a choice of the program stays', async () => {
  const printed = await alone(`
    import ${JSON.stringify(import.meta.resolve('@tensorflow/tfjs-backend-cpu'))};
    await tfjs.setBackend('cpu');
    const sess = new tf.Session();
    await sess.ready();
    console.log(sess.backend, tfjs.getBackend(), String(tfjs.tensor([1]).arraySync()));`);
  assert.is(printed, 'wasm cpu 1');
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
