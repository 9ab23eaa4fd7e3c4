/**
 * Ops that pass their input on: plain, as a barrier to gradients, or with a check of its values or shape.
 */
import type { Tensor } from '../graph/graph.ts';
import type { TensorSpec } from '../graph/node.ts';
import { float32, int32 } from '../util/dtype.ts';
import { LookupError } from '../util/errors.ts';
import { asShape, isCompatible, mergeShapes, type Shape, type ShapeLike } from '../util/shape.ts';
import { convertToTensor, emit, emitOne, opScope } from './emit.ts';
import { defineOp, type InferContext, type Inferred, sample } from './opdef/define.ts';
import { unchanged } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const two = sample(float32, [2], [1, -2]);
const pass = { inputs: [two], outputs: [two] };

/** The shape, and for a handle what it refers to. */
function spec(op: InferContext, input: number): Inferred[number] {
  const handle: TensorSpec['handle'] = op.handle(input);
  return handle ? { shape: op.shape(input), handle } : op.shape(input);
}

defineOp({
  name: 'Identity',
  doc: 'The input.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: (op) => [spec(op, 0)],
  fold: (op) => [op.constant(0)],
  foldShape: (op) => op.constantShape(0),
  grad: (_op, [dy]) => [dy],
  gradTakesSlices: true,
  samples: [pass],
});

defineOp({
  name: 'IdentityN',
  doc: 'The inputs.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['T: list(type) >= 1'],
  infer: (op) => Array.from({ length: op.inputCount }, (_, i) => spec(op, i)),
  grad: (_op, dy) => dy,
  decompose: (op, $) => op.inputs.map((x) => $.identity(x)),
  samples: [
    {
      inputs: [two, sample(int32, [], [3])],
      outputs: [two, sample(int32, [], [3])],
      differentiable: false,
    },
  ],
});

defineOp({
  name: 'Snapshot',
  doc: 'A copy of the input.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: unchanged,
  grad: null,
  samples: [pass],
});

defineOp({
  name: 'StopGradient',
  doc: 'The input, which gradients take for a constant.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: (op) => [spec(op, 0)],
  fold: (op) => [op.constant(0)],
  foldShape: (op) => op.constantShape(0),
  grad: () => [null],
  samples: [{ ...pass, differentiable: false }],
});

defineOp({
  name: 'PreventGradient',
  doc: 'The input; asking for a gradient through it is an error.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['T: type', 'message: string = ""'],
  infer: unchanged,
  grad: (op) => {
    throw new LookupError(`Gradient explicitly disabled. Reason: b'${op.attr<string>('message')}'`);
  },
  samples: [{ ...pass, differentiable: false }],
});

defineOp({
  name: 'CheckNumerics',
  doc: 'The input; the run fails if there is a NaN or an infinity in it.',
  inputs: ['tensor: T'],
  outputs: ['output: T'],
  attrs: ['T: {bfloat16, float16, float32, float64}', 'message: string'],
  effect: 'io',
  infer: unchanged,
  grad: (op, [dy], $) => {
    const message = `Not a number (NaN) or infinity (Inf) values detected in gradient. ${op.attr<string>('message')}`;
    return [dy === null ? null : $.op('CheckNumerics', [dy], { message })];
  },
  samples: [{ ...pass, attrs: { message: 'x' } }],
});

defineOp({
  name: 'EnsureShape',
  doc: 'The input; the run fails if its shape is another one.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['shape: shape', 'T: type'],
  infer: (op) => {
    const shape = op.attr<Shape>('shape');
    return [isCompatible(shape, op.shape(0)) ? mergeShapes(op.shape(0), shape) : shape];
  },
  grad: (_op, [dy]) => [dy],
  samples: [{ ...pass, attrs: { shape: [null] } }],
});

defineOp({
  name: 'GuaranteeConst',
  doc: 'The input, which the caller promises not to change from run to run.',
  inputs: ['input: T'],
  outputs: ['output: T'],
  attrs: ['T: type'],
  infer: unchanged,
  grad: null,
  samples: [pass],
});

interface NameOption {
  readonly name?: string | null;
}

/**
 * A tensor with the value and shape of the input.
 *
 *     const read = tf.identity(v, 'read');
 */
export function identity(input: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('Identity', [input], {}, name);
}

/** Tensors with the values of the inputs, all of them known to one op: for custom gradients. */
export function identityN(input: readonly TensorLike[], ...rest: Rest<[name: string | null], NameOption>): Tensor[] {
  const { name } = bind<NameOption>(['name'], rest);
  return [...emit('IdentityN', [input], {}, name).outputs];
}

/**
 * The input, as a constant in the eyes of `tf.gradients`.
 *
 *     tf.gradients(tf.stopGradient(x).mul(x), x)    // x, not 2x
 */
export function stopGradient(input: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('StopGradient', [input], {}, name);
}

/** The input; a gradient through it throws `LookupError` with the message. */
export function preventGradient(
  input: TensorLike,
  ...rest: Rest<[message: string, name: string | null], { readonly message?: string } & NameOption>
): Tensor {
  const { message = '', name } = bind<{ message: string } & NameOption>(['message', 'name'], rest);
  return emitOne('PreventGradient', [input], { message }, name);
}

/**
 * The input, of which the run checks that it has the shape; null entries fit any length. The static shape is narrowed.
 * A run with another shape fails with `InvalidArgumentError`.
 *
 *     const image = tf.ensureShape(decoded, [null, null, 3]);
 */
export function ensureShape(x: TensorLike, shape: ShapeLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('EnsureShape', [x], { shape: asShape(shape) }, name);
}

/**
 * The input, of which the run checks that it has no NaN and no infinity; else it fails with `InvalidArgumentError` and
 * the message.
 *
 *     tf.checkNumerics(loss, 'loss')
 */
export function checkNumerics(
  tensor: TensorLike,
  message: string,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('CheckNumerics', [tensor], { message }, name);
}

/** The tensor, after a check as that of `checkNumerics`. */
export function verifyTensorAllFinite(
  t: TensorLike,
  msg: string,
  ...rest: Rest<[name: string | null], NameOption>
): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return opScope(name, 'VerifyFinite', [t], () => {
    const x = convertToTensor(t, { name: 'x' });
    return x.graph.colocateWith(x, false, () => {
      const check = emitOne('CheckNumerics', [x], { message: msg });
      return x.graph.controlDependencies([check], () => emitOne('Identity', [x], {}, 'control_dependency'));
    });
  });
}

/** The input, promised to be the same in every run. */
export function guaranteeConst(input: TensorLike, ...rest: Rest<[name: string | null], NameOption>): Tensor {
  const { name } = bind<NameOption>(['name'], rest);
  return emitOne('GuaranteeConst', [input], {}, name);
}
