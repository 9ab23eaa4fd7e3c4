/**
 * Variables as names of ops: what files tell of a variable, and the ops of one that a graph has already. Bytes of such
 * definitions are written and read by `io`.
 */
import { getDefaultGraph } from '../graph/default-graph.ts';
import type { Graph, Operation, Tensor } from '../graph/graph.ts';
import type { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import type { Shape } from '../util/shape.ts';
import { SaveSliceInfo } from './save-slice-info.ts';

/** The place of a part in the whole, as `SaveSliceInfoDef`. */
export interface SaveSliceInfoDef {
  readonly fullName: string;
  readonly fullShape: readonly (number | bigint)[];
  readonly varOffset: readonly (number | bigint)[];
  readonly varShape: readonly (number | bigint)[];
}

/** A variable by the names of its ops: the message `VariableDef`. */
export interface VariableDef {
  /** The handle: `'v:0'`. */
  readonly variableName: string;
  /** The tensor that it starts from; empty in files of old versions. */
  readonly initialValueName: string;
  /** The operation that gives it that value. */
  readonly initializerName: string;
  /** The read that stands for the variable. */
  readonly snapshotName: string;
  readonly saveSliceInfoDef?: SaveSliceInfoDef | null;
  /** False for a reference variable. */
  readonly isResource: boolean;
  readonly trainable: boolean;
  /** How replicas keep it; 0 where nothing is said. */
  readonly synchronization: number;
  /** How updates of replicas are joined; 0 where nothing is said. */
  readonly aggregation: number;
}

/** The ops of a variable that the graph has. */
export interface ExistingVariable {
  readonly handle: Tensor;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly initialValue: Tensor | null;
  readonly initializer: Operation;
  readonly read: Tensor;
  readonly cached: Tensor | null;
  readonly saveSliceInfo: SaveSliceInfo | null;
}

const READ = 'ReadVariableOp';

/** Finds the ops in the default graph. Throws `KeyError` or `ValueError` where it does not have them. */
export function findVariable(def: VariableDef, importScope: string | null): ExistingVariable {
  const graph = getDefaultGraph();
  const placed = (name: string) => prependNameScope(name, importScope);
  const tensor = (name: string) => graph.getTensorByName(placed(name));
  const handle = tensor(def.variableName);
  const { attrs } = handle.op.node;
  if (attrs.dtype === undefined) throw new ValueError(`${handle} is not the handle of a variable.`);
  const common = {
    handle,
    dtype: attrs.dtype as DType,
    initialValue: def.initialValueName ? tensor(def.initialValueName) : null,
    initializer: graph.getOperationByName(placed(def.initializerName)),
    saveSliceInfo: sliceInfo(def.saveSliceInfoDef),
  };
  if (!def.isResource) return { ...common, shape: handle.shape, read: tensor(def.snapshotName), cached: null };
  const snapshot = def.snapshotName ? tensor(def.snapshotName) : null;
  const read = snapshot ? readBehind(snapshot) : graph.getTensorByName(`${handle.op.name}/Read/${READ}:0`);
  return {
    ...common,
    shape: (attrs.shape ?? null) as Shape,
    read,
    cached: snapshot && snapshot.op.type !== READ ? snapshot : null,
  };
}

function readBehind(snapshot: Tensor): Tensor {
  let read = snapshot;
  while (read.op.type !== READ) {
    if (read.op.inputs.length === 0) throw new ValueError(`${snapshot} is not a read of a variable.`);
    read = read.op.inputs[0];
  }
  return read;
}

function sliceInfo(def: SaveSliceInfoDef | null | undefined): SaveSliceInfo | null {
  if (!def) return null;
  return new SaveSliceInfo(
    def.fullName,
    def.fullShape.map(Number),
    def.varOffset.map(Number),
    def.varShape.map(Number),
  );
}

/** The name inside of `scope`: `^x` becomes `^scope/x`, `loc:@x` becomes `loc:@scope/x`. */
export function prependNameScope(name: string, scope: string | null | undefined): string {
  if (!scope) return name;
  const plain = scope.endsWith('/') ? scope.slice(0, -1) : scope;
  const mark = /^(?:\^|loc:@)?/.exec(name)?.[0] ?? '';
  return `${mark}${plain}/${name.slice(mark.length)}`;
}

/** The name without `scope`; the name itself where it is not in there. */
export function stripNameScope(name: string, scope: string | null | undefined): string {
  if (!scope) return name;
  const plain = scope.endsWith('/') ? scope.slice(0, -1) : scope;
  const mark = /^(?:\^|loc:@)?/.exec(name)?.[0] ?? '';
  const rest = name.slice(mark.length);
  return rest.startsWith(`${plain}/`) ? mark + rest.slice(plain.length).replace(/^\/+/, '') : name;
}

/** What `toProto` tells: null where the variable is not in `exportScope`. */
export function variableDef(
  parts: Omit<ExistingVariable, 'dtype' | 'shape'> & {
    readonly isResource: boolean;
    readonly trainable: boolean;
    readonly synchronization: number;
    readonly aggregation: number;
  },
  exportScope: string | null,
): VariableDef | null {
  const { handle, initialValue, initializer, read, cached, saveSliceInfo: slice } = parts;
  if (exportScope !== null && !handle.name.startsWith(exportScope)) return null;
  const stripped = (name: string) => stripNameScope(name, exportScope);
  return {
    variableName: stripped(handle.name),
    initialValueName: initialValue ? stripped(initialValue.name) : '',
    initializerName: stripped(initializer.name),
    snapshotName: stripped((cached ?? read).name),
    saveSliceInfoDef: slice && {
      fullName: stripped(slice.fullName),
      fullShape: slice.fullShape,
      varOffset: slice.varOffset,
      varShape: slice.varShape,
    },
    isResource: parts.isResource,
    trainable: parts.trainable,
    synchronization: parts.synchronization,
    aggregation: parts.aggregation,
  };
}

const REFERENCE_FORMS: ReadonlyMap<string, string> = new Map([
  ['ReadVariableOp', 'Identity'],
  ['AssignVariableOp', 'Assign'],
  ['AssignAddVariableOp', 'AssignAdd'],
  ['AssignSubVariableOp', 'AssignSub'],
  ['VarIsInitializedOp', 'IsVariableInitialized'],
]);

/** The op that does to a reference what `type` does to a handle: `ResourceScatterAdd` is `ScatterAdd` there. */
export function referenceForm(type: string): string {
  return REFERENCE_FORMS.get(type) ?? type.replace(/^Resource/, '');
}

/** A reference to the same variable of the session for the body of a function, whose arguments are values. */
export function referenceInBody(handle: Tensor): Parameters<Graph['createOp']>[0]['attrs'] {
  const { attrs, name } = handle.op.node;
  return { shape: attrs.shape, dtype: attrs.dtype, shared_name: attrs.shared_name || name };
}
