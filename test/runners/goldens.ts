/**
 * `npm run goldens -- [folder]`: runs the cases of a folder in the format of `goldens` (ops, random draws, programs) in
 * sessions on wasm. How a case is built, run and compared is left to `op-cases.ts`, `rng-outputs.ts` and `programs.ts`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Session } from '../../runtime/session.ts';
import * as tf from '../../src/index.ts';
import { checkNodes, type RngCase } from '../support/rng-cases.ts';
import { type AnyCase, runCase } from './op-cases.ts';
import { runProgram } from './programs.ts';
import { conclude, type Result, readJson, Skip, settle } from './report.ts';
import { expectClose, rngOutputs, type Stateless, toleranceOf } from './rng-outputs.ts';

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
  const results = [...(await opResults(folder)), ...(await rngResults(folder)), ...(await programResults(folder))];
  if (results.length === 0) throw new Error(`There are no cases in ${folder}: no ops/*.json, rng.json, programs/*.pb.`);
  return conclude(results, values.known, values.out);
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

async function programResults(folder: string): Promise<Result[]> {
  const programs = join(folder, 'programs');
  const files = existsSync(programs) ? readdirSync(programs).filter((file) => file.endsWith('.pb')) : [];
  const results: Result[] = [];
  for (const file of files.sort()) {
    const name = basename(file, '.pb');
    results.push(await settle('programs', name, () => runProgram(join(programs, name))));
  }
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
