/** Files of NumPy: read as NumPy wrote them, written as it writes them, refused where no tensor is in them. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatNpy, parseNpy } from '../../src/cli/npy.ts';
import { bfloat16, float32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { facts, golden } from './support.ts';

const test = suite('cli/npy');
const read = (name: string) => new Uint8Array(readFileSync(golden(`cli/npy/${name}.npy`)));
const finite = (value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? pythonName(value) : value);
const pythonName = (value: number) => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf');

for (const [name, expected] of Object.entries(facts.npy)) {
  test(`${name} is read as NumPy wrote it`, () => {
    const array = parseNpy(read(name));
    assert.is(array.dtype.name, expected.dtype);
    assert.equal(array.shape, expected.shape);
    assert.equal((array.toJSON().data as unknown[]).map(finite), expected.data);
  });
}

test('arrays in C order are written byte by byte as NumPy does', () => {
  for (const name of ['f4', 'i8', 'f2', 'bool', 'c8', 'bytes', 'scalar', 'empty']) {
    const bytes = read(name);
    assert.equal([...formatNpy(parseNpy(bytes))], [...bytes], name);
  }
});

test('what is cut off, no array, or of a type that no tensor has is refused', () => {
  const bytes = read('f4');
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => parseNpy(bytes.slice(0, length)), /npy/, `${length} bytes`);
  }
  assert.throws(() => parseNpy(read('records')), 'the .npy file holds records, which are no tensor');
  const odd = bytes.slice();
  odd[6] = 9;
  assert.throws(() => parseNpy(odd), 'version 9');
  const dates = new TextDecoder('latin1').decode(bytes).replace("'<f4'", "'<M8'");
  assert.throws(() => parseNpy(Uint8Array.from(dates, (c) => c.charCodeAt(0))), "elements of type '<M8'");
  assert.throws(() => formatNpy(NdArray.zeros(bfloat16, [1])), 'NumPy has no type for bfloat16');
});

test('a header that promises more than memory holds is refused', () => {
  const bytes = formatNpy(NdArray.zeros(float32, [10]));
  const text = new TextDecoder('latin1').decode(bytes).replace('(10,), }      ', '(9999999999,), }');
  assert.throws(() => parseNpy(Uint8Array.from(text, (c) => c.charCodeAt(0))), 'ends too early');
});

test.run();
