/** The demo page as a person uses it: built, opened in Chromium, by mouse on a desktop, by finger and keys on a phone. */
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from 'vite';
import { builtPackage, hasChromium, launch, openPage, ROOT, serve } from './site.ts';

const test = suite('browser/demo');
const DEMO = join(ROOT, 'examples/browser');

type Stroke = readonly (readonly [x: number, y: number])[];

/** Digits as people draw them. */
const DIGITS: Readonly<Record<string, readonly Stroke[]>> = {
  0: [
    [
      [0.5, 0.15],
      [0.32, 0.25],
      [0.25, 0.5],
      [0.32, 0.75],
      [0.5, 0.85],
      [0.68, 0.75],
      [0.75, 0.5],
      [0.68, 0.25],
      [0.5, 0.15],
    ],
  ],
  2: [
    [
      [0.28, 0.3],
      [0.4, 0.17],
      [0.6, 0.17],
      [0.7, 0.32],
      [0.6, 0.5],
      [0.28, 0.83],
      [0.75, 0.83],
    ],
  ],
  3: [
    [
      [0.3, 0.2],
      [0.6, 0.15],
      [0.7, 0.3],
      [0.6, 0.45],
      [0.45, 0.5],
      [0.65, 0.55],
      [0.72, 0.7],
      [0.6, 0.85],
      [0.3, 0.8],
    ],
  ],
  4: [
    [
      [0.6, 0.15],
      [0.25, 0.6],
      [0.8, 0.6],
    ],
    [
      [0.62, 0.4],
      [0.62, 0.9],
    ],
  ],
};

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;
test.before(async () => {
  if (!hasChromium) return;
  builtPackage();
  await build({ root: DEMO, configFile: join(DEMO, 'vite.config.ts'), logLevel: 'silent' });
  site = await serve((path) => join(ROOT, 'out/demo', path));
  browser = await launch();
});
test.after(async () => {
  await browser?.close();
  site?.server.close();
});

const shown = (page: Page, id: string): Promise<string> => page.locator(`#${id}`).innerText();
const waitForText = (page: Page, id: string, text: string) =>
  page.waitForFunction(([name, part]) => document.getElementById(name)?.textContent?.includes(part), [id, text]);

async function open(backend: string, options: BrowserContextOptions) {
  const { page, complaints } = await openPage(browser, options);
  page.setDefaultTimeout(60_000);
  await page.goto(`${site.origin}/?backend=${backend}`);
  await waitForText(page, 'status', `Ready on ${backend}`);
  await page.waitForSelector('#graph svg');
  return { page, complaints };
}

async function draw(page: Page, strokes: readonly Stroke[]): Promise<string> {
  await page.click('#clear');
  await page.locator('#field').scrollIntoViewIfNeeded();
  const box = await page.locator('#field').boundingBox();
  assert.ok(box);
  const place = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  for (const [first, ...rest] of strokes) {
    await page.mouse.move(...place(first));
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...place(point), { steps: 5 });
    await page.mouse.up();
  }
  await page.waitForTimeout(400);
  return shown(page, 'answer');
}

async function train(page: Page): Promise<void> {
  await page.click('#train');
  await waitForText(page, 'train', 'Pause');
  await waitForText(page, 'train', 'Train on');
  assert.ok(Number.parseFloat(await shown(page, 'recognised')) > 90, await shown(page, 'recognised'));
}

/** The figures of a row of the state report. */
async function stateOf(page: Page, row: string): Promise<number[]> {
  const cells = await page.locator('#state tr', { hasText: row }).first().locator('td').allInnerTexts();
  return cells.map(Number.parseFloat);
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const backend of ['webgl', 'wasm']) {
  if (!hasChromium) continue;
  test(`${backend}: it learns, and recognises what is drawn`, async () => {
    const { page, complaints } = await open(backend, { viewport: { width: 1280, height: 900 } });
    await train(page);
    for (const [digit, strokes] of Object.entries(DIGITS)) assert.is(await draw(page, strokes), digit);
    await page.click('#example');
    await waitForText(page, 'status', 'somebody wrote');
    const written = (await shown(page, 'status')).match(/\d/)?.[0];
    await page.waitForTimeout(300);
    assert.match(await shown(page, 'answer'), /^\d$/, `wrote ${written}`);
    assert.is(await overflow(page), 0);
    assert.equal(complaints, []);
    await page.close();
  });
}

if (hasChromium) {
  test('it goes on on another backend with what it has learned', async () => {
    const { page, complaints } = await open('wasm', { viewport: { width: 1280, height: 900 } });
    await train(page);
    const answers: string[] = [];
    for (const backend of ['cpu', 'webgl', 'wasm']) {
      await page.selectOption('#backend', backend);
      await waitForText(page, 'status', `On ${backend} now`);
      answers.push(`${await draw(page, DIGITS[3])} ${await shown(page, 'sure')}`);
    }
    assert.equal(new Set(answers).size, 1, answers.join('; '));
    assert.match(answers[0], /^3/);
    assert.equal(complaints, []);
    await page.close();
  });

  test('passes, their changes and the cost of steps are shown', async () => {
    const { page, complaints } = await open('wasm', { viewport: { width: 1280, height: 900 } });
    const passes = await page.locator('#pass option').allInnerTexts();
    assert.ok(passes.length > 5, passes.join());
    assert.ok(passes.some((name) => name.startsWith('cluster')));
    for (let i = 0; i < passes.length; i++) {
      await page.selectOption('#pass', String(i));
      const signs = await page.locator('#diff span').evaluateAll((lines) => lines.map((line) => line.className));
      assert.is(signs.includes('new') || signs.includes('gone'), i > 0, passes[i]);
    }
    assert.ok(await page.locator('#next-pass').isDisabled());
    await page.click('#previous-pass');
    assert.is(await page.locator('#pass').inputValue(), String(passes.length - 2));
    await page.uncheck('#only-changes');
    assert.ok((await page.locator('#diff .same').count()) > 5);

    await page.click('#time');
    await waitForText(page, 'total', 'steps,');
    const steps = await page.locator('#steps tr').allInnerTexts();
    assert.ok(
      steps.some((row) => /hidden\/Relu\s+_FusedMatMul\s+[\d.]+\s+[\d.]+ kB/.test(row)),
      steps.join('\n'),
    );
    await page.selectOption('#what', 'predict');
    await page.waitForFunction((before) => document.querySelectorAll('#pass option').length < before, passes.length);
    await page.click('#time');
    await waitForText(page, 'total', 'steps,');
    assert.ok((await page.locator('#steps tr').count()) < steps.length);

    const boxes = () => page.locator('#graph svg g').count();
    const outline = await boxes();
    await page.selectOption('#detail', '1');
    await page.waitForFunction((before) => document.querySelectorAll('#graph svg g').length > before, outline);
    await page.selectOption('#kind', 'convolution');
    await waitForText(page, 'status', 'convolution');
    await waitForText(page, 'plan', 'edges');
    assert.is(await overflow(page), 0);
    assert.equal(complaints, []);
    await page.close();
  });

  test('the three resets free what they say, as the state report shows', async () => {
    const { page, complaints } = await open('wasm', { viewport: { width: 1280, height: 900 } });
    const [nodes, variables] = await stateOf(page, 'All');
    assert.ok(nodes > 50 && variables > 4);
    await page.click('#make-keras');
    await waitForText(page, 'log', 'Keras made');
    const [, withKeras] = await stateOf(page, 'All');
    assert.ok(withKeras > variables);
    assert.match(await shown(page, 'keras'), '1 model in memory');

    await page.click('#reset');
    await waitForText(page, 'status', 'resetDefaultGraph()');
    assert.is((await stateOf(page, 'All'))[1], withKeras);
    await page.click('#train');
    await waitForText(page, 'train', 'Pause');
    await page.click('#train');
    await waitForText(page, 'train', 'Train on');

    await page.click('#clear-session');
    await waitForText(page, 'status', 'clearSession()');
    assert.is((await stateOf(page, 'All'))[1], variables);
    assert.match(await shown(page, 'keras'), 'no session');

    await page.click('#close');
    await waitForText(page, 'status', `session.close(): freed ${variables} variables`);
    assert.is((await stateOf(page, 'All'))[1], 0);
    assert.ok(await page.locator('#train').isDisabled());
    await page.click('#open');
    await waitForText(page, 'status', 'A new session');
    assert.is((await stateOf(page, 'All'))[1], variables);
    await page.click('#again');
    await waitForText(page, 'status', 'A new graph');
    assert.ok(await page.locator('#train').isEnabled());
    assert.equal(complaints, []);
    await page.close();
  });

  test('on a phone nothing is wider than the screen, and a digit can be drawn by keys', async () => {
    const { page, complaints } = await open('wasm', {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      colorScheme: 'dark',
    });
    assert.is(await overflow(page), 0);
    await page.tap('#train');
    await waitForText(page, 'train', 'Train on');
    await page.focus('#field');
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'Space']) await page.keyboard.press(key);
    for (let i = 0; i < 16; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.waitForTimeout(400);
    assert.is(await shown(page, 'answer'), '1');
    await page.keyboard.press('Delete');
    await waitForText(page, 'answer', '?');
    await page.tap('#time');
    await waitForText(page, 'total', 'steps,');
    await page.tap('#make-keras');
    await waitForText(page, 'log', 'Keras made');
    await page.tap('#close');
    await waitForText(page, 'status', 'session.close()');
    assert.is(await overflow(page), 0);
    const small = await page
      .locator('button:visible, select:visible')
      .evaluateAll((targets) =>
        targets.flatMap((target) => (target.getBoundingClientRect().height < 40 ? [target.id] : [])),
      );
    assert.equal(small, [], 'large enough for a finger');
    const unnamed = await page
      .locator('button, select, input, canvas:not([aria-hidden]), .scroll')
      .evaluateAll((targets) =>
        targets.flatMap((target) => {
          const { labels, ariaLabel, textContent, id } = target as HTMLInputElement;
          return labels?.length || ariaLabel || (target.tagName === 'BUTTON' && textContent?.trim()) ? [] : [id];
        }),
      );
    assert.equal(unnamed, [], 'everything has a name');
    assert.equal(complaints, []);
    await page.close();
  });
} else {
  test.skip(`Chromium is not installed`, () => {});
}

test.run();
