/**
 * Writing tensors to checkpoints and reading them: the ops that `tf.train.Saver` builds. The formats are in
 * `src/io/checkpoint`; reaching the files is the runtime's.
 */
import { type DType, int32, string } from '../util/dtype.ts';
import type { NdArray } from '../util/ndarray.ts';
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { merge, none, withRank } from './opdef/shape-rules.ts';

/** Prefix, names and slices: a scalar and two vectors of the same length. */
function checkNames(op: InferContext, count: number): void {
  withRank(op.shape(0), 0);
  for (const input of [1, 2]) merge(withRank(op.shape(input), 1), [count]);
}

defineOp({
  name: 'SaveV2',
  doc: 'Writes tensors, or slices of them, to a checkpoint of format V2.',
  inputs: ['prefix: string', 'tensor_names: string', 'shape_and_slices: string', 'tensors: dtypes'],
  attrs: ['dtypes: list(type) >= 1'],
  effect: 'io',
  infer: (op) => {
    checkNames(op, op.inputCount - 3);
    return [];
  },
  grad: null,
  samples: [],
});

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function textElements({ data }: NdArray): string[] {
  return (data as Uint8Array[]).map((text) => decoder.decode(text));
}

/** What `shape_and_slices` says of the shapes: the sizes of the slices. */
function slicedShape(text: string | undefined): Shape {
  const parts = text?.split(' ') ?? [];
  if (parts.length < 2) return null;
  const extents = parts[parts.length - 1].split(':');
  return extents.map((extent, axis) => Number(extent === '-' ? parts[axis] : extent.split(',')[1]));
}

defineOp({
  name: 'RestoreV2',
  doc: 'Tensors, or slices of them, as a checkpoint has them.',
  inputs: ['prefix: string', 'tensor_names: string', 'shape_and_slices: string'],
  outputs: ['tensors: dtypes'],
  attrs: ['dtypes: list(type) >= 1'],
  effect: 'io',
  infer: (op) => {
    const dtypes = op.attr<readonly DType[]>('dtypes');
    checkNames(op, dtypes.length);
    const slices = op.constant(2);
    const texts = slices ? textElements(slices) : [];
    return dtypes.map((_, i) => {
      const shape = slicedShape(texts[i]);
      if (shape?.some((size) => size === null || !Number.isInteger(size) || size < 0)) {
        throw new ShapeError(`Expected a pair of numbers or '-' in shape_and_slice specification: ${texts[i]}`);
      }
      return shape;
    });
  },
  grad: null,
  samples: [],
});

defineOp({
  name: 'MergeV2Checkpoints',
  doc: 'Makes one checkpoint of several, whose files become its shards.',
  inputs: ['checkpoint_prefixes: string', 'destination_prefix: string'],
  attrs: ['delete_old_dirs: bool = true', 'allow_missing_files: bool = false'],
  effect: 'io',
  infer: (op) => {
    withRank(op.shape(0), 1);
    withRank(op.shape(1), 0);
    return [];
  },
  grad: null,
  samples: [],
});

defineOp({
  name: 'ShardedFilename',
  doc: 'The name of one of several files: `basename-00003-of-00012`.',
  inputs: ['basename: string', 'shard: int32', 'num_shards: int32'],
  outputs: ['filename: string'],
  infer: allScalar,
  grad: () => [null, null, null],
  samples: [
    {
      inputs: [sample(string, [], ['model']), sample(int32, [], [3]), sample(int32, [], [12])],
      outputs: [sample(string, [], ['model-00003-of-00012'])],
    },
  ],
});

defineOp({
  name: 'ShardedFilespec',
  doc: 'The pattern that the names of several files match: `basename-?????-of-00012`.',
  inputs: ['basename: string', 'num_shards: int32'],
  outputs: ['filename: string'],
  infer: allScalar,
  grad: () => [null, null],
  samples: [
    {
      inputs: [sample(string, [], ['model']), sample(int32, [], [12])],
      outputs: [sample(string, [], ['model-?????-of-00012'])],
    },
  ],
});

function allScalar(op: InferContext): Inferred {
  for (let input = 0; input < op.inputCount; input++) withRank(op.shape(input), 0);
  return [[]];
}

for (const [name, slices] of [
  ['Save', []],
  ['SaveSlices', ['shapes_and_slices: string']],
] as const) {
  defineOp({
    name,
    doc: 'Writes tensors to a checkpoint of format V1. Graphs that hold it are read; it cannot be run.',
    inputs: ['filename: string', 'tensor_names: string', ...slices, 'data: T'],
    attrs: ['T: list(type) >= 1'],
    effect: 'io',
    infer: none,
    grad: null,
    samples: [],
  });
}

for (const [name, slices, doc] of [
  ['Restore', [], 'A tensor as a checkpoint of format V1 or V2 has it.'],
  ['RestoreSlice', ['shape_and_slice: string'], 'A slice of a tensor as a checkpoint of format V1 or V2 has it.'],
] as const) {
  defineOp({
    name,
    doc,
    inputs: ['file_pattern: string', 'tensor_name: string', ...slices],
    outputs: ['tensor: dt'],
    attrs: ['dt: type', 'preferred_shard: int = -1'],
    effect: 'io',
    infer: (op) => {
      const text = slices.length > 0 ? op.constant(2) : null;
      return [slicedShape(text ? textElements(text)[0] : undefined)];
    },
    grad: null,
    samples: [],
  });
}

defineOp({
  name: 'DisableCopyOnRead',
  doc: 'Asks that reads of a variable share its value. They do so here without being asked.',
  inputs: ['resource: resource'],
  effect: 'io',
  infer: (op) => {
    withRank(op.shape(0), 0);
    return [];
  },
  grad: null,
  samples: [],
});
