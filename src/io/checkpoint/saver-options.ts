/** What a saver and its `save` can be told, and the order of those arguments. What it does with them is `saver.ts`'s. */
import type { Tensor } from '../../graph/graph.ts';
import type { Rest } from '../../ops/tensor-like.ts';
import type { Variable } from '../../variables/variable.ts';
import type { VarList } from './saveables.ts';
import type { SaverDef } from './saver-def.ts';

export interface SaverOptions {
  /** Variables in a list or by name; all saveable objects of the graph without it. */
  readonly varList?: VarList | null;
  /** Whether values are brought into the shapes of the variables; else they must have them. */
  readonly reshape?: boolean;
  /** Whether each device writes a file of its own. */
  readonly sharded?: boolean;
  /** How many checkpoints stay; null or 0: all. 5 without it. */
  readonly maxToKeep?: number | null;
  /** One checkpoint in so many hours stays for good. */
  readonly keepCheckpointEveryNHours?: number;
  /** Names the ops; `save` without it. */
  readonly name?: string | null;
  /** Taken for TensorFlow's sake: tensors are read one after the other in any case. */
  readonly restoreSequentially?: boolean;
  /** A saver that the graph has already. */
  readonly saverDef?: SaverDef | null;
  /** Whether `build` is called later, when all variables are there. */
  readonly deferBuild?: boolean;
  /** Whether a graph without variables is no error. */
  readonly allowEmpty?: boolean;
  /** Only `SaverDef.V2` can be written. */
  readonly writeVersion?: number;
  /** Whether steps in names have eight digits. */
  readonly padStepNumber?: boolean;
  /** Whether paths in the `checkpoint` file are relative to it, so that the folder can be moved. */
  readonly saveRelativePaths?: boolean;
  /** What is saved to where nothing else is said. */
  readonly filename?: string | null;
}

export type SaverRest = Rest<
  [
    reshape: boolean,
    sharded: boolean,
    maxToKeep: number | null,
    keepCheckpointEveryNHours: number,
    name: string | null,
    restoreSequentially: boolean,
    saverDef: SaverDef | null,
    builder: null,
    deferBuild: boolean,
    allowEmpty: boolean,
    writeVersion: number,
    padStepNumber: boolean,
    saveRelativePaths: boolean,
    filename: string | null,
  ],
  SaverOptions
>;
export const POSITIONS = [
  'reshape',
  'sharded',
  'maxToKeep',
  'keepCheckpointEveryNHours',
  'name',
  'restoreSequentially',
  'saverDef',
  'builder',
  'deferBuild',
  'allowEmpty',
  'writeVersion',
  'padStepNumber',
  'saveRelativePaths',
  'filename',
] as const;

export interface SaveOptions {
  /** The number behind the name: itself, or the variable or tensor that has it. */
  readonly globalStep?: number | bigint | Variable | Tensor | null;
  /** The name of the `checkpoint` file. */
  readonly latestFilename?: string | null;
  /** The end of the meta graph's name; `meta` without it. */
  readonly metaGraphSuffix?: string;
  /** Whether the graph is written beside the values; true without it. */
  readonly writeMetaGraph?: boolean;
  /** Whether the `checkpoint` file is written and old checkpoints are removed; true without it. */
  readonly writeState?: boolean;
  /** Whether attributes with default values are left out of the meta graph. */
  readonly stripDefaultAttrs?: boolean;
}
export type SaveRest = Rest<
  [
    globalStep: number | bigint | Variable | Tensor | null,
    latestFilename: string | null,
    metaGraphSuffix: string,
    writeMetaGraph: boolean,
    writeState: boolean,
    stripDefaultAttrs: boolean,
  ],
  SaveOptions
>;
export const SAVE_POSITIONS = [
  'globalStep',
  'latestFilename',
  'metaGraphSuffix',
  'writeMetaGraph',
  'writeState',
  'stripDefaultAttrs',
] as const;

export interface SaverExportOptions {
  /** The collections to be written; all of them without it. */
  readonly collectionList?: readonly string[] | null;
  /** Whether the file is in text form. */
  readonly asText?: boolean;
  /** Only what is in this name scope is written. */
  readonly exportScope?: string | null;
  /** Whether devices are left out. */
  readonly clearDevices?: boolean;
  /** Whether other savers are left out. */
  readonly clearExtraneousSavers?: boolean;
  /** Whether attributes with their default values are left out. */
  readonly stripDefaultAttrs?: boolean;
  /** Taken for TensorFlow's sake. */
  readonly saveDebugInfo?: boolean;
}
export type SaverExportRest = Rest<
  [
    collectionList: readonly string[] | null,
    asText: boolean,
    exportScope: string | null,
    clearDevices: boolean,
    clearExtraneousSavers: boolean,
    stripDefaultAttrs: boolean,
    saveDebugInfo: boolean,
  ],
  SaverExportOptions
>;
export const EXPORT_POSITIONS = [
  'collectionList',
  'asText',
  'exportScope',
  'clearDevices',
  'clearExtraneousSavers',
  'stripDefaultAttrs',
  'saveDebugInfo',
] as const;
