/** Every registered op has TensorFlow's signature: names, order, types, attributes, defaults, allowed values, minima. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import '../../src/ops/index.ts';
import { type OpDef, opDefs } from '../../src/ops/opdef/define.ts';
import type { ArgDef, AttrDef } from '../../src/ops/opdef/signature.ts';
import { asDType, DType } from '../../src/util/dtype.ts';
import { attrOf } from '../support/goldens.ts';

interface GoldenArg {
  readonly name: string;
  readonly type?: string;
  readonly type_attr?: string;
  readonly type_list_attr?: string;
  readonly number_attr?: string;
  readonly is_ref?: boolean;
}

interface GoldenAttr {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly allowed?: readonly string[];
  readonly minimum?: number;
}

interface GoldenOp {
  readonly name: string;
  readonly inputs: readonly GoldenArg[];
  readonly outputs: readonly GoldenArg[];
  readonly attrs: readonly GoldenAttr[];
  readonly is_stateful?: boolean;
  readonly is_commutative?: boolean;
}

const file = new URL('../goldens/opdefs.json', import.meta.url);
const { ops } = JSON.parse(readFileSync(file, 'utf8')) as { ops: GoldenOp[] };
/** As TensorFlow 1.15 has it; the version of the file has it no more. */
const former: GoldenOp = {
  name: 'CompareAndBitpack',
  inputs: [
    { name: 'input', type_attr: 'T' },
    { name: 'threshold', type_attr: 'T' },
  ],
  outputs: [{ name: 'output', type: 'uint8' }],
  attrs: [
    {
      name: 'T',
      type: 'type',
      allowed: ['bool', 'float16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64'],
    },
  ],
};
const byName = new Map([...ops, former].map((op) => [op.name, op]));

function arg(a: ArgDef): GoldenArg {
  return {
    name: a.name,
    ...(a.type && { type: a.type.name }),
    ...(a.typeAttr && { type_attr: a.typeAttr }),
    ...(a.typeListAttr && { type_list_attr: a.typeListAttr }),
    ...(a.numberAttr && { number_attr: a.numberAttr }),
    ...(a.isRef && { is_ref: true }),
  };
}

function attr(a: AttrDef): GoldenAttr {
  const type = a.isList ? `list(${a.type})` : a.type;
  return {
    name: a.name,
    type,
    ...(a.default !== undefined && { default: a.default }),
    ...(a.allowed && { allowed: a.allowed.map((item) => (item instanceof DType ? item.name : item)).sort() }),
    ...(a.minimum !== null && { minimum: a.minimum }),
  };
}

function golden(a: GoldenAttr): GoldenAttr {
  return {
    name: a.name,
    type: a.type,
    ...(a.default !== undefined && { default: attrOf(a.default) }),
    ...(a.allowed && {
      allowed: a.allowed.map((item) => (a.type.includes('type') ? asDType(item).name : item)).sort(),
    }),
    ...(a.minimum !== undefined && { minimum: a.minimum }),
  };
}

const test = suite('ops/opdefs');

/** Ops of the compiler's own, and those that TensorFlow keeps out of its public registry, start with an underscore. */
const isPublic = (def: OpDef) => !def.name.startsWith('_');

for (const def of opDefs().filter(isPublic)) {
  test(`${def.name} has the signature of TensorFlow's registry`, () => {
    const expected = byName.get(def.name);
    assert.ok(expected, `${def.name} is no op of TensorFlow`);
    const plain = (list: readonly GoldenArg[]) =>
      list.map(({ name, type, type_attr, type_list_attr, number_attr, is_ref }) => ({
        name,
        type,
        type_attr,
        type_list_attr,
        number_attr,
        is_ref,
      }));
    assert.equal(plain(def.inputs.map(arg)), plain(expected.inputs), 'inputs');
    assert.equal(plain(def.outputs.map(arg)), plain(expected.outputs), 'outputs');
    const sorted = (list: GoldenAttr[]) =>
      list.sort((a, b) => (a.name < b.name ? -1 : 1)).map((a) => JSON.stringify(a));
    assert.equal(sorted(def.attrs.map(attr)), sorted(expected.attrs.map(golden)), 'attrs');
  });
}

test('more than 350 op types are registered', () => {
  assert.ok(opDefs().filter(isPublic).length >= 350, `${opDefs().filter(isPublic).length} op types`);
});

test.run();
