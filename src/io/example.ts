/** The messages that data for training is kept in: `Example` and `SequenceExample`. Their features are `example-features.ts`'s. */
import { FeatureLists, type FeatureListsInit, Features, type FeaturesInit } from './example-features.ts';
import { defineMessage, ProtoMessage } from './message-class.ts';
import { ExampleSchema, SequenceExampleSchema } from './proto/example_pb.ts';

export interface ExampleInit {
  readonly features?: Features | FeaturesInit | null;
}

/**
 * One example of a data set: features by name, each a list of bytes, floats or integers. `tf.parseExample` reads them within
 * graphs.
 *
 *     const example = new tf.train.Example({features: {feature: {
 *       label: {int64List: {value: [3]}},
 *       image: {bytesList: {value: [png]}},
 *     }}});
 *     writer.write(example.serializeToString());
 *     tf.train.Example.fromString(record).features?.feature.get('label')?.int64List?.value   // [3n]
 */
export class Example extends ProtoMessage<ExampleInit> {
  declare features: Features | null;
}
defineMessage(Example, ExampleSchema, [Features]);

export interface SequenceExampleInit {
  readonly context?: Features | FeaturesInit | null;
  readonly featureLists?: FeatureLists | FeatureListsInit | null;
}

/**
 * One sequence of a data set: features of the whole (`context`), and lists of features, one for each step.
 *
 *     new tf.train.SequenceExample({
 *       context: {feature: {length: {int64List: {value: [2]}}}},
 *       featureLists: {featureList: {token: {feature: [{int64List: {value: [5]}}, {int64List: {value: [7]}}]}}},
 *     });
 */
export class SequenceExample extends ProtoMessage<SequenceExampleInit> {
  declare context: Features | null;
  declare featureLists: FeatureLists | null;
}
defineMessage(SequenceExample, SequenceExampleSchema, [Features, FeatureLists]);
