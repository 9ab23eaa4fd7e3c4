/** The namespace `tf.summary`. */
export {
  Event,
  type EventInit,
  SessionLog,
  type SessionLogInit,
  TaggedRunMetadata,
  type TaggedRunMetadataInit,
} from './io/events/event-messages.ts';
export { FileWriter, FileWriterCache, type FileWriterOptions, type StepLike } from './io/events/file-writer.ts';
export type { RunRecord } from './io/events/run-metadata.ts';
export { Summary, SummaryDescription, type SummaryInit } from './io/events/summary-messages.ts';
export {
  getSummaryDescription,
  type SummaryNode,
  type TensorSummaryOptions,
  tensorSummary,
  text,
} from './io/events/tensor-summaries.ts';
export {
  audio,
  histogram,
  image,
  type MediaSummaryOptions,
  type MergeAllOptions,
  type MergeSummaryOptions,
  merge,
  mergeAll,
  type SummaryOptions,
  scalarSummary as scalar,
} from './ops/summaries.ts';
