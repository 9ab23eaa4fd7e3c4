/**
 * The benchmarks of a page, in headless Chromium: bundles `browser-page.ts`, opens it and prints what it says. Without a GPU
 * programs run by software, so that times there are good for comparisons alone; `--gpu` asks for the machine's own.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const SOFTWARE = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];
const HARDWARE = ['--use-gl=angle', '--use-angle=vulkan', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];

/** Modules of Node that nothing takes in a page. */
const withoutNode: Plugin = {
  name: 'without Node',
  setup(builder) {
    const filter = /^(node:|(fs|path|os|crypto|module|perf_hooks|worker_threads|util|string_decoder)$)/;
    builder.onResolve({ filter }, ({ path }) => ({ path, namespace: 'node' }));
    builder.onLoad({ filter: /.*/, namespace: 'node' }, () => ({ contents: 'module.exports = {}', loader: 'js' }));
  },
};

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('browser-page.ts', import.meta.url))],
    bundle: true,
    // `sideEffects` in package.json names files of dist, and would have the bundle drop the sources of all others.
    ignoreAnnotations: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    plugins: [withoutNode],
    define: { 'process.argv': JSON.stringify(process.argv.slice(2)) },
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

export async function benchBrowser(): Promise<void> {
  if (!existsSync(CHROMIUM)) {
    console.log(`There is no ${CHROMIUM}.`);
    return;
  }
  const script = await bundle();
  const server = createServer(({ url }, response) => {
    const isScript = url === '/bench.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(
      isScript ? script : '<!doctype html><meta charset="utf-8"><script type="module" src="/bench.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gl = process.argv.includes('--gpu') ? HARDWARE : SOFTWARE;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...gl] });
  try {
    const page = await browser.newPage();
    page.on('console', (message) => console.log(message.text()));
    page.on('pageerror', (error) => console.log(error.message));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('typeof globalThis.bench === "function"');
    console.log(`\nChromium ${browser.version()}, in the page:`);
    await page.evaluate('globalThis.bench()');
  } finally {
    await browser.close();
    server.close();
  }
}
