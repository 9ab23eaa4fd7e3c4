/**
 * Floats as codes of quantized types and back, and the numbers of buckets that values fall into: the ops and the functions
 * on them. What rounds floats but leaves them floats is in `quantization.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { asDType, type DTypeLike, float32, int32, qint8, quint8 } from '../util/dtype.ts';
import { emit, emitOne } from './emit.ts';
import { defineOp, type InferContext, sample } from './opdef/define.ts';
import { mergeDim, unchanged, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const CODES = 'T: {qint8, quint8, qint16, quint16, qint32}';
const MODES = 'mode: {"MIN_COMBINED", "MIN_FIRST", "SCALED"} = "MIN_COMBINED"';

/** The shape of the limits: scalars, or one for each slice along the axis. */
function limits(op: InferContext): readonly (number | null)[] {
  const axis = op.attr<number>('axis');
  const rank = axis === -1 ? 0 : 1;
  const [low, high] = [withRank(op.shape(1), rank), withRank(op.shape(2), rank)];
  if (axis === -1) return [];
  const input = withRankAtLeast(op.shape(0), axis + 1);
  return [mergeDim(mergeDim(low[0], input === null ? null : input[axis]), high[0])];
}

const scalar = (value: number) => sample(float32, [], [value]);

defineOp({
  name: 'QuantizeV2',
  doc: 'Floats between two limits as codes of a quantized type, and the limits that the codes stand for.',
  inputs: ['input: float32', 'min_range: float32', 'max_range: float32'],
  outputs: ['output: T', 'output_min: float32', 'output_max: float32'],
  attrs: [
    CODES,
    MODES,
    'round_mode: {"HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"} = "HALF_AWAY_FROM_ZERO"',
    'narrow_range: bool = false',
    'axis: int = -1',
    'ensure_minimum_range: float = 0.01',
  ],
  infer: (op) => {
    const shape = limits(op);
    return [op.shape(0), shape, shape];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [3], [-1, 0.5, 9]), scalar(0), scalar(5.1)],
      attrs: { T: quint8 },
      outputs: [sample(quint8, [3], [0, 25, 255]), scalar(0), scalar(5.1)],
    },
  ],
});

defineOp({
  name: 'Dequantize',
  doc: 'The floats that codes of a quantized type stand for, between two limits.',
  inputs: ['input: T', 'min_range: float32', 'max_range: float32'],
  outputs: ['output: dtype'],
  attrs: [CODES, MODES, 'narrow_range: bool = false', 'axis: int = -1', 'dtype: {bfloat16, float32} = float32'],
  infer: (op) => {
    limits(op);
    return unchanged(op);
  },
  grad: null,
  samples: [
    {
      inputs: [sample(qint8, [3], [-128, 0, 127]), scalar(-1), scalar(1)],
      outputs: [sample(float32, [3], [-1, 0.0039215088, 1])],
    },
  ],
});

defineOp({
  name: 'Bucketize',
  doc: 'How many of the boundaries are not above each element.',
  inputs: ['input: T'],
  outputs: ['output: int32'],
  attrs: ['T: {int32, int64, float32, float64}', 'boundaries: list(float)'],
  infer: unchanged,
  grad: null,
  samples: [
    {
      inputs: [sample(float32, [4], [-5, 0, 7, 12])],
      attrs: { boundaries: [0, 10] },
      outputs: [sample(int32, [4], [0, 1, 1, 2])],
    },
  ],
});

type Mode = 'MIN_COMBINED' | 'MIN_FIRST' | 'SCALED';

export interface QuantizeOptions {
  readonly mode?: Mode;
  /** How halves are rounded; to even in the mode `SCALED` only. */
  readonly roundMode?: 'HALF_AWAY_FROM_ZERO' | 'HALF_TO_EVEN';
  readonly name?: string | null;
  /** Whether the lowest code is left out, in the mode `SCALED`. */
  readonly narrowRange?: boolean;
  /** The axis whose slices have limits of their own; without it there is one pair. */
  readonly axis?: number | null;
  /** How far apart the limits are at least, as a part of the greatest of them; 0.01 without it. */
  readonly ensureMinimumRange?: number;
}

/**
 * The floats `input` as codes of the quantized type `T`, what is outside of `minRange` to `maxRange` cut off: `[output,
 * outputMin, outputMax]`. Limits that are the wrong way round fail the run.
 *
 *     const [codes, low, high] = tf.quantization.quantize(x, -1, 1, tf.qint8);
 */
export function quantize(
  input: TensorLike,
  minRange: TensorLike,
  maxRange: TensorLike,
  T: DTypeLike,
  ...rest: Rest<
    [
      mode: Mode,
      roundMode: 'HALF_AWAY_FROM_ZERO' | 'HALF_TO_EVEN',
      name: string | null,
      narrowRange: boolean,
      axis: number | null,
      ensureMinimumRange: number,
    ],
    QuantizeOptions
  >
): readonly [output: Tensor, outputMin: Tensor, outputMax: Tensor] {
  const { mode, roundMode, name, narrowRange, axis, ensureMinimumRange } = bind<QuantizeOptions>(
    ['mode', 'roundMode', 'name', 'narrowRange', 'axis', 'ensureMinimumRange'],
    rest,
  );
  const attrs = {
    T: asDType(T),
    mode,
    round_mode: roundMode,
    narrow_range: narrowRange,
    axis: axis ?? -1,
    ensure_minimum_range: ensureMinimumRange,
  };
  const [output, low, high] = emit('QuantizeV2', [input, minRange, maxRange], attrs, name ?? 'quantize').outputs;
  return [output, low, high];
}

export interface DequantizeOptions {
  readonly mode?: Mode;
  readonly name?: string | null;
  readonly axis?: number | null;
  readonly narrowRange?: boolean;
  /** float32 (the default), or bfloat16 in the mode `MIN_COMBINED`. */
  readonly dtype?: DTypeLike;
}

/**
 * The floats that the codes `input` of a quantized type stand for, which lie between `minRange` and `maxRange`.
 *
 *     tf.quantization.dequantize(codes, -1, 1)
 */
export function dequantize(
  input: TensorLike,
  minRange: TensorLike,
  maxRange: TensorLike,
  ...rest: Rest<
    [mode: Mode, name: string | null, axis: number | null, narrowRange: boolean, dtype: DTypeLike],
    DequantizeOptions
  >
): Tensor {
  const { mode, name, axis, narrowRange, dtype } = bind<DequantizeOptions>(
    ['mode', 'name', 'axis', 'narrowRange', 'dtype'],
    rest,
  );
  const attrs = { mode, axis: axis ?? -1, narrow_range: narrowRange, dtype: asDType(dtype ?? float32) };
  return emitOne('Dequantize', [input, minRange, maxRange], attrs, name);
}
