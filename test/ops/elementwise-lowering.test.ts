/**
 * The lowering rows of the element-wise families: on every backend that runs here, and for every type that a row accepts,
 * the kernel gives what the host kernel gives, special values included.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LowerContext, LoweringTable } from '../../compiler/lowering/lowering.ts';
import { cpuMathRows, mathRows, wasmMathRows } from '../../compiler/lowering/tfjs-math.ts';
import type { Backend, DeviceValue } from '../../runtime/backends/backend.ts';
import { startBackend } from '../../runtime/backends/index.ts';
import type { AttrValue } from '../../src/graph/node.ts';
import '../../src/ops/index.ts';
import { getOpDef, type OpDef } from '../../src/ops/opdef/define.ts';
import { bool, type DType, float32, int32 } from '../../src/util/dtype.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { broadcastShapes, type Shape } from '../../src/util/shape.ts';
import { difference } from '../support/compare.ts';
import { runOp } from '../support/interpret.ts';

const test = suite('ops/elementwise-lowering');

const VALUES = new Map<DType, readonly number[]>([
  [
    float32,
    [
      Number.NaN,
      Infinity,
      -Infinity,
      -0,
      0,
      1,
      -1,
      0.5,
      -0.5,
      1.5,
      -1.5,
      2.5,
      -2.5,
      1e-4,
      -1e-4,
      1e-20,
      3,
      -3,
      7,
      -7,
      20,
      -20,
      90,
      -90,
      100,
      1000.25,
      12345.5,
      1e10,
      -1e10,
      3e38,
      1e-40,
    ],
  ],
  [int32, [0, 1, -1, 2, 3, -3, 7, -7, 10, 46341, 65536, 16777217, -16777217, 2147483647, -2147483648, 123456789]],
  [bool, [0, 1]],
]);

/** Arguments beyond which a sine is a matter of how they are reduced to a period. */
const TRIGONOMETRIC = /^(Sin|Cos|Tan)$/;
/** Of a NaN output the kernel makes a NaN gradient. */
const OF_OUTPUTS = /^EluGrad$/;

function array(dtype: DType, values: readonly number[], shape: readonly number[] = [values.length]): NdArray {
  const data = allocate(dtype, values.length) as NumericData;
  values.forEach((v, i) => {
    data[i] = v as never;
  });
  return new NdArray(dtype, shape, data);
}

interface Instance {
  readonly inputs: readonly NdArray[];
  readonly attrs: Readonly<Record<string, AttrValue>>;
  /** Whether the operands after the first are constants of the graph. */
  readonly isConstant: boolean;
}

/** All pairs of the values, broadcast and not, and each value with a scalar. */
function* instances(def: OpDef, dtype: DType): Generator<Instance> {
  let values = VALUES.get(dtype) as readonly number[];
  if (TRIGONOMETRIC.test(def.name)) values = values.filter((v) => !(Math.abs(v) > 2e4 && Number.isFinite(v)));
  if (OF_OUTPUTS.test(def.name)) values = values.filter((v) => !Number.isNaN(v));
  const attrs: Record<string, AttrValue> = {};
  for (const attr of def.attrs) if (attr.default !== undefined) attrs[attr.name] = attr.default;
  const n = values.length;
  if (def.name === 'Cast') {
    for (const DstT of [float32, int32, bool]) {
      if (DstT !== dtype) yield { inputs: [array(dtype, values)], attrs: { DstT }, isConstant: false };
    }
    return;
  }
  if (def.name === 'ClipByValue') {
    yield { inputs: [array(dtype, values), array(dtype, [-1], []), array(dtype, [2], [])], attrs, isConstant: true };
    return;
  }
  if (def.inputs.length === 1 && !def.inputs[0].numberAttr) {
    yield { inputs: [array(dtype, values)], attrs, isConstant: false };
    return;
  }
  const pairs = values.flatMap((x) => values.map((y) => [x, y]));
  const column = (k: number) =>
    array(
      dtype,
      pairs.map((pair) => pair[k]),
    );
  yield { inputs: [column(0), column(1)], attrs: { ...attrs, shape: [n * n] }, isConstant: false };
  if (def.inputs[0].numberAttr || def.name.endsWith('Grad')) return;
  yield { inputs: [array(dtype, values, [n, 1]), array(dtype, values, [1, n])], attrs, isConstant: false };
  for (const scalar of values.slice(3, 12)) {
    for (const isConstant of [true, false]) {
      yield { inputs: [array(dtype, values), array(dtype, [scalar], [])], attrs, isConstant };
      yield { inputs: [array(dtype, [scalar], []), array(dtype, values)], attrs, isConstant };
    }
  }
}

function accepts(def: OpDef, dtype: DType): boolean {
  const [arg] = def.inputs;
  if (arg.type) return arg.type === dtype;
  return def.attrs.find((a) => a.name === arg.typeAttr)?.allowed?.includes(dtype) ?? true;
}

/** What differs between kernel and host; null where they agree or the row refuses. */
function check(backend: Backend, table: LoweringTable, def: OpDef, { inputs, attrs, isConstant }: Instance) {
  const given = Object.fromEntries(
    Object.entries(attrs).filter(([key]) => def.attrs.some((a) => a.name === key && key !== 'T')),
  );
  const outputDType = def.outputs[0].type ?? (attrs.DstT as DType | undefined) ?? inputs[0].dtype;
  const context: Partial<LowerContext> = {
    type: def.name,
    inputCount: inputs.length,
    shape: (i) => inputs[i].shape,
    dtype: (i) => inputs[i].dtype,
    attr: <T extends AttrValue>(name: string) => attrs[name] as T,
    constant: (i) => (isConstant && i > 0 ? inputs[i] : null),
    outputDType: () => outputDType,
    outputShape: () => inputs.reduce((shape, x) => broadcastShapes(shape, x.shape) ?? shape, inputs[0].shape as Shape),
  };
  const lowered = table[def.name](context as LowerContext);
  if (lowered?.kind !== 'kernel') return null;
  const kernel = backend.kernel(lowered.kernel);
  assert.ok(kernel, `${backend.name} has no kernel ${lowered.kernel}`);
  const [expected] = runOp(def.name, def.inputs[0].numberAttr ? [inputs] : inputs, given);
  const values = lowered.inputs.map((i) => backend.write(inputs[i]));
  const named = lowered.names ? Object.fromEntries(lowered.names.map((name, k) => [name, values[k]])) : values;
  const result = kernel({
    inputs: named as never,
    backend: backend.native as never,
    attrs: lowered.attrs as never,
  }) as DeviceValue;
  const actual = backend.readSync(result, expected.dtype);
  for (const value of [...values, result]) backend.dispose(value.dataId);
  return difference(actual, expected, { relative: 1e-5, absolute: 1e-6 });
}

for (const [name, more] of [
  ['cpu', cpuMathRows],
  ['wasm', wasmMathRows],
] as const) {
  const table = { ...mathRows, ...more };
  for (const op of Object.keys(table)) {
    test(`${name}: ${op}`, async () => {
      const backend = await startBackend(name);
      const before = backend.numBuffers();
      const def = getOpDef(op);
      for (const dtype of VALUES.keys()) {
        if (!accepts(def, dtype)) continue;
        for (const instance of instances(def, dtype)) {
          const shapes = instance.inputs.map((x) => `[${x.shape}]`).join(' ');
          assert.is(check(backend, table, def, instance), null, `${dtype.name} ${shapes}`);
        }
      }
      assert.is(backend.numBuffers(), before, 'buffers');
    });
  }
}

test.run();
