/**
 * The entry for small bundles: `import { placeholder, Session } from 'tfjs-graph/core'`. It has the names of the library's
 * entry, but registers nothing by itself: a bundle has the ops of the functions that the program imports.
 */
export * from './v1.ts';
