/** Every op family: importing this registers all ops. */
export * from './constants.ts';
export * from './placeholders.ts';
