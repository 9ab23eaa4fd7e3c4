/** The namespace `tf.savedModel.loader`. */
export { type LoadOptions, load, maybeSavedModelDirectory } from '../loader.ts';
