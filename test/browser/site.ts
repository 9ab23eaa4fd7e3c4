/** What the tests of built pages share: the built package, a server for a folder, a browser with and without WebGL. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** The folder of the built package; built now, without declarations, where there is none. */
export function builtPackage(): string {
  const dist = join(ROOT, 'dist');
  if (!existsSync(join(dist, 'script/tfjs-graph.js'))) {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/tsdown/dist/run.mjs'), '--no-dts'], { cwd: ROOT });
  }
  return dist;
}

/** Serves what a path leads to: a file, or a text that is given here. */
export async function serve(find: (path: string) => string | { readonly text: string } | null): Promise<{
  readonly server: Server;
  readonly origin: string;
}> {
  const server = createServer(({ url = '/' }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname)).replaceAll('\\', '/');
    const found = find(path.endsWith('/') ? `${path}index.html` : path);
    const type = TYPES[extname(path) || '.html'] ?? 'application/octet-stream';
    if (found === null || (typeof found === 'string' && !existsSync(found))) response.writeHead(404).end();
    else {
      const content = typeof found === 'string' ? readFileSync(found) : found.text;
      response.writeHead(200, { 'content-type': type }).end(content);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Chromium, with WebGL by software: on a busy machine it takes that longer than the watchdog of the GPU waits. */
export function launch(): Promise<Browser> {
  const gl = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu-watchdog', ...gl] });
}

/** A page, and all that it complains of: errors, failed requests, what it writes to the console. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on('console', (message) => {
    // The software's driver tells what it takes long for; that is no matter of the page.
    if (!message.text().includes('GL Driver Message')) complaints.push(`${message.type()}: ${message.text()}`);
  });
  return { page, complaints };
}
