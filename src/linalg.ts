/** The namespace `tf.linalg`. */
export { globalNorm } from './ops/clip.ts';
export { eye } from './ops/filling.ts';
export { diag as tensorDiag, diagPart as tensorDiagPart, qr } from './ops/linalg.ts';
export { matmul, norm, tensordot } from './ops/matmul.ts';
export { l2Normalize } from './ops/normalization-functions.ts';
export { matrixTranspose, matrixTranspose as transpose } from './ops/shaping.ts';
