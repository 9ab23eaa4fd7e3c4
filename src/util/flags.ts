/**
 * The switches that change how the library works on itself. They are read once from the environment where there is
 * one, and can be set by the program; nothing else reads the environment.
 */
export interface Flags {
  /** `TFG_DEBUG`: nodes remember the line that built them, and run-time errors name it. */
  debug: boolean;
  /** `TFG_DUMP`: print the IR after the pass of that name, or after every pass that `changed` something. */
  dump: string;
  /** `TFG_SKIP`: names of passes to leave out, separated by commas. */
  skip: readonly string[];
  /** `TFG_VERIFY`: verify the IR after every pass. */
  verify: boolean;
}

const env: Readonly<Record<string, string | undefined>> =
  (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};

const on = (value: string | undefined): boolean => value !== undefined && value !== '' && value !== '0';

export const flags: Flags = {
  debug: on(env.TFG_DEBUG),
  dump: env.TFG_DUMP ?? '',
  skip: (env.TFG_SKIP ?? '').split(',').filter((name) => name !== ''),
  verify: on(env.TFG_VERIFY),
};
