/**
 * WebGPU in headless Chromium, by software: where it is registered and there is an adapter, sessions run on it and give what
 * Node gives; where not, they run on WebGL.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GRADIENT } from '../support/compare.ts';
import { webgpuGoldensPage, webgpuPage } from './files.ts';
import { callInPage, whyNoWebgpu } from './harness.ts';
import { type Outcome, trainOnDigits } from './in-page/webgpu-program.ts';
import { reportPages } from './report.ts';

const page = (name: string): string => `test/browser/in-page/${name}.page.ts`;

const STEPS = 60;

const reason = await whyNoWebgpu();
const test = suite('browser/webgpu');
if (reason) test.skip(`on WebGPU (${reason})`);
else {
  test('a training gives in a page on WebGPU what it gives in Node', async () => {
    const expected = await trainOnDigits(STEPS);
    const program = 'test/browser/in-page/webgpu-program.ts';
    const found = await callInPage<Outcome>('webgpu', program, `trainOnDigits(${STEPS})`);
    assert.is(expected.backend, 'wasm');
    assert.is(found.backend, 'webgpu');
    closeTo(found.losses, expected.losses, 'losses');
    assert.equal(Object.keys(found.weights), Object.keys(expected.weights));
    for (const [name, values] of Object.entries(expected.weights)) closeTo(found.weights[name], values, name);
    assert.equal(found.predictions, expected.predictions);
  });
}
test.run();

function closeTo(found: readonly number[], expected: readonly number[], what: string): void {
  assert.is(found.length, expected.length);
  expected.forEach((value, i) => {
    const off = Math.abs(found[i] - value);
    const limit = GRADIENT.absolute + GRADIENT.relative * Math.abs(value);
    assert.ok(off <= limit, `${what}, element ${i}: ${found[i]}, expected ${value}`);
  });
}

if (!reason) {
  await reportPages('browser/webgpu', [{ backend: 'webgpu', files: [page('webgpu')] }, webgpuGoldensPage, webgpuPage]);
}
await reportPages('browser/webgpu-fallback', [
  { backend: 'webgl', files: [page('webgpu-unregistered')] },
  { backend: 'webgl', files: [page('webgpu-no-adapter')] },
  { backend: 'webgl', files: [page('webgpu-absent')] },
]);
