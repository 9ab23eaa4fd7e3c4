/**
 * The view of a node that algebraic rules take, and the form of a rule. The rules are in the files beside this one,
 * applying them is `../algebra.ts`.
 */
import type { AttrValue, TensorSpec } from '../../../src/graph/node.ts';
import type { Vocabulary } from '../../../src/ops/opdef/vocabulary.ts';
import type { DType } from '../../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, type Shape, sameShape } from '../../../src/util/shape.ts';
import type { Facts } from '../../ir/context.ts';
import type { IrNode, IrValue } from '../../ir/module.ts';

/**
 * A rewrite of one op: what stands for its outputs instead, or null where the rule does not apply. Results are the same
 * to the last bit, NaN, signed zeros and infinities included.
 */
export interface Rule {
  readonly ops: readonly string[];
  /** The rule as a formula, for people. */
  readonly says: string;
  apply(m: Match, $: Vocabulary<IrValue>): IrValue | readonly IrValue[] | null;
}

export function rule(ops: string, says: string, apply: Rule['apply']): Rule {
  return { ops: ops.split(' '), says, apply };
}

export class Match {
  constructor(
    readonly node: IrNode,
    private readonly facts: Facts,
  ) {}

  /** The inputs. */
  get x(): IrValue {
    return this.node.inputs[0];
  }
  get y(): IrValue {
    return this.node.inputs[1];
  }
  /** The type and shape of the first output. */
  get out(): TensorSpec {
    return this.node.outputs[0];
  }
  get dtype(): DType {
    return this.out.dtype;
  }
  attr<T extends AttrValue = AttrValue>(name: string): T {
    return this.node.attrs[name] as T;
  }
  spec(value: IrValue): TensorSpec {
    return this.facts.spec(value);
  }
  shape(value: IrValue): Shape {
    return this.facts.spec(value).shape;
  }
  known(value: IrValue): KnownShape | null {
    const shape = this.shape(value);
    return isFullyDefined(shape) ? shape : null;
  }

  /** The node that makes the value, if it is of this op type. */
  made(value: IrValue, ...ops: string[]): IrNode | null {
    const node = this.facts.node(value.node);
    return ops.includes(node.op) ? node : null;
  }

  /** The number that every element of a known value is; undefined where they differ or the value is not known. */
  splat(value: IrValue): number | bigint | undefined {
    const array = this.facts.constant(value);
    if (!array || array.size === 0 || array.dtype.isComplex || Array.isArray(array.data)) return undefined;
    const { data } = array;
    for (let i = 1; i < data.length; i++) if (!Object.is(data[i], data[0])) return undefined;
    return data[0];
  }
  /** Whether the value is known to be this number everywhere; the zeros are told apart for floats. */
  is(value: IrValue, number: number): boolean {
    const found = this.splat(value);
    return typeof found === 'bigint' ? found === BigInt(number) : found !== undefined && Object.is(found, number);
  }
  /** The elements of a known integer vector or scalar. */
  ints(value: IrValue): readonly number[] | null {
    const array = this.facts.constant(value);
    if (!array?.dtype.isInteger) return null;
    return Array.from({ length: array.size }, (_, i) => Number(array.at(i)));
  }

  /**
   * `value`, if it has the shape of the output: what is left when `other`, with which it was broadcast, goes. Shapes that
   * depend on data count only if `other` is a scalar.
   */
  alone(value: IrValue, other?: IrValue): IrValue | null {
    const shape = this.shape(value);
    if (isFullyDefined(shape) && sameShape(shape, this.out.shape)) return value;
    return other && this.shape(other)?.length === 0 && shape !== null ? value : null;
  }
}
