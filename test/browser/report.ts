/**
 * Tests of a page as tests of uvu: each by its name. Those that are known to fail there must fail. Running them is the business
 * of `harness.ts`.
 */
import { readdirSync } from 'node:fs';
import { suite } from 'uvu';
import { CHROMIUM, hasChromium, runInPage } from './harness.ts';

/** What does not hold in a page, by the test (`suite: name`), with the reason. */
export type Differences = Readonly<Record<string, string>>;

export interface Page {
  readonly backend: 'webgpu' | 'webgl' | 'wasm';
  readonly files: readonly string[];
  readonly differences?: Differences;
  /** Tests that are not run, with the reason. */
  readonly skipped?: Differences;
  /** Whether kernels run on the GPU however small their arrays are: by itself tfjs computes many of those on the host. */
  readonly allOnGpu?: boolean;
}

const TESTS = new URL('../', import.meta.url);

/** The test files in these folders of `test/` and in those below, without those that are left out. */
export function testFiles(folders: readonly string[], leftOut: Readonly<Record<string, string>>): string[] {
  return readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.test.ts') && folders.some((folder) => path.startsWith(`${folder}/`)))
    .filter((path) => !Object.hasOwn(leftOut, path))
    .map((path) => `test/${path}`)
    .sort();
}

/** Runs the pages one after the other, and queues a test for each of theirs. */
export async function reportPages(name: string, pages: readonly Page[]): Promise<void> {
  const test = suite(name);
  if (!hasChromium) test.skip(`in a page (there is no ${CHROMIUM})`);
  else for (const page of pages) await reportPage(page, test);
  test.run();
}

async function reportPage(
  { backend, files, differences = {}, skipped = {}, allOnGpu }: Page,
  test: ReturnType<typeof suite>,
): Promise<void> {
  const done = await runInPage(backend, files, { allOnGpu, skipped: Object.keys(skipped) });
  for (const [name, reason] of Object.entries(skipped)) test.skip(`${backend}, ${name} (${reason})`);
  const left = new Set(Object.keys(differences));
  for (const { file, results, errors } of done) {
    for (const { suite: of, name, error } of results) {
      const known = `${of}: ${name}`;
      const reason = left.delete(known) ? differences[known] : null;
      test(`${backend}, ${file}, ${known}${reason ? ` (differs: ${reason})` : ''}`, () => {
        if (reason && error === null) throw new Error(`passes, but is listed as different: ${reason}`);
        if (!reason && error !== null) throw new Error(error);
      });
    }
    test(`${backend}, ${file}: it ran to its end, and nothing was left over`, () => {
      if (errors.length > 0) throw new Error(errors.join('\n'));
      if (results.length === 0) throw new Error('no test ran');
    });
  }
  test(`${backend}: every file ran, and every listed difference was seen`, () => {
    const missing = files.slice(done.length);
    if (missing.length > 0) throw new Error(`these did not run: ${missing.join(', ')}`);
    if (left.size > 0) throw new Error(`no test is called: ${[...left].join(' | ')}`);
  });
}
