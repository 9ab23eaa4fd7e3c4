/**
 * `tf.gradients`: reverse-mode differentiation as graph construction, in TensorFlow's order and with its names. What the
 * gradient of one op is, its definition or the registry says.
 */
import { type Graph, Tensor } from '../graph/graph.ts';
import { convertToTensor, graphOf } from '../ops/emit.ts';
import { zerosLike } from '../ops/filling.ts';
import type { IndexedSlices } from '../ops/indexed-slices.ts';
import { bind, type Rest, type TensorConvertible, type TensorLike } from '../ops/tensor-like.ts';
import { float32, resource } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { isFullyDefined } from '../util/shape.ts';
import { checkAggregationMethod } from './aggregate.ts';
import { BackwardPass, seeds } from './backward.ts';
import { tensorVocabulary as $ } from './graph-builder.ts';
import type { Gradient } from './registry.ts';
// Ops that call functions have gradients, too.
import './branch-gradient.ts';
import './loop-gradient.ts';

/** What `gradients` gives for an x that the ys do not depend on. */
export const UnconnectedGradients = Object.freeze({ NONE: 'none', ZERO: 'zero' } as const);
export type UnconnectedGradients = (typeof UnconnectedGradients)[keyof typeof UnconnectedGradients];

/** A tensor, or a variable: the gradient is then with respect to its value. */
export type Differentiable = Tensor | (TensorConvertible & { readonly handle?: Tensor });

type OneOrMany<T> = T | readonly T[];

export interface GradientsOptions {
  /** The gradients of the ys, ones where null: a list as long as `ys`. */
  readonly gradYs?: OneOrMany<TensorLike | IndexedSlices | null> | null;
  /** The name scope; `gradients` without it. */
  readonly name?: string | null;
  /** Places the gradient of each op with the op. */
  readonly colocateGradientsWithOps?: boolean;
  /** Lets the gradients of an op be used only when all of them are computed. */
  readonly gateGradients?: boolean;
  readonly aggregationMethod?: number | null;
  /** Tensors that count as constants. */
  readonly stopGradients?: OneOrMany<Differentiable> | null;
  /** `'none'` gives null for an x that the ys do not depend on, `'zero'` zeros. */
  readonly unconnectedGradients?: UnconnectedGradients;
}

/**
 * The gradients of the sum of `ys` with respect to each of `xs`: one per x, of its shape; null (or zeros) where the ys do
 * not depend on it; `IndexedSlices` where only some rows are touched, as by a gather. Throws `LookupError` for an op on
 * the way that has no gradient, `ValueError` for `gradYs` of another length, `TypeError` for types that do not go
 * together; the graph is then as before. Results are tensors like any others: differentiate them again for second
 * derivatives.
 *
 *     const [dx, dw] = tf.gradients(loss, [x, w]);
 *     const [partial] = tf.gradients(z, [x], {stopGradients: [y]});
 */
export function gradients(
  ys: OneOrMany<Differentiable>,
  xs: OneOrMany<Differentiable>,
  ...rest: Rest<
    [
      gradYs: OneOrMany<TensorLike | IndexedSlices | null> | null,
      name: string | null,
      colocateGradientsWithOps: boolean,
      gateGradients: boolean,
      aggregationMethod: number | null,
      stopGradients: OneOrMany<Differentiable> | null,
      unconnectedGradients: UnconnectedGradients,
    ],
    GradientsOptions
  >
): Gradient[] {
  const options = bind<GradientsOptions>(POSITIONS, rest);
  const targets = asList(ys);
  const sources = asList(xs);
  const unconnected = options.unconnectedGradients ?? UnconnectedGradients.NONE;
  if (unconnected !== UnconnectedGradients.NONE && unconnected !== UnconnectedGradients.ZERO) {
    throw new ValueError(`Unknown value for unconnected_gradients: '${unconnected}'`);
  }
  const method = checkAggregationMethod(options.aggregationMethod);
  const stops = asList(options.stopGradients ?? []).map((t) => elementOf(t));
  const given = gradYsOf(options.gradYs, targets);
  const graph = graphOf([...targets, ...sources, ...given.filter((g) => g !== null)]);
  return graph.atomic(() =>
    graph.asDefault(() => {
      const xTensors = sources.map((x) => elementOf(x));
      const yTensors = targets.map((y) => (y instanceof Tensor ? y : convertToTensor(y)));
      const found = graph.nameScope(options.name || 'gradients', () => {
        const source = sourceOf(graph, yTensors);
        const pass = new BackwardPass(source, yTensors, within(source, xTensors), within(source, stops), {
          method,
          colocate: options.colocateGradientsWithOps ?? false,
          gate: options.gateGradients ?? false,
        });
        return pass.run(seeds(graph, yTensors, given, options.colocateGradientsWithOps ?? false));
      });
      if (unconnected === UnconnectedGradients.NONE) return found;
      return found.map((grad, i) => grad ?? zerosFor(graph, xTensors[i]));
    }),
  );
}

/** The graph to walk: that of the ys, which may be one around the body that is being built. */
function sourceOf(graph: Graph, ys: readonly Tensor[]): Graph {
  return ys.find((y) => y.graph.isInside(graph))?.graph ?? ys[0]?.graph ?? graph;
}

/** Tensors of graphs around stand, in the body of a function, for what captured them. */
function within(source: Graph, tensors: readonly Tensor[]): Tensor[] {
  return tensors.map((tensor) => (tensor.graph === source ? tensor : source.capture(tensor)));
}

const POSITIONS = [
  'gradYs',
  'name',
  'colocateGradientsWithOps',
  'gateGradients',
  'aggregationMethod',
  'stopGradients',
  'unconnectedGradients',
] as const;

function asList<T>(value: OneOrMany<T>): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** What is differentiated with respect to: of a variable its handle. */
function elementOf(x: Differentiable): Tensor {
  if (x instanceof Tensor) return x;
  if (x?.handle instanceof Tensor) return x.handle;
  return convertToTensor(x);
}

function gradYsOf(
  gradYs: GradientsOptions['gradYs'],
  ys: readonly unknown[],
): readonly (TensorLike | IndexedSlices | null)[] {
  if (gradYs === null || gradYs === undefined) return ys.map(() => null);
  const list = asList(gradYs as OneOrMany<TensorLike | IndexedSlices | null>);
  if (list.length !== ys.length) {
    throw new ValueError(`Length mismatch. Passed ${list.length} grad_ys for ${ys.length} ys`);
  }
  return list;
}

/** Zeros for an x that nothing depends on; for a variable, of the shape of its value. */
function zerosFor(graph: Graph, x: Tensor): Tensor {
  if (x.dtype !== resource) return zerosLike(x);
  const { dtype, shape } = x.spec.handle ?? { dtype: float32, shape: null };
  const dims = isFullyDefined(shape) ? $.ints([...shape]) : $.op('VariableShape', [x]);
  return graph.nameScope('zeros', (scope) => $.fill(dims, $.constant(0, dtype), scope));
}
