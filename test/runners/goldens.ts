/**
 * `npm run goldens -- [folder]`: runs the op and random cases of a folder in the format of `goldens`, in sessions on wasm,
 * and reports them by group. How a case is built, run and compared is left to `op-cases.ts` and `rng-outputs.ts`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Session } from '../../runtime/session.ts';
import * as tf from '../../src/index.ts';
import { checkNodes, type RngCase } from '../support/rng-cases.ts';
import { type AnyCase, runCase, Skip } from './op-cases.ts';
import { expectClose, rngOutputs, type Stateless, toleranceOf } from './rng-outputs.ts';

interface KnownDifference {
  readonly group: string;
  readonly case: string;
  readonly reason: string;
}

interface Result {
  readonly group: string;
  readonly case: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What differs, or why the case was not run. */
  readonly reason?: string;
  /** Why the difference is accepted. */
  readonly known?: string;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      known: { type: 'string', default: path('known-differences.json') },
      out: { type: 'string', default: path('../../out/goldens.json') },
    },
  });
  const shared = path('../../../shared/goldens');
  const folder = resolve(positionals[0] ?? (existsSync(shared) ? shared : path('../goldens')));
  const known = readJson<readonly KnownDifference[]>(values.known);
  const results = [...(await opResults(folder)), ...(await rngResults(folder))].map((result) => accept(result, known));
  if (results.length === 0) throw new Error(`There are no cases in ${folder}: neither ops/*.json nor rng.json.`);
  const stale = known.filter((k) => results.some((r) => r.group === k.group && r.case === k.case && !r.known));
  report(results, stale);
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(
    values.out,
    `${JSON.stringify({ totals: totals(results), differences: results.filter((r) => r.status !== 'passed'), stale }, null, 2)}\n`,
  );
  console.log(totalLine(results));
  return results.some((r) => r.status === 'failed' && !r.known) ? 1 : 0;
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

function accept(result: Result, known: readonly KnownDifference[]): Result {
  if (result.status !== 'failed') return result;
  const entry = known.find((k) => k.group === result.group && k.case === result.case);
  return entry ? { ...result, known: entry.reason } : result;
}

async function settle(group: string, id: string, run: () => Promise<void>): Promise<Result> {
  const about = { group, case: id };
  try {
    await run();
    return { ...about, status: 'passed' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...about, status: error instanceof Skip ? 'skipped' : 'failed', reason };
  }
}

async function opResults(folder: string): Promise<Result[]> {
  const ops = join(folder, 'ops');
  const files = existsSync(ops) ? readdirSync(ops).filter((file) => file.endsWith('.json')) : [];
  const results: Result[] = [];
  for (const file of files.sort()) {
    const { cases } = readJson<{ cases?: readonly AnyCase[] }>(join(ops, file));
    for (const c of cases ?? []) results.push(await settle(`ops/${basename(file, '.json')}`, c.id, () => runCase(c)));
  }
  return results;
}

async function rngResults(folder: string): Promise<Result[]> {
  const file = join(folder, 'rng.json');
  if (!existsSync(file)) return [];
  const results: Result[] = [];
  for (const c of readJson<{ cases: readonly RngCase[] }>(file).cases)
    results.push(await settle(`rng/${c.group}`, String(c.id), () => runRandom(c)));
  return results;
}

/** Compares the runs of one session, and the first of another. */
async function runRandom(c: RngCase): Promise<void> {
  const graph = new tf.Graph();
  const outputs = graph.asDefault(() => {
    graph.seed = c.graph_seed ?? null;
    return rngOutputs(c, c.op_seed ?? null);
  });
  if (!outputs) throw new Skip(`no builder for ${c.describe}`);
  checkNodes(c, outputs[0]);
  const runs = c.runs ?? [0, 1].map(() => (c as Stateless).values);
  for (const count of [runs.length, 1]) {
    using session = new Session({ graph, config: { backend: 'wasm' } });
    for (let i = 0; i < count; i++) {
      const found = (await session.run([...outputs])) as tf.NdArray[];
      if (found.length !== runs[i].length)
        throw new Error(`run ${i}: ${found.length} outputs, expected ${runs[i].length}`);
      for (const [k, value] of found.entries()) expectClose(value, runs[i][k], toleranceOf(c), `run ${i}, output ${k}`);
    }
  }
}

function totals(results: readonly Result[]): Record<Result['status'], number> {
  const count = (status: Result['status']) => results.filter((r) => r.status === status).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

function totalLine(results: readonly Result[]): string {
  const { passed, failed, skipped } = totals(results);
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function report(results: readonly Result[], stale: readonly KnownDifference[]): void {
  const row = (name: string, ...cells: unknown[]) =>
    console.log(name.padEnd(24) + cells.map((cell) => String(cell).padStart(9)).join(''));
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
