/**
 * Runs test files in a page, one after the other, each loaded when its turn comes. What a file may take of Node is in the
 * modules beside this; how it was bundled is `../harness.ts`'s business.
 */
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import { env } from '@tensorflow/tfjs-core';
import { describe, runQueued, type TestResult, test } from './uvu.ts';

export interface FileResult {
  readonly file: string;
  readonly results: readonly TestResult[];
  /** What went wrong beside the tests. */
  readonly errors: readonly string[];
}

interface Page {
  /** Set by the opener: the backend that stands for wasm. */
  readonly TEST_BACKEND: string;
  /** Set by the opener: whether kernels run on the GPU whatever their size. */
  readonly ALL_ON_GPU: boolean;
  /** What the page tells its opener: the test that starts, for the case that it never ends. */
  testStarted(name: string): Promise<void>;
  fileEnded(result: FileResult): Promise<void>;
  runFiles(files: readonly (readonly [file: string, url: string])[]): Promise<void>;
}
const page = globalThis as unknown as Page;

setWasmPaths('/wasm/');
// By itself tfjs computes many kernels of small arrays on the host.
if (page.ALL_ON_GPU) env().set('WEBGL_CPU_FORWARD', false);
// Sessions prefer this one where it is registered: other pages are to be without it.
if (page.TEST_BACKEND === 'webgpu') {
  await import('@tensorflow/tfjs-backend-webgpu');
  if (page.ALL_ON_GPU) env().set('WEBGPU_CPU_FORWARD', false);
}

let errors: string[] = [];
const unhandled = new Map<Promise<unknown>, string>();
addEventListener('error', (event) => errors.push(`nobody caught ${describe(event.error)}`));
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  unhandled.set(event.promise, `nobody handled ${describe(event.reason)}`);
});
addEventListener('rejectionhandled', (event) => unhandled.delete(event.promise));

page.runFiles = async (files) => {
  for (const [file, url] of files) {
    errors = [];
    let results: TestResult[] = [];
    let last = 0;
    try {
      await import(url);
      results = await runQueued((name) => {
        if (performance.now() - last < 1000) return;
        last = performance.now();
        void page.testStarted(`${file}: ${name}`);
      });
      test.run();
      if ((await runQueued(() => {})).length > 0) errors.push('tests were left without a run');
    } catch (error) {
      errors.push(`The file could not be loaded: ${describe(error)}`);
    }
    await new Promise((resolve) => setTimeout(resolve));
    await page.fileEnded({ file, results, errors: [...errors, ...unhandled.values()] });
    unhandled.clear();
  }
};
