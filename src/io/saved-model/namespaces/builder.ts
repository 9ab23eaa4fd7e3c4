/** The namespace `tf.savedModel.builder`. */
export { type AddMetaGraphOptions, SavedModelBuilder } from '../builder.ts';
