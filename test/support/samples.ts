/** The samples of op definitions as graphs and values. */
import { Graph, type Operation, type Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { emit } from '../../src/ops/emit.ts';
import type { OpDef, Sample, SampleValue } from '../../src/ops/opdef/define.ts';
import { argLength } from '../../src/ops/opdef/resolve.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { bool, type DType, float32, float64, string } from '../../src/util/dtype.ts';
import { allocate, encodeString, NdArray, type NumericData } from '../../src/util/ndarray.ts';

export function sampleArray(value: SampleValue, dtype: DType = value.dtype): NdArray {
  const data = allocate(dtype, value.data.length / (dtype.isComplex ? 2 : 1));
  value.data.forEach((element, i) => {
    if (dtype === string)
      (data as Uint8Array[])[i] = element instanceof Uint8Array ? element : encodeString(String(element));
    else if (dtype.isBigInt) (data as BigInt64Array)[i] = BigInt(element as number | bigint);
    else (data as NumericData)[i] = dtype === bool ? Number(element) : Number(element);
  });
  return new NdArray(dtype, value.shape, data);
}

export interface BuiltSample {
  readonly graph: Graph;
  readonly operation: Operation;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly feeds: ReadonlyMap<Tensor, NdArray>;
}

/**
 * The sample's op in a graph of its own.
 *
 * @param how whether inputs are constants (for folding) or placeholders
 * @param wide float64 in place of float32, for accurate finite differences
 */
export function buildSample(def: OpDef, sample: Sample, how: 'constants' | 'placeholders', wide = false): BuiltSample {
  const graph = new Graph();
  return graph.asDefault(() => {
    const feeds = new Map<Tensor, NdArray>();
    const inputs = sample.inputs.map((value) => {
      const array = sampleArray(value, wide && value.dtype === float32 ? float64 : value.dtype);
      // Integer operands are axes, shapes and indices: programs give them as constants.
      if (how === 'constants' || !array.dtype.isFloating) return constant(array);
      const tensor = placeholder(array.dtype, array.shape);
      feeds.set(tensor, array);
      return tensor;
    });
    let next = 0;
    const counts = listLengths(def, sample);
    const args = def.inputs.map((arg, i) => {
      const list = inputs.slice(next, next + counts[i]);
      next += counts[i];
      return arg.numberAttr || arg.typeListAttr ? list : list[0];
    });
    const attrs = Object.fromEntries(
      Object.entries(sample.attrs ?? {}).map(([key, value]) => [key, wide && value === float32 ? float64 : value]),
    );
    const operation = emit(def.name, args, attrs, 'op');
    return { graph, operation, inputs, outputs: operation.outputs, feeds };
  });
}

/** How many tensors each argument takes: all that are left over belong to the one list argument. */
function listLengths(def: OpDef, sample: Sample): number[] {
  const isList = (i: number) => def.inputs[i].numberAttr !== null || def.inputs[i].typeListAttr !== null;
  const lists = def.inputs.filter((_, i) => isList(i)).length;
  const singles = def.inputs.length - lists;
  return def.inputs.map((arg, i) => {
    if (!isList(i)) return 1;
    if (arg.numberAttr && sample.attrs?.[arg.numberAttr] !== undefined) return argLength(arg, sample.attrs);
    return (sample.inputs.length - singles) / lists;
  });
}
