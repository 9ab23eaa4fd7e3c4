/** `tf.keras` in Node: everything of `index.ts`, and what reads and writes files by path. */
export * from './index.ts';
export * as preprocessing from './preprocessing/index-node.ts';
export * as utils from './utils/index-node.ts';
