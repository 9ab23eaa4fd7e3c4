/** Writes checkpoints of 20 MB to a folder, one after the other, and prints the number of each: to be killed. */
import { join } from 'node:path';
import { saveTensors } from '../../src/io/checkpoint/transfer.ts';
import { fileSystem } from '../../src/io/file-system.ts';
import { float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';

const files = await fileSystem();
for (let step = 0; ; step++) {
  const value = new NdArray(float32, [5_000_000], new Float32Array(5_000_000).fill(step));
  await saveTensors(files, join(process.argv[2], `m-${step}`), [{ name: 'w', slice: '', value }], () => false);
  process.stdout.write(`${step}\n`);
}
