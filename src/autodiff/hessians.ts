/**
 * `tf.hessians`: second derivatives, row by row from gradients of the gradient. Differentiation is `gradients.ts`'s job.
 */
import type { Graph, Tensor } from '../graph/graph.ts';
import { convertToTensor, graphOf } from '../ops/emit.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import { float32, resource } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { isFullyDefined, type KnownShape, sizeOf } from '../util/shape.ts';
import { type Differentiable, gradients } from './gradients.ts';
import { tensorVocabulary as $ } from './graph-builder.ts';

export interface HessiansOptions {
  /** The name scope; `hessians` without it. */
  readonly name?: string | null;
  readonly colocateGradientsWithOps?: boolean;
  readonly gateGradients?: boolean;
  readonly aggregationMethod?: number | null;
}

/**
 * The Hessian of the sum of `ys` with respect to each of `xs`: for an x of shape s a tensor of shape s + s. The rows are
 * differentiated one by one into the graph, so that it grows by the size of the backward pass for every element of an x:
 * meant for small ones. Throws `ValueError` where the shape of an x is not fully known.
 *
 *     const [h] = tf.hessians(loss, w);     // w: [3]  →  h: [3, 3]
 */
export function hessians(
  ys: Differentiable | readonly Differentiable[],
  xs: Differentiable | readonly Differentiable[],
  ...rest: Rest<
    [name: string | null, colocateGradientsWithOps: boolean, gateGradients: boolean, aggregationMethod: number | null],
    HessiansOptions
  >
): Tensor[] {
  const { name, ...options } = bind<HessiansOptions>(
    ['name', 'colocateGradientsWithOps', 'gateGradients', 'aggregationMethod'],
    rest,
  );
  const sources = (Array.isArray(xs) ? xs : [xs]) as readonly Differentiable[];
  const graph = graphOf([ys, sources]);
  return graph.atomic(() =>
    graph.asDefault(() =>
      graph.nameScope(name || 'hessians', () => {
        const firsts = gradients(ys, sources, { ...options, unconnectedGradients: 'zero' });
        return sources.map((x, i) => hessian(graph, convertToTensor(firsts[i] as Tensor), x, options));
      }),
    ),
  );
}

function hessian(graph: Graph, gradient: Tensor, x: Differentiable, options: HessiansOptions): Tensor {
  const shape = shapeOf(x);
  const count = sizeOf(shape);
  const flat = $.reshape(gradient, [-1]);
  const rows = Array.from({ length: count }, (_, j) => {
    const element = $.reshape($.slice(flat, [j], [1]), []);
    const [row] = gradients(element, x, { ...options, unconnectedGradients: 'zero' });
    return convertToTensor(row as Tensor);
  });
  if (count === 0)
    return graph.nameScope('zeros', (scope) => $.fill($.ints([...shape, ...shape]), zero(gradient), scope));
  return $.reshape($.pack(rows), [...shape, ...shape]);
}

function zero(like: Tensor): Tensor {
  return $.constant(0, like.dtype ?? float32);
}

function shapeOf(x: Differentiable): KnownShape {
  const tensor = 'handle' in x && x.handle ? x.handle : (x as Tensor);
  const shape = tensor.dtype === resource ? (tensor.spec.handle?.shape ?? null) : tensor.shape;
  if (isFullyDefined(shape)) return shape;
  throw new ValueError(`hessians needs the static shape of every x; that of ${tensor.name} is ${tensor.getShape()}.`);
}
