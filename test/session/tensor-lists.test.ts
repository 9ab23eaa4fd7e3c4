/** Ops on lists of tensors, one by one, against real TensorFlow: values, errors, element types and gradients. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import { leakChecked } from '../support/leaks.ts';
import { checkProgram, type RawProgram } from '../support/raw-programs.ts';

const test = suite('session/tensor-lists');
const checked = leakChecked(test);

const file = new URL('../goldens/tensor-lists.json', import.meta.url);
const { programs } = JSON.parse(readFileSync(file, 'utf8')) as { programs: RawProgram[] };

for (const program of programs) {
  for (const backend of ['cpu', 'wasm']) {
    checked(`${program.name}, on ${backend}`, () => checkProgram(program, backend));
  }
}

test.run();
