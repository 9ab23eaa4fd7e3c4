/** The namespace `tf.lookup.experimental`. */
export { MutableHashTable } from './data/lookup-tables.ts';
