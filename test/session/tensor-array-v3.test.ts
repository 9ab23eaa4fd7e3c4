/** Arrays of tensors and stacks of dataflow graphs, op by op, against real TensorFlow. */
import { suite } from 'uvu';
import { leakChecked } from '../support/leaks.ts';
import { checkProgram, rawPrograms } from '../support/raw-programs.ts';

const test = suite('session/tensor-array-v3');
const checked = leakChecked(test);

for (const program of rawPrograms('TensorArray', 'Stack')) {
  for (const backend of ['cpu', 'wasm']) {
    checked(`${program.name}, on ${backend}`, () => checkProgram(program, backend));
  }
}

test.run();
