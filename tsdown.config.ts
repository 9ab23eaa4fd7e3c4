import { defineConfig } from 'tsdown';

// One build for all entries: built apart, `tfjs-graph` and `tfjs-graph/node` would each carry their own op registry
// and default-graph stack.
export default defineConfig({
  entry: { index: 'src/index.ts', keras: 'src/keras.ts', node: 'src/node.ts', cli: 'src/cli-node.ts' },
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: { sourcemap: true },
  sourcemap: true,
  // What is imported for its effects alone (op families that register themselves) stays: `sideEffects` in package.json
  // names files of dist, and would have the build drop the sources of all others.
  treeshake: { moduleSideEffects: [{ test: /./, sideEffects: true }] },
  // File by file, so that a bundler leaves out what a program does not use: see `sideEffects` in package.json.
  unbundle: true,
  // Dependencies and peerDependencies stay imports, so that the user's own copy of tfjs-core is the one that runs. Any
  // other package reached from the sources would be copied in unseen: refuse it.
  deps: { neverBundle: [/^node:/], onlyBundle: [] },
});
