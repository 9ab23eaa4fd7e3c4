/** The densely connected layer of any equation. The sum of products itself is `ops/einsum.ts`'s. */
import type { Tensor } from '../../../graph/graph.ts';
import { einsum } from '../../../ops/einsum.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import * as activations from '../../activations.ts';
import * as constraints from '../../constraints.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { KernelOptions } from '../identifiers.ts';

export interface EinsumDenseOptions extends LayerOptions, Omit<KernelOptions, 'useBias'> {
  /** `ab,bc->ac`, `...ab,bc->...ac` or `ab...,bc->ac...`: the axes of inputs, kernel and outputs. */
  readonly equation?: string;
  /** The lengths of the axes that the output names, without the batch; null for those of the input. */
  readonly outputShape?: number | LayerShape;
  /** The axes of the output that the bias has; no bias without it. */
  readonly biasAxes?: string | null;
}

/** The shapes that an equation has for inputs of one shape. */
interface Shapes {
  readonly kernel: LayerShape;
  readonly bias: LayerShape | null;
  readonly output: LayerShape;
}

/**
 * `activation(einsum(equation, x, kernel) + bias)`. Throws `ValueError` for equations of another form, and for shapes that
 * do not fit the equation.
 *
 *     const y = new tf.keras.layers.EinsumDense('abc,cd->abd', [null, 64], {biasAxes: 'd'}).apply(x);
 */
export class EinsumDense extends Layer {
  static readonly className: string = 'EinsumDense';
  readonly equation: string;
  readonly partialOutputShape: LayerShape;
  readonly activation: activations.Activation;
  readonly biasAxes: string | null;
  readonly kernelInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  readonly biasConstraint: constraints.Constraint | null;
  kernel!: Variable;
  bias: Variable | null = null;

  constructor(...rest: Rest<[equation: string, outputShape: number | LayerShape], EinsumDenseOptions>) {
    const options = bind<EinsumDenseOptions>(['equation', 'outputShape'], rest);
    super(options);
    const { equation, outputShape } = options;
    if (typeof equation !== 'string' || outputShape === undefined) {
      throw new ValueError(
        `EinsumDense needs an \`equation\` and an \`output_shape\`. Received: equation=${equation}, output_shape=${outputShape}`,
      );
    }
    this.equation = equation;
    this.partialOutputShape = typeof outputShape === 'number' ? [outputShape] : [...outputShape];
    this.activation = activations.get(options.activation);
    this.biasAxes = options.biasAxes ?? null;
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
  }

  override build(inputShape: ShapeNest): void {
    const { kernel, bias } = this.shapesFor(inputShape);
    this.kernel = this.addWeight('kernel', {
      shape: kernel,
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.bias = bias
      ? this.addWeight('bias', {
          shape: bias,
          initializer: this.biasInitializer,
          regularizer: this.biasRegularizer,
          constraint: this.biasConstraint,
        })
      : null;
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const product = einsum(this.equation, inputs, this.kernel);
    return this.activation(this.bias ? product.add(this.bias) : product);
  }

  private shapesFor(inputShape: ShapeNest): Shapes {
    return analyze(this.equation, this.biasAxes, singleShape(inputShape), this.partialOutputShape);
  }
  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    return this.shapesFor(inputShape).output;
  }

  /** None: an equation may move or sum over the steps that a mask is about. */
  override computeMask(): null {
    return null;
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      outputShape: this.partialOutputShape,
      equation: this.equation,
      activation: activations.serialize(this.activation),
      biasAxes: this.biasAxes,
      kernelInitializer: initializers.serialize(this.kernelInitializer),
      biasInitializer: initializers.serialize(this.biasInitializer),
      kernelRegularizer: regularizers.serialize(this.kernelRegularizer),
      biasRegularizer: regularizers.serialize(this.biasRegularizer),
      activityRegularizer: regularizers.serialize(this.activityRegularizer),
      kernelConstraint: constraints.serialize(this.kernelConstraint),
      biasConstraint: constraints.serialize(this.biasConstraint),
    };
  }
}

const FORMS = [
  /^(?<x>[a-zA-Z]+),(?<w>[a-zA-Z]+)->(?<y>[a-zA-Z]+)$/,
  /^(?<left>\.\.\.)(?<x>[a-zA-Z]+),(?<w>[a-zA-Z]+)->\.\.\.(?<y>[a-zA-Z]+)$/,
  /^(?<x>[a-zA-Z]{2,})\.\.\.,(?<w>[a-zA-Z]+)->(?<y>[a-zA-Z]+)\.\.\.$/,
];

function analyze(equation: string, biasAxes: string | null, inputShape: LayerShape, partial: LayerShape): Shapes {
  const parts = FORMS.map((form) => form.exec(equation)?.groups).find((groups) => groups !== undefined);
  if (!parts) {
    throw new ValueError(
      `Invalid einsum equation '${equation}'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or [X]...,[Y]->[Z]....`,
    );
  }
  const { x, w, y, left } = parts;
  const elided = Math.max(inputShape.length - x.length, 0);
  const before = left ? elided : 0;
  // The batch, which the partial shape lacks, is among the elided axes where those come first.
  const output = left
    ? [inputShape[0], ...inputShape.slice(1, elided), ...partial]
    : [inputShape[0], ...partial, ...(elided > 0 ? inputShape.slice(-elided) : [])];
  const inputLength = (label: string) => inputShape[before + x.indexOf(label)] ?? null;
  const outputLength = (label: string) => output[before + y.indexOf(label)] ?? null;
  for (const label of x) {
    if (!y.includes(label)) continue;
    const [given, wanted] = [inputLength(label), outputLength(label)];
    if (wanted !== null && wanted !== given) {
      throw new ValueError(
        `Input shape and output shape do not match at shared dimension '${label}'. Input shape is ${given ?? 'None'}, and output shape is ${wanted}.`,
      );
    }
  }
  for (const label of y) {
    if (x.includes(label) || w.includes(label)) continue;
    throw new ValueError(
      `Dimension '${label}' was specified in the output '${y}' but has no corresponding dim in the input spec '${x}' or weight spec '${y}'`,
    );
  }
  const kernel = [...w].map((label) => {
    if (x.includes(label)) return inputLength(label);
    if (y.includes(label)) return outputLength(label);
    throw new ValueError(
      `Weight dimension '${label}' did not have a match in either the input spec '${x}' or the output spec '${y}'. For this layer, the weight must be fully specified.`,
    );
  });
  if (biasAxes === null) return { kernel, bias: null, output };
  for (const label of biasAxes) {
    if (y.includes(label)) continue;
    throw new ValueError(`Bias dimension '${label}' was requested, but is not part of the output spec '${y}'`);
  }
  const first = Math.min(...[...biasAxes].map((label) => y.indexOf(label)));
  const named = [...y.slice(first)].map((label) => (biasAxes.includes(label) ? outputLength(label) : 1));
  // Elided axes behind the named ones are broadcast over.
  return { kernel, bias: [...named, ...new Array<number>(elided - before).fill(1)], output };
}
