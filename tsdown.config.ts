import { fileURLToPath } from 'node:url';
import { build, defineConfig, type UserConfig } from 'tsdown';
import { eachFileAlone, everyFile } from './scripts/build/each-file-alone.ts';
import { withoutSamples } from './scripts/build/without-samples.ts';

const root = fileURLToPath(new URL('.', import.meta.url));

// For pages without a bundler: one module that imports nothing but tfjs and, for HDF5 files, h5wasm, which an import map
// leads to. What is loaded on demand is in files beside it.
function forScriptTags(): Promise<unknown> {
  return build({
    config: false,
    cwd: root,
    entry: { 'tfjs-graph': 'dist/index.js' },
    outDir: 'dist/script',
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    dts: false,
    minify: true,
    logLevel: 'warn',
    deps: { neverBundle: [/^@tensorflow\//, 'h5wasm', /^node:/], alwaysBundle: [/.*/] },
    outputOptions: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  });
}

const shared = {
  logLevel: 'warn',
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  // Dependencies and peerDependencies stay imports, so that the user's own copy of tfjs-core is the one that runs. Any
  // other package reached from the sources would be copied in unseen: refuse it.
  deps: { neverBundle: [/^node:/], onlyBundle: [] },
} as const;

// One build for all entries: built apart, `tfjs-graph` and `tfjs-graph/node` would each carry their own op registry
// and default-graph stack.
const files: UserConfig = {
  ...shared,
  entry: everyFile(root, { 'src/cli-node.ts': 'cli' }),
  // Samples that are made of parts of others (`{ ...a, shape: a.shape }`) are not needed either.
  treeshake: { propertyReadSideEffects: false },
  plugins: [eachFileAlone(root), withoutSamples()],
  dts: false,
  sourcemap: true,
  hooks: { 'build:done': forScriptTags },
};

const declarations: UserConfig = {
  ...shared,
  entry: { index: 'src/index.ts', core: 'src/core.ts', keras: 'src/keras.ts', node: 'src/node.ts' },
  treeshake: { moduleSideEffects: [{ test: /./, sideEffects: true }] },
  unbundle: true,
  dts: { sourcemap: true, emitDtsOnly: true },
  clean: false,
};

// `tsdown --no-dts` is quick: enough for the demo and for tests in browsers.
export default defineConfig(({ dts }) => (dts === false ? [files] : [files, declarations]));
