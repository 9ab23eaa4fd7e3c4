/**
 * Which tensors a saver saves, under which names, and how each is given its value again. The ops around them are
 * `saver-builder.ts`'s.
 */
import { Operation, Tensor } from '../../graph/graph.ts';
import { emit, emitOne } from '../../ops/emit.ts';
import '../../ops/save-restore.ts';
import { reshape } from '../../ops/shaping.ts';
import { isConvertible } from '../../ops/tensor-like.ts';
import type { DType } from '../../util/dtype.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { pythonRepr } from '../../util/python-names.ts';
import { isFullyDefined, type Shape } from '../../util/shape.ts';
import { PartitionedVariable } from '../../variables/partitioned.ts';
import type { SaveSliceInfo } from '../../variables/save-slice-info.ts';
import { Variable } from '../../variables/variable.ts';

/** What can be saved: a variable, the tensor of one, a partitioned variable, or parts of one. */
export type SaveableLike = Variable | PartitionedVariable | Tensor | readonly Variable[];
/** Saveables by name, or in a list, which may be nested: then their own names count. */
export type VarList =
  | ReadonlyMap<string, SaveableLike>
  | Readonly<Record<string, SaveableLike>>
  | readonly (SaveableLike | readonly SaveableLike[])[];

/** A tensor to be saved and restored. */
export interface Saveable {
  readonly name: string;
  /** As `shape_and_slice` texts have it. */
  readonly slice: string;
  readonly dtype: DType;
  readonly device: string;
  /** A tensor of the variable, which tells it from others: none may be saved under two names. */
  readonly key: Tensor;
  /** The value to be saved; it may build ops on each call. */
  value(): Tensor;
  /** Builds what gives it the value. */
  restore(value: Tensor, shape: readonly number[] | Tensor | null): Operation;
}

const REFERENCES = new Set(['Variable', 'VariableV2', 'AutoReloadVariable']);
const SOURCES = new Set([...REFERENCES, 'VarHandleOp', 'ReadVariableOp']);

function isReference(tensor: Tensor): boolean {
  return REFERENCES.has(tensor.op.type);
}

/** The tensor for which a variable stands, where it stands for one. */
function elementOf(value: unknown): unknown {
  if (value instanceof Variable) return value.asGraphElement();
  if (value instanceof Tensor || !isConvertible(value)) return value;
  const { handle } = value as { handle?: unknown };
  return handle instanceof Tensor && isReference(handle) ? handle : value.asTensor();
}

/** The saveables of a list or a map, sorted by name. Throws `TypeError` or `ValueError` for what cannot be saved, or twice. */
export function saveablesOf(varList: VarList): Saveable[] {
  const named = Array.isArray(varList) ? byOwnNames(varList) : entriesOf(varList);
  const saveables: Saveable[] = [];
  const seen = new Set<object>();
  for (const [name, value] of [...named].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    for (const saveable of saveablesFor(name, value)) {
      if (seen.has(saveable.key)) {
        throw new ValueError(`The same saveable will be restored with two names: ${name}`);
      }
      seen.add(saveable.key);
      saveables.push(saveable);
    }
  }
  return saveables;
}

function entriesOf(varList: VarList): (readonly [string, unknown])[] {
  if (varList instanceof Map) {
    const wrong = [...varList.keys()].find((name) => typeof name !== 'string');
    if (wrong === undefined) return [...(varList as ReadonlyMap<string, unknown>)];
    throw new TypeError(
      `names_to_saveables must be a dict mapping string names to trackable operations. Name is not a string: ${String(wrong)}`,
    );
  }
  if (typeof varList === 'object' && varList !== null && Object.getPrototypeOf(varList) === Object.prototype) {
    return Object.entries(varList);
  }
  throw new TypeError(`Variables to save should be passed in a dict or a list. Got ${String(varList)}`);
}

/** A list by the names of what it holds; parts of a partitioned variable come together under its name. */
function byOwnNames(list: readonly unknown[]): Map<string, unknown> {
  const flat = list.flat(Infinity) as { readonly name: string }[];
  const named = new Map<string, unknown>();
  for (const item of [...flat].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    if (item instanceof Variable && item.saveSliceInfo) {
      const { fullName } = item.saveSliceInfo;
      const known = named.get(fullName) ?? [];
      if (!Array.isArray(known)) throw new ValueError(`Mixing slices and non-slices with the same name: ${fullName}`);
      named.set(fullName, [...known, item]);
      continue;
    }
    const name = item instanceof PartitionedVariable ? item.name : ownName(item);
    if (named.has(name)) throw new ValueError(`At least two variables have the same name: ${name}`);
    named.set(name, item);
  }
  return named;
}

function ownName(item: unknown): string {
  const element = elementOf(item);
  if (!(element instanceof Tensor) || !SOURCES.has(element.op.type)) {
    throw new TypeError(`Variable to save is not a Variable: ${String(element)}`);
  }
  return element.op.type === 'ReadVariableOp' ? element.op.inputs[0].op.name : element.op.name;
}

function saveablesFor(name: string, value: unknown): Saveable[] {
  if (value instanceof PartitionedVariable || Array.isArray(value)) return partSaveables(name, [...value]);
  const element = elementOf(value);
  if (!(element instanceof Tensor) || !SOURCES.has(element.op.type)) {
    throw new TypeError(
      `names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable: ${String(element instanceof Operation ? element : (element ?? pythonRepr(element)))}`,
    );
  }
  if (isReference(element)) return [referenceSaveable(name, '', element)];
  const handle = element.op.type === 'ReadVariableOp' ? element.op.inputs[0] : element;
  return [resourceSaveable(name, '', element, handle, () => element)];
}

function partSaveables(name: string, parts: readonly unknown[]): Saveable[] {
  let whole: string | null = null;
  return parts.map((part) => {
    if (!(part instanceof Variable)) throw new ValueError(`Slices must all be Variables: ${String(part)}`);
    const info: SaveSliceInfo | null = part.saveSliceInfo;
    if (!info) throw new ValueError(`Slices must all be slices: ${part}`);
    whole ??= info.fullName;
    if (whole !== info.fullName) {
      throw new ValueError(`Slices must all be from the same tensor: ${whole} != ${info.fullName}`);
    }
    if (isReference(part.handle)) return referenceSaveable(name, info.spec, part.handle);
    return resourceSaveable(name, info.spec, part.asGraphElement() as Tensor, part.handle, () => readPart(part));
  });
}

/** A fresh read, as TensorFlow's savers build it. */
function readPart({ handle, graph, dtype, device }: Variable): Tensor {
  return graph.device(device, () => {
    const read = graph.nameScope('Read', () => {
      emit('DisableCopyOnRead', [handle]);
      return emitOne('ReadVariableOp', [handle], { dtype });
    });
    const value = emitOne('Identity', [read]);
    return graph.device('/device:CPU:0', () => emitOne('Identity', [value]));
  });
}

function resourceSaveable(name: string, slice: string, key: Tensor, handle: Tensor, value: () => Tensor): Saveable {
  const { graph, dtype, device } = key;
  return {
    name,
    slice,
    dtype,
    device,
    key,
    value,
    restore: (restored, shape) => {
      const shaped = shape === null ? restored : reshape(restored, shape);
      return graph.device(device, () => {
        const moved = emitOne('Identity', [shaped]);
        checkShape(name, key.shape, moved.shape);
        return emit('AssignVariableOp', [handle, moved], { validate_shape: false });
      });
    },
  };
}

function checkShape(name: string, shape: Shape, given: Shape): void {
  const differs =
    shape !== null &&
    given !== null &&
    (shape.length !== given.length || shape.some((d, i) => d !== null && given[i] !== null && d !== given[i]));
  if (!differs) return;
  throw new ValueError(
    `Received incompatible tensor with shape (${given?.join(', ')}) when attempting to restore variable with shape (${shape?.join(', ')}) and name ${name}.`,
  );
}

function referenceSaveable(name: string, slice: string, ref: Tensor): Saveable {
  return {
    name,
    slice,
    dtype: ref.dtype,
    device: ref.device,
    key: ref,
    value: () => ref,
    restore: (restored, shape) => {
      const shaped = shape === null ? restored : reshape(restored, shape);
      const validate = shape === null && isFullyDefined(ref.shape);
      return ref.graph.colocateWith(ref.op, true, () => emit('Assign', [ref, shaped], { validate_shape: validate }));
    },
  };
}
