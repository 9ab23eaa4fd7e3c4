/**
 * A node of an op that has no samples, for the question whether a server takes it: placeholders as inputs, attributes that
 * its definition allows. What it would compute does not matter here.
 */

import type { GraphFunction } from '../../src/graph/function.ts';
import { Graph, type Operation, type Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { finishBody, newBody } from '../../src/ops/functions.ts';
import { identity } from '../../src/ops/identity.ts';
import type { OpDef } from '../../src/ops/opdef/define.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { asDType, type DType, float32, int32, int64, string } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';

type AttrDef = OpDef['attrs'][number];
type ArgDef = OpDef['inputs'][number];

const SCALAR = new NdArray(float32, [], Float32Array.of(1));

/** The value of an attribute without default. */
function valueOf({ name, type, isList, allowed, minimum }: AttrDef, graph: Graph): AttrValue {
  const one = (): AttrValue => {
    if (allowed?.length) return allowed.includes(float32) ? float32 : (allowed[0] as AttrValue);
    switch (type) {
      case 'type':
        if (name === 'key_dtype') return int64;
        return /[Ii](ndices|ndex)|^Tshape$|^out_type$/.test(name) ? int32 : float32;
      case 'int':
        return Math.max(minimum ?? 1, 1);
      case 'float':
        return 1;
      case 'bool':
        return false;
      case 'string':
        return '';
      case 'shape':
        return [];
      case 'tensor':
        return SCALAR;
      case 'func':
        return identityFunction(graph);
    }
  };
  const value = one();
  if (!isList) return value;
  return Array.from({ length: Math.max(minimum ?? 1, 1) }, () => value) as AttrValue;
}

/** A function of one number. */
function identityFunction(graph: Graph): GraphFunction {
  const body = newBody('identity', graph);
  const x = body.asDefault(() => placeholder(float32, []));
  return finishBody(body, [body.asDefault(() => identity(x))], [x]);
}

/** The op in a graph of its own. */
export function buildNode(def: OpDef): { readonly graph: Graph; readonly operation: Operation } {
  const attrs: Record<string, AttrValue> = {};
  const graph = new Graph();
  for (const attr of def.attrs) attrs[attr.name] = attr.default === undefined ? valueOf(attr, graph) : attr.default;
  return graph.asDefault(() => {
    // Accumulators are references to texts, all others to variables.
    const maker = def.name.startsWith('Sparse') ? 'SparseConditionalAccumulator' : 'ConditionalAccumulator';
    const input = (dtype: DType, isRef: boolean): Tensor => {
      if (!isRef) return placeholder(dtype, null);
      if (dtype === string) return emitOne(maker, [], { dtype: float32, shape: [] }, 'accumulator');
      return emitOne('VariableV2', [], { dtype, shape: def.name === 'CountUpTo' ? [] : [1] }, 'variable');
    };
    const args = def.inputs.map((arg) => argument(arg, attrs, input));
    return { graph, operation: emit(def.name, args, attrs, 'op') };
  });
}

function argument(
  { type, typeAttr, numberAttr, typeListAttr, isRef }: ArgDef,
  attrs: Readonly<Record<string, AttrValue>>,
  input: (dtype: DType, isRef: boolean) => Tensor,
): Tensor | Tensor[] {
  if (typeListAttr) return (attrs[typeListAttr] as readonly DType[]).map((dtype) => input(asDType(dtype), isRef));
  const dtype = type ?? (attrs[typeAttr as string] as DType);
  if (!numberAttr) return input(dtype, isRef);
  return Array.from({ length: Number(attrs[numberAttr]) }, () => input(dtype, isRef));
}
