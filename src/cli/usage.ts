/** What is wrong with a command line, as opposed to what goes wrong when it is carried out. */

/** The command cannot be carried out as it is written: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}
