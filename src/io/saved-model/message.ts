/**
 * `SavedModel`: the graphs of a model's folder, and where things lie in it. What they are loaded into is `loader.ts`'s
 * matter, what is put into them `builder.ts`'s.
 */
import { DataLossError, NotFoundError } from '../../util/errors.ts';
import { encodeString } from '../../util/ndarray.ts';
import { fileSystem, joinPath, writeFileAtomically } from '../file-system.ts';
import { defineMessage, fillFrom, ProtoMessage, protoOf } from '../message-class.ts';
import { MetaGraphDef } from '../meta-graph/messages.ts';
import { fileBytes } from '../meta-graph/read.ts';
import { SavedModelSchema } from '../proto/saved_model_pb.ts';
import { formatText, parseText } from '../text-format.ts';
import {
  SAVED_MODEL_FILENAME_PB,
  SAVED_MODEL_FILENAME_PBTXT,
  VARIABLES_DIRECTORY,
  VARIABLES_FILENAME,
} from './constants.ts';

export interface SavedModelInit {
  readonly savedModelSchemaVersion?: number;
  readonly metaGraphs?: readonly MetaGraphDef[];
}

/** The graphs of a model, each with its tags. */
export class SavedModel extends ProtoMessage<SavedModelInit> {
  declare savedModelSchemaVersion: number;
  declare metaGraphs: MetaGraphDef[];

  static fromText(text: string): SavedModel {
    const message = new SavedModel();
    fillFrom(message, parseText(SavedModelSchema, text));
    return message;
  }
  toText(): string {
    return formatText(SavedModelSchema, protoOf(this) as never);
  }
}
defineMessage(SavedModel, SavedModelSchema, [MetaGraphDef]);

/** The prefix of the checkpoint of a model's variables. */
export function variablesPath(exportDir: string): string {
  return joinPath(joinPath(exportDir, VARIABLES_DIRECTORY), VARIABLES_FILENAME);
}

/** Throws `NotFoundError` where the folder holds no model, `DataLossError` where its file is none. */
export async function readSavedModel(exportDir: string): Promise<SavedModel> {
  const binary = joinPath(exportDir, SAVED_MODEL_FILENAME_PB);
  let bytes = await fileBytes(binary);
  if (bytes) return parsed(binary, bytes, (content) => SavedModel.fromString(content));
  const text = joinPath(exportDir, SAVED_MODEL_FILENAME_PBTXT);
  bytes = await fileBytes(text);
  if (bytes) {
    return parsed(text, bytes, (content) =>
      SavedModel.fromText(new TextDecoder('utf-8', { fatal: true }).decode(content)),
    );
  }
  throw new NotFoundError(
    null,
    `SavedModel file does not exist at: ${exportDir}/{${SAVED_MODEL_FILENAME_PBTXT}|${SAVED_MODEL_FILENAME_PB}}`,
  );
}

function parsed(path: string, bytes: Uint8Array, parse: (bytes: Uint8Array) => SavedModel): SavedModel {
  try {
    return parse(bytes);
  } catch (error) {
    throw new DataLossError(null, `Cannot parse file ${path}: ${(error as Error).message}.`);
  }
}

/** Writes the model's file, in one step, and gives its path. */
export async function writeSavedModel(exportDir: string, model: SavedModel, asText: boolean): Promise<string> {
  const files = await fileSystem();
  const path = joinPath(exportDir, asText ? SAVED_MODEL_FILENAME_PBTXT : SAVED_MODEL_FILENAME_PB);
  await files.mkdirs(exportDir);
  await writeFileAtomically(files, path, asText ? encodeString(model.toText()) : model.serializeToString());
  return path;
}
