/** What is WebGL's alone: memory on the GPU, reading back, a lost context, and the backends that take its place. */
import { reportPages } from './report.ts';

const page = (name: string): string => `test/browser/in-page/${name}.page.ts`;

await reportPages('browser/webgl-device', [
  { backend: 'webgl', files: [page('device')] },
  { backend: 'webgl', files: [page('context')] },
  { backend: 'webgl', files: [page('float16')] },
  { backend: 'wasm', files: [page('fallback')] },
  { backend: 'wasm', files: [page('default-wasm')] },
]);
