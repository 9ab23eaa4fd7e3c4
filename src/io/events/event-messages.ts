/** The records of event files as messages. How they get into files is `file-writer.ts`'s business. */
import { defineMessage, ProtoMessage } from '../message-class.ts';
import {
  EventSchema,
  LogMessageSchema,
  SessionLogSchema,
  SourceMetadataSchema,
  TaggedRunMetadataSchema,
} from '../proto/event_pb.ts';
import { Summary, type SummaryInit } from './summary-messages.ts';

export interface SessionLogInit {
  /** `SessionLog.START`, `STOP` or `CHECKPOINT`. */
  readonly status?: number;
  readonly checkpointPath?: string;
  readonly msg?: string;
}

/**
 * That training started, stopped or wrote a checkpoint. TensorBoard drops what comes after the step of a new start.
 *
 *     writer.addSessionLog(new tf.SessionLog({status: tf.SessionLog.START}), step);
 */
export class SessionLog extends ProtoMessage<SessionLogInit> {
  static readonly STATUS_UNSPECIFIED = 0;
  static readonly START = 1;
  static readonly STOP = 2;
  static readonly CHECKPOINT = 3;
  declare status: number;
  declare checkpointPath: string;
  declare msg: string;
}
defineMessage(SessionLog, SessionLogSchema);

export interface LogMessageInit {
  readonly level?: number;
  readonly message?: string;
}

/** A line of a log. TensorFlow writes none any more. */
export class LogMessage extends ProtoMessage<LogMessageInit> {
  static readonly UNKNOWN = 0;
  static readonly DEBUGGING = 10;
  static readonly INFO = 20;
  static readonly WARN = 30;
  static readonly ERROR = 40;
  static readonly FATAL = 50;
  declare level: number;
  declare message: string;
}
defineMessage(LogMessage, LogMessageSchema);

export interface TaggedRunMetadataInit {
  readonly tag?: string;
  /** A serialized `RunMetadata`. */
  readonly runMetadata?: Uint8Array;
}

/** What one run told of itself, under a name. */
export class TaggedRunMetadata extends ProtoMessage<TaggedRunMetadataInit> {
  declare tag: string;
  declare runMetadata: Uint8Array;
}
defineMessage(TaggedRunMetadata, TaggedRunMetadataSchema);

export interface SourceMetadataInit {
  readonly writer?: string;
}

/** Who wrote a file. */
export class SourceMetadata extends ProtoMessage<SourceMetadataInit> {
  declare writer: string;
}
defineMessage(SourceMetadata, SourceMetadataSchema);

export interface EventInit {
  /** Seconds since 1970. */
  readonly wallTime?: number;
  readonly step?: number | bigint;
  readonly fileVersion?: string | null;
  /** A serialized `GraphDef`. */
  readonly graphDef?: Uint8Array | null;
  readonly summary?: Summary | SummaryInit | null;
  readonly logMessage?: LogMessage | LogMessageInit | null;
  readonly sessionLog?: SessionLog | SessionLogInit | null;
  readonly taggedRunMetadata?: TaggedRunMetadata | TaggedRunMetadataInit | null;
  /** A serialized `MetaGraphDef`. */
  readonly metaGraphDef?: Uint8Array | null;
  readonly sourceMetadata?: SourceMetadata | SourceMetadataInit | null;
}

/**
 * A record of an event file: when, at which step, and one of several things; the others are null. `whichOneof('what')` says
 * which it is.
 *
 *     new tf.Event({step: 1, summary: {value: [{tag: 'loss', simpleValue: 0.5}]}})
 */
export class Event extends ProtoMessage<EventInit> {
  declare wallTime: number;
  declare step: number;
  declare fileVersion: string | null;
  declare graphDef: Uint8Array | null;
  declare summary: Summary | null;
  declare logMessage: LogMessage | null;
  declare sessionLog: SessionLog | null;
  declare taggedRunMetadata: TaggedRunMetadata | null;
  declare metaGraphDef: Uint8Array | null;
  declare sourceMetadata: SourceMetadata | null;
}
defineMessage(Event, EventSchema, [Summary]);
