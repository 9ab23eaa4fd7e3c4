/**
 * What the rewriting of control flow must know of ops: names and element types of their outputs, and whether they have
 * effects. Facts come from the registry of ops and the library of the graph; their meaning is no matter here.
 */

import type { AttrValue } from '../../graph/node.ts';
import { findOpDef } from '../../ops/opdef/define.ts';
import { type ArgDef, type AttrDef, parseArg, parseAttr } from '../../ops/opdef/signature.ts';
import { DType } from '../../util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../util/errors.ts';
import type { AttrValueDef, FunctionArg, FunctionDef, FunctionDefLibrary } from '../messages.ts';

/** One output tensor: its type, and its place in the notation `node:arg:index`. */
export interface Output {
  readonly dtype: DType;
  readonly arg: string;
  readonly index: number;
  /** A reference to a variable, not a value. */
  readonly isRef: boolean;
}

export type NodeAttrs = ReadonlyMap<string, AttrValueDef>;

interface OpFacts {
  readonly outputs: readonly ArgDef[];
  readonly attrs: readonly AttrDef[];
  readonly isStateful: boolean;
}

/** Ops that graphs with dataflow control flow hold and the registry need not: type, outputs, attributes. */
const LEGACY: readonly (readonly [types: string, outputs: string, attrs: string])[] = [
  ['Switch', 'output_false: T; output_true: T', 'T: type'],
  ['RefSwitch', 'output_false: Ref(T); output_true: Ref(T)', 'T: type'],
  ['Merge', 'output: T; value_index: int32', 'T: type; N: int'],
  ['RefMerge', 'output: Ref(T); value_index: int32', 'T: type; N: int'],
  ['Enter Exit NextIteration', 'output: T', 'T: type'],
  ['RefEnter RefExit RefNextIteration', 'output: Ref(T)', 'T: type'],
  ['LoopCond', 'output: bool', ''],
  ['ControlTrigger', '', ''],
  ['FakeParam', 'output: dtype', 'dtype: type'],
  ['StatelessIf', 'output: Tout', 'Tout: list(type)'],
  ['StatelessWhile', 'output: T', 'T: list(type)'],
  ['If', 'output: Tout', 'Tout: list(type)'],
  ['While', 'output: T', 'T: list(type)'],
  ['StackV2', 'handle: resource', ''],
  ['StackPushV2', 'output: T', 'T: type'],
  ['StackPopV2', 'elem: elem_type', 'elem_type: type'],
  ['StackCloseV2 TensorArrayCloseV3', '', ''],
  ['TensorArrayV3', 'handle: resource; flow: float32', ''],
  ['TensorArrayGradV3 TensorArrayGradWithShape', 'grad_handle: resource; flow_out: float32', ''],
  ['TensorArrayWriteV3 TensorArrayScatterV3 TensorArraySplitV3', 'flow_out: float32', ''],
  ['TensorArrayReadV3 TensorArrayGatherV3', 'value: dtype', 'dtype: type'],
  ['TensorArrayConcatV3', 'value: dtype; lengths: int64', 'dtype: type'],
  ['TensorArraySizeV3', 'size: int32', ''],
];

const PURE = new Set(
  'Switch Merge Enter Exit NextIteration LoopCond ControlTrigger FakeParam StatelessIf StatelessWhile'.split(' '),
);

const legacy = new Map<string, OpFacts>();

function legacyFacts(op: string): OpFacts | undefined {
  if (legacy.size === 0) {
    const parts = (text: string): string[] => (text === '' ? [] : text.split('; '));
    for (const [types, outputs, attributes] of LEGACY) {
      const attrs = parts(attributes).map(parseAttr);
      const args = parts(outputs).map((text) => parseArg(text, attrs));
      for (const type of types.split(' ')) {
        legacy.set(type, { outputs: args, attrs, isStateful: !PURE.has(type) && !type.startsWith('Ref') });
      }
    }
  }
  return legacy.get(op);
}

/** Answers for the ops of one graph, the calls of its functions included. */
export class Facts {
  private readonly functions = new Map<string, FunctionDef>();

  constructor(library: FunctionDefLibrary) {
    for (const fn of library.function) this.functions.set(fn.name, fn);
  }

  /** Unknown ops count as stateful: nothing may drop or repeat them. */
  isStateful(op: string): boolean {
    const fn = this.functions.get(op);
    if (fn) return fn.isStateful;
    const def = findOpDef(op);
    if (def) return def.effect !== 'pure';
    return legacyFacts(op)?.isStateful ?? true;
  }

  /** The outputs of a node, in order. Throws `UnimplementedError` for an op of which nothing is known. */
  outputs(op: string, name: string, attr: NodeAttrs): readonly Output[] {
    const fn = this.functions.get(op);
    if (fn) return fn.outputArg.flatMap((arg) => expand(arg, attr, [], name));
    const def = findOpDef(op) ?? legacyFacts(op);
    if (!def) {
      throw new UnimplementedError(
        null,
        `Node '${name}' stands in a loop or branch of Switch and Merge, but its op type '${op}' is not registered.`,
      );
    }
    return def.outputs.flatMap((arg) => expand(arg, attr, def.attrs, name));
  }
}

/** Arguments of ops and of functions say their types alike. */
export function expand(
  arg: ArgDef | FunctionArg,
  attr: NodeAttrs,
  declared: readonly AttrDef[],
  name: string,
): readonly Output[] {
  const isRef = 'isRef' in arg && arg.isRef;
  const output = (dtype: DType, index: number): Output => ({ dtype, arg: arg.name, index, isRef });
  const lookup = (key: string): AttrValueDef | AttrValue | undefined =>
    attr.get(key) ?? declared.find((a) => a.name === key)?.default;
  if (arg.typeListAttr) {
    const value = lookup(arg.typeListAttr);
    const items = value instanceof Object && 'list' in value ? value.list : (value as readonly AttrValue[] | undefined);
    return (items ?? []).map((item, i) => output(typeOf(item, name), i));
  }
  const dtype = arg.type ?? typeOf(lookup(arg.typeAttr as string), name);
  if (!arg.numberAttr) return [output(dtype, 0)];
  const value = lookup(arg.numberAttr);
  const count = Number(value instanceof Object && 'i' in value ? value.i : value);
  return Array.from({ length: count }, (_, i) => output(dtype, i));
}

function typeOf(value: AttrValueDef | AttrValue | undefined, name: string): DType {
  if (value instanceof DType) return value;
  if (value instanceof Object && 'type' in value) return value.type as DType;
  throw new InvalidArgumentError(null, `Node '${name}' lacks an attribute that tells the type of its outputs.`);
}
