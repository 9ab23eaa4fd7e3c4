/** Sessions, gradients, optimizers, Keras and the scopes of resets on wasm, in headless Chromium without WebGL. */
import { wasmKerasPage, wasmPage } from './files.ts';
import { reportPages } from './report.ts';

await reportPages('browser/wasm', [wasmPage, wasmKerasPage]);
