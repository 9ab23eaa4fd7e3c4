/** All benchmarks, or those named: `npm run bench -- mlp`; `--short` for a look, `--profile` for times of instructions. */
import * as tfjs from '@tensorflow/tfjs';
import { startBackend } from '../runtime/backends/index.ts';
import { moduleFeatures } from '../runtime/backends/wasm-modules.ts';
import { benchBrowser } from './browser.ts';
import { benchCompile } from './compile.ts';
import { benchDispatch } from './dispatch.ts';
import { benchFiles } from './files.ts';
import { benchFit } from './fit.ts';
import { benchGraph } from './graph.ts';
import { benchGrowth } from './growth.ts';
import { benchLenet } from './lenet.ts';
import { benchLstm } from './lstm.ts';
import { benchMatmul } from './matmul.ts';
import { benchMemory } from './memory.ts';
import { benchMlp } from './mlp.ts';
import { benchMobilenet } from './mobilenet.ts';
import { benchNative } from './native.ts';
import { useWasm } from './peers.ts';
import { benchRemote } from './remote.ts';
import { benchResnet } from './resnet.ts';
import { benchThreads } from './threads.ts';
import { benchTransformer } from './transformer.ts';
import { benchWhileLoop } from './while-loop.ts';

const all: Readonly<Record<string, () => void | Promise<void>>> = {
  graph: benchGraph,
  compile: benchCompile,
  dispatch: benchDispatch,
  matmul: benchMatmul,
  mlp: benchMlp,
  lenet: benchLenet,
  mobilenet: benchMobilenet,
  transformer: benchTransformer,
  resnet: benchResnet,
  threads: benchThreads,
  native: benchNative,
  remote: benchRemote,
  growth: benchGrowth,
  memory: benchMemory,
  fit: benchFit,
  'while-loop': benchWhileLoop,
  lstm: benchLstm,
  files: benchFiles,
  browser: benchBrowser,
};

await useWasm();
await startBackend('wasm');
console.log(
  `Node ${process.version}, ${moduleFeatures().multiplyAdd ? 'with' : 'without'} multiply-add in WebAssembly, TensorFlow.js ` +
    `${tfjs.version.tfjs}, medians; peers run in the same process.`,
);
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
for (const name of wanted.length > 0 ? wanted : Object.keys(all)) {
  if (!Object.hasOwn(all, name)) throw new Error(`No benchmark '${name}'; there are ${Object.keys(all).join(', ')}.`);
  await all[name]();
}
