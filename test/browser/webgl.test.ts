/** Sessions, gradients, optimizers, layers, metrics and the scopes of resets on WebGL, in headless Chromium. */
import { webglPage } from './files.ts';
import { reportPages } from './report.ts';

await reportPages('browser/webgl', [webglPage]);
