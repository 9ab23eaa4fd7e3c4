/**
 * The public names against TensorFlow's: `goldens/api-names.json` holds what `tf.compat.v1` and its namespaces export.
 * What the functions do is left to the other tests.
 */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as tf from '../src/index.ts';

const test = suite('api');

const golden: { readonly names: Readonly<Record<string, readonly string[]>> } = JSON.parse(
  readFileSync(new URL('goldens/api-names.json', import.meta.url), 'utf8'),
);

const PYTHON = "an exception of Python's own, or one that TensorFlow does not export";
const CAMEL = 'the camelCase form beside the name that TensorFlow has';
const INSIDE = 'a look inside';

/** What is ours, with the reason; everything else must be TensorFlow's. */
const OURS = new Map([
  ['tf.AssertionError', PYTHON],
  ['tf.InaccessibleTensorError', PYTHON],
  ['tf.KeyError', PYTHON],
  ['tf.LookupError', PYTHON],
  ['tf.OperatorNotAllowedInGraphError', PYTHON],
  ['tf.RuntimeError', PYTHON],
  ['tf.TypeError', PYTHON],
  ['tf.ValueError', PYTHON],
  ['tf.errors.AssertionError', PYTHON],
  ['tf.errors.InaccessibleTensorError', PYTHON],
  ['tf.errors.KeyError', PYTHON],
  ['tf.errors.LookupError', PYTHON],
  ['tf.errors.OperatorNotAllowedInGraphError', PYTHON],
  ['tf.errors.RuntimeError', PYTHON],
  ['tf.errors.TypeError', PYTHON],
  ['tf.errors.ValueError', PYTHON],
  ['tf.NdArray', "what NumPy's arrays are to TensorFlow"],
  ['tf.PartitionedVariable', 'what partitioners make; TensorFlow keeps its class to itself'],
  ['tf.notDifferentiable', CAMEL],
  ['tf.registerGradient', 'a decorator, as a call'],
  ['tf.compile', INSIDE],
  ['tf.debugFlags', INSIDE],
  ['tf.diffSnapshots', INSIDE],
  ['tf.GraphSnapshot', INSIDE],
  ['tf.Node', INSIDE],
  ['tf.viz', INSIDE],
  ['tf.defineOp', 'ops are defined in TypeScript'],
  ['tf.getOpDef', 'ops are defined in TypeScript'],
  ['tf.opDefs', 'ops are defined in TypeScript'],
  ['tf.train.assignMovingAverage', "programs import it from TensorFlow's own modules"],
]);

function pythonName(name: string): string {
  return /^[A-Z]/.test(name) ? name : name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

function isNamespace(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Reflect.get(value, Symbol.toStringTag) === 'Module';
}

/** The runtime exports as `tf.relu`, `tf.nn.relu`, each with where TensorFlow would have it. */
function exported(): { readonly name: string; readonly module: string; readonly python: string }[] {
  const list = (module: string, names: readonly string[]) =>
    names.map((name) => ({ name: `${module}.${name}`, module, python: pythonName(name) }));
  return [
    ...list('tf', Object.keys(tf)).filter(({ name }) => !(name in golden.names)),
    ...Object.entries(tf).flatMap(([name, value]) =>
      isNamespace(value) && !OURS.has(`tf.${name}`) ? list(`tf.${name}`, Object.keys(value)) : [],
    ),
  ];
}

test('every export is where TensorFlow has one of its name, or is known to be ours', () => {
  const strange = exported().filter(
    ({ name, module, python }) => !OURS.has(name) && !golden.names[module]?.includes(python),
  );
  assert.equal(
    strange.map(({ name }) => name),
    [],
  );
});

test('what is called ours exists, and TensorFlow has nothing of the name', () => {
  const all = new Map(exported().map((entry) => [entry.name, entry]));
  const wrong = [...OURS.keys()].filter((name) => {
    const entry = all.get(name);
    return !entry || golden.names[entry.module].includes(entry.python);
  });
  assert.equal(wrong, []);
});

test('what is at the top level and in a namespace of the same meaning is in both', () => {
  const missing = ['math', 'linalg', 'dtypes'].flatMap((module) => {
    const here = Reflect.get(tf, module) as object;
    const wanted = golden.names[`tf.${module}`].filter((name) => golden.names.tf.includes(name));
    return Object.keys(tf)
      .filter((name) => wanted.includes(pythonName(name)) && !(name in here))
      .map((name) => `tf.${module}.${name}`);
  });
  // TensorFlow's linalg has other functions under these two names: of batches of matrices.
  assert.equal(missing, ['tf.linalg.diag', 'tf.linalg.diagPart']);
});

test.run();
