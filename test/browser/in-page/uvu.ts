/**
 * `uvu` for tests in a page: suites are queued as with its own command-line program, and every test gives a result by name.
 * Which files run, and what becomes of the results, is the business of `run.ts` beside this.
 */

type Body = (context: object) => unknown;

interface Named {
  readonly name: string;
  readonly body: Body;
}

interface Suite {
  readonly name: string;
  readonly tests: Named[];
  readonly only: Named[];
  readonly before: Body[];
  readonly after: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
}

export interface TestResult {
  readonly suite: string;
  readonly name: string;
  /** Null where it passed. */
  readonly error: string | null;
  readonly milliseconds: number;
}

type Hook = ((body: Body) => void) & { each: (body: Body) => void };

type Test = ((name: string, body: Body) => void) & {
  before: Hook;
  after: Hook;
  only: (name: string, body: Body) => void;
  skip: (name?: string, body?: Body) => void;
  run: () => void;
};

/** No test in a page takes longer, in milliseconds. */
const LIMIT = 60_000;

const queue: Suite[] = [];

/** Set by the opener of the page: the tests that are not run. */
const skipped = globalThis as unknown as { readonly SKIPPED: readonly string[] };

function empty(name: string): Suite {
  return { name, tests: [], only: [], before: [], after: [], beforeEach: [], afterEach: [] };
}

export function suite(name = ''): Test {
  let current = empty(name);
  const add = (key: 'tests' | 'only') => (title: string, body: Body) => void current[key].push({ name: title, body });
  const hook = (key: 'before' | 'after', each: 'beforeEach' | 'afterEach'): Hook =>
    Object.assign((body: Body) => void current[key].push(body), {
      each: (body: Body) => void current[each].push(body),
    });
  return Object.assign(add('tests'), {
    before: hook('before', 'beforeEach'),
    after: hook('after', 'afterEach'),
    only: add('only'),
    skip: () => {},
    run: () => {
      queue.push(current);
      current = empty(name);
    },
  });
}

export const test = suite();

/** Runs what was queued since the last call. */
export async function runQueued(started: (name: string) => void): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const each of queue.splice(0)) await runSuite(each, results, started);
  return results;
}

async function runSuite(each: Suite, results: TestResult[], started: (name: string) => void): Promise<void> {
  const context = {};
  const all = async (bodies: readonly Body[]): Promise<void> => {
    for (const body of bodies) await body(context);
  };
  const note = async (name: string, body: () => Promise<void>): Promise<boolean> => {
    const start = performance.now();
    let error: string | null = null;
    try {
      await inTime(body());
    } catch (caught) {
      error = describe(caught);
    }
    const isHook = name.startsWith('(');
    const milliseconds = performance.now() - start;
    if (error !== null || !isHook) results.push({ suite: each.name, name, error, milliseconds });
    return error === null;
  };
  if (await note('(before)', () => all(each.before))) {
    for (const { name, body } of each.only.length > 0 ? each.only : each.tests) {
      if (skipped.SKIPPED.includes(`${each.name}: ${name}`)) continue;
      started(`${each.name}: ${name}`);
      await note(name, async () => {
        try {
          await all(each.beforeEach);
          await body(context);
        } finally {
          await all(each.afterEach);
        }
      });
    }
  }
  await note('(after)', () => all(each.after));
}

function inTime(promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The test ran past ${LIMIT / 1000} s.`)), LIMIT);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What went wrong; of assertions also what was compared. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown value: ${String(error)}`;
  const { actual, expects } = error as { actual?: unknown; expects?: unknown };
  const lines = [`${error.name}: ${error.message}`];
  if ('actual' in error) lines.push(`  actual:   ${show(actual)}`, `  expected: ${show(expects)}`);
  const stack = (error.stack ?? '').split('\n').filter((line) => line.trim().startsWith('at '));
  return [...lines, ...stack.slice(0, 6)].join('\n');
}

function show(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = String(value);
  }
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
