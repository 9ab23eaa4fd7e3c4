/**
 * `npm run conformance -- [folder]`: imports and runs every frozen graph of a folder (`graph.pb` with `golden.json`, in the
 * format of `conformance`) and compares its outputs. Judging and reporting is left to `report.ts`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Session } from '../../runtime/session.ts';
import * as tf from '../../src/index.ts';
import { difference, fromGolden, GRADIENT } from '../support/compare.ts';
import { conclude, type Result, settle } from './report.ts';

interface Values {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}

interface Golden {
  readonly inputs: readonly Values[];
  readonly outputs: readonly Values[];
  /** Digits after the point that outputs were written with. */
  readonly decimals: number;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      backend: { type: 'string', default: 'wasm' },
      known: { type: 'string', default: path('known-differences.json') },
      json: { type: 'string', default: path('../../out/conformance.json') },
    },
  });
  const folder = resolve(positionals[0] ?? path('../../../shared/conformance'));
  const graphs = graphsIn(folder);
  if (graphs.length === 0)
    throw new Error(`There are no graphs in ${folder}: no folder with golden.json and graph.pb.`);
  const results: Result[] = [];
  for (const graph of graphs) {
    const group = graph.split('/')[0];
    results.push(await settle(group, graph, () => runGraph(join(folder, graph), values.backend)));
  }
  return conclude(results, values.known, values.json);
}

function graphsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
  const here = new Set(files);
  return files
    .filter((file) => file.endsWith('/golden.json') && here.has(`${dirname(file)}/graph.pb`))
    .map((file) => dirname(file))
    .sort();
}

async function runGraph(folder: string, backend: string): Promise<void> {
  const golden = readGolden(join(folder, 'golden.json'));
  const def = tf.GraphDef.fromBinary(readFileSync(join(folder, 'graph.pb')));
  const graph = new tf.Graph();
  graph.asDefault(() => tf.importGraphDef(def, { name: '' }));
  using session = new Session({ graph, config: { backend } });
  const feedDict = new Map(golden.inputs.map((input) => [input.name, arrayOf(input)]));
  const fetches = golden.outputs.map(({ name }) => name);
  const found = (await session.run(fetches, { feedDict })) as tf.NdArray[];
  const rounding = 0.5 * 10 ** -golden.decimals;
  // Where inputs are rounded, too, what is computed from them is off by more.
  const leeway = golden.inputs.length > 0 ? { double: GRADIENT, rounding } : { rounding };
  const problems = golden.outputs.flatMap((output, i) => {
    const text = difference(found[i], arrayOf(output), GRADIENT, leeway);
    return text ? [`${output.name}: ${text}`] : [];
  });
  if (problems.length > 0) throw new Error(problems.join('; '));
}

/** Whole numbers of more digits than a double holds become text. */
function readGolden(file: string): Golden {
  return JSON.parse(readFileSync(file, 'utf8').replace(/(?<=[[,:]\s*)-?\d{16,}(?=\s*[,\]}])/g, '"$&"')) as Golden;
}

function arrayOf({ dtype, shape, values }: Values): tf.NdArray {
  return fromGolden({ dtype, shape, data: values });
}
