/**
 * `GraphDef`: a graph as TensorFlow's message of that name, from a snapshot or a file, to bytes, text and JSON. The
 * generated messages between are `graph-def-message.ts`'s.
 */
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { type ExportedGraph, type ExportOptions, installExporter } from '../graph/exporter.ts';
import { Graph } from '../graph/graph.ts';
import type { GraphSnapshot } from '../graph/snapshot.ts';
import { ValueError } from '../util/errors.ts';
import { exportNodes } from './export-graph.ts';
import { type GraphParts, graphFromMessage, graphToMessage } from './graph-def-message.ts';
import type { FunctionDefLibrary, NodeDef, VersionDef } from './messages.ts';
import { decodeMessage, encodeMessage } from './proto/codec.ts';
import { GraphDefSchema } from './proto/graph_pb.ts';
import { messageToJson } from './proto/json.ts';
import { formatText, parseText } from './text-format.ts';

/** The version that an exported graph claims: that of the TensorFlow whose behaviour is the reference. */
const PRODUCER = 2474;

/**
 * A graph in TensorFlow's exchange form.
 *
 *     const def = tf.GraphDef.of(tf.getDefaultGraph(), {addShapes: true});
 *     def.toText()   // what TensorFlow writes as .pbtxt
 *     def.toBinary() // what it writes as .pb
 *     tf.GraphDef.fromBinary(bytes).node.map((node) => node.op)
 */
export class GraphDef implements ExportedGraph {
  constructor(
    readonly node: readonly NodeDef[],
    readonly library: FunctionDefLibrary = { function: [], gradient: [] },
    readonly versions: VersionDef = { producer: PRODUCER, minConsumer: 0, badConsumers: [] },
  ) {}

  static of(graph: Graph | GraphSnapshot, options: ExportOptions = {}): GraphDef {
    const snapshot = graph instanceof Graph ? graph.snapshot() : graph;
    const { node, library } = exportNodes(snapshot, options);
    return new GraphDef(node, library);
  }

  /**
   * A serialized `GraphDef` (`.pb`). Large tensors may be views of the bytes: leave these as they are afterwards.
   * Throws `DataLossError` where the bytes are no such message, `InvalidArgumentError` where a tensor in it cannot be.
   */
  static fromBinary(bytes: Uint8Array): GraphDef {
    return ofParts(graphFromMessage(decodeMessage(GraphDefSchema, bytes)));
  }

  /** The text form (`.pbtxt`). Throws `ValueError`, with line and column, where the text is none. */
  static fromText(text: string): GraphDef {
    return ofParts(graphFromMessage(parseText(GraphDefSchema, text)));
  }

  /** protobuf's JSON form, as text or as the value it stands for. Throws `ValueError` where it is none. */
  static fromJson(json: unknown): GraphDef {
    return ofParts(graphFromMessage(messageOf(json)));
  }

  /** The serialized form (`.pb`), as TensorFlow in Python serialises deterministically. */
  toBinary(): Uint8Array {
    return encodeMessage(GraphDefSchema, graphToMessage(this));
  }

  /** The text form (`.pbtxt`), as TensorFlow prints it. */
  toText(): string {
    return formatText(GraphDefSchema, graphToMessage(this));
  }

  /** protobuf's JSON form, as a plain value: names in camel case, int64 as text, bytes as base64. */
  toJson(): JsonValue {
    return messageToJson(GraphDefSchema, graphToMessage(this));
  }
}

function ofParts({ node, library, versions }: GraphParts): GraphDef {
  return new GraphDef(node, library, versions);
}

function messageOf(json: unknown) {
  try {
    return fromJson(GraphDefSchema, typeof json === 'string' ? JSON.parse(json) : (json as JsonValue));
  } catch (error) {
    throw new ValueError(`Failed to parse GraphDef from JSON: ${(error as Error).message}`);
  }
}

installExporter(GraphDef.of);
