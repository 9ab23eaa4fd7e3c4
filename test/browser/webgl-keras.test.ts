/** Keras on WebGL, in headless Chromium. */
import { webglKerasPage } from './files.ts';
import { reportPages } from './report.ts';

await reportPages('browser/webgl-keras', [webglKerasPage]);
