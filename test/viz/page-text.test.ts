/** The text of the page of `tf.viz.export`: the script in it is held to its sources. */
import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pageModule } from '../../scripts/viz-page.ts';
import * as tf from '../../src/index.ts';
import { smallGraph } from './graphs.ts';

const test = suite('viz/page-text');

test('the script is what its sources give', async () => {
  const kept = await readFile(new URL('../../src/viz/page/script.gen.ts', import.meta.url), 'utf8');
  assert.ok(kept === (await pageModule()), 'run `npx tsx scripts/viz-page.ts`');
});

test('the page holds all that it needs', async () => {
  const html = await tf.viz.export(smallGraph(), { format: 'html' });
  assert.ok(!/\s(src|href)="(?!data:)/.test(html));
  assert.ok(!/@import|url\((?!#)/.test(html));
  assert.ok(/default-src 'none'/.test(html), 'its own policy forbids to load anything');
  assert.is(html.match(/<script\b/g)?.length, 2);
  assert.is(html.match(/<\/script>/g)?.length, 2);
});

test.run();
