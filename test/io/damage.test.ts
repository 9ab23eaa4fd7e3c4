/** Damaged files of every binary format: read, or refused with a clean error. `npm run fuzz` does many more of them. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formats, survive } from '../support/damaged-files.ts';

const COUNT = 300;
const test = suite('io/damage');

for (const format of formats()) {
  test(`${COUNT} damaged copies are read or refused: ${format.name}`, async () => {
    await format.read(format.mend ? format.mend(format.file) : format.file);
    const { read, refused } = await survive(format, COUNT);
    assert.is(read + refused, COUNT);
    assert.ok(refused > COUNT / 20, `${refused} were refused`);
  });
}

test.run();
