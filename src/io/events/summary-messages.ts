/** Summaries as messages: named values for display. How graphs make them is told by `src/ops/summaries.ts`. */
import type { NdArray } from '../../util/ndarray.ts';
import { defineMessage, ProtoMessage } from '../message-class.ts';
import { HistogramProtoSchema } from '../proto/histogram_pb.ts';
import {
  Summary_AudioSchema,
  Summary_ImageSchema,
  Summary_ValueSchema,
  SummaryDescriptionSchema,
  SummaryMetadata_PluginDataSchema,
  SummaryMetadataSchema,
  SummarySchema,
} from '../proto/summary_pb.ts';

export interface HistogramProtoInit {
  readonly min?: number;
  readonly max?: number;
  readonly num?: number;
  readonly sum?: number;
  readonly sumSquares?: number;
  readonly bucketLimit?: Iterable<number>;
  readonly bucket?: Iterable<number>;
}

/**
 * A histogram: bucket `i` counts the values from `bucketLimit[i - 1]` (the least number for the first) to below
 * `bucketLimit[i]`.
 */
export class HistogramProto extends ProtoMessage<HistogramProtoInit> {
  declare min: number;
  declare max: number;
  declare num: number;
  declare sum: number;
  declare sumSquares: number;
  declare bucketLimit: number[];
  declare bucket: number[];
}
defineMessage(HistogramProto, HistogramProtoSchema);

export interface SummaryImageInit {
  readonly height?: number;
  readonly width?: number;
  /** The number of channels. */
  readonly colorspace?: number;
  /** A PNG, JPEG or GIF file. */
  readonly encodedImageString?: Uint8Array;
}

/** An image file in a summary. */
export class SummaryImage extends ProtoMessage<SummaryImageInit> {
  declare height: number;
  declare width: number;
  declare colorspace: number;
  declare encodedImageString: Uint8Array;
}
defineMessage(SummaryImage, Summary_ImageSchema);

export interface SummaryAudioInit {
  /** In hertz. */
  readonly sampleRate?: number;
  readonly numChannels?: number;
  readonly lengthFrames?: number;
  readonly encodedAudioString?: Uint8Array;
  /** `audio/wav`, for instance. */
  readonly contentType?: string;
}

/** A sound file in a summary. */
export class SummaryAudio extends ProtoMessage<SummaryAudioInit> {
  declare sampleRate: number;
  declare numChannels: number;
  declare lengthFrames: number;
  declare encodedAudioString: Uint8Array;
  declare contentType: string;
}
defineMessage(SummaryAudio, Summary_AudioSchema);

export interface PluginDataInit {
  readonly pluginName?: string;
  readonly content?: Uint8Array | string;
}

/** Which of TensorBoard's plugins shows a value, and what it is told. */
export class PluginData extends ProtoMessage<PluginDataInit> {
  declare pluginName: string;
  declare content: Uint8Array;
}
defineMessage(PluginData, SummaryMetadata_PluginDataSchema);

export interface SummaryMetadataInit {
  readonly pluginData?: PluginData | PluginDataInit | null;
  readonly displayName?: string;
  /** Markdown. */
  readonly summaryDescription?: string;
  readonly dataClass?: number;
}

/**
 * What is said of all values of one tag: who shows them, and how they are called.
 *
 *     new tf.SummaryMetadata({pluginData: {pluginName: 'text'}})
 */
export class SummaryMetadata extends ProtoMessage<SummaryMetadataInit> {
  static readonly PluginData = PluginData;
  declare pluginData: PluginData | null;
  declare displayName: string;
  declare summaryDescription: string;
  declare dataClass: number;
}
defineMessage(SummaryMetadata, SummaryMetadataSchema);

export interface SummaryDescriptionInit {
  readonly typeHint?: string;
}

/** What a `TensorSummary` node says of its values: see `tf.summary.getSummaryDescription`. */
export class SummaryDescription extends ProtoMessage<SummaryDescriptionInit> {
  declare typeHint: string;
}
defineMessage(SummaryDescription, SummaryDescriptionSchema);

export interface SummaryValueInit {
  readonly tag?: string;
  readonly nodeName?: string;
  readonly metadata?: SummaryMetadata | SummaryMetadataInit | null;
  readonly simpleValue?: number | null;
  readonly obsoleteOldStyleHistogram?: Uint8Array | null;
  readonly image?: SummaryImage | SummaryImageInit | null;
  readonly histo?: HistogramProto | HistogramProtoInit | null;
  readonly audio?: SummaryAudio | SummaryAudioInit | null;
  readonly tensor?: NdArray | null;
}

/** A value under a tag: one of a number, an image, a histogram, a sound and a tensor; the others are null. */
export class SummaryValue extends ProtoMessage<SummaryValueInit> {
  declare tag: string;
  declare nodeName: string;
  declare metadata: SummaryMetadata | null;
  declare simpleValue: number | null;
  declare obsoleteOldStyleHistogram: Uint8Array | null;
  declare image: SummaryImage | null;
  declare histo: HistogramProto | null;
  declare audio: SummaryAudio | null;
  declare tensor: NdArray | null;
}
defineMessage(SummaryValue, Summary_ValueSchema);

export interface SummaryInit {
  readonly value?: Iterable<SummaryValue | SummaryValueInit>;
}

/**
 * Values for display, as the ops of `tf.summary` make them, or made by hand.
 *
 *     writer.addSummary(new tf.Summary({value: [{tag: 'accuracy', simpleValue: 0.9}]}), step);
 *     tf.Summary.fromString(bytes.item()).value[0].simpleValue
 */
export class Summary extends ProtoMessage<SummaryInit> {
  static readonly Value = SummaryValue;
  static readonly Image = SummaryImage;
  static readonly Audio = SummaryAudio;
  declare value: SummaryValue[];
}
defineMessage(Summary, SummarySchema);
