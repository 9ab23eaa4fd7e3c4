/**
 * Summaries for display as messages of type `Summary`: the ops and the functions of `tf.summary` that build them. How the
 * messages are made is the runtime's business; those of tensors and texts, and the files, are `src/io/events`'s.
 */
import { addToCollections, getCollection } from '../graph/default-graph.ts';
import type { Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { bool, float32, int32, string, uint8 } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { noGradient } from './elementwise.ts';
import { emitOne, opScope } from './emit.ts';
import { defineOp, sample } from './opdef/define.ts';
import { scalar } from './opdef/shape-rules.ts';
import { bind, type Rest, type TensorLike } from './tensor-like.ts';

const REAL = 'realnumbertype';

defineOp({
  name: 'ScalarSummary',
  doc: 'A message of tags with a number each.',
  inputs: ['tags: string', 'values: T'],
  outputs: ['summary: string'],
  attrs: [`T: ${REAL}`],
  infer: scalar,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [], ['a']), sample(float32, [], [2])],
      outputs: [sample(string, [], ['\n\b\n\u0001a\u0015\0\0\0@'])],
    },
  ],
});

defineOp({
  name: 'HistogramSummary',
  doc: 'A message of a tag with a histogram of the values.',
  inputs: ['tag: string', 'values: T'],
  outputs: ['summary: string'],
  attrs: [`T: ${REAL} = float32`],
  infer: scalar,
  grad: noGradient,
  // Limits of buckets are no text; the goldens have them.
  samples: [{ inputs: [sample(string, [], ['a']), sample(float32, [2], [1, 2])], outputs: [null], shapes: [[]] }],
});

defineOp({
  name: 'ImageSummary',
  doc: 'A message of tags with an image each, PNG files of the first images of a batch.',
  inputs: ['tag: string', 'tensor: T'],
  outputs: ['summary: string'],
  attrs: [
    'max_images: int >= 1 = 3',
    'T: {uint8, float32, float16, float64} = float32',
    'bad_color: tensor = uint8[255, 0, 0, 255]',
  ],
  infer: scalar,
  grad: noGradient,
  samples: [
    { inputs: [sample(string, [], ['a']), sample(uint8, [0, 1, 1, 1], [])], outputs: [sample(string, [], [''])] },
  ],
});

defineOp({
  name: 'AudioSummary',
  doc: 'A message of tags with a sound each, WAV files of the first sounds of a batch.',
  inputs: ['tag: string', 'tensor: float32'],
  outputs: ['summary: string'],
  attrs: ['sample_rate: float', 'max_outputs: int >= 1 = 3'],
  infer: scalar,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [], ['a']), sample(float32, [0, 1], [])],
      attrs: { sample_rate: 10 },
      outputs: [sample(string, [], [''])],
    },
  ],
});

defineOp({
  name: 'AudioSummaryV2',
  doc: 'A message of tags with a sound each, WAV files of the first sounds of a batch.',
  inputs: ['tag: string', 'tensor: float32', 'sample_rate: float32'],
  outputs: ['summary: string'],
  attrs: ['max_outputs: int >= 1 = 3'],
  infer: scalar,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [], ['a']), sample(float32, [0, 1], []), sample(float32, [], [10])],
      outputs: [sample(string, [], [''])],
    },
  ],
});

defineOp({
  name: 'TensorSummary',
  doc: 'A message of the name of the node with a tensor.',
  inputs: ['tensor: T'],
  outputs: ['summary: string'],
  attrs: ['T: type', 'description: string = ""', 'labels: list(string) = []', 'display_name: string = ""'],
  infer: scalar,
  grad: noGradient,
  // The name of the node is in it.
  samples: [{ inputs: [sample(float32, [1], [1])], outputs: [null], shapes: [[]] }],
});

defineOp({
  name: 'TensorSummaryV2',
  doc: 'A message of a tag with a tensor and what is said of it.',
  inputs: ['tag: string', 'tensor: T', 'serialized_summary_metadata: string'],
  outputs: ['summary: string'],
  attrs: ['T: type'],
  infer: scalar,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [], ['a']), sample(bool, [], [true]), sample(string, [], [''])],
      outputs: [sample(string, [], ['\n\u000e\n\u0001aB\u0007\b\n\u0012\0"\u0001\u0001J\0'])],
    },
    {
      inputs: [sample(string, [], ['a']), sample(int32, [2, 1], [1, 2]), sample(string, [], [''])],
      outputs: [
        sample(
          string,
          [],
          [
            '\n\u001d\n\u0001aB\u0016\b\u0003\u0012\b\u0012\u0002\b\u0002\u0012\u0002\b\u0001"\b\u0001\0\0\0\u0002\0\0\0J\0',
          ],
        ),
      ],
    },
  ],
});

defineOp({
  name: 'MergeSummary',
  doc: 'The values of several summaries in one message.',
  inputs: ['inputs: N * string'],
  outputs: ['summary: string'],
  attrs: ['N: int >= 1'],
  infer: scalar,
  grad: noGradient,
  samples: [
    {
      inputs: [sample(string, [], ['\n\u0003\n\u0001a']), sample(string, [2], ['\n\u0003\n\u0001b', ''])],
      attrs: { N: 2 },
      outputs: [sample(string, [], ['\n\u0003\n\u0001a\n\u0003\n\u0001b'])],
    },
  ],
});

/** Under its name in the graph and the key by which it is shown. */
export interface SummaryScope {
  readonly tag: string;
  readonly scope: string;
}

export interface SummaryOptions {
  /** The collections that the summary joins; `[GraphKeys.SUMMARIES]` without it. */
  readonly collections?: readonly string[] | null;
  /** A group: the first part of the tag. */
  readonly family?: string | null;
}

/** Tags allow what names of nodes allow: other characters become `_`, slashes in front go. */
function cleanTag(name: string | null | undefined): string | null {
  return name == null ? null : name.replace(/[^-/\p{L}\p{N}_.]/gu, '_').replace(/^\/+/, '');
}

/**
 * Builds a summary: `body` gets its tag and the name of its scope, which is the node's. The summary joins the collections.
 */
export function summaryOf(
  name: string,
  inputs: readonly unknown[],
  { collections, family }: SummaryOptions,
  defaultName: string,
  body: (scope: SummaryScope) => Tensor,
): Tensor {
  const [clean, group] = [cleanTag(name), cleanTag(family)];
  return opScope(group === null ? clean : `${group}/${clean}`, defaultName, inputs, (scope) => {
    const own = scope.replace(/\/+$/, '');
    const summary = body({ tag: group === null ? own : `${group}/${own}`, scope });
    addToCollections(collections ?? [GraphKeys.SUMMARIES], summary);
    return summary;
  });
}

type SummaryRest = Rest<[collections: readonly string[] | null, family: string | null], SummaryOptions>;

/**
 * A number to be shown over time: a scalar string tensor, the serialized `Summary`. The tag is the name with the scopes
 * around it; characters that no name of a node has become `_`. The value must have one element and any real type.
 *
 *     tf.summary.scalar('loss', loss);
 */
export function scalarSummary(name: string, tensor: TensorLike, ...rest: SummaryRest): Tensor {
  const options = bind<SummaryOptions>(['collections', 'family'], rest);
  return summaryOf(name, [tensor], options, 'ScalarSummary', ({ tag, scope }) =>
    emitOne('ScalarSummary', [tag, tensor], {}, scope),
  );
}

/**
 * The distribution of values of any shape and real type, to be shown over time: a scalar string tensor, the serialized
 * `Summary`. The run fails with `InvalidArgumentError` if a value is not finite.
 *
 *     tf.summary.histogram('weights', w);
 */
export function histogram(name: string, values: TensorLike, ...rest: SummaryRest): Tensor {
  const options = bind<SummaryOptions>(['collections', 'family'], rest);
  return summaryOf(name, [values], options, 'HistogramSummary', ({ tag, scope }) =>
    emitOne('HistogramSummary', [tag, values], {}, scope),
  );
}

export interface MediaSummaryOptions extends SummaryOptions {
  /** How many of the batch are shown; 3 without it. */
  readonly maxOutputs?: number;
}

/**
 * The first `maxOutputs` images of a batch `[batch, height, width, channels]` with 1, 3 or 4 channels: a scalar string
 * tensor, the serialized `Summary`. uint8 values are kept. Floats are scaled, one image at a time: the greatest becomes
 * 255, or, where some are negative, 0 becomes 128 and the greatest by size takes the whole range; pixels that are not finite
 * are red. Tags are `name/image`, or `name/image/0` and so on for several.
 *
 *     tf.summary.image('input', images, 1);
 */
export function image(
  name: string,
  tensor: TensorLike,
  ...rest: Rest<[maxOutputs: number, collections: readonly string[] | null, family: string | null], MediaSummaryOptions>
): Tensor {
  const options = bind<MediaSummaryOptions>(['maxOutputs', 'collections', 'family'], rest);
  return summaryOf(name, [tensor], options, 'ImageSummary', ({ tag, scope }) =>
    emitOne('ImageSummary', [tag, tensor], { max_images: options.maxOutputs ?? 3 }, scope),
  );
}

/**
 * The first `maxOutputs` sounds of a batch `[batch, frames, channels]` or `[batch, frames]`, float32 from -1 to 1: a scalar
 * string tensor, the serialized `Summary`. `sampleRate` is in hertz, a number or a scalar float32 tensor. Tags are
 * `name/audio`, or `name/audio/0` and so on for several.
 *
 *     tf.summary.audio('sound', waves, 44100);
 */
export function audio(
  name: string,
  tensor: TensorLike,
  sampleRate: TensorLike,
  ...rest: Rest<[maxOutputs: number, collections: readonly string[] | null, family: string | null], MediaSummaryOptions>
): Tensor {
  const options = bind<MediaSummaryOptions>(['maxOutputs', 'collections', 'family'], rest);
  return summaryOf(name, [tensor], options, 'AudioSummaryV2', ({ tag, scope }) =>
    emitOne('AudioSummaryV2', [tag, tensor, sampleRate], { max_outputs: options.maxOutputs ?? 3 }, scope),
  );
}

export interface MergeSummaryOptions {
  /** The collections that the merged summary joins; none without it. */
  readonly collections?: readonly string[] | null;
  readonly name?: string | null;
}

/**
 * The values of several summaries in one: a scalar string tensor. The run fails with `InvalidArgumentError` where two have
 * the same tag. Throws `ValueError` for an empty list.
 *
 *     const both = tf.summary.merge([tf.summary.scalar('loss', loss), tf.summary.histogram('weights', w)]);
 */
export function merge(
  inputs: readonly TensorLike[],
  ...rest: Rest<[collections: readonly string[] | null, name: string | null], MergeSummaryOptions>
): Tensor {
  const { collections, name } = bind<MergeSummaryOptions>(['collections', 'name'], rest);
  if (inputs.length === 0) {
    throw new ValueError("List argument 'inputs' to 'MergeSummary' Op with length 0 shorter than minimum length 1.");
  }
  const clean = cleanTag(name);
  return opScope(clean, 'Merge', inputs, () => {
    const merged = emitOne('MergeSummary', [inputs], {}, clean);
    addToCollections(collections ?? [], merged);
    return merged;
  });
}

export interface MergeAllOptions {
  /** The collection; `GraphKeys.SUMMARIES` without it. */
  readonly key?: string;
  /** A regular expression: only summaries whose names start with a match. */
  readonly scope?: string | null;
  readonly name?: string | null;
}

/**
 * All summaries that the default graph has collected, merged into one: a scalar string tensor, or null where there are
 * none.
 *
 *     const summaries = tf.summary.mergeAll();
 */
export function mergeAll(
  ...rest: Rest<[key: string, scope: string | null, name: string | null], MergeAllOptions>
): Tensor | null {
  const { key = GraphKeys.SUMMARIES, scope, name } = bind<MergeAllOptions>(['key', 'scope', 'name'], rest);
  const summaries = getCollection(key, scope) as Tensor[];
  return summaries.length === 0 ? null : merge(summaries, { name });
}
