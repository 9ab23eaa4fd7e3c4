/** The features that `Example`s are made of, as messages: lists of values, and maps and lists of such lists. */
import { defineMessage, ProtoMessage } from './message-class.ts';
import {
  BytesListSchema,
  FeatureListSchema,
  FeatureListsSchema,
  FeatureSchema,
  FeaturesSchema,
  FloatListSchema,
  Int64ListSchema,
} from './proto/feature_pb.ts';

export interface BytesListInit {
  /** Texts are taken as UTF-8. */
  readonly value?: Iterable<Uint8Array | string>;
}

/**
 * Bytes, or texts as UTF-8.
 *
 *     new tf.train.BytesList({value: ['a', png]})
 */
export class BytesList extends ProtoMessage<BytesListInit> {
  declare value: Uint8Array[];
}
defineMessage(BytesList, BytesListSchema);

export interface FloatListInit {
  readonly value?: Iterable<number>;
}

/**
 * Numbers, float32 in the file.
 *
 *     new tf.train.FloatList({value: [0.5, 1]})
 */
export class FloatList extends ProtoMessage<FloatListInit> {
  declare value: number[];
}
defineMessage(FloatList, FloatListSchema);

export interface Int64ListInit {
  readonly value?: Iterable<number | bigint>;
}

/**
 * Integers of 64 bits, held as bigints.
 *
 *     new tf.train.Int64List({value: [1, 2n ** 40n]})
 */
export class Int64List extends ProtoMessage<Int64ListInit> {
  declare value: bigint[];
}
defineMessage(Int64List, Int64ListSchema);

export interface FeatureInit {
  readonly bytesList?: BytesList | BytesListInit | null;
  readonly floatList?: FloatList | FloatListInit | null;
  readonly int64List?: Int64List | Int64ListInit | null;
}

/**
 * One list of values; `whichOneof('kind')` says of which kind.
 *
 *     new tf.train.Feature({floatList: new tf.train.FloatList({value: [0.5]})})
 */
export class Feature extends ProtoMessage<FeatureInit> {
  declare bytesList: BytesList | null;
  declare floatList: FloatList | null;
  declare int64List: Int64List | null;
}
defineMessage(Feature, FeatureSchema);

export interface FeaturesInit {
  readonly feature?: ReadonlyMap<string, Feature | FeatureInit> | Readonly<Record<string, Feature | FeatureInit>>;
}

/**
 * Features by their names.
 *
 *     new tf.train.Features({feature: {x: new tf.train.Feature({int64List: {value: [1]}})}}).feature.get('x')
 */
export class Features extends ProtoMessage<FeaturesInit> {
  declare feature: Map<string, Feature>;
}
defineMessage(Features, FeaturesSchema);

export interface FeatureListInit {
  readonly feature?: Iterable<Feature | FeatureInit>;
}

/** The features of one name, one for each step of a sequence. */
export class FeatureList extends ProtoMessage<FeatureListInit> {
  declare feature: Feature[];
}
defineMessage(FeatureList, FeatureListSchema);

export interface FeatureListsInit {
  readonly featureList?:
    | ReadonlyMap<string, FeatureList | FeatureListInit>
    | Readonly<Record<string, FeatureList | FeatureListInit>>;
}

/** Lists of features by their names. */
export class FeatureLists extends ProtoMessage<FeatureListsInit> {
  declare featureList: Map<string, FeatureList>;
}
defineMessage(FeatureLists, FeatureListsSchema);
