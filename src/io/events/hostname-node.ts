/** The name of this machine, for names of files. */
export { hostname } from 'node:os';
