/** The version of Keras whose formats files have. */
export const KERAS_VERSION = '2.15.0';
