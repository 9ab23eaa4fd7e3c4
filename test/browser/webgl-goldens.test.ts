/** The golden op cases, and those at the edges, on WebGL in headless Chromium. */
import { webglGoldensPage } from './files.ts';
import { reportPages } from './report.ts';

await reportPages('browser/webgl-goldens', [webglGoldensPage]);
