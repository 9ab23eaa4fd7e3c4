/**
 * The lowering rows of the array families on real backends: each instance runs through its row's kernel and through the
 * host kernel, and both must agree, for every type that buffers hold and for shapes of up to seven axes.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LowerContext, LoweringTable } from '../../compiler/lowering/lowering.ts';
import { arrayRows, cpuArrayRows, mergedTranspose, wasmArrayRows } from '../../compiler/lowering/tfjs-array.ts';
import type { Backend, DeviceValue } from '../../runtime/backends/backend.ts';
import { startBackend } from '../../runtime/backends/index.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import { constant } from '../../src/ops/constants.ts';
import { emit } from '../../src/ops/emit.ts';
import { getOpDef } from '../../src/ops/opdef/define.ts';
import { argLength } from '../../src/ops/opdef/resolve.ts';
import { constantShape, constantValue } from '../../src/ops/static-value.ts';
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { type KnownShape, sizeOf } from '../../src/util/shape.ts';
import { difference } from '../support/compare.ts';
import { runOp } from '../support/interpret.ts';

const test = suite('compiler/array-rows');

/** An array of distinguishable elements. */
function numbers(dtype: DType, shape: KnownShape): NdArray {
  const size = sizeOf(shape);
  if (dtype === bool)
    return new NdArray(
      bool,
      shape,
      Uint8Array.from({ length: size }, (_, i) => ((i * 7) % 3) & 1),
    );
  if (dtype === int32)
    return new NdArray(
      int32,
      shape,
      Int32Array.from({ length: size }, (_, i) => i * 1000003 - 7),
    );
  return new NdArray(
    float32,
    shape,
    Float32Array.from({ length: size }, (_, i) => i + 0.25),
  );
}

const vector = (values: readonly number[]) => new NdArray(int32, [values.length], Int32Array.from(values));
const scalar = (value: number) => new NdArray(int32, [], Int32Array.of(value));
const table = (values: readonly number[]) => new NdArray(int32, [values.length / 2, 2], Int32Array.from(values));

interface Instance {
  readonly op: string;
  readonly inputs: readonly (NdArray | readonly NdArray[])[];
  readonly attrs?: Readonly<Record<string, AttrValue>>;
}

function instances(dtype: DType): Instance[] {
  const x = (...shape: number[]) => numbers(dtype, shape);
  const masks = (attrs: Record<string, number>) => ({
    begin_mask: 0,
    end_mask: 0,
    ellipsis_mask: 0,
    new_axis_mask: 0,
    shrink_axis_mask: 0,
    ...attrs,
  });
  const strided = (a: NdArray, b: number[], e: number[], s: number[], attrs = {}): Instance => ({
    op: 'StridedSlice',
    inputs: [a, vector(b), vector(e), vector(s)],
    attrs: masks(attrs),
  });
  const list: Instance[] = [
    { op: 'Identity', inputs: [x(2, 3)] },
    { op: 'Reshape', inputs: [x(2, 6), vector([3, -1])] },
    { op: 'ExpandDims', inputs: [x(2, 3), scalar(-1)] },
    { op: 'Squeeze', inputs: [x(1, 2, 1)], attrs: { squeeze_dims: [] } },
    { op: 'EnsureShape', inputs: [x(2, 3)], attrs: { shape: [null, 3] } },
    { op: 'Slice', inputs: [x(4, 3), vector([1, 0]), vector([2, -1])] },
    { op: 'Slice', inputs: [x(3, 4, 5), vector([1, 1, 2]), vector([2, 2, 3])] },
    { op: 'Slice', inputs: [x(2, 3, 2, 3), vector([0, 1, 0, 1]), vector([2, 2, 1, 2])] },
    { op: 'Slice', inputs: [x(2, 3, 2, 2, 3), vector([1, 1, 0, 0, 1]), vector([1, 2, 2, 1, 2])] },
    { op: 'Slice', inputs: [x(2, 2, 2, 2, 2, 3), vector([1, 0, 0, 1, 0, 1]), vector([1, 2, 2, 1, 2, 2])] },
    { op: 'Slice', inputs: [x(7), vector([3]), vector([2])] },
    strided(x(7), [1], [6], [2]),
    strided(x(7), [0], [0], [-1], { begin_mask: 1, end_mask: 1 }),
    strided(x(7), [5], [0], [-2]),
    strided(x(4, 5), [0, 1], [4, 5], [2, 3]),
    strided(x(4, 5), [-1, 0], [0, 0], [1, -2], { shrink_axis_mask: 1, begin_mask: 2, end_mask: 2 }),
    strided(x(4, 5), [2, 0], [3, 0], [1, 1], { shrink_axis_mask: 1, end_mask: 2 }),
    strided(x(3, 4, 5), [0, 1], [0, 3], [1, 1], { ellipsis_mask: 1 }),
    strided(x(3, 4, 5), [0, 0, 4], [0, 0, 0], [1, 1, -3], { ellipsis_mask: 1, new_axis_mask: 2 }),
    strided(x(3, 4, 5, 2), [2, 0, 1, 0], [0, 4, 5, 2], [-1, 2, 2, 1]),
    strided(x(2, 3, 2, 3, 4), [0, 0, 0, 0, 0], [2, 3, 2, 3, 4], [1, 2, 1, 2, 3]),
    { op: 'Transpose', inputs: [x(3, 4), vector([1, 0])] },
    { op: 'Transpose', inputs: [x(3, 1, 4), vector([1, 0, 2])] },
    { op: 'Transpose', inputs: [x(2, 3, 4), vector([2, 0, 1])] },
    { op: 'Transpose', inputs: [x(2, 3, 4), vector([1, 0, 2])] },
    { op: 'Transpose', inputs: [x(2, 3, 4, 5), vector([0, 2, 1, 3])] },
    { op: 'Transpose', inputs: [x(2, 3, 4, 5), vector([3, 1, 0, 2])] },
    { op: 'Transpose', inputs: [x(2, 3, 4, 2, 3), vector([4, 2, 0, 3, 1])] },
    { op: 'Transpose', inputs: [x(2, 3, 2, 2, 3, 2), vector([5, 3, 1, 0, 2, 4])] },
    { op: 'Transpose', inputs: [x(2, 3, 2, 2, 3, 2, 2), vector([5, 3, 6, 1, 0, 2, 4])] },
    { op: 'ConcatV2', inputs: [[x(2, 3), x(2, 2), x(2, 1)], scalar(1)] },
    { op: 'ConcatV2', inputs: [[x(2, 3), x(1, 3)], scalar(-2)] },
    { op: 'ConcatV2', inputs: [[x(2, 2, 3, 2), x(2, 4, 3, 2)], scalar(1)] },
    { op: 'Concat', inputs: [scalar(0), [x(2, 3), x(1, 3)]] },
    { op: 'Pack', inputs: [[x(2, 3), x(2, 3), x(2, 3)]], attrs: { axis: 1 } },
    { op: 'Pack', inputs: [[x(), x(), x()]], attrs: { axis: 0 } },
    { op: 'Pack', inputs: [[x(2)]], attrs: { axis: -1 } },
    { op: 'Split', inputs: [scalar(1), x(2, 6)], attrs: { num_split: 3 } },
    { op: 'Split', inputs: [scalar(0), x(4, 3, 2)], attrs: { num_split: 2 } },
    { op: 'Split', inputs: [scalar(0), x(4)], attrs: { num_split: 1 } },
    { op: 'SplitV', inputs: [x(2, 7, 2), vector([2, -1, 1]), scalar(1)], attrs: { num_split: 3 } },
    { op: 'Unpack', inputs: [x(2, 3, 2)], attrs: { num: 3, axis: 1 } },
    { op: 'Unpack', inputs: [x(3)], attrs: { num: 3, axis: 0 } },
    { op: 'Tile', inputs: [x(2, 3), vector([2, 1])] },
    { op: 'Tile', inputs: [x(2, 3), vector([1, 3])] },
    { op: 'Tile', inputs: [x(1, 3, 1), vector([2, 2, 4])] },
    { op: 'Tile', inputs: [x(2, 1, 2, 2, 1, 2), vector([2, 1, 2, 1, 3, 2])] },
    { op: 'BroadcastTo', inputs: [x(1, 3), vector([2, 4, 3])] },
    { op: 'BroadcastTo', inputs: [x(3, 1), vector([2, 3, 4])] },
    { op: 'BroadcastTo', inputs: [x(), vector([2, 2])] },
    { op: 'BroadcastTo', inputs: [x(2, 1, 2, 1, 2, 1), vector([2, 3, 2, 3, 2, 3])] },
    { op: 'Fill', inputs: [vector([2, 3]), one(dtype)] },
    { op: 'ZerosLike', inputs: [x(2, 3)] },
    { op: 'OnesLike', inputs: [x(2, 3)] },
    { op: 'Pad', inputs: [x(2, 3), table([1, 0, 0, 2])] },
    { op: 'Pad', inputs: [x(2, 3, 2, 2, 2), table([1, 0, 0, 2, 0, 0, 1, 1, 0, 0])] },
    { op: 'Pad', inputs: [x(2, 3, 2, 2, 2), table([1, 0, 0, 2, 1, 1, 1, 1, 0, 1])] },
    { op: 'PadV2', inputs: [x(3), table([1, 2]), one(dtype)] },
    { op: 'MirrorPad', inputs: [x(3, 3), table([1, 2, 0, 1])], attrs: { mode: 'REFLECT' } },
    { op: 'MirrorPad', inputs: [x(3, 3), table([1, 2, 3, 1])], attrs: { mode: 'SYMMETRIC' } },
    { op: 'MirrorPad', inputs: [x(2, 3, 3, 2), table([0, 0, 1, 2, 2, 1, 0, 0])], attrs: { mode: 'REFLECT' } },
    { op: 'ReverseV2', inputs: [x(2, 3), vector([1])] },
    { op: 'ReverseV2', inputs: [x(2, 3, 2), vector([0, -1])] },
    { op: 'ReverseV2', inputs: [x(2, 3, 2, 2, 3), vector([1, 3])] },
    { op: 'ReverseV2', inputs: [x(2, 3), vector([])] },
    {
      op: 'Reverse',
      inputs: [x(2, 3), new NdArray(bool, [2], Uint8Array.of(1, 1))],
    },
  ];
  return list;
}

const one = (dtype: DType) =>
  new NdArray(
    dtype,
    [],
    dtype === float32 ? Float32Array.of(1.5) : dtype === int32 ? Int32Array.of(-9) : Uint8Array.of(1),
  );

/** The row's answer, computed on the backend; null where it has none. */
function throughRow(backend: Backend, rows: LoweringTable, { op, inputs, attrs = {} }: Instance): NdArray[] | null {
  const graph = new Graph();
  const arrays = inputs.flat() as NdArray[];
  const built = graph.asDefault(() => {
    const wrap = (a: NdArray) => constant(a);
    return emit(
      op,
      inputs.map((i) => (Array.isArray(i) ? i.map(wrap) : wrap(i as NdArray))),
      { ...(op.startsWith('Slice') || op === 'StridedSlice' ? { Index: int32 } : {}), ...attrs },
    );
  });
  const tensors: Tensor[] = built.inputs;
  const context: LowerContext = {
    type: op,
    name: op,
    inputCount: tensors.length,
    shape: (i) => tensors[i].shape,
    dtype: (i) => tensors[i].dtype,
    attr: <T extends AttrValue = AttrValue>(name: string) => built.getAttr(name) as T,
    constant: (i) => constantValue(tensors[i]),
    constantShape: (i) => constantShape(tensors[i]),
    handle: () => undefined,
    outputDType: (i) => built.outputs[i].dtype,
    outputShape: (i) => built.outputs[i].shape,
  };
  const lowered = rows[op](context);
  if (!lowered) return null;
  if (lowered.kind === 'alias') {
    const input = arrays[lowered.input];
    return [lowered.shape ? input.reshape(lowered.shape) : input];
  }
  const kernel = backend.kernel(lowered.kernel);
  assert.ok(kernel, `${backend.name} has ${lowered.kernel}`);
  const given = lowered.inputs.map((i, k): DeviceValue => {
    const value = backend.write(arrays[i]);
    const shape = lowered.inputShapes?.[k];
    return shape ? { dataId: value.dataId, shape: shape as number[], dtype: value.dtype } : value;
  });
  const { names } = lowered;
  const record: unknown = names ? Object.fromEntries(names.map((name, k) => [name, given[k]])) : given;
  const made = kernel({ inputs: record as never, attrs: lowered.attrs as never, backend: backend.native as object });
  const values = (Array.isArray(made) ? made : [made]).map((value, i) => {
    const read = backend.readSync(value, built.outputs[i].dtype);
    const copy = new NdArray(read.dtype, read.shape, read.data.slice() as NdArray['data']);
    backend.dispose(value.dataId);
    const shape = lowered.outputShapes?.[i];
    return shape ? copy.reshape(shape) : copy;
  });
  for (const value of given) backend.dispose(value.dataId);
  return values;
}

/** What a row may leave to the host: kernels that do not know the type. */
const hostOnly = new Set([
  'wasm StridedSlice int32',
  'wasm StridedSlice bool',
  'wasm Reverse bool',
  'wasm ReverseV2 bool',
]);

for (const [name, own] of [
  ['wasm', wasmArrayRows],
  ['cpu', cpuArrayRows],
] as const) {
  for (const dtype of [float32, int32, bool]) {
    instances(dtype).forEach((instance, k) => {
      const shapes = instance.inputs.map((i) => `[${Array.isArray(i) ? i.length : (i as NdArray).shape}]`);
      test(`${name}, ${dtype.name} ${k}: ${instance.op} ${shapes.join(' ')}`, async () => {
        const backend = await startBackend(name);
        const before = backend.numBuffers();
        const found = throughRow(backend, { ...arrayRows, ...own }, instance);
        if (!found) return assert.ok(hostOnly.has(`${name} ${instance.op} ${dtype.name}`), 'no kernel');
        const expected = runOp(instance.op, instance.inputs, instance.attrs);
        assert.is(found.length, expected.length);
        found.forEach((value, i) => {
          assert.is(difference(value, expected[i], { relative: 0, absolute: 0 }), null);
        });
        assert.is(backend.numBuffers(), before, 'buffers');
      });
    });
  }
}

test('argument lists of the instances fit their signatures', () => {
  for (const { op, inputs, attrs = {} } of instances(float32)) {
    const def = getOpDef(op);
    assert.is(inputs.length, def.inputs.length, op);
    def.inputs.forEach((arg, i) => {
      const list = inputs[i];
      if (arg.numberAttr && attrs[arg.numberAttr]) assert.is((list as NdArray[]).length, argLength(arg, attrs));
    });
  }
});

test('a transpose moves no more axes than it must', () => {
  assert.equal(mergedTranspose([2, 3, 4, 5], [0, 3, 1, 2]), { shape: [2, 12, 5], perm: [0, 2, 1] });
  assert.equal(mergedTranspose([1, 3, 1, 5], [3, 2, 0, 1]), { shape: [3, 5], perm: [1, 0] });
  assert.equal(mergedTranspose([2, 3, 4], [0, 1, 2]), { shape: [24], perm: [0] });
  assert.equal(mergedTranspose([1, 1], [1, 0]), { shape: [], perm: [] });
});

test.run();
