/** The namespace `tf.savedModel.tagConstants`. */
export { GPU, SERVING, TPU, TRAINING } from '../constants.ts';
