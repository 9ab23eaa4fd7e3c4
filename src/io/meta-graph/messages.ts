/**
 * `MetaGraphDef` and its parts as classes: a graph with its collections, its saver and its signatures. What goes into one
 * is `export.ts`'s matter, what comes out of one that of `import.ts`.
 */
import { fromJson, type JsonValue, type Message } from '@bufbuild/protobuf';
import { asDType, type DType } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import type { Shape } from '../../util/shape.ts';
import { SaverDef, type SaverDefInit } from '../checkpoint/saver-def.ts';
import { GraphDef } from '../graph-def.ts';
import { graphFromMessage, graphToMessage } from '../graph-def-message.ts';
import { shapeFromProto } from '../graph-def-tensor.ts';
import { defineMessage, fillFrom, holdMessage, ProtoMessage, protoOf } from '../message-class.ts';
import type { GraphDef as GraphDefMessage } from '../proto/graph_pb.ts';
import { messageToJson } from '../proto/json.ts';
import {
  AssetFileDefSchema,
  type CollectionDef_AnyList,
  type CollectionDef_BytesList,
  type CollectionDef_FloatList,
  type CollectionDef_Int64List,
  type CollectionDef_NodeList,
  CollectionDefSchema,
  MetaGraphDef_MetaInfoDefSchema,
  MetaGraphDefSchema,
  SignatureDefSchema,
  type TensorInfo_CompositeTensor,
  TensorInfo_CooSparseSchema,
  TensorInfoSchema,
} from '../proto/meta_graph_pb.ts';
import type { OpList } from '../proto/op_def_pb.ts';
import type { SavedObjectGraph } from '../proto/saved_object_graph_pb.ts';
import type { TensorShapeProto } from '../proto/tensor_shape_pb.ts';
import { formatText, parseText } from '../text-format.ts';

holdMessage('tensorflow.GraphDef', {
  name: 'GraphDef',
  is: (value) => value instanceof GraphDef,
  from: (proto) => {
    const { node, library, versions } = graphFromMessage(proto as GraphDefMessage);
    return new GraphDef(node, library, versions);
  },
  to: (value) => graphToMessage(value as GraphDef),
});

export interface MetaInfoDefInit {
  readonly metaGraphVersion?: string;
  readonly tags?: readonly string[];
  readonly tensorflowVersion?: string;
  readonly tensorflowGitVersion?: string;
  readonly strippedDefaultAttrs?: boolean;
  readonly functionAliases?: Readonly<Record<string, string>>;
}

/** What is told of a meta graph: its tags, who wrote it, and the ops that it uses. */
export class MetaInfoDef extends ProtoMessage<MetaInfoDefInit> {
  declare metaGraphVersion: string;
  /** The definitions of the ops that the graph uses, by name. */
  declare strippedOpList: OpList | null;
  declare anyInfo: Message | null;
  declare tags: string[];
  declare tensorflowVersion: string;
  declare tensorflowGitVersion: string;
  /** Whether attributes with their default values were left out. */
  declare strippedDefaultAttrs: boolean;
  declare functionAliases: Map<string, string>;
}
defineMessage(MetaInfoDef, MetaGraphDef_MetaInfoDefSchema);

export interface CooSparseInit {
  readonly valuesTensorName?: string;
  readonly indicesTensorName?: string;
  readonly denseShapeTensorName?: string;
}
/** A sparse tensor by the names of its parts. */
export class CooSparse extends ProtoMessage<CooSparseInit> {
  declare valuesTensorName: string;
  declare indicesTensorName: string;
  declare denseShapeTensorName: string;
}
defineMessage(CooSparse, TensorInfo_CooSparseSchema);

export interface TensorInfoInit {
  readonly name?: string | null;
  readonly cooSparse?: CooSparse | CooSparseInit | null;
  /** The number of the type: `dtype.asDatatypeEnum`. */
  readonly dtype?: number;
  readonly tensorShape?: TensorShapeProto | null;
}

/** A tensor of a graph by name, with its type and shape: an input or output of a signature. */
export class TensorInfo extends ProtoMessage<TensorInfoInit> {
  declare name: string | null;
  declare cooSparse: CooSparse | null;
  declare compositeTensor: TensorInfo_CompositeTensor | null;
  /** The number of the type; `tf.asDType` takes it. */
  declare dtype: number;
  declare tensorShape: TensorShapeProto | null;

  /** The element type; null where the message says none. */
  get elementType(): DType | null {
    return this.dtype === 0 ? null : asDType(this.dtype);
  }
  /** The shape, null where the rank is unknown. */
  get shape(): Shape {
    const { unknownRank, dim } = shapeFromProto(this.tensorShape ?? undefined);
    return unknownRank ? null : dim.map((size) => (size < 0 ? null : size));
  }
}
defineMessage(TensorInfo, TensorInfoSchema, [CooSparse]);

type TensorInfos = Readonly<Record<string, TensorInfo | TensorInfoInit>> | ReadonlyMap<string, TensorInfo>;

export interface SignatureDefInit {
  readonly inputs?: TensorInfos;
  readonly outputs?: TensorInfos;
  readonly methodName?: string;
  readonly defaults?: Readonly<Record<string, NdArray>> | ReadonlyMap<string, NdArray>;
}

/** What a graph computes for others: named inputs and outputs, and the kind of the request. */
export class SignatureDef extends ProtoMessage<SignatureDefInit> {
  declare inputs: Map<string, TensorInfo>;
  declare outputs: Map<string, TensorInfo>;
  declare methodName: string;
  declare defaults: Map<string, NdArray>;
}
defineMessage(SignatureDef, SignatureDefSchema, [TensorInfo]);

export interface AssetFileDefInit {
  readonly tensorInfo?: TensorInfo | TensorInfoInit | null;
  readonly filename?: string;
}
/** A file that belongs to a model, and the tensor that takes its path. */
export class AssetFileDef extends ProtoMessage<AssetFileDefInit> {
  declare tensorInfo: TensorInfo | null;
  declare filename: string;
}
defineMessage(AssetFileDef, AssetFileDefSchema, [TensorInfo]);

/** A collection: one of its lists is set. */
export class CollectionDef extends ProtoMessage {
  declare nodeList: CollectionDef_NodeList | null;
  declare bytesList: CollectionDef_BytesList | null;
  declare int64List: CollectionDef_Int64List | null;
  declare floatList: CollectionDef_FloatList | null;
  declare anyList: CollectionDef_AnyList | null;
}
defineMessage(CollectionDef, CollectionDefSchema);

export interface MetaGraphDefInit {
  readonly metaInfoDef?: MetaInfoDef | MetaInfoDefInit | null;
  readonly graphDef?: GraphDef | null;
  readonly saverDef?: SaverDef | SaverDefInit | null;
  readonly collectionDef?: ReadonlyMap<string, CollectionDef>;
  readonly signatureDef?: Readonly<Record<string, SignatureDef>> | ReadonlyMap<string, SignatureDef>;
  readonly assetFileDef?: readonly (AssetFileDef | AssetFileDefInit)[];
}

/**
 * A graph with what belongs to it: collections, the saver, signatures, and the ops that it uses. `.meta` files hold one, a
 * SavedModel one or more.
 *
 *     const meta = tf.MetaGraphDef.fromBinary(bytes);
 *     const saver = tf.train.importMetaGraph(meta);
 *     meta.signatureDef.get('serving_default')?.inputs.get('x')?.name    // 'x:0'
 */
export class MetaGraphDef extends ProtoMessage<MetaGraphDefInit> {
  static readonly MetaInfoDef = MetaInfoDef;

  declare metaInfoDef: MetaInfoDef | null;
  declare graphDef: GraphDef | null;
  declare saverDef: SaverDef | null;
  declare collectionDef: Map<string, CollectionDef>;
  declare signatureDef: Map<string, SignatureDef>;
  declare assetFileDef: AssetFileDef[];
  /** The objects of a model of TensorFlow 2. */
  declare objectGraphDef: SavedObjectGraph | null;

  /** A serialized message (`.meta`). Throws `DataLossError` where the bytes are none. */
  static fromBinary(bytes: Uint8Array): MetaGraphDef {
    return MetaGraphDef.fromString(bytes);
  }
  /** The text form. Throws `ValueError`, with line and column, where the text is none. */
  static fromText(text: string): MetaGraphDef {
    const message = new MetaGraphDef();
    fillFrom(message, parseText(MetaGraphDefSchema, text));
    return message;
  }
  /** protobuf's JSON form, as text or as the value it stands for. Throws `ValueError` where it is none. */
  static fromJson(json: unknown): MetaGraphDef {
    const message = new MetaGraphDef();
    try {
      fillFrom(
        message,
        fromJson(MetaGraphDefSchema, typeof json === 'string' ? JSON.parse(json) : (json as JsonValue)),
      );
    } catch (error) {
      throw new ValueError(`Failed to parse MetaGraphDef from JSON: ${(error as Error).message}`);
    }
    return message;
  }

  /** The serialized form. */
  toBinary(): Uint8Array {
    return this.serializeToString();
  }
  /** The text form, as TensorFlow prints it. */
  toText(): string {
    return formatText(MetaGraphDefSchema, protoOf(this) as never);
  }
  /** protobuf's JSON form, as a plain value. */
  toJson(): JsonValue {
    return messageToJson(MetaGraphDefSchema, protoOf(this) as never);
  }
}
defineMessage(MetaGraphDef, MetaGraphDefSchema, [MetaInfoDef, SaverDef, CollectionDef, SignatureDef, AssetFileDef]);
