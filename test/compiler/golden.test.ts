/**
 * Compilations as golden text: the graph, the IR after each pass that changed it, the plan, the result. `UPDATE=1`
 * writes the files anew; a file that no case writes fails.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../compiler/compile.ts';
import { explain } from '../../compiler/explain.ts';
import { makeTarget } from '../../compiler/lowering/target.ts';
import { hasHostKernel } from '../../runtime/host/registry.ts';
import { Graph, type Operation, type Tensor } from '../../src/graph/graph.ts';
import { constant } from '../../src/ops/constants.ts';
import { emit, emitOne } from '../../src/ops/emit.ts';
import { placeholder } from '../../src/ops/placeholders.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { float32, int32 } from '../../src/util/dtype.ts';
import type { NdArray } from '../../src/util/ndarray.ts';
import { interpret } from '../support/interpret.ts';
import { evaluate } from './fake-target.ts';

const FOLDER = new URL('../golden/', import.meta.url);

interface Case {
  /** One sentence: what there is to see. */
  readonly shows: string;
  readonly target: string;
  readonly build: () => {
    readonly fetches: readonly Tensor[];
    readonly targets?: readonly Operation[];
    readonly feeds: readonly (readonly [Tensor, NdArray])[];
    readonly variables?: Readonly<Record<string, NdArray>>;
  };
}

const variable = (name: string, shape: number[]) =>
  emitOne('VarHandleOp', [], { dtype: float32, shape, shared_name: name }, name);
const read = (handle: Tensor, name: string) => emitOne('ReadVariableOp', [handle], { dtype: float32 }, name);

const cases: Readonly<Record<string, Case>> = {
  'dense-layer': {
    shows: 'Constant weights are transposed at compile time; product, bias and activation become one kernel.',
    target: 'wasm',
    build: () => {
      const x = placeholder(float32, [null, 2], 'x');
      const product = emitOne(
        'MatMul',
        [
          x,
          constant([
            [1, 2],
            [3, -4],
            [5, 6],
          ]),
        ],
        { transpose_b: true },
        'dense/MatMul',
      );
      const y = emitOne('BiasAdd', [product, constant([1, 2, 3])], {}, 'dense/BiasAdd');
      return {
        fetches: [emitOne('Elu', [y], {}, 'dense/Elu')],
        feeds: [
          [
            x,
            toNdArray([
              [1, 2],
              [3, 4],
            ]),
          ],
        ],
      };
    },
  },
  'fed-shapes': {
    shows: 'A computation with shapes is done at compile time; what is left is another shape for a buffer.',
    target: 'wasm',
    build: () => {
      const x = placeholder(float32, [null, 3], 'x');
      const rows = emitOne('GatherV2', [emitOne('Shape', [x]), constant(0, int32), constant(0, int32)], {}, 'rows');
      const shape = emitOne('Pack', [[emitOne('Mul', [rows, 3]), 1]], {}, 'shape');
      return {
        fetches: [emitOne('Reshape', [x, shape], {}, 'y')],
        feeds: [
          [
            x,
            toNdArray([
              [1, 2, 3],
              [4, 5, 6],
            ]),
          ],
        ],
      };
    },
  },
  'gradient-step': {
    shows: 'An update of a variable comes down to reading, computing and assigning, in its place among the reads.',
    target: 'wasm',
    build: () => {
      const w = variable('w', [2]);
      const before = read(w, 'before');
      const gradient = emitOne('Mul', [before, 2], {}, 'gradient');
      const step = emit('ResourceApplyGradientDescent', [w, constant(0.5), gradient], { T: float32 }, 'step');
      const after = before.graph.controlDependencies([step], () => read(w, 'after'));
      return { fetches: [before, after], feeds: [], variables: { w: toNdArray([3, 4]) } };
    },
  },
  'same-things': {
    shows: 'Equal things are computed once, and what cancels out is not computed at all.',
    target: 'wasm',
    build: () => {
      const x = placeholder(float32, [2], 'x');
      const y = placeholder(float32, [2], 'y');
      const [a, b] = [emitOne('AddV2', [x, y], {}, 'a'), emitOne('AddV2', [y, x], {}, 'b')];
      const twice = emitOne('Neg', [emitOne('Neg', [a])], {}, 'twice');
      const product = emitOne('Mul', [twice, emitOne('Mul', [b, 1])], {}, 'product');
      return {
        fetches: [product],
        feeds: [
          [x, toNdArray([1, 2])],
          [y, toNdArray([3, 4])],
        ],
      };
    },
  },
};

function render(name: string, { shows, target, build }: Case): string {
  const graph = new Graph();
  const { fetches, targets = [], feeds, variables = {} } = graph.asDefault(build);
  const request = {
    fetches: fetches.map((t) => t.endpoint),
    targets: targets.map((op) => op.id),
    feeds: feeds.map(([t, { dtype, shape }]) => ({ endpoint: t.endpoint, dtype, shape })),
  };
  const snapshot = graph.snapshot();
  const machine = makeTarget(target, { hasKernel: () => true, hasHost: hasHostKernel });
  const compiled = compile(snapshot, request, machine, { evaluate, verify: true });
  const body = explain(snapshot, request, compiled).replace(
    /^## (.*)\n\n([\s\S]*?)\n(?=\n?## |$(?![\s\S]))/gm,
    '## $1\n\n```\n$2\n```\n',
  );
  const results = interpret(snapshot, fetches, {
    targets,
    feeds: new Map(feeds),
    variables: new Map(Object.entries(variables)),
  });
  const result = fetches.map((t, i) => `${t.name} = ${results[i]}`).join('\n');
  return `# ${name}\n\n${shows}\n\n${body}\n## result\n\n\`\`\`\n${result}\n\`\`\`\n`;
}

for (const [name, one] of Object.entries(cases)) {
  test(name, () => {
    const file = new URL(`${name}.md`, FOLDER);
    const text = render(name, one);
    if (process.env.UPDATE) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, text);
    }
    assert.ok(existsSync(file), `test/golden/${name}.md is missing: UPDATE=1 writes it`);
    assert.fixture(text, readFileSync(file, 'utf8'));
  });
}

test('every golden text has its case', () => {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  assert.equal(
    files.filter((file) => !Object.hasOwn(cases, file.replace(/\.md$/, ''))),
    [],
  );
});

test.run();
