/** Host kernels of operations on sets: the last axis of a tensor, dense or sparse, holds the elements of a set. */
import { int32, string } from '../../src/util/dtype.ts';
import { allocate, type Data, NdArray } from '../../src/util/ndarray.ts';
import { sizeOf } from '../../src/util/shape.ts';
import { brackets, indicesOf, integers, invalid } from './elements.ts';
import { defineHostKernels, type HostKernel, type HostOp } from './registry.ts';
import { checkOrder, checkParts, rowAt, rowsOf } from './sparse-rows.ts';

/** An element: bytes are text of one character a byte, which compares as they do. */
type Member = number | bigint | string;

interface Sets {
  /** The shape without the axis of the elements. */
  readonly shape: readonly number[];
  /** The sets that there are, by the position of their group. */
  readonly groups: ReadonlyMap<bigint, Set<Member>>;
}

function memberAt(data: Data, i: number): Member {
  const value = data[i];
  return value instanceof Uint8Array ? String.fromCharCode(...value) : value;
}

function dense(array: NdArray): Sets {
  if (array.rank < 2) throw invalid(`Shape ${brackets(array.shape)} has rank ${array.rank} < 2`);
  const shape = array.shape.slice(0, -1);
  const length = array.shape[array.rank - 1];
  const groups = new Map<bigint, Set<Member>>();
  for (let group = 0; group < sizeOf(shape); group++) {
    const set = new Set<Member>();
    for (let i = group * length; i < (group + 1) * length; i++) set.add(memberAt(array.data, i));
    groups.set(BigInt(group), set);
  }
  return { shape, groups };
}

function sparse([indices, values, wholeShape]: readonly NdArray[], op: HostOp): Sets {
  checkParts(indices, values, wholeShape);
  const whole = Array.from(indicesOf(wholeShape));
  const rows = rowsOf(indices);
  if (op.attr('validate_indices')) checkOrder(rows, whole);
  if (whole.length < 2) throw invalid(`Invalid rank ${whole.length}.`);
  const shape = whole.slice(0, -1);
  const groups = new Map<bigint, Set<Member>>();
  for (let i = 0; i < rows.count; i++) {
    // The number of groups may be beyond what a number counts exactly.
    let group = 0n;
    for (let k = 0; k < shape.length; k++) group = group * BigInt(shape[k]) + BigInt(rows.at[i * rows.rank + k]);
    const set = groups.get(group) ?? new Set();
    groups.set(group, set.add(memberAt(values.data, i)));
  }
  return { shape, groups };
}

const NONE: ReadonlySet<Member> = new Set();

const combine: Readonly<Record<string, (a: ReadonlySet<Member>, b: ReadonlySet<Member>) => Member[]>> = {
  'a-b': (a, b) => [...a].filter((member) => !b.has(member)),
  'b-a': (a, b) => [...b].filter((member) => !a.has(member)),
  intersection: (a, b) => [...a].filter((member) => b.has(member)),
  union: (a, b) => [...new Set([...a, ...b])],
};

const ascending = (a: Member | bigint, b: Member | bigint) => (a < b ? -1 : a > b ? 1 : 0);

function operate(a: Sets, b: Sets, like: NdArray, op: HostOp): readonly NdArray[] {
  const named = op.attr<string>('set_operation').toLowerCase();
  if (!Object.hasOwn(combine, named)) throw invalid(`Invalid set_operation ${op.attr<string>('set_operation')}.`);
  const { shape } = a;
  if (shape.length !== b.shape.length || shape.some((d, k) => d !== b.shape[k])) {
    throw invalid(`Mismatched shapes ${brackets(shape)} vs ${brackets(b.shape)}`);
  }
  const at: number[] = [];
  const members: Member[] = [];
  let longest = 0;
  for (const group of [...new Set([...a.groups.keys(), ...b.groups.keys()])].sort(ascending)) {
    const result = combine[named](a.groups.get(group) ?? NONE, b.groups.get(group) ?? NONE).sort(ascending);
    const place: number[] = [];
    let rest = group;
    for (let k = shape.length - 1; k >= 0; k--) {
      place.unshift(Number(rest % BigInt(shape[k])));
      rest /= BigInt(shape[k]);
    }
    result.forEach((member, i) => {
      at.push(...place, i);
      members.push(member);
    });
    longest = Math.max(longest, result.length);
  }
  const rank = shape.length + 1;
  const data = allocate(like.dtype, members.length);
  members.forEach((member, i) => {
    const bytes = like.dtype === string ? Uint8Array.from(member as string, (c) => c.charCodeAt(0)) : null;
    (data as (Member | Uint8Array)[])[i] = bytes ?? member;
  });
  const indexType = op.outputDType(0);
  return [
    integers(indexType, [members.length, rank], at),
    new NdArray(like.dtype, [members.length], data),
    integers(indexType, [rank], [...shape, longest]),
  ];
}

const denseToDense: HostKernel = ([a, b], op) => operate(dense(a), dense(b), a, op);
const denseToSparse: HostKernel = ([a, ...b], op) => operate(dense(a), sparse(b, op), a, op);
const sparseToSparse: HostKernel = (inputs, op) =>
  operate(sparse(inputs.slice(0, 3), op), sparse(inputs.slice(3), op), inputs[1], op);

const size: HostKernel = (inputs, op) => {
  const { shape, groups } = sparse(inputs, op);
  const sizes = new Int32Array(sizeOf(shape));
  for (const [group, set] of groups) {
    if (group < 0n || group >= BigInt(sizes.length)) {
      const rows = rowsOf(inputs[0]);
      const outside = Array.from({ length: rows.count }, (_, i) => rowAt(rows, i)).find((row) =>
        shape.some((d, k) => !(row[k] >= 0 && row[k] < d)),
      );
      throw invalid(`Group ${brackets(outside ?? [])} is outside of shape ${brackets(shape)}.`);
    }
    sizes[Number(group)] = set.size;
  }
  return [new NdArray(int32, shape, sizes)];
};

defineHostKernels({
  DenseToDenseSetOperation: denseToDense,
  DenseToSparseSetOperation: denseToSparse,
  SparseToSparseSetOperation: sparseToSparse,
  SetSize: size,
});
