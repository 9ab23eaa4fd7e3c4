/**
 * The package in browsers: how large programs are, that they carry nothing they do not use, and that they run, in a page
 * without a bundler and built by Vite.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from 'vite';
import { type Bundle, bundle, faults, LIMIT } from '../../scripts/bundle-size.ts';
import { builtPackage, hasChromium, launch, openPage, ROOT, serve } from './site.ts';

const test = suite('browser/bundle');

const TFJS = join(ROOT, 'node_modules/@tensorflow');
const fesm = (name: string) => `/tfjs/tfjs-${name}/dist/tf-${name}.fesm.min.js`;
/** Where a page without a bundler finds tfjs; what its wasm backend asks of Node is empty. */
const IMPORTS = {
  'tfjs-graph': '/dist/script/tfjs-graph.js',
  '@tensorflow/tfjs-core': fesm('core'),
  '@tensorflow/tfjs-backend-wasm': fesm('backend-wasm'),
  '@tensorflow/tfjs-backend-webgl': fesm('backend-webgl'),
  ...Object.fromEntries(
    ['fs', 'path', 'os', 'perf_hooks'].map((name) => [name, 'data:text/javascript,export default {}']),
  ),
};

let browser: Browser;
test.before(async () => {
  builtPackage();
  if (hasChromium) browser = await launch();
});
test.after(() => browser?.close());

let core: Bundle;
test('graph, compiler and session stay within their limit, without Keras and file formats', async () => {
  core = await bundle('core.ts');
  console.log(`graph, compiler and session: ${(core.compressed / 1000).toFixed(1)} kB of ${LIMIT} kB gzipped`);
  assert.equal(faults(core, LIMIT), []);
  assert.ok(core.compressed > 40_000, 'it has them');
});

test('a program that trains carries the ops that it builds, and no others', async () => {
  const mlp = await bundle('mlp.ts');
  assert.equal(faults(mlp, null), []);
  const families = mlp.modules.flatMap((name) => /\/dist\/ops\/([\w-]+)\.js$/.exec(name)?.[1] ?? []);
  for (const name of ['matmul', 'cross-entropy', 'training-ops', 'reductions'])
    assert.ok(families.includes(name), name);
  for (const name of ['fft', 'ctc', 'datasets', 'image-resize', 'pooling3d', 'string-regex']) {
    assert.not.ok(families.includes(name), name);
  }
});

test('the table of host kernels is up to date', async () => {
  const script = join(ROOT, 'scripts/host-families.ts');
  await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--check'], { cwd: ROOT });
});

test('samples of ops are not in the package', () => {
  const matmul = readFileSync(join(ROOT, 'dist/ops/matmul.js'), 'utf8');
  assert.match(matmul, 'name: "MatMul"');
  assert.not.match(matmul, /samples: \[\{|\bsample\(/);
});

/** What a page prints as the losses before and after training. */
async function losses(files: (path: string) => string | { readonly text: string } | null, backend: string) {
  const { server, origin } = await serve(files);
  const { page, complaints } = await openPage(browser);
  try {
    await page.goto(`${origin}/?${backend}`);
    // What goes wrong in the page says more than the time that is over.
    await page.waitForFunction(() => document.title !== 'waiting', undefined, { timeout: 60_000 }).catch(() => {});
    assert.equal(complaints, []);
    return (await page.title()).split(' ').map(Number);
  } finally {
    await page.close();
    server.close();
  }
}

const WASM = '/tfjs/tfjs-backend-wasm/dist/';
const SCRIPT = `
  import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
  import * as tf from 'tfjs-graph';
  setWasmPaths('${WASM}');
  tf.setRandomSeed(1);
  const x = tf.placeholder(tf.float32, [null, 2], { name: 'x' });
  const model = new tf.keras.Sequential([new tf.keras.layers.Dense(1, { inputShape: [2] })]);
  const w = tf.getVariable('w', [2, 1]);
  const loss = tf.reduceMean(tf.square(tf.matmul(x, w).sub([[1], [2]])));
  const step = new tf.train.AdamOptimizer(0.1).minimize(loss);
  const session = new tf.Session({ config: { backend: location.search.slice(1) } });
  await session.run(tf.globalVariablesInitializer());
  const feedDict = [[x, [[1, 0], [0, 1]]]];
  const first = await session.run(loss, { feedDict });
  for (let i = 0; i < 100; i++) await session.run(step, { feedDict });
  const last = await session.run(loss, { feedDict });
  await model.predict([[1, 2]]);
  // What is fetched when a run asks for it: kernels for the host, functions that these call, steps on lists.
  const same = (value, wanted) => {
    if (JSON.stringify(value) !== JSON.stringify(wanted)) throw new Error(JSON.stringify(value));
  };
  let refused = '';
  try {
    session.runSync(tf.strings.length(['one']));
  } catch (error) {
    refused = error.message;
  }
  same(/run it once with run/.test(refused), true);
  same((await session.run(tf.strings.length(['one', 'three']))).array(), [3, 5]);
  const next = tf.data.makeOneShotIterator(tf.data.Dataset.range(3).map((each) => each.mul(each))).getNext();
  const squares = [];
  for (let i = 0; i < 3; i++) squares.push(Number(await session.run(next)));
  same(squares, [0, 1, 4]);
  same((await session.run(tf.mapFn((each) => each.mul(2), tf.constant([1, 2, 3])))).array(), [2, 4, 6]);
  const bytes = await tf.io.readGraph(new Blob([tf.getDefaultGraph().asGraphDef().toText()]));
  if (bytes.node.length < 10) throw new Error('The graph was not read.');
  session.close();
  document.title = first + ' ' + last;
`;

for (const backend of ['webgl', 'wasm']) {
  if (!hasChromium) {
    test.skip(`${backend}: Chromium is not installed`, () => {});
    continue;
  }
  test(`${backend}: a page without a bundler trains`, async () => {
    const page = `<!doctype html><title>waiting</title><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify(
      { imports: IMPORTS },
    )}</script><script type="module">${SCRIPT}</script>`;
    const [first, last] = await losses((path) => {
      if (path === '/index.html') return { text: page };
      return path.startsWith('/tfjs/') ? join(TFJS, path.slice(6)) : join(ROOT, path);
    }, backend);
    assert.ok(last < 0.5 * first, `${first} → ${last}`);
  });

  test(`${backend}: a program that Vite has built trains`, async () => {
    const out = join(ROOT, 'out/bundle-test');
    const program = join(ROOT, 'test/browser/bundle');
    if (!existsSync(out) || backend === 'webgl') {
      await build({
        root: program,
        base: './',
        configFile: false,
        logLevel: 'silent',
        resolve: { alias: [{ find: /^tfjs-graph\/(\w+)$/, replacement: `${join(ROOT, 'dist')}/$1.js` }] },
        build: {
          outDir: out,
          emptyOutDir: true,
          target: 'es2022',
          rollupOptions: { input: join(program, 'index.html') },
        },
      });
    }
    const [first, last] = await losses(
      (path) => (path.startsWith('/tfjs/') ? join(TFJS, path.slice(6)) : join(out, path)),
      backend,
    );
    assert.ok(last < 0.5 * first, `${first} → ${last}`);
  });
}

test.run();
