/**
 * The page of `tf.viz.export`, opened from a file in headless Chromium and used with mouse and keys. Its text is
 * `viz/page-text.test.ts`'s business.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { chain, layered, nastyDef, smallGraph } from '../viz/graphs.ts';

const CHROMIUM = '/usr/bin/chromium';

const test = suite('browser/page');
let browser: Browser;
let folder: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfjs-graph-'));
  if (existsSync(CHROMIUM)) browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});

test.after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

/** Opens a page; fails if it says anything on the console, throws, or asks for anything. */
async function opened(name: string, html: string, body: (page: Page) => Promise<void>, dark = false): Promise<void> {
  const file = join(folder, `${name}.html`);
  await writeFile(file, html);
  const page = await browser.newPage({ colorScheme: dark ? 'dark' : 'light', viewport: { width: 1280, height: 800 } });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message());
    dialog.dismiss().catch(() => {});
  });
  const url = pathToFileURL(file).href;
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  await page.goto(url);
  await body(page);
  assert.equal(complaints, []);
  await page.close();
}

/** In a browser; skipped where there is none. */
function inBrowser(name: string, body: () => Promise<void>): void {
  if (existsSync(CHROMIUM)) test(name, body);
  else test.skip(`${name} (there is no ${CHROMIUM})`, body);
}

const keysOf = (page: Page, selector: string) =>
  page.$$eval(selector, (elements) => elements.map((element) => element.getAttribute('data-key')));
const text = (page: Page, selector: string) => page.$eval(selector, (element) => element.textContent ?? '');
const group = (name: string) => `#world [data-key][aria-label^="${name},"]`;

inBrowser('a click opens a scope and closes it again', async () => {
  const html = await tf.viz.export(smallGraph(), { format: 'html', collapse: 0 });
  await opened('click', html, async (page) => {
    const before = await keysOf(page, '#world .item');
    assert.is(await page.getAttribute(group('dense'), 'aria-expanded'), 'false');
    await page.click(group('dense'));
    assert.is(await page.getAttribute(group('dense'), 'aria-expanded'), 'true');
    assert.ok((await keysOf(page, '#world .item')).length > before.length);
    assert.ok((await text(page, '#world')).includes('Relu'));
    await page.click(`${group('dense')} .grip`);
    assert.equal(await keysOf(page, '#world .item'), before);
  });
});

inBrowser('at first whole levels are open, and the names can be read', async () => {
  const html = await tf.viz.export(smallGraph(), { format: 'html' });
  await opened('first', html, async (page) => {
    for (const name of ['dense', 'loop', 'functions'])
      assert.is(await page.getAttribute(group(name), 'aria-expanded'), 'true', name);
    assert.is(await page.getAttribute(group('kernel'), 'aria-expanded'), 'false');
  });
  for (const [name, graph] of [
    ['column', layered(10_000)],
    ['row', chain(10_000)],
  ] as const) {
    await opened(name, await tf.viz.export(graph, { format: 'html' }), async (page) => {
      const found = await page.$$eval('#world .name', (names) =>
        names
          .map((text) => text.getBoundingClientRect())
          .filter(({ left, right, top, bottom }) => left > 0 && right < 960 && top > 44 && bottom < 750)
          .map(({ height }) => height),
      );
      assert.ok(found.length > 5, `${found.length} names are in sight`);
      assert.ok(Math.min(...found) > 9, `${Math.min(...found)} pixels high`);
    });
  }
});

inBrowser('nothing is cut off at the borders of a file, and titles stand above edges', async () => {
  const page = await browser.newPage();
  await page.setContent(await tf.viz.export(smallGraph(), { format: 'svg' }));
  const { cut, titles } = await page.evaluate(() => {
    const svg = document.querySelector('svg') as SVGSVGElement;
    const { width, height } = svg.viewBox.baseVal;
    const outside = [...svg.querySelectorAll('text, rect, path')].filter((element) => {
      if (element.closest('defs')) return false;
      const outer = svg.getBoundingClientRect();
      const box = element.getBoundingClientRect();
      const [left, top] = [box.left - outer.left, box.top - outer.top];
      return left < -0.5 || top < -0.5 || left + box.width > width + 0.5 || top + box.height > height + 0.5;
    });
    const last = [...svg.querySelectorAll('.edge')].at(-1) as Element;
    const after = [...svg.querySelectorAll('.scope')].filter(
      (title) => last.compareDocumentPosition(title) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    return { cut: outside.map(({ outerHTML }) => outerHTML), titles: after.map(({ textContent }) => textContent) };
  });
  assert.equal(cut, []);
  assert.ok(titles.includes('dense') && titles.includes('ƒ loop_while_cond_1'), String(titles));
  await page.close();
});

inBrowser('the search finds a node in closed scopes, by keys alone', async () => {
  const html = await tf.viz.export(smallGraph(), { format: 'html', collapse: 0 });
  await opened('search', html, async (page) => {
    await page.keyboard.press('/');
    await page.keyboard.type('relu dense');
    assert.is(await page.getAttribute('#search', 'aria-expanded'), 'true');
    assert.ok((await text(page, '#hits')).startsWith('dense/Relu'));
    await page.keyboard.press('Enter');
    assert.is(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'dense/Relu, Relu');
    const panel = await text(page, '#panel');
    for (const part of ['dense/Relu', 'float32[?,3]', 'dense/MatMul', 'Consumers'])
      assert.ok(panel.includes(part), part);
    assert.ok((await page.$$('.edge.on')).length > 0, 'its edges stand out');
    const box = await (await page.$('.item.picked'))?.boundingBox();
    assert.ok(box && box.x > 0 && box.x < 900 && box.y > 0 && box.y < 800, 'it is in sight');
  });
});

inBrowser('arrows go from box to box, Enter opens, Escape lets go', async () => {
  const html = await tf.viz.export(smallGraph(), { format: 'html', collapse: 0 });
  await opened('keys', html, async (page) => {
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    await page.focus(group('dense'));
    await page.keyboard.press('ArrowUp');
    assert.is(await focused(), 'x, Placeholder');
    await page.keyboard.press('ArrowDown');
    assert.match(await focused(), /^dense,/);
    await page.keyboard.press('Enter');
    assert.match(await focused(), /^dense, scope, open/);
    await page.keyboard.press('Space');
    assert.match(await focused(), /^dense, scope of \d+ nodes, closed/);
    await page.keyboard.press('e');
    const all = (await page.$$('#world .item')).length;
    await page.keyboard.press('c');
    assert.ok((await page.$$('#world .item')).length < all);
    await page.keyboard.press('?');
    assert.ok(await page.isVisible('#keys'));
    await page.keyboard.press('Escape');
    assert.not(await page.isVisible('#keys'));
  });
});

inBrowser('wheel, drag and keys move and zoom', async () => {
  const html = await tf.viz.export(smallGraph(), { format: 'html' });
  await opened('zoom', html, async (page) => {
    const view = async () => {
      const found = /translate\((\S+) (\S+)\) scale\((\S+)\)/.exec(
        (await page.getAttribute('#world', 'transform')) ?? '',
      );
      return (found as RegExpExecArray).slice(1).map(Number);
    };
    await page.keyboard.press('0');
    const [, , scale] = await view();
    await page.mouse.move(400, 400);
    await page.mouse.wheel(0, -300);
    await page.waitForTimeout(50);
    const [x, y, larger] = await view();
    assert.ok(larger > scale);
    const boxes = (await page.$$('#world .item')).length;
    await page.mouse.down();
    await page.mouse.move(450, 430, { steps: 4 });
    await page.mouse.up();
    const [movedX, movedY] = await view();
    assert.equal([Math.round(movedX - x), Math.round(movedY - y)], [50, 30]);
    assert.is((await page.$$('#world .item')).length, boxes, 'a drag is no click');
    await page.keyboard.press('0');
    assert.is((await view())[2], scale);
    await page.focus('#stage');
    const [left] = await view();
    await page.keyboard.press('ArrowRight');
    assert.ok((await view())[0] < left);
  });
});

inBrowser('dark mode follows the system, and the switch', async () => {
  const html = await tf.viz.export(smallGraph(), { format: 'html' });
  const paper = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await opened('light', html, async (page) => {
    assert.is(await paper(page), 'rgb(255, 255, 255)');
    await page.click('#theme');
    assert.is(await paper(page), 'rgb(16, 21, 28)');
    assert.is(await page.getAttribute('#theme', 'aria-pressed'), 'true');
    await page.keyboard.press('d');
    assert.is(await paper(page), 'rgb(255, 255, 255)');
  });
  await opened('dark', html, async (page) => assert.is(await paper(page), 'rgb(16, 21, 28)'), true);
});

inBrowser('hovering tells op, attributes, shapes and source line; a run becomes colour', async () => {
  const { debug } = tf.debugFlags;
  tf.debugFlags.debug = true;
  const graph = new tf.Graph();
  const y = graph.asDefault(() =>
    tf.matmul(tf.ones([20, 30]), tf.placeholder(tf.float32, [20, 5], { name: 'x' }), true, false),
  );
  tf.debugFlags.debug = debug;
  const runMetadata = {
    stepStats: {
      devStats: [{ nodeStats: [{ nodeName: y.op.name, allEndRelMicros: 1500, output: [{ bytes: 2048 }] }] }],
    },
  };
  await opened('hover', await tf.viz.export(graph, { format: 'html', runMetadata }), async (page) => {
    await page.hover('[aria-label="MatMul, MatMul"]');
    const panel = await text(page, '#panel');
    for (const part of ['transpose_a', 'float32[', 'page.test.ts:', '1.5 ms', '2 KiB'])
      assert.ok(panel.includes(part), part);
    const fill = () => page.$eval('[aria-label="MatMul, MatMul"] rect', (rect) => (rect as SVGElement).style.fill);
    assert.is(await fill(), 'rgb(189, 15, 38)');
    assert.ok((await text(page, '#legend')).includes('1.5 ms'));
    const plain = () => page.$eval('[aria-label="x, Placeholder"] rect', (rect) => getComputedStyle(rect).fill);
    assert.is(await plain(), 'rgb(255, 255, 255)', 'what has no share has no colour');
    await page.selectOption('#color', 'kind');
    assert.is(await fill(), '');
    assert.is(await plain(), 'rgb(217, 236, 255)');
    assert.ok((await text(page, '#legend')).includes('constant'));
  });
});

inBrowser('names that could break out of the page are shown as text', async () => {
  await opened(
    'nasty',
    await tf.viz.export(nastyDef(), { format: 'html', title: '</title><script>alert(1)</script>' }),
    async (page) => {
      assert.is(await page.title(), '</title><script>alert(1)</script>');
      for (const name of ['__proto__', 'constructor', 'alert(1)']) {
        await page.keyboard.press('/');
        await page.fill('#search', name);
        await page.keyboard.press('Enter');
        assert.ok((await text(page, '#panel h2')).includes(name), name);
      }
      assert.is((await page.$$('script')).length, 2);
    },
  );
});

for (const [name, make] of [
  ['10,000 nodes without scopes', () => chain(10_000)],
  ['10,000 nodes in layers', () => layered(10_000)],
] as const) {
  inBrowser(`${name} open, open further and are searched without a long stop`, async () => {
    const graph = make();
    await opened('large', await tf.viz.export(graph, { format: 'html' }), async (page) => {
      const boxes = (await page.$$('#world .item')).length;
      assert.ok(boxes > 5 && boxes <= 40, `${boxes} boxes at first`);
      const timed = async (what: string, action: () => Promise<unknown>) => {
        const start = performance.now();
        await action();
        await page.evaluate(() => new Promise(requestAnimationFrame));
        const seconds = (performance.now() - start) / 1000;
        assert.ok(seconds < 4, `${what}: ${seconds} s`);
      };
      await timed('open a group', () => page.click('#world .item.group'));
      await timed('type', async () => {
        await page.keyboard.press('/');
        await page.fill('#search', '_7');
      });
      await timed('go there', () => page.keyboard.press('Enter'));
      assert.match(await text(page, '#panel h2'), /_7/);
      await page.keyboard.press('e');
      assert.ok((await page.$$('#world .item')).length <= 600);
    });
  });
}

test.run();
