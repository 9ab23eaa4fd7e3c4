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

const LATER = 'a name of later versions of Keras';
const EARLIER = 'a name of earlier versions of Keras';
const PYTHON = "an exception of Python's own, or one that TensorFlow does not export";
const CAMEL = 'the camelCase form beside the name that TensorFlow has';
const INSIDE = 'a look inside';
const BYTES = 'files as bytes, for browsers';
const WHOLE = 'Keras cuts the word short';

/** What is ours, with the reason; everything else must be TensorFlow's. */
const OURS = new Map([
  ['tf.train.copyScopedMetaGraph', 'TensorFlow has it in a module of its own'],
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
  ['tf.io.MemoryFileSystem', 'browsers have no files of their own'],
  ['tf.io.readGraph', 'the counterpart of writeGraph: in a page there is no gfile to read bytes with'],
  ['tf.io.setFileSystem', 'browsers have no files of their own'],
  ['tf.debugFlags', INSIDE],
  ['tf.diffSnapshots', INSIDE],
  ['tf.GraphSnapshot', INSIDE],
  ['tf.Node', INSIDE],
  ['tf.viz', INSIDE],
  ['tf.defineOp', 'ops are defined in TypeScript'],
  ['tf.getOpDef', 'ops are defined in TypeScript'],
  ['tf.opDefs', 'ops are defined in TypeScript'],
  ['tf.train.assignMovingAverage', "programs import it from TensorFlow's own modules"],
  ['tf.compat', 'the same once more, for programs that say tf.compat.v1'],
  ['tf.createKeras', 'isolated contexts'],
  ['tf.resetAll', 'the three resets in one'],
  ['tf.stateReport', INSIDE],
  ['tf.lookup.TextFileIdTableInitializer', "TensorFlow 1's, of tf.contrib.lookup"],
  ['tf.lookup.TextFileStringTableInitializer', "TensorFlow 1's, of tf.contrib.lookup"],
  ['tf.keras.activations.leakyRelu', LATER],
  ['tf.keras.activations.logSoftmax', LATER],
  ['tf.keras.activations.relu6', LATER],
  ['tf.keras.activations.silu', LATER],
  ['tf.keras.backend.identity', EARLIER],
  ['tf.keras.backend.logsumexp', EARLIER],
  ['tf.keras.losses.BCE', LATER],
  ['tf.keras.losses.bce', LATER],
  ['tf.keras.losses.huberLoss', EARLIER],
  ['tf.keras.optimizers.TFOptimizer', EARLIER],
  ['tf.keras.metrics.BCE', LATER],
  ['tf.keras.metrics.bce', LATER],
  ['tf.keras.metrics.accuracy', LATER],
  ['tf.keras.metrics.categoricalHinge', LATER],
  ['tf.keras.metrics.cosineSimilarity', LATER],
  ['tf.keras.models.loadModelFromHdf5', BYTES],
  ['tf.keras.models.loadTfjs', BYTES],
  ['tf.keras.models.loadWeightsFromHdf5', BYTES],
  ['tf.keras.models.saveModelToHdf5', BYTES],
  ['tf.keras.models.saveTfjs', BYTES],
  ['tf.keras.models.saveWeightsToHdf5', BYTES],
  ['tf.keras.utils.Dataset', 'what tf.data is to the functions of Keras that make datasets'],
  ['tf.keras.utils.PixelImage', "what Pillow's images are to Keras"],
  ['tf.keras.utils.arrayToImage', WHOLE],
  ['tf.keras.utils.imageToArray', WHOLE],
  ['tf.keras.preprocessing.image.arrayToImage', WHOLE],
  ['tf.keras.preprocessing.image.imageToArray', WHOLE],
  ['tf.keras.utils.epsilon', LATER],
  ['tf.keras.utils.floatx', LATER],
  ['tf.keras.utils.imageDataFormat', LATER],
  ['tf.keras.utils.setEpsilon', LATER],
  ['tf.keras.utils.setFloatx', LATER],
  ['tf.keras.utils.setImageDataFormat', LATER],
  ['tf.keras.utils.zip', "Python's own, for lists"],
  ['tf.keras.utils.zipLists', "Python's own, for lists"],
]);

/** By the rule, `spatial_2d_padding` → `spatial2dPadding`. */
function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function pythonName(name: string): string {
  return /^[A-Z]/.test(name) ? name : name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

function isNamespace(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Reflect.get(value, Symbol.toStringTag) === 'Module';
}

interface Export {
  readonly name: string;
  /** Where TensorFlow would have it. */
  readonly module: string;
  readonly key: string;
}

/** The runtime exports: `tf.add`, `tf.nn.relu`, `tf.keras.layers.Dense`. */
function exported(namespace: object = tf, module = 'tf'): Export[] {
  return Object.entries(namespace).flatMap(([key, value]) => {
    const name = `${module}.${key}`;
    if (isNamespace(value)) return OURS.has(name) ? [{ name, module, key }] : exported(value, name);
    return [{ name, module, key }];
  });
}

test('every export is where TensorFlow has one of its name, or is known to be ours', () => {
  const strange = exported().filter(
    ({ name, module, key }) =>
      !OURS.has(name) && !golden.names[module]?.some((python) => camelCase(python) === key || python === key),
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
    return !entry || golden.names[entry.module].some((python) => camelCase(python) === entry.key);
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
  assert.equal(missing, []);
});

test("tf.linalg's diagonals are those of batches of matrices, not those of tf.diag", () => {
  assert.is(tf.linalg.diag, tf.matrixDiag);
  assert.is(tf.linalg.diagPart, tf.matrixDiagPart);
  assert.is(tf.linalg.tensorDiag, tf.diag);
});

test('tf.compat.v1 is all of it once more, and clearSession is one function under its three names', () => {
  const { compat, ...rest } = tf;
  assert.equal(Object.keys(compat.v1).sort(), Object.keys(rest).sort());
  assert.is(compat.v1.keras.backend.clearSession, tf.keras.backend.clearSession);
  assert.is(tf.keras.utils.clearSession, tf.keras.backend.clearSession);
});

test.run();
