/**
 * wasm in a page that is isolated from others (`crossOriginIsolated`), in headless Chromium: there TensorFlow.js takes its binary
 * with threads, whose memory generated kernels share.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire, isBuiltin } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hasChromium, launch, ROOT } from './site.ts';

const test = suite('browser/isolated');

const WASM = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'));

const PROGRAM = `
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { findBackend } from '@tensorflow/tfjs-core';
import * as tf from './src/index.ts';

globalThis.compute = async () => {
  setWasmPaths('/');
  const session = new tf.Session({ graph: new tf.Graph(), config: { backend: 'wasm', intraOpParallelismThreads: 2 } });
  const results = [];
  for (const size of [3, 3000]) {
    const [x, y] = session.graph.asDefault(() => {
      const x = tf.placeholder(tf.float32, [size, size]);
      return [x, tf.reduceSum(tf.add(tf.multiply(x, 2), 1))];
    });
    results.push((await session.run(y, [[x, { data: new Float32Array(size * size).fill(1), shape: [size, size] }]])).item());
  }
  const { wasm } = findBackend('wasm');
  session.close();
  return { results, isIsolated: crossOriginIsolated, isShared: wasm.HEAPU8.buffer instanceof SharedArrayBuffer };
};
`;

/** Modules of Node are not reached in a page. */
const withoutNode: Plugin = {
  name: 'without Node',
  setup(builder) {
    builder.onResolve({ filter: /^(node:|@grpc\/|[a-z])/ }, ({ path }) =>
      isBuiltin(path) || path.startsWith('@grpc/') ? { path, namespace: 'node' } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'node' }, () => ({ contents: 'module.exports = {}', loader: 'js' }));
  },
};

const name = 'generated kernels work on the memory of the binary with threads';
if (!hasChromium) test.skip(`${name} (there is no Chromium)`);
else {
  test(name, async () => {
    const { outputFiles } = await build({
      stdin: { contents: PROGRAM, resolveDir: ROOT, loader: 'js' },
      bundle: true,
      ignoreAnnotations: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      logLevel: 'error',
      plugins: [withoutNode],
    });
    const server = createServer(({ url = '/' }, response) => {
      const file = join(WASM, 'dist', url);
      const isWasm = url.endsWith('.wasm') && existsSync(file);
      const content = isWasm ? readFileSync(file) : url === '/program.js' ? outputFiles[0].contents : '<!doctype html>';
      response.writeHead(200, {
        'content-type': isWasm ? 'application/wasm' : url === '/program.js' ? 'text/javascript' : 'text/html',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      });
      response.end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const done = await page.evaluate(`import('/program.js').then(() => globalThis.compute())`);
      assert.equal(done, { results: [27, 27_000_000], isIsolated: true, isShared: true });
    } finally {
      await browser.close();
      server.close();
    }
  });
}

test.run();
