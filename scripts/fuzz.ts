/**
 * Reads many damaged files of every binary format: `npm run fuzz [-- count [seed [part of a name]]]`, 10,000 of each without
 * a count. Ends with an error at the first that hangs, breaks the reader, or takes much memory.
 */
import { formats, survive } from '../test/support/damaged-files.ts';

const [count = 10_000, seed = 1] = process.argv.slice(2, 4).map(Number);
const part = process.argv[4] ?? '';

console.log(`${count.toLocaleString('en')} damaged files of each format, seed ${seed}`);
const line = (...cells: string[]) =>
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(36) : cell.padStart(12))).join(''));
line('', 'read', 'refused', 'seconds', 'slowest, ms', 'growth, MB');
for (const format of formats()) {
  if (!format.name.includes(part)) continue;
  const { read, refused, seconds, slowest, grown } = await survive(format, count, seed);
  line(format.name, `${read}`, `${refused}`, seconds.toFixed(1), slowest.toFixed(0), (grown / 1e6).toFixed(0));
}
