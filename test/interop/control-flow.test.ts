/**
 * Graphs with loops, branches and calls that are written here, as functions and in TF1's own form: real TensorFlow loads them,
 * and computes what is computed here, or what it computed for the graph that was read.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../../src/index.ts';
import { difference, fromGolden, type GoldenArray, GRADIENT } from '../support/compare.ts';
import { controlFlowPrograms } from '../support/control-flow-programs.ts';
import { buildProgram, feedsOf, runProgram } from '../support/graph-files.ts';
import { python, REASON, runPython } from './python.ts';
import '../../runtime/session.ts';

const folder = mkdtempSync(join(tmpdir(), 'interop-control-flow-'));
const goldens = fileURLToPath(new URL('../goldens/control-flow/', import.meta.url));
const test = suite('interop/control-flow');
test.after(() => rmSync(folder, { recursive: true }));
const check = python ? test : test.skip;
const name = (text: string) => (python ? text : `${text} (${REASON})`);

const FORMS = ['functional', 'v1'] as const;

interface Run {
  readonly fetches: readonly string[];
  readonly feeds: Readonly<Record<string, GoldenArray>>;
}
interface Entry {
  readonly file: string;
  readonly init: string;
  readonly runs: readonly Run[];
}
type Found = { readonly values?: readonly (readonly GoldenArray[])[]; readonly error?: string };

const plain = ({ dtype, shape, data }: tf.NdArray): GoldenArray => ({
  dtype: dtype.name,
  shape: [...shape],
  data: Array.from(data as Float32Array),
});

/** Writes the graph in one form. */
function write(graph: tf.Graph, label: string, controlFlow: (typeof FORMS)[number]): string {
  const file = join(folder, `${label}.${controlFlow}.pb`);
  writeFileSync(file, tf.GraphDef.of(graph, { controlFlow }).toBinary());
  return file;
}

/** Has TensorFlow run the graphs; what it gives is compared, and all differences are told together. */
function compare(entries: readonly Entry[], expected: readonly (readonly (readonly tf.NdArray[])[])[]): void {
  const list = join(folder, 'list.json');
  writeFileSync(list, JSON.stringify(entries));
  const problems = runPython<Found[]>('control-flow.py', list).flatMap(({ values, error }, i) => {
    const file = entries[i].file.slice(folder.length + 1);
    if (!values) return `${file}: ${error}`;
    return values.flatMap((run, r) =>
      run.flatMap((value, k) => {
        const differs = difference(fromGolden(value), expected[i][r][k], GRADIENT);
        return differs ? `${file}, run ${r}, ${entries[i].runs[r].fetches[k]}: ${differs}` : [];
      }),
    );
  });
  assert.equal(problems, []);
}

check(name('TensorFlow computes for both forms what is computed here'), async () => {
  const entries: Entry[] = [];
  const expected: (readonly (readonly tf.NdArray[])[])[] = [];
  for (const [label, program] of Object.entries(controlFlowPrograms)) {
    const built = buildProgram(program);
    const { graph, init, fetches } = built;
    const values = await runProgram(graph, built);
    const runs = built.runs.map((run) => {
      const feeds = Object.entries(feedsOf(graph, run)).map(([key, value]) => [key, plain(value)]);
      return { fetches, feeds: Object.fromEntries(feeds) };
    });
    for (const form of FORMS) {
      entries.push({ file: write(graph, label, form), init, runs });
      expected.push(values);
    }
  }
  compare(entries, expected);
});

interface Golden {
  readonly init: string;
  readonly steps: readonly {
    readonly fetches: readonly string[];
    readonly feeds?: Readonly<Record<string, number | boolean>>;
    readonly outputs?: readonly number[];
  }[];
}

check(name("TF1's own graphs, read and written again in both forms, give what they gave"), () => {
  const table = JSON.parse(readFileSync(join(goldens, 'steps.json'), 'utf8')) as Record<string, Golden>;
  const entries: Entry[] = [];
  const expected: tf.NdArray[][][] = [];
  for (const file of readdirSync(goldens).filter((each) => each.endsWith('.pb'))) {
    const label = file.slice(0, -3);
    const { init, steps } = table[label];
    const graph = new tf.Graph();
    graph.asDefault(() => tf.importGraphDef(tf.GraphDef.fromBinary(readFileSync(join(goldens, file))), { name: '' }));
    const arrayOf = (key: string, value: number | boolean) => {
      const { dtype } = graph.getTensorByName(key);
      return { dtype: dtype.name, shape: [], data: [value] } as GoldenArray;
    };
    const known = steps.filter((step) => step.outputs !== undefined);
    const runs = known.map(({ fetches, feeds = {} }) => ({
      fetches,
      feeds: Object.fromEntries(Object.entries(feeds).map(([key, value]) => [key, arrayOf(key, value)])),
    }));
    for (const form of FORMS) {
      entries.push({ file: write(graph, label, form), init, runs });
      expected.push(
        known.map(({ fetches, outputs = [] }) => outputs.map((v, i) => fromGolden(arrayOf(fetches[i], v)))),
      );
    }
  }
  compare(entries, expected);
});

test.run();
