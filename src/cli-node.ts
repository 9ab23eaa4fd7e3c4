#!/usr/bin/env node
/** The program `tfjs-graph`: the streams and the exit code of a process. The commands are `cli/main.ts`'s. */
import { readFileSync } from 'node:fs';
import { main } from './cli/main.ts';
import type { Terminal } from './cli/terminal.ts';

const { stdout, stderr, env } = process;

// Who reads the output may go away, as `head` does.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const isTTY = stdout.isTTY === true;
const terminal: Terminal = {
  out: (content) => new Promise((resolve) => stdout.write(content, () => resolve())),
  err: (text) => stderr.write(text),
  isTTY,
  columns: isTTY ? stdout.columns : 80,
  colors: isTTY && !env.NO_COLOR && env.TERM !== 'dumb',
};
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

process.exitCode = await main(process.argv.slice(2), terminal, version);
