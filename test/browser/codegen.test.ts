/**
 * Generated programs of WebGL in headless Chromium: each against what its kernel means, random pieces of graphs against host
 * kernels, models with code generation on and off within 1e-5, and how programs are kept.
 */
import { type Differences, reportPages } from './report.ts';

const ON_WASM_ONLY: Differences = {
  'codegen/sessions: explain says which ops a generated kernel holds, and none with codegen off':
    "products stay with tfjs's kernels",
  'codegen/sessions: no buffer is written over whose elements a kernel of tfjs keeps a copy of':
    'no buffer is written over at all',
};

const ON_PROCESSORS: Differences = {
  'codegen/loops: log1p, softplus, erf and expm1 keep their digits, near 0 and far out':
    'the logarithm of a program of WebGL has as many digits as its driver gives it',
};

await reportPages('browser/codegen', [
  { backend: 'webgl', files: ['test/browser/codegen/programs.page.ts', 'test/browser/codegen/sessions.page.ts'] },
  {
    backend: 'webgl',
    files: ['test/codegen/loops.test.ts', 'test/codegen/models.test.ts'],
    differences: ON_PROCESSORS,
  },
  { backend: 'webgl', files: ['test/codegen/sessions.test.ts'], differences: ON_WASM_ONLY },
]);
