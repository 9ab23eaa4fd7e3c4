/** The namespace `tf.bitwise`. */
export { bitwiseAnd, bitwiseOr, bitwiseXor, invert, leftShift, rightShift } from './ops/bitwise.ts';
