/** `SaverDef`: how a saver is told to other programs. What builds one and what it runs is `saver.ts`'s. */
import { defineMessage, ProtoMessage } from '../message-class.ts';
import { SaverDefSchema } from '../proto/saver_pb.ts';

export interface SaverDefInit {
  readonly filenameTensorName?: string;
  readonly saveTensorName?: string;
  readonly restoreOpName?: string;
  readonly maxToKeep?: number;
  readonly sharded?: boolean;
  readonly keepCheckpointEveryNHours?: number;
  /** `SaverDef.V2` or `SaverDef.V1`. */
  readonly version?: number;
}

/**
 * What a saver is: the names of its filename tensor, of the tensor that saves and of the operation that restores, and its
 * settings. Meta graphs carry it, so that a saver can be made again from it.
 *
 *     const def = saver.asSaverDef();
 *     const same = new tf.train.Saver({saverDef: def});    // in a graph that has the ops
 */
export class SaverDef extends ProtoMessage<SaverDefInit> {
  static readonly LEGACY = 0;
  static readonly V1 = 1;
  static readonly V2 = 2;

  declare filenameTensorName: string;
  declare saveTensorName: string;
  declare restoreOpName: string;
  declare maxToKeep: number;
  declare sharded: boolean;
  declare keepCheckpointEveryNHours: number;
  declare version: number;
}
defineMessage(SaverDef, SaverDefSchema);
