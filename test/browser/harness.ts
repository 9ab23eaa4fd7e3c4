/**
 * Test files in headless Chromium: bundles them for the page, serves them with the goldens, runs them on one backend, and
 * gives the results by test. Which files run where, and why some do not, is said in the test files beside this.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire, isBuiltin } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin, transform } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { FileResult } from './in-page/run.ts';

export const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WASM = join(
  dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')),
  'dist',
);
const TESTS = join(ROOT, 'test/');
const SHIMS = join(TESTS, 'browser/in-page');

/** WebGL by software, where the machine has no GPU. */
const WEBGL = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];
/** WebGPU by software as well. */
const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
/** Tests look at how much memory is in use. */
const MEASURABLE = ['--js-flags=--expose-gc', '--enable-precise-memory-info'];

export interface Site {
  readonly server: Server;
  readonly origin: string;
  /** Where the page finds the bundle of a source file. */
  urlOf(file: string): string;
}

/**
 * In the page of a backend `'wasm'` in a test stands for that backend, and what loops over wasm and cpu runs there alone;
 * Node's part of the suite has run the others.
 */
function forPage(code: string): string {
  return code
    .replace(/\["wasm", "cpu"\]|\["cpu", "wasm"\]/g, '[globalThis.TEST_BACKEND]')
    .replace(/"wasm"/g, 'globalThis.TEST_BACKEND')
    .replaceAll('process.memoryUsage().heapUsed', 'performance.memory.usedJSHeapSize');
}

/** Whether the file is of the tests, or of the examples that they use. */
const isOurs = (path: string): boolean => path.startsWith(TESTS) || path.startsWith(join(ROOT, 'examples/'));

const testsForPage: Plugin = {
  name: 'tests for a page',
  setup(builder) {
    builder.onResolve({ filter: /^uvu$/ }, () => ({ path: join(SHIMS, 'uvu.ts') }));
    builder.onResolve({ filter: /^node:(fs|v8|vm|zlib)$/ }, ({ path, importer }) =>
      isOurs(importer) ? { path: join(SHIMS, `${path.slice(5)}.ts`) } : undefined,
    );
    // Modules of Node that nothing takes in a page: what is imported for Node alone is not reached there.
    builder.onResolve({ filter: /^(node:|[a-z])/ }, ({ path }) =>
      isBuiltin(path) ? { path, namespace: 'node' } : undefined,
    );
    builder.onResolve({ filter: /^@grpc\// }, ({ path }) => ({ path, namespace: 'node' }));
    builder.onLoad({ filter: /.*/, namespace: 'node' }, () => ({ contents: 'module.exports = {}', loader: 'js' }));
    builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!isOurs(path) || path.startsWith(SHIMS)) return undefined;
      const { code } = await transform(readFileSync(path, 'utf8'), {
        loader: 'ts',
        target: 'es2022',
        sourcefile: path,
      });
      const url = `new URL(${JSON.stringify(`/repository/${relative(ROOT, path)}`)}, location.origin).href`;
      return { contents: forPage(code).replaceAll('import.meta.url', url), loader: 'js' };
    });
  },
};

/** Bundles the files and serves them, until the server is closed. */
export async function serve(files: readonly string[]): Promise<Site> {
  const { outputFiles } = await build({
    entryPoints: [join(SHIMS, 'run.ts'), ...files.map((file) => join(ROOT, file))],
    outbase: ROOT,
    outdir: join(ROOT, 'bundle'),
    bundle: true,
    // `sideEffects` in package.json names files of dist, and would have the bundle drop the sources of all others.
    ignoreAnnotations: true,
    // Keras names what it makes after functions and classes.
    keepNames: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    inject: [join(SHIMS, 'buffer.ts')],
    define: {
      'process.env.UPDATE': 'undefined',
      'process.env.TEST_BACKENDS': 'undefined',
      'process.env.FC_SEED': JSON.stringify(process.env.FC_SEED ?? '20'),
      // Programs of WebGL take long to be compiled.
      'process.env.FC_RUNS': JSON.stringify(process.env.FC_RUNS ?? '0.25'),
    },
    logLevel: 'error',
    plugins: [testsForPage],
  });
  const bundles = new Map(outputFiles.map(({ path, contents }) => [`/${relative(ROOT, path)}`, contents]));
  const urlOf = (file: string): string => `/bundle/${file.replace(/\.ts$/, '.js')}`;
  const page = `<!doctype html><meta charset="utf-8"><title>tests</title><script type="module" src="${urlOf('test/browser/in-page/run.ts')}"></script>`;

  const server = createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const content = path === '/' ? page : (bundles.get(path) ?? fileAt(path));
    if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': typeOf(path) }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, origin: `http://127.0.0.1:${port}`, urlOf };
}

/** A file of the tests, or one of tfjs's wasm files. */
function fileAt(path: string): Buffer | undefined {
  const [, place, ...rest] = path.split('/');
  if (rest.includes('..')) return undefined;
  const file = place === 'wasm' ? join(WASM, ...rest) : place === 'repository' ? join(ROOT, ...rest) : null;
  return file && existsSync(file) ? readFileSync(file) : undefined;
}

function typeOf(path: string): string {
  const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
  return types[extname(path)] ?? (path === '/' ? 'text/html' : 'application/octet-stream');
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...MEASURABLE, ...WEBGL, ...WEBGPU] });
}

/** Why Chromium has no WebGPU here; null where it has. */
export async function whyNoWebgpu(): Promise<string | null> {
  if (!hasChromium) return `there is no ${CHROMIUM}`;
  const site = await serve([]);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(site.origin);
    const has = await page.evaluate("navigator.gpu ? navigator.gpu.requestAdapter().then((a) => a !== null) : 'none'");
    if (has === true) return null;
    return has === 'none' ? 'this Chromium has no navigator.gpu' : 'this Chromium has no adapter for WebGPU';
  } finally {
    await browser.close();
    site.server.close();
  }
}

/** What a function that a file exports gives in a page of the backend. */
export async function callInPage<T>(backend: string, file: string, call: string): Promise<T> {
  const site = await serve([file]);
  const browser = await launch();
  try {
    const page = await openPage(browser, site, backend, {});
    return await page.evaluate<T>(`import('${site.urlOf(file)}').then((module) => module.${call})`);
  } finally {
    await browser.close();
    site.server.close();
  }
}

/** Run before all else in pages that are to be without WebGL. */
const WITHOUT_WEBGL = `for (const canvas of [HTMLCanvasElement, OffscreenCanvas]) {
  const { getContext } = canvas.prototype;
  canvas.prototype.getContext = function (kind, ...rest) {
    return kind.includes('webgl') ? null : getContext.call(this, kind, ...rest);
  };
}`;

export interface PageOptions {
  /** All kernels on the GPU, however small their arrays. */
  readonly allOnGpu?: boolean;
  /** Tests that are not run. */
  readonly skipped?: readonly string[];
}

/** A page of the site on which the tests' backend is the given one. */
export async function openPage(browser: Browser, site: Site, backend: string, options: PageOptions): Promise<Page> {
  const page = await browser.newPage();
  if (backend !== 'webgl') await page.addInitScript(WITHOUT_WEBGL);
  const { allOnGpu = false, skipped = [] } = options;
  const settings = { TEST_BACKEND: backend, ALL_ON_GPU: allOnGpu, SKIPPED: skipped };
  await page.addInitScript(`Object.assign(globalThis, ${JSON.stringify(settings)});`);
  await page.goto(site.origin);
  await page.waitForFunction('typeof globalThis.runFiles === "function"');
  return page;
}

export interface RunOptions extends PageOptions {
  /** How long the page may take. */
  readonly seconds?: number;
  readonly onFile?: (result: FileResult) => void;
}

/** Runs the files in a page. What hangs or ends the page is the last file's error, and those after it are missing. */
export async function runInPage(
  backend: string,
  files: readonly string[],
  { seconds = 570, onFile = (_: FileResult) => {}, ...options }: RunOptions = {},
): Promise<FileResult[]> {
  const site = await serve(files);
  const browser = await launch();
  const done: FileResult[] = [];
  let last = 'nothing';
  let timer: NodeJS.Timeout | undefined;
  try {
    const page = await openPage(browser, site, backend, options);
    if (process.env.TEST_VERBOSE) page.on('console', (message) => process.stderr.write(`${message.text()}\n`));
    await page.exposeFunction('testStarted', (name: string) => {
      last = name;
    });
    await page.exposeFunction('fileEnded', (result: FileResult) => {
      done.push(result);
      onFile(result);
    });
    const pairs = files.map((file) => [file, site.urlOf(file)]);
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The page ran past ${seconds} s`)), seconds * 1000);
    });
    const crashed = new Promise<never>((_, reject) => {
      page.on('crash', () => reject(new Error('The page crashed')));
    });
    await Promise.race([page.evaluate(`runFiles(${JSON.stringify(pairs)})`), late, crashed]);
  } catch (error) {
    done.push({ file: files[done.length], results: [], errors: [`${error}, near ${last}`] });
  } finally {
    clearTimeout(timer);
    await browser.close();
    site.server.close();
  }
  return done;
}
