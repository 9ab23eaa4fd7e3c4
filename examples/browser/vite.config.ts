import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  base: './',
  // The package as it is built, not its sources: the page is a program like any other that uses it.
  resolve: { alias: { 'tfjs-graph': here('../../dist/index.js') } },
  server: { fs: { allow: [here('../..')] } },
  build: { outDir: here('../../out/demo'), emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 4000 },
});
