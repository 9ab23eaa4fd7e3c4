/** Which of Node's test files run in pages too, which do not, and what is different there; with the reasons. */
import { type Differences, type Page, testFiles } from './report.ts';

const FOLDERS = ['session', 'autodiff', 'train', 'variables', 'layers', 'metrics', 'edges'];
const KERAS = ['keras'];

const FILES = 'it reads and writes files';

const LEFT_OUT: Readonly<Record<string, string>> = {
  'keras/callbacks/csv-logger.test.ts': FILES,
  'keras/saving/files.test.ts': FILES,
  'keras/utils/directories.test.ts': FILES,
  'keras/utils/images.test.ts': FILES,
  'keras/utils/text.test.ts': "it compares with Node's hash functions, and reads files",
  'session/remote.test.ts': 'it starts a server',
  'session/alignment.test.ts': 'it looks at the heap of wasm',
  'session/scalars-on-host.test.ts': 'it counts what goes to wasm and back',
  'session/threads.test.ts': 'it starts processes of Node',
  'session/backends.test.ts': 'it starts processes; pages of their own look at the start of backends',
};

const NODE_STACK = 'frames of a bundle have no names of source files';

/** On both backends. */
const everywhere: Differences = {
  ': an error names the operation, and in debug mode the line that built it': NODE_STACK,
};
const INTEGERS = 'textures hold floats, which have 24 bits: integers are left to the host';
const STEEP = 'small gradients: Adam makes whole steps of what differs in their last digits';
const onWebgl: Differences = {
  ...everywhere,
  'session/linear-kernels: sum of integers, wrapping on webgl': INTEGERS,
  'session/linear-kernels: max of integers on webgl': INTEGERS,
  'session/linear-kernels: min of integers on webgl': INTEGERS,
  'session/linear-kernels: product of integers, wrapping on webgl': INTEGERS,
  'session/linear-kernels: select integers on webgl': INTEGERS,
  ': listDevices names the host and the backend': 'the name of the device is expected to be that of wasm',
  ': memory that kernels keep for the next run is given back, and taken again':
    'the textures that are kept count as buffers',
};
const ofKeras: Differences = {
  'Keras optimizers: Adam {"learning_rate":0.5}, constrained updates as Keras does': STEEP,
  ': embedding of ids: as in Keras': STEEP,
};

const SLOW: Differences = {
  ': a convolutional network learns digits to 0.97 on wasm, where TensorFlow.js has no kernel to train one':
    'it takes minutes where a processor draws',
};

/** Cases of single ops from real TensorFlow. On WebGL they have a page of their own, which computes all on the GPU. */
const GOLDENS = ['test/session/goldens.test.ts', 'test/edges/goldens.test.ts'];

/** Cases that WebGL does not pass: none of `test/goldens/ops`, and of the edges this. */
const ofGoldens: Differences = {
  'edges/wasm/casts: edges/casts/0005 Cast': 'a program has no 32-bit integer for what rounds to 2³¹',
};

/** As WebGL's, of which a few have its name in theirs. */
const asOnWebgl = Object.entries(onWebgl).map(([name, reason]) => [name.replace(/ on webgl$/, ' on webgpu'), reason]);

const WAITED_FOR = 'the backend has to be waited for: runSync refuses it';
const onWebgpu: Differences = {
  ...Object.fromEntries(asOnWebgl),
  ': the plan for false has neither the draw nor the selection': 'the compiler generates no programs for WebGPU',
  ': runSync answers without a promise (webgpu)': WAITED_FOR,
  'session/control-flow: runSync runs loops to their end, and refuses one that waits': WAITED_FOR,
};
const SLOW_ON_WEBGPU: Differences = {
  ': 10,000 runs leave the buffer count and the heap flat (webgpu)':
    'it takes close to a minute; the page of the device runs hundreds of steps for the same end',
};

const files = testFiles(FOLDERS, LEFT_OUT);
const kerasFiles = testFiles(KERAS, LEFT_OUT);

export const webglPage: Page = {
  backend: 'webgl',
  files: files.filter((file) => !GOLDENS.includes(file)),
  differences: onWebgl,
};
export const webglGoldensPage: Page = { backend: 'webgl', files: GOLDENS, differences: ofGoldens, allOnGpu: true };
export const webglKerasPage: Page = { backend: 'webgl', files: kerasFiles, differences: ofKeras, skipped: SLOW };

/** Without recurrent networks, which read list after list: that takes a minute where a processor draws. */
export const webgpuPage: Page = {
  backend: 'webgpu',
  files: webglPage.files.filter((file) => !file.startsWith('test/layers/rnn')),
  differences: onWebgpu,
  skipped: SLOW_ON_WEBGPU,
};
export const webgpuGoldensPage: Page = { backend: 'webgpu', files: GOLDENS, allOnGpu: true };

export const wasmPage: Page = { backend: 'wasm', files, differences: everywhere };
export const wasmKerasPage: Page = { backend: 'wasm', files: kerasFiles };
