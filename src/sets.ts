/** The namespace `tf.sets`. */
export {
  type SetDifferenceOptions,
  type SetOptions,
  type SetsLike,
  setDifference,
  setDifference as difference,
  setIntersection,
  setIntersection as intersection,
  setSize,
  setSize as size,
  setUnion,
  setUnion as union,
} from './ops/sets.ts';
