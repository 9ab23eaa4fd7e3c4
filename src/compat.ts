/** The namespace `tf.compat`: programs that say `tf.compat.v1.placeholder` find what `tf.placeholder` is. */
export * as v1 from './v1.ts';
