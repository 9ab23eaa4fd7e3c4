/**
 * What the runners of golden folders share: judging a case, known differences, the table, the file of results. Which cases
 * there are is theirs.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A difference from TensorFlow that is accepted, with the reason. */
export interface KnownDifference {
  readonly group: string;
  readonly case: string;
  readonly reason: string;
}

export interface Result {
  readonly group: string;
  readonly case: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What differs, or why the case was not run. */
  readonly reason?: string;
  /** Why the difference is accepted. */
  readonly known?: string;
}

/** Why a case is not run, thrown by the runners of cases. */
export class Skip extends Error {}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** Runs a case: what it throws is the reason. */
export async function settle(group: string, id: string, run: () => Promise<void>): Promise<Result> {
  const about = { group, case: id };
  try {
    await run();
    return { ...about, status: 'passed' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...about, status: error instanceof Skip ? 'skipped' : 'failed', reason };
  }
}

/** Prints the table and writes the file; returns the exit status: 1 where a failure is not known. */
export function conclude(found: readonly Result[], knownFile: string, out: string): number {
  const known = readJson<readonly KnownDifference[]>(knownFile);
  const results = found.map((result) => accept(result, known));
  const stale = known.filter((k) => results.some((r) => r.group === k.group && r.case === k.case && !r.known));
  report(results, stale);
  const differences = results.filter((r) => r.status !== 'passed');
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify({ totals: totals(results), differences, stale }, null, 2)}\n`);
  const { passed, failed, skipped } = totals(results);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return results.some((r) => r.status === 'failed' && !r.known) ? 1 : 0;
}

function accept(result: Result, known: readonly KnownDifference[]): Result {
  if (result.status !== 'failed') return result;
  const entry = known.find((k) => k.group === result.group && k.case === result.case);
  return entry ? { ...result, known: entry.reason } : result;
}

function totals(results: readonly Result[]): Record<Result['status'], number> {
  const count = (status: Result['status']) => results.filter((r) => r.status === status).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

function report(results: readonly Result[], stale: readonly KnownDifference[]): void {
  const width = Math.max(24, ...results.map((r) => r.group.length + 1));
  const row = (name: string, ...cells: unknown[]) =>
    console.log(name.padEnd(width) + cells.map((cell) => String(cell).padStart(9)).join(''));
  row('group', 'passed', 'failed', 'skipped');
  for (const group of new Set(results.map((r) => r.group))) {
    const { passed, failed, skipped } = totals(results.filter((r) => r.group === group));
    row(group, passed, failed, skipped);
  }
  for (const { group, case: id, status, reason, known } of results) {
    if (status === 'passed') continue;
    const text = (reason ?? '').replace(/\s*\n\s*/g, ' ').slice(0, 300);
    console.log(`${status}${known ? ` (known: ${known})` : ''}: ${group} ${id}: ${text}`);
  }
  for (const { group, case: id } of stale) console.log(`stale known difference: ${group} ${id} does not fail`);
}
