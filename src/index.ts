/** The library's entry: `import * as tf from 'tfjs-graph'`. */
export * as compat from './compat.ts';
export * from './v1.ts';
