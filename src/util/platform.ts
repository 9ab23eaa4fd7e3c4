/** Where the program runs. */

/** Whether it is Node: what has its modules, files among them. */
export const isNode =
  typeof (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node === 'string';
