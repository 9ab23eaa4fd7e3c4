/** Where callbacks print: standard output where there is one, else the console. What they print is each callback's own. */

export interface TextOutput {
  write(text: string): void;
  /** Whether a line can be written over: the text is looked at on a terminal. */
  readonly dynamic: boolean;
  /** Takes warnings; the console does without it. */
  warn?(text: string): void;
}

interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** A console prints whole lines only: what is begun waits for its end. */
class ConsoleOutput implements TextOutput {
  readonly dynamic = false;
  private begun = '';

  write(text: string): void {
    const lines = (this.begun + text).split('\n');
    this.begun = lines.pop() as string;
    for (const line of lines) console.log(line);
  }
}

const consoleOutput = new ConsoleOutput();
let chosen: TextOutput | null = null;

/** The output of callbacks that were not given one. */
export function textOutput(): TextOutput {
  return chosen ?? streamOutput() ?? consoleOutput;
}

/** Chooses it; null stands for standard output. The former choice comes back. */
export function setTextOutput(output: TextOutput | null): TextOutput | null {
  const former = chosen;
  chosen = output;
  return former;
}

/** Standard output where a process has one: looked up each time, since programs replace it. */
function streamOutput(): TextOutput | null {
  const { process } = globalThis as {
    process?: { readonly stdout?: OutputStream; readonly env?: Readonly<Record<string, string | undefined>> };
  };
  const stream = process?.stdout;
  if (typeof stream?.write !== 'function') return null;
  return {
    write: (text) => void stream.write(text),
    dynamic: stream.isTTY === true || process?.env?.PYCHARM_HOSTED !== undefined,
  };
}

export function printLine(text: string): void {
  textOutput().write(`${text}\n`);
}

export function warn(text: string): void {
  const output = textOutput();
  if (output.warn) output.warn(text);
  else console.warn(text);
}
