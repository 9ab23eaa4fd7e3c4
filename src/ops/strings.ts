/**
 * Texts: their lengths and hash buckets, and numbers as text. How they are computed is the runtime's business.
 */
import { int32, int64, string } from '../util/dtype.ts';
import { defineOp, sample } from './opdef/define.ts';
import { unchanged } from './opdef/shape-rules.ts';

defineOp({
  name: 'AsString',
  doc: 'The elements as texts.',
  inputs: ['input: T'],
  outputs: ['output: string'],
  attrs: [
    'T: {float32, float64, int32, uint8, int16, int8, int64, bfloat16, uint16, float16, uint32, uint64, complex64, complex128, bool, variant, string}',
    'precision: int = -1',
    'scientific: bool = false',
    'shortest: bool = false',
    'width: int = -1',
    'fill: string = ""',
  ],
  infer: unchanged,
  grad: () => [null],
  samples: [{ inputs: [sample(int32, [2], [-7, 4])], outputs: [sample(string, [2], ['-7', '4'])] }],
});

defineOp({
  name: 'StringToHashBucketFast',
  doc: 'The bucket of each text by its FarmHash fingerprint.',
  inputs: ['input: string'],
  outputs: ['output: int64'],
  attrs: ['num_buckets: int >= 1'],
  infer: unchanged,
  grad: () => [null],
  samples: [
    {
      inputs: [sample(string, [3], ['hello', '', 'world'])],
      attrs: { num_buckets: 1000 },
      outputs: [sample(int64, [3], [296, 263, 598])],
    },
  ],
});

defineOp({
  name: 'StringLength',
  doc: 'The number of bytes, or of characters, of each text.',
  inputs: ['input: string'],
  outputs: ['output: int32'],
  attrs: ['unit: {"BYTE", "UTF8_CHAR"} = "BYTE"'],
  infer: unchanged,
  grad: () => [null],
  samples: [{ inputs: [sample(string, [2], ['aä', ''])], outputs: [sample(int32, [2], [3, 0])] }],
});
