/**
 * Uniform draws: blocks of the Philox generator (J. Salmon et al., 2011), as TensorFlow counts and uses them, four elements
 * each. Where a stream stands is the session's business: the state comes as an input.
 */
import { isFullyDefined, sizeOf } from '../../src/util/shape.ts';
import type { LowerContext } from '../lowering/lowering.ts';
import type { LoopKernel } from './kernel.ts';
import type { OpKernel } from './op-kernel.ts';
import { Sequence } from './sequence.ts';
import { type ValueId, Values } from './values.ts';

const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53 | 0, 0xcd9e8d57 | 0] as const;
/** What is added to the key after each round. */
const STEPS = [0x9e3779b9 | 0, 0xbb67ae85 | 0] as const;
/** Words of the state: two of the key and four of the counter, the lowest first. */
const STATE = 6;
/** Beyond it, the number of a block is no float. */
const BLOCKS = 2 ** 24;

/** The kernel for draws that follow from a state; null for other ops, and for more draws than can be numbered. */
export function drawingKernel(op: LowerContext): OpKernel | null {
  if (op.type !== '_UniformOf') return null;
  const shape = op.outputShape(0);
  if (!isFullyDefined(shape)) return null;
  const count = sizeOf(shape);
  if (count === 0 || count > 4 * BLOCKS) return null;
  const whole = Math.floor(count / 4);
  const sequence = new Sequence(STATE, 1);
  const operands = Array.from({ length: STATE + 1 }, (_, i) => i);
  if (whole > 0) sequence.add(blocks(0, whole, 4), operands);
  if (count % 4 > 0) sequence.add(blocks(whole, 1, count % 4), operands);
  return { kernel: sequence.finish(), inputs: new Array<number>(STATE).fill(0) };
}

/** Elements of so many blocks, of each as many as are taken. */
function blocks(first: number, count: number, taken: number): LoopKernel {
  const $ = new Values();
  const state = Array.from({ length: STATE }, (_, i) => $.load('i32', i));
  const number = $.op('add', $.op('toInt', $.index(0)), $.constant(first, 'i32'));
  const words = philox($, state.slice(0, 2), ahead($, state.slice(2), number)).slice(0, taken);
  return {
    kind: 'loops',
    axes: [{ extent: count, isReduced: false }],
    inputs: state.map((_, offset) => ({ type: 'i32', strides: [0], offset })),
    scalars: [],
    outputs: words.map((_, offset) => ({ type: 'f32', strides: [4], offset: 4 * first + offset })),
    buffers: words.map(() => 0),
    values: $.list,
    stages: words.map((word, output) => ({ kind: 'store', output, value: uniform($, word) })),
  };
}

/** The counter some blocks on, a number that is not negative. */
function ahead($: Values, counter: readonly ValueId[], blocks: ValueId): ValueId[] {
  const unsigned = (word: ValueId) => $.op('xor', word, $.constant(-(2 ** 31), 'i32'));
  const [lowest, ...higher] = counter;
  const sum = $.op('add', lowest, blocks);
  const words = [sum];
  let carries = $.op('lt', unsigned(sum), unsigned(blocks));
  for (const word of higher) {
    const next = $.op('add', word, $.op('select', carries, $.constant(1, 'i32'), $.constant(0, 'i32')));
    carries = $.op('and', carries, $.op('eq', next, $.constant(0, 'i32')));
    words.push(next);
  }
  return words;
}

function philox($: Values, key: readonly ValueId[], counter: readonly ValueId[]): ValueId[] {
  let [x0, x1, x2, x3] = counter;
  const [a, b] = MULTIPLIERS.map((multiplier) => $.constant(multiplier, 'i32'));
  for (let round = 0; round < ROUNDS; round++) {
    const [k0, k1] = key.map((word, i) => $.op('add', word, $.constant(Math.imul(STEPS[i], round), 'i32')));
    const [highA, highB] = [$.op('mulHigh', x0, a), $.op('mulHigh', x2, b)];
    const [lowA, lowB] = [$.op('mul', x0, a), $.op('mul', x2, b)];
    x0 = $.op('xor', $.op('xor', highB, x1), k0);
    x2 = $.op('xor', $.op('xor', highA, x3), k1);
    [x1, x3] = [lowB, lowA];
  }
  return [x0, x1, x2, x3];
}

/** The lower 23 bits as a fraction. At the upper end of an integer with a sign they make one in [-1/2, 1/2). */
function uniform($: Values, word: ValueId): ValueId {
  const signed = $.op('toFloat', $.op('mul', word, $.constant(2 ** 9, 'i32')));
  const fraction = $.op('mul', signed, $.constant(2 ** -32));
  const isBelow = $.op('lt', fraction, $.constant(0));
  return $.op('select', isBelow, $.op('add', fraction, $.constant(1)), fraction);
}
