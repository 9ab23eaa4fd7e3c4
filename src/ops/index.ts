/** Every op family: importing this registers all ops. */
export * from './constants.ts';
export * from './placeholders.ts';
export * from './arg-reduce.ts';
export * from './matmul.ts';
export * from './reductions.ts';
