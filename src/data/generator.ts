/**
 * Datasets of what a generator of the program gives: the functions that start it, ask it for more and end it. Running functions
 * of the program is the business of the op `PyFunc`.
 */
import type { Graph, Tensor } from '../graph/graph.ts';
import { emitOne } from '../ops/emit.ts';
import { emitPyFunc, registerFunction } from '../ops/py-func.ts';
import { isOptions } from '../ops/tensor-like.ts';
import { type ArrayValue, toNdArray } from '../util/array-convert.ts';
import { asDType, type DType, type DTypeLike, int64 } from '../util/dtype.ts';
import { TypeError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { asShape, formatShape, isCompatible, type ShapeLike } from '../util/shape.ts';
import { datasetFunction } from './functions.ts';
import { flatSpec, shapesUpTo } from './iterator.ts';
import { ComponentSpec, flatten, pack, type Structure } from './structure.ts';

/** What a generator function gives: anything that can be gone through, at once or step by step. */
export type Generated = Iterable<unknown> | AsyncIterable<unknown> | Iterator<unknown> | AsyncIterator<unknown>;

/** What is said of one component. */
export interface ComponentSignature {
  readonly shape?: ShapeLike | null;
  readonly dtype: DTypeLike;
}

export interface FromGeneratorOptions {
  readonly outputTypes?: Structure<DTypeLike> | null;
  /** The shapes of the components, in the structure of the types; all unknown without it. */
  readonly outputShapes?: Structure<ShapeLike> | null;
  /** Tensors whose values the function is called with. */
  readonly args?: readonly import('../ops/tensor-like.ts').TensorLike[] | null;
  /** In the place of types and shapes: `{shape, dtype}` for each component. */
  readonly outputSignature?: Structure<ComponentSignature> | null;
}

const isNode = (value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> =>
  Array.isArray(value) || isOptions(value);
const isSignatureNode = (value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> =>
  isNode(value) && (Array.isArray(value) || !('dtype' in value));

/** The types and shapes of the components. */
export function signatureOf(given: FromGeneratorOptions): Structure<ComponentSpec> {
  const { outputTypes = null, outputShapes = null, outputSignature = null } = given;
  if (outputSignature !== null) {
    for (const [name, value] of [
      ['output_types', outputTypes],
      ['output_shapes', outputShapes],
    ]) {
      if (value === null) continue;
      throw new TypeError(`The \`${name}\` argument can not be used together with the \`output_signature\` argument.`);
    }
    const leaves = flatten<ComponentSignature>(outputSignature, isSignatureNode);
    return pack(
      outputSignature,
      leaves.map(({ dtype, shape = null }) => new ComponentSpec(asDType(dtype), asShape(shape))),
      isSignatureNode,
    );
  }
  if (outputTypes === null) {
    throw new TypeError(
      'To specify the output signature you need to provide either the `output_signature` argument or the `output_types` argument.',
    );
  }
  const types = flatten<DTypeLike>(outputTypes, isNode).map(asDType);
  const shapes = outputShapes === null ? types.map(() => null) : shapesUpTo(outputTypes, outputShapes);
  return pack(
    outputTypes,
    types.map((dtype, i) => new ComponentSpec(dtype, shapes[i])),
    isNode,
  );
}

/** The generators of a dataset that are under way, by number. */
class Running {
  private readonly iterators = new Map<bigint, Iterator<unknown> | AsyncIterator<unknown>>();
  private next = 0n;

  constructor(
    private readonly generator: (...args: never[]) => Generated,
    private readonly spec: Structure<ComponentSpec>,
  ) {}

  readonly begin = (...args: NdArray[]): NdArray => {
    const source = this.generator(...(args as never[]));
    const id = this.next++;
    this.iterators.set(id, iteratorOf(source));
    return new NdArray(int64, [], BigInt64Array.of(id));
  };

  readonly advance = (id: NdArray): readonly ArrayValue[] | Promise<readonly ArrayValue[]> => {
    const step = this.iterators.get(id.data[0] as bigint)?.next();
    if (step === undefined) throw stopIteration();
    return step instanceof Promise ? step.then((result) => this.checked(result)) : this.checked(step);
  };

  /** Also for one that is not at its end: it may have something to give up. */
  readonly end = (id: NdArray): NdArray => {
    const key = id.data[0] as bigint;
    const iterator = this.iterators.get(key);
    this.iterators.delete(key);
    const ended: unknown = iterator?.return?.();
    if (ended instanceof Promise) ended.catch(() => {});
    return new NdArray(int64, [], BigInt64Array.of(0n));
  };

  private checked({ done, value }: IteratorResult<unknown>): readonly ArrayValue[] {
    if (done) throw stopIteration();
    const specs = flatten<ComponentSpec>(this.spec);
    return valuesUpTo(this.spec, value, this.spec).map((item, i) => {
      const { dtype, shape } = specs[i];
      const array = arrayOf(item, dtype);
      if (isCompatible(array.shape, shape)) return array;
      throw new TypeError(
        `\`generator\` yielded an element of shape ${pythonShape(array.shape)} where an element of shape ${pythonShape(shape)} was expected.`,
      );
    });
  }
}

const pythonShape = (shape: Parameters<typeof formatShape>[0]): string =>
  shape === null ? '<unknown>' : formatShape(shape).replaceAll('?', 'None');

function iteratorOf(source: Generated): Iterator<unknown> | AsyncIterator<unknown> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  if (Symbol.iterator in source) return source[Symbol.iterator]();
  return source;
}

/** What `PyFunc` takes for the end. */
function stopIteration(): Error {
  const error = new Error('');
  error.name = 'StopIteration';
  return error;
}

function arrayOf(value: unknown, dtype: DType): NdArray {
  try {
    const array = toNdArray(value as ArrayValue, value instanceof NdArray ? undefined : dtype);
    if (array.dtype === dtype) return array;
  } catch {
    // The message is TensorFlow's.
  }
  throw new TypeError(
    `\`generator\` yielded an element that could not be converted to the expected type. The expected type was ${dtype.name}, but the yielded element was ${String(value)}.`,
  );
}

/** The values where the structure of the spec has its leaves. */
function valuesUpTo(spec: unknown, value: unknown, whole: unknown): unknown[] {
  if (spec instanceof ComponentSpec) return [value];
  const wrong = (): TypeError => {
    const types = pack(
      whole,
      flatten<ComponentSpec>(whole as Structure<ComponentSpec>).map(({ dtype }) => dtype),
    );
    return new TypeError(
      `\`generator\` yielded an element that did not match the expected structure. The expected structure was ${String(types)}, but the yielded element was ${String(value)}.`,
    );
  };
  if (Array.isArray(spec)) {
    if (!Array.isArray(value) || value.length !== spec.length) throw wrong();
    return spec.flatMap((part, i) => valuesUpTo(part, value[i], whole));
  }
  if (!isOptions(value)) throw wrong();
  const parts = spec as Readonly<Record<string, unknown>>;
  const keys = Object.keys(parts).sort();
  if (Object.keys(value).sort().join('\u0000') !== keys.join('\u0000')) throw wrong();
  return keys.flatMap((key) => valuesUpTo(parts[key], value[key], whole));
}

/** The dataset of one run of the generator, as an op on a value that says nothing. */
export function generatorVariant(
  dummy: Tensor,
  generator: (...args: never[]) => Generated,
  spec: Structure<ComponentSpec>,
  args: readonly Tensor[],
): Tensor {
  const running = new Running(generator, spec);
  const flat = flatSpec(spec);
  const { graph } = dummy;
  const id = new ComponentSpec(int64, []);
  const scalar = new ComponentSpec(dummy.dtype, dummy.shape);
  const call = (graph_: Graph, fn: Running['begin'] | Running['end'], inputs: readonly Tensor[]): Tensor => {
    const token = registerFunction(graph_, { fn, givesList: false });
    const made = emitPyFunc(token, inputs, [int64], true).output(0);
    made.setShape([]);
    return made;
  };
  const init = datasetFunction('Dataset.from_generator', () => call(graph, running.begin, args), [scalar]);
  const next = datasetFunction(
    'Dataset.from_generator',
    (number: Tensor) => {
      const token = registerFunction(graph, { fn: running.advance, givesList: true });
      const op = emitPyFunc(token, [number], flat.output_types, true);
      flat.output_shapes.forEach((shape, i) => {
        op.output(i).setShape(shape);
      });
      return [...op.outputs];
    },
    [id],
  );
  const finalize = datasetFunction('Dataset.from_generator', (number: Tensor) => call(graph, running.end, [number]), [
    id,
  ]);
  return emitOne('GeneratorDataset', [[dummy, ...init.captured], [...next.captured], [...finalize.captured]], {
    init_func: init.fn,
    next_func: next.fn,
    finalize_func: finalize.fn,
    ...flat,
  });
}
