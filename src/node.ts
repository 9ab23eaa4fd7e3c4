/**
 * The entry for Node: everything of `tfjs-graph`, and what needs Node's own modules. The wasm files are found by the
 * runtime itself, so that programs that import `tfjs-graph` alone work as well.
 */
export * from './index.ts';
export * as keras from './keras/index-node.ts';
