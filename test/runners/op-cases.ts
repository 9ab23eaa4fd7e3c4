/**
 * Runs one case of `goldens/ops` in sessions on wasm, whatever its kind: an op, a function, or an error told in words. Which
 * cases there are, and what becomes of the results, is left to `goldens.ts`.
 */
import { Session } from '../../runtime/session.ts';
import { gradients } from '../../src/autodiff/gradients.ts';
import * as tf from '../../src/index.ts';
import { findOpDef } from '../../src/ops/opdef/define.ts';
import { OpError } from '../../src/util/errors.ts';
import { difference, FORWARD, fromGolden, type GoldenArray, GRADIENT, type Tolerance } from '../support/compare.ts';
import {
  buildCase,
  checkForward,
  checkGradients,
  type GoldenCase,
  type Gradients,
  type Run,
  toleranceOf,
} from '../support/goldens.ts';
import { failure } from '../support/session.ts';
import { functions } from './api-functions.ts';
import { building, elsewhere, firstSentence, running } from './error-cases.ts';
import { Skip } from './report.ts';

type GoldenError = NonNullable<GoldenCase['run_error']>;

export interface AnyCase extends GoldenCase {
  readonly describe?: string;
  readonly args?: Readonly<Record<string, never>>;
  readonly value?: GoldenArray | string;
}

const config = { backend: 'wasm' };
const byAutodiff: Gradients = (ys, xs, gradYs) => gradients([...ys], [...xs], { gradYs: [...gradYs] });

const run: Run = async (fetches, feeds, target) => {
  using session = new Session({ graph: target?.graph ?? fetches[0].graph, config });
  return (await session.run(target ? [...fetches, target] : [...fetches], {
    feedDict: new Map(feeds),
  })) as tf.NdArray[];
};

/** Runs a case: throws a `Skip` with the reason, or an error with everything that differs. */
export async function runCase(c: AnyCase): Promise<void> {
  if (c.op !== undefined) return runOp(c);
  if (c.api !== undefined) return runFunction(c);
  if (c.describe !== undefined) return runDescribed(c);
  throw new Skip('the case names no op, no function and no error');
}

async function runOp(c: AnyCase): Promise<void> {
  if (!findOpDef(c.op as string)) throw new Skip(`the op ${c.op} is not registered`);
  const problems: string[] = [];
  const note = (what: string) => (error: Error) => void problems.push(`${what}: ${error.message}`);
  await checkForward(c, run, toleranceOf(c)).catch(note('forward'));
  // An error of a gradient with a code is one of a kernel that TensorFlow lacks; doing better is not wrong.
  if (c.grads || c.grad_error) await checkGradients(c, byAutodiff, run).catch(note('gradients'));
  await checkSlices(c).catch(note('gradients'));
  if (problems.length > 0) throw new Error(problems.join('; '));
}

/** Compares the gradients of an op that are slices, which `checkGradients` leaves out. */
async function checkSlices(c: AnyCase): Promise<void> {
  if (!c.grads?.some(({ grad }) => grad && 'indexed_slices' in grad)) return;
  const { graph, inputs, outputs, feeds } = buildCase(c);
  const expected = graph.asDefault(() => functionGradients(c, inputs, outputs));
  using session = new Session({ graph, config });
  const problems = await differences(session, expected, [...feeds]);
  if (problems.length > 0) throw new Error(problems.join('; '));
}

/** The golden of a part of a function's results, and how near it must be. */
type Expected = [what: string, tensor: tf.Tensor, golden: GoldenArray | null | undefined, tolerance: Tolerance];

/** Groups and functions which are approximations, or sums in another order. */
const approximate = /^(linalg|fft)\/|lbeta|erfinv/;

async function runFunction(c: AnyCase): Promise<void> {
  const api = c.api as string;
  if (!Object.hasOwn(functions, api)) throw new Skip(`no builder for ${api}`);
  tf.resetDefaultGraph();
  const feedDict = c.inputs.map((golden): [tf.Tensor, tf.NdArray] => {
    const value = fromGolden(golden);
    return [tf.placeholder(value.dtype, value.shape), value];
  });
  const inputs = feedDict.map(([tensor]) => tensor);
  const build = (): tf.Tensor[] =>
    [functions[api](inputs, (c.args ?? {}) as Record<string, never>)]
      .flat()
      .flatMap(
        (y) => (y instanceof tf.SparseTensor ? [y.indices, y.values, y.denseShape as tf.Tensor] : [y]) as tf.Tensor[],
      );
  if (c.construct_error) return expectError(await failure(build), c.construct_error);
  const outputs = build();
  using session = new Session({ config });
  if (c.run_error) return expectError(await failure(() => session.run(outputs, feedDict)), c.run_error);
  const problems: string[] = [];
  if (c.outputs && c.outputs.length !== outputs.length)
    problems.push(`${outputs.length} outputs, expected ${c.outputs.length}`);
  const tolerance = approximate.test(`${c.id} ${api}`) ? GRADIENT : FORWARD;
  const expected = outputs.map((y, i): Expected => [`output ${i}`, y, c.outputs?.[i], tolerance]);
  if (c.grad_error && c.grad_error.code === undefined)
    expectError(await failure(() => functionGradients(c, inputs, outputs)), c.grad_error, { cut: true });
  else if (c.grads) expected.push(...functionGradients(c, inputs, outputs));
  problems.push(...(await differences(session, expected, feedDict)));
  if (problems.length > 0) throw new Error(problems.join('; '));
}

async function differences(session: Session, all: readonly Expected[], feedDict: tf.FeedDict): Promise<string[]> {
  const wanted = all.filter(([, , golden]) => golden);
  const values = (await session.run(
    wanted.map(([, tensor]) => tensor),
    feedDict,
  )) as tf.NdArray[];
  return wanted.flatMap(([what, , golden, tolerance], i) => {
    const found = difference(values[i], fromGolden(golden as GoldenArray), tolerance);
    return found ? [`${what}: ${found}`] : [];
  });
}

function functionGradients(c: AnyCase, inputs: readonly tf.Tensor[], outputs: readonly tf.Tensor[]): Expected[] {
  const floating = (t: tf.Tensor) => t.dtype.isFloating;
  const ys = outputs.filter((y, i) => floating(y) && c.grad_weights?.[i] !== null);
  const gradYs = ys.flatMap((y) => {
    const weight = c.grad_weights?.[outputs.indexOf(y)];
    return weight ? [tf.constant(fromGolden(weight))] : [];
  });
  const found = tf.gradients(ys, inputs.filter(floating), gradYs.length > 0 ? { gradYs } : {});
  const names = c.inputs.filter((_, i) => floating(inputs[i])).map(({ arg }) => arg);
  return (c.grads ?? []).flatMap(({ arg, grad }): Expected[] => {
    const gradient = found[names.indexOf(arg)];
    const what = `gradient of ${arg}`;
    if ((grad === null) !== (gradient === null))
      throw new Error(`${what}: ${gradient ? 'one' : 'none'}, expected ${grad ? 'one' : 'none'}`);
    if (grad === null || gradient === null) return [];
    if (!('indexed_slices' in grad)) return [[what, tf.convertToTensor(gradient), grad, GRADIENT]];
    if (!(gradient instanceof tf.IndexedSlices)) throw new Error(`${what}: dense, expected slices`);
    const slices = grad.indexed_slices as Readonly<Record<'values' | 'indices', GoldenArray>>;
    return [
      [`${what}, values`, gradient.values, slices.values, GRADIENT],
      [`${what}, indices`, gradient.indices, slices.indices, GRADIENT],
    ];
  });
}

async function runDescribed(c: AnyCase): Promise<void> {
  const number = c.id.replace(/^.*\//, '');
  tf.resetDefaultGraph();
  const known = (table: object) => c.id.startsWith('errors/') && Object.hasOwn(table, number);
  if (c.construct_error && known(building)) {
    const call = building[number]();
    const { size } = tf.getDefaultGraph();
    expectError(await failure(call), c.construct_error, { shorten: firstSentence.has(number) });
    const left = tf.getDefaultGraph().size - size;
    if (left !== 0) throw new Error(`${left} ops are left in the graph`);
    return;
  }
  if (!known(running)) throw new Skip(known(elsewhere) ? elsewhere[number] : `no builder for: ${c.describe}`);
  const { first, fetch, feedDict } = running[number]();
  using session = new Session({ config });
  if (first) await session.run(first);
  if (c.run_error) return expectError(await failure(() => session.run(fetch, feedDict)), c.run_error);
  const value = (await session.run(fetch, feedDict)) as tf.NdArray;
  const found = difference(value, fromGolden(c.value as GoldenArray));
  if (found) throw new Error(found);
}

/** The text before the node. Resource variables are native here, so that the marks of reference types fall away. */
function textOf(message: string, shorten: boolean): string {
  const text = message.split(" for '{{node")[0].replace(/float32_ref/g, 'float32');
  // Python quotes the text of a KeyError.
  const plain = text.replace(/^"(The name .*)"$/s, '$1');
  return shorten ? plain.split(/\.\s/)[0] : plain;
}

/** The goldens cut the messages of gradients. Compares class, text and, for an error of a run, code and the node that it names. */
function expectError(error: Error, golden: GoldenError, { shorten = false, cut = false } = {}): void {
  const actual = `${error.name}: ${textOf(error instanceof OpError ? error.detail : error.message, shorten)}`;
  const expected = `${golden.class}: ${textOf(golden.message, shorten)}`;
  if (cut ? !actual.startsWith(expected) : actual !== expected) throw new Error(`${actual}, expected ${expected}`);
  if (golden.code === undefined) return;
  const { op, code } = error as OpError;
  if (code !== golden.code) throw new Error(`code ${code}, expected ${golden.code}`);
  if (op?.name !== golden.node) throw new Error(`the error names ${op?.name}, expected ${golden.node}`);
}
