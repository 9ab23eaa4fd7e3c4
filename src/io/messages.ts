/**
 * The messages that graphs are exchanged in, as plain values under TensorFlow's names. Their bytes and text are read and
 * written by `proto/` and `text-format.ts`, their meaning is that of `export-graph.ts` and `import-graph.ts`.
 */
import type { DType } from '../util/dtype.ts';
import type { NdArray } from '../util/ndarray.ts';
import type { FunctionDef as FunctionDefMessage } from './proto/function_pb.ts';
import type { NodeDef as NodeDefMessage } from './proto/node_def_pb.ts';
import type { OpDef, OpDef_ArgDef } from './proto/op_def_pb.ts';

/** A shape as `TensorShapeProto`: unknown rank, or sizes with -1 for unknown ones. */
export interface TensorShapeProto {
  readonly unknownRank?: boolean;
  readonly dim: readonly number[];
}

/** A function by name, with the attributes that its body is to be instantiated with: `NameAttrList`. */
export interface NameAttrList {
  readonly name: string;
  readonly attr: ReadonlyMap<string, AttrValueDef>;
}

/** One attribute value, as `AttrValue` in `attr_value.proto`: exactly one member is set. */
export type AttrValueDef =
  | { readonly s: Uint8Array }
  | { readonly i: number | bigint }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly type: DType }
  | { readonly shape: TensorShapeProto }
  | { readonly tensor: NdArray }
  | { readonly func: NameAttrList }
  | { readonly placeholder: string }
  | { readonly list: readonly AttrValueDef[] };

/**
 * One node, as `NodeDef`. Inputs read `name`, `name:1`, or `^name` for a control input; within a function `arg`,
 * `node:output_arg:0`.
 */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly device: string;
  /** Sorted by key. */
  readonly attr: ReadonlyMap<string, AttrValueDef>;
  /** Of a file that was read: what only other programs look at. It is written again. */
  readonly rest?: Pick<NodeDefMessage, 'experimentalDebugInfo' | 'experimentalType'>;
}

/** An argument or result of a function, as `OpDef.ArgDef`: an element type, or the attribute that says it. */
export interface FunctionArg {
  readonly name: string;
  readonly type: DType | null;
  readonly typeAttr?: string;
  readonly numberAttr?: string;
  readonly typeListAttr?: string;
  /** As in `NodeDef`. */
  readonly rest?: Pick<OpDef_ArgDef, 'description' | 'handleData' | 'isRef' | 'experimentalFullType'>;
}

/** A function of the library, as `FunctionDef`. */
export interface FunctionDef {
  readonly name: string;
  readonly inputArg: readonly FunctionArg[];
  readonly outputArg: readonly FunctionArg[];
  readonly isStateful: boolean;
  /** Names of the results that stand for effects, by `controlRet`. */
  readonly controlOutput: readonly string[];
  readonly nodeDef: readonly NodeDef[];
  /** By result, the input notation of what it is. */
  readonly ret: ReadonlyMap<string, string>;
  readonly controlRet: ReadonlyMap<string, string>;
  readonly attr: ReadonlyMap<string, AttrValueDef>;
  /** By the position of an argument its attributes: `_user_specified_name`, `_output_shapes`. */
  readonly argAttr: ReadonlyMap<number, ReadonlyMap<string, AttrValueDef>>;
  /** As in `NodeDef`; of the signature all but name, arguments, results and state. */
  readonly rest?: { readonly signature: OpDef } & Pick<FunctionDefMessage, 'resourceArgUniqueId'>;
}

/** The gradient of a function, as `GradientDef`. */
export interface GradientDef {
  readonly functionName: string;
  readonly gradientFunc: string;
}

export interface FunctionDefLibrary {
  readonly function: readonly FunctionDef[];
  readonly gradient: readonly GradientDef[];
}

export interface VersionDef {
  readonly producer: number;
  readonly minConsumer: number;
  readonly badConsumers: readonly number[];
}
