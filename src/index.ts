/** The library's entry: `import * as tf from 'tfjs-graph'`. Every op is registered, whatever a program imports. */
import './ops/all.ts';

export * as compat from './compat.ts';
export * from './v1.ts';
