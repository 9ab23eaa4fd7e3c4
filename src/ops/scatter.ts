/**
 * Writing elements at index vectors: `ScatterNd` into zeros, `TensorScatter…` into a tensor. Updates of variables belong to
 * the variables.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32, int32 } from '../util/dtype.ts';
import type { Dim, Shape } from '../util/shape.ts';
import { emitOne } from './emit.ts';
import { asIndices } from './indices.ts';
import { defineOp, type GradFn, type InferContext, type Inferred, ShapeError, sample } from './opdef/define.ts';
import { withRankAtLeast } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const INDICES = 'Tindices: {int16, int32, int64}';
const POLICY = 'bad_indices_policy: string = ""';
const p3 = sample(float32, [3], [1, 2, 3]);

function checkScatter(indices: Shape, updates: Shape, output: Shape): void {
  if (indices === null || updates === null || output === null) return;
  const isFull = (shape: Shape) => !shape?.includes(0);
  if (output.includes(0) && (isFull(indices) || isFull(updates))) {
    throw new ShapeError('Indices and updates specified for empty input');
  }
  const depth = indices[indices.length - 1] ?? null;
  const outer = indices.slice(0, -1);
  for (let i = 0; i < outer.length && i < updates.length; i++) {
    if (outer[i] !== null && updates[i] !== null && outer[i] !== updates[i]) {
      throw new ShapeError(
        `Dimensions [0,${outer.length}) of indices[shape=${show(indices)}] = ${show(outer)} must match dimensions [0,${outer.length}) of updates[shape=${show(updates)}] = ${show(updates.slice(0, outer.length))}`,
      );
    }
  }
  if (depth === null) return;
  const inner = output.slice(depth);
  const rest = updates.slice(outer.length);
  if (inner.length !== rest.length || inner.some((d, i) => d !== null && rest[i] !== null && d !== rest[i])) {
    throw new ShapeError(
      `Dimensions [${depth},${output.length}) of input[shape=${show(output)}] = ${show(inner)} must match dimensions [${outer.length},${updates.length}) of updates[shape=${show(updates)}] = ${show(rest)}`,
    );
  }
}

function show(shape: readonly Dim[]): string {
  return `[${shape.map((d) => d ?? '?').join(',')}]`;
}

defineOp({
  name: 'ScatterNd',
  doc: 'Zeros of a shape with updates added at index vectors.',
  inputs: ['indices: Tindices', 'updates: T', 'shape: Tindices'],
  outputs: ['output: T'],
  attrs: ['T: type', INDICES, POLICY],
  infer: (op) => {
    const indices = withRankAtLeast(op.shape(0), 1);
    const output = op.constantShape(2);
    checkScatter(indices, op.shape(1), output);
    return [output];
  },
  grad: (op, [dy], $) => [null, $.op('GatherNd', [dy, op.inputs[0]]), null],
  samples: [
    {
      inputs: [sample(int32, [3, 1], [1, 3, 1]), p3, sample(int32, [1], [4])],
      outputs: [sample(float32, [4], [0, 4, 0, 2])],
    },
  ],
});

const inferTensorScatter = (op: InferContext): Inferred => {
  checkScatter(withRankAtLeast(op.shape(1), 1), op.shape(2), op.shape(0));
  return [op.shape(0)];
};

const updateGrad: GradFn = (op, [dy], $) => {
  const [, indices, updates] = op.inputs;
  const gathered = $.op('GatherNd', [dy, indices]);
  return [$.op('TensorScatterUpdate', [$.identity(dy), indices, $.zerosLike(updates)]), null, gathered];
};

const addGrad: GradFn = (op, [dy], $) => [$.identity(dy), null, $.op('GatherNd', [dy, op.inputs[1]])];
const subGrad: GradFn = (op, [dy], $) => [$.identity(dy), null, $.neg($.op('GatherNd', [dy, op.inputs[1]]))];

const extremumGrad: GradFn = (op, [dy], $) => {
  const [x, indices, y] = op.inputs;
  const output = op.outputs[0];
  const type = $.dtypeOf(dy);
  const fromX = $.cast($.equal(x, output), type);
  const fromY = $.cast($.equal(y, $.op('GatherNd', [output, indices])), type);
  const scattered = $.op('ScatterNd', [indices, fromY, $.shape(x, $.dtypeOf(indices))]);
  const count = $.add(fromX, scattered);
  const gradX = $.div($.mul(dy, fromX), count);
  return [gradX, null, $.mul($.op('GatherNd', [$.div(dy, count), indices]), fromY)];
};

for (const [name, verb, grad, result] of [
  ['TensorScatterUpdate', 'replaced by', updateGrad, [1, 9, 8]],
  ['TensorScatterAdd', 'increased by', addGrad, [1, 11, 11]],
  ['TensorScatterSub', 'decreased by', subGrad, [1, -7, -5]],
  ['TensorScatterMin', 'limited from above by', extremumGrad, [1, 2, 3]],
  ['TensorScatterMax', 'limited from below by', extremumGrad, [1, 9, 8]],
] as const) {
  defineOp({
    name,
    doc: `A tensor whose elements at index vectors are ${verb} updates.`,
    inputs: ['tensor: T', 'indices: Tindices', 'updates: T'],
    outputs: ['output: T'],
    attrs: [
      'T: type',
      name === 'TensorScatterUpdate' ? 'Tindices: {int16, int32, int64, uint16}' : 'Tindices: {int32, int64}',
      POLICY,
    ],
    infer: inferTensorScatter,
    grad,
    samples: [
      {
        inputs: [p3, sample(int32, [2, 1], [1, 2]), sample(float32, [2], [9, 8])],
        outputs: [sample(float32, [3], result)],
      },
    ],
  });
}

const addTypes =
  '{float32, float64, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, uint16, complex128, float16, uint32, uint64, bool}';

defineOp({
  name: 'ScatterNdNonAliasingAdd',
  doc: 'A tensor whose elements at index vectors are increased by updates.',
  inputs: ['input: T', 'indices: Tindices', 'updates: T'],
  outputs: ['output: T'],
  attrs: [`T: ${addTypes}`, 'Tindices: {int32, int64}', POLICY],
  infer: inferTensorScatter,
  grad: (op, [dy], $) => [dy, null, $.op('GatherNd', [dy, op.inputs[1]])],
  samples: [
    {
      inputs: [p3, sample(int32, [2, 1], [1, 1]), sample(float32, [2], [9, 8])],
      outputs: [sample(float32, [3], [1, 19, 3])],
    },
  ],
});

interface Named {
  readonly name?: string | null;
}

/**
 * Zeros of `shape` with `updates` added at index vectors; where several updates have one place, their sum.
 *
 *     tf.scatterNd([[1], [3]], [5, 6], [4])    // [0, 5, 0, 6]
 */
export function scatterNd(
  indices: TensorLike,
  updates: TensorLike,
  shape: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  const { name } = bind<Named>(['name'], rest);
  const at = asIndices(indices);
  return emitOne('ScatterNd', [at, updates, asIndices(shape)], {}, name);
}

function tensorScatter(
  type: string,
  x: TensorLike,
  at: TensorLike,
  updates: TensorLike,
  rest: Rest<[name: string | null], Named>,
) {
  return emitOne(type, [x, asIndices(at), updates], {}, bind<Named>(['name'], rest).name);
}

/**
 * `tensor` with `updates` in place of its elements (or slices) at index vectors.
 *
 *     tf.tensorScatterNdUpdate([1, 2, 3], [[1]], [9])    // [1, 9, 3]
 */
export function tensorScatterNdUpdate(
  tensor: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  return tensorScatter('TensorScatterUpdate', tensor, indices, updates, rest);
}

/** `tensor` with `updates` added at index vectors. See `tensorScatterNdUpdate`. */
export function tensorScatterNdAdd(
  tensor: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  return tensorScatter('TensorScatterAdd', tensor, indices, updates, rest);
}

/** `tensor` with `updates` subtracted at index vectors. See `tensorScatterNdUpdate`. */
export function tensorScatterNdSub(
  tensor: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  return tensorScatter('TensorScatterSub', tensor, indices, updates, rest);
}

/** The lesser of `tensor` and `updates` at index vectors. See `tensorScatterNdUpdate`. */
export function tensorScatterNdMin(
  tensor: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  return tensorScatter('TensorScatterMin', tensor, indices, updates, rest);
}

/** The greater of `tensor` and `updates` at index vectors. See `tensorScatterNdUpdate`. */
export function tensorScatterNdMax(
  tensor: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  ...rest: Rest<[name: string | null], Named>
): Tensor {
  return tensorScatter('TensorScatterMax', tensor, indices, updates, rest);
}
