/**
 * The test command: runs every `test/**\/*.test.ts`, or those whose path contains one of the arguments, in a few child
 * processes, and ends with one line of totals. What a test is, and how it is asserted, is left to uvu.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { Console } from 'node:console';
import { readdirSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'node:util';

interface FileResult {
  file: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  /** Each failure, ready to print. */
  failures: string[];
  /** What the tests themselves wrote to the console. */
  output: string;
}

type Message = { type: 'start'; file: string } | { type: 'end'; result: FileResult };

const ROOT = new URL('../', import.meta.url);
const JOBS = Number(process.env.TEST_JOBS ?? 2);
const SECONDS_PER_FILE = Number(process.env.TEST_TIMEOUT ?? 600);
/**
 * A process costs about a second to start with tfjs in it; several shares a job give memory back on the way, and keep a
 * slow share from leaving the other job idle for long.
 */
const SHARES_PER_JOB = 3;
/**
 * Two processes on two cores: threads beside them would only be in the way, and most code runs a few times. What the engine
 * does not optimise until it has run for long takes a fifth of the whole less.
 */
const V8_FLAGS = ['--single-threaded-gc', '--max-semi-space-size=32', '--sparkplug', '--interrupt-budget=1000000'];
/** Lines of a stack trace that belong to the machinery and never to a test. */
const OWN_FRAMES = /^.*\bat .*(\/node_modules\/(uvu|tsx)\/|\/test\/run\.ts:|\(?node:internal\/).*\n?/gm;

/**
 * Tests that run when they are asked for: those that a browser takes part in (`npm run browser`), and those that start process
 * after process (`npm test -- runners.test session/threads`).
 */
const isApart = (path: string): boolean =>
  path.startsWith('test/browser/') || path === 'test/runners.test.ts' || path === 'test/session/threads.test.ts';

if (process.argv[2] === '--worker') await work(process.argv.slice(3));
else process.exitCode = await main(process.argv.slice(2));

// ---------------------------------------------------------------------------------------------------------------------
// The parent

async function main(filters: string[]): Promise<number> {
  const files = readdirSync(new URL('test/', ROOT), { recursive: true, encoding: 'utf8' })
    .map((path) => `test/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts') && !path.includes('/node_modules/'))
    .filter((path) => (filters.length === 0 ? !isApart(path) : filters.some((filter) => path.includes(filter))))
    .sort();

  // Dealt out like cards, as neighbours in the listing tend to be slow together; fixed by the list alone, so that the
  // files which share a process are the same in every run.
  const count = Math.min(files.length, JOBS * SHARES_PER_JOB);
  const shares = Array.from({ length: count }, (_, i) => files.filter((_, k) => k % count === i));

  const width = Math.max(0, ...files.map((file) => file.length));
  const results: FileResult[] = [];
  const report = (result: FileResult): void => {
    results.push(result);
    const { file, passed, failed, skipped, seconds, output } = result;
    const state = failed > 0 ? 'FAIL' : 'ok  ';
    console.log(`${state} ${file.padEnd(width)}  ${totals(passed, failed, skipped)}  (${seconds.toFixed(2)} s)`);
    if (output.trim() !== '') console.log(output.trimEnd().replace(/^/gm, '     | '));
  };
  await Promise.all(
    Array.from({ length: Math.min(JOBS, count) }, async () => {
      for (let share = shares.shift(); share; share = shares.shift()) await runShare(share, report);
    }),
  );

  for (const { file, failures } of results.sort((a, b) => (a.file < b.file ? -1 : 1))) {
    for (const failure of failures) console.log(`\n${file}\n${failure.replace(OWN_FRAMES, '').trimEnd()}`);
  }
  const sum = (key: 'passed' | 'failed' | 'skipped'): number => results.reduce((total, r) => total + r[key], 0);
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  if (passed + failed === 0) console.log(files.length === 0 ? 'No test file matches.' : 'No test ran.');
  console.log(`\n${totals(passed, failed, skipped)}`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

function totals(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Runs the files one after the other in one process; what a dying process leaves over goes on in a fresh one. */
async function runShare(share: string[], report: (result: FileResult) => void): Promise<void> {
  let left = share;
  while (left.length > 0) left = await runProcess(left, report);
}

function runProcess(files: string[], report: (result: FileResult) => void): Promise<string[]> {
  const left = [...files];
  const colours = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {};
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['--worker', ...files], {
    cwd: fileURLToPath(ROOT),
    execArgv: [...V8_FLAGS, '--import', import.meta.resolve('tsx')],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...colours },
  });
  let raw = '';
  child.stdout?.on('data', (data) => {
    raw += data;
  });
  child.stderr?.on('data', (data) => {
    raw += data;
  });

  let started = performance.now();
  let late = false;
  let limit: NodeJS.Timeout | undefined;
  const restartClock = (): void => {
    clearTimeout(limit);
    started = performance.now();
    limit = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, SECONDS_PER_FILE * 1000);
  };
  restartClock();
  child.on('message', (message: Message) => {
    restartClock();
    if (message.type === 'start') return;
    left.splice(left.indexOf(message.result.file), 1);
    report(message.result);
  });

  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      const file = left.shift();
      if (file !== undefined) {
        const seconds = (performance.now() - started) / 1000;
        const why = late ? `ran past ${SECONDS_PER_FILE} s` : `ended its process (${signal ?? `exit code ${code}`})`;
        const failures = [`  FAIL  the file ${why}\n${raw}`];
        report({ file, passed: 0, failed: 1, skipped: 0, seconds, failures, output: '' });
      }
      resolve(left);
    });
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// The worker

/** One queued suite of uvu: its failures as text (true where there are none), then passed, skipped and all tests. */
type Suite = () => Promise<[string | true, number, number, number]>;

async function work(files: string[]): Promise<void> {
  // What uvu's own command-line program sets: suites are queued, and run when the runner says so.
  const queue: Suite[][] = [[]];
  Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: queue, UVU_INDEX: 0 });
  const { test } = await import('uvu');

  let current = emptyResult('');
  let done = false;
  const collect = new Writable({
    decodeStrings: false,
    write(text, _encoding, next) {
      current.output += text;
      next();
    },
  });
  globalThis.console = new Console({ stdout: collect, stderr: collect });
  // uvu draws its progress here; the parent draws its own.
  process.stdout.write = () => true;

  const send = (message: Message): Promise<void> =>
    new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
  const fail = (what: string, error?: unknown): void => {
    current.failed++;
    current.failures.push(`  FAIL  ${what}${error === undefined ? '' : `\n    ${describe(error)}`}`);
  };

  process.on('uncaughtException', (error) => fail('an exception nobody caught', error));
  process.on('unhandledRejection', (error) => fail('a rejected promise nobody handled', error));
  process.on('exit', () => {
    if (!done) writeSync(2, `${current.output}${current.failures.join('\n')}`);
  });
  // An event loop with nothing left to do, in the middle of a file: a test awaits a promise that cannot settle.
  process.on('beforeExit', () => {
    fail('the file awaits a promise that never settles');
    process.exit(1);
  });
  process.on('disconnect', () => process.exit(1));
  process.channel?.unref();

  for (const file of files) {
    await send({ type: 'start', file });
    const start = performance.now();
    const result = emptyResult(file);
    current = result;
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      fail('the file could not be loaded', error);
      queue[0].length = 0;
    }
    const loaded = result.failed === 0;
    const suites = queue[0].splice(0);
    // The default suite is one object for all files: what this file left in it would run under the next one's name.
    test.run();
    const leftover = queue[0].splice(0)[0];

    let tests = 0;
    for (const suite of suites) tests += await runSuite(suite, result, fail);
    if (loaded) {
      const forgotten = await runSuite(leftover, emptyResult(file), () => {});
      if (forgotten > 0) fail(`no test.run() follows the last ${forgotten} tests of the file`);
      else if (tests === 0 && result.skipped === 0) fail('the file queued no test: does it call test.run()?');
    }
    // A turn of the event loop, in which rejections that nobody handles come to light.
    await new Promise((resolve) => setTimeout(resolve));
    result.seconds = (performance.now() - start) / 1000;
    await send({ type: 'end', result });
  }
  done = true;
  process.exit(0);
}

/** Adds a suite's figures to the file's; answers how many tests it held. */
async function runSuite(suite: Suite, result: FileResult, fail: (what: string, error?: unknown) => void) {
  try {
    const [errors, passed, skipped, total] = await suite();
    result.passed += passed;
    result.skipped += skipped;
    result.failed += total - passed;
    if (errors !== true) result.failures.push(errors);
    else if (passed < total) {
      // uvu loses the exception here, and calls the suite passed.
      const why = 'a hook threw, or a test threw something that is not an Error';
      result.failures.push(`  FAIL  ${why}: ${total - passed} of ${total} tests did not finish`);
    }
    return total;
  } catch (error) {
    fail('an after() hook threw', error);
    return 1;
  }
}

function emptyResult(file: string): FileResult {
  return { file, passed: 0, failed: 0, skipped: 0, seconds: 0, failures: [], output: '' };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : format(error);
}
