/** The layer that turns indices into vectors. The lookup is `ops/embedding.ts`'s. */
import type { Tensor } from '../../../graph/graph.ts';
import { cast } from '../../../ops/cast.ts';
import { notEqual } from '../../../ops/comparison.ts';
import { embeddingLookup } from '../../../ops/embedding.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { int32, int64 } from '../../../util/dtype.ts';
import { ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import { formatTuple } from '../../backend/operands.ts';
import { floatx } from '../../config.ts';
import * as constraints from '../../constraints.ts';
import { Layer, type LayerOptions } from '../../engine/layer.ts';
import { type LayerShape, type MaskNest, type ShapeNest, singleShape, type TensorNest } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ObjectIdentifier } from '../identifiers.ts';

export interface EmbeddingOptions extends LayerOptions {
  /** One more than the greatest index. */
  readonly inputDim?: number;
  /** The length of the vectors. */
  readonly outputDim?: number;
  /** Uniform from -0.05 to 0.05 without it. */
  readonly embeddingsInitializer?: ObjectIdentifier;
  readonly embeddingsRegularizer?: ObjectIdentifier | null;
  readonly activityRegularizer?: ObjectIdentifier | null;
  readonly embeddingsConstraint?: ObjectIdentifier | null;
  /** Whether index 0 stands for a step that does not count: the mask for the layers behind. */
  readonly maskZero?: boolean;
  /** The number of steps, where it is always the same; several for inputs of more axes. */
  readonly inputLength?: number | readonly (number | null)[] | null;
}

/**
 * A vector for each index: `[batch, time]` becomes `[batch, time, outputDim]`. Inputs that are no int32 or int64 are cast to
 * int32. Throws `ValueError` for sizes that are not positive.
 *
 *     new tf.keras.layers.Embedding(1000, 64, {maskZero: true})
 */
export class Embedding extends Layer {
  static readonly className: string = 'Embedding';
  readonly inputDim: number;
  readonly outputDim: number;
  readonly embeddingsInitializer: initializers.Initializer;
  readonly embeddingsRegularizer: regularizers.Regularizer | null;
  readonly embeddingsConstraint: constraints.Constraint | null;
  readonly maskZero: boolean;
  readonly inputLength: number | readonly (number | null)[] | null;
  embeddings!: Variable;

  constructor(
    ...rest: Rest<[inputDim: number, outputDim: number, embeddingsInitializer: ObjectIdentifier], EmbeddingOptions>
  ) {
    const options = bind<EmbeddingOptions>(['inputDim', 'outputDim', 'embeddingsInitializer'], rest);
    const { inputDim = 0, outputDim = 0, inputLength = null, dtype } = options;
    if (!(inputDim > 0 && outputDim > 0)) {
      throw new ValueError(
        `Both \`input_dim\` and \`output_dim\` should be positive, Received input_dim = ${inputDim} and output_dim = ${outputDim}`,
      );
    }
    const lengths = Array.isArray(inputLength) ? (inputLength as readonly (number | null)[]) : [inputLength as number];
    super({ ...options, inputShape: options.inputShape ?? lengths, dtype: dtype ?? floatx() });
    this.inputDim = inputDim;
    this.outputDim = outputDim;
    this.embeddingsInitializer = initializers.get(options.embeddingsInitializer ?? 'uniform');
    this.embeddingsRegularizer = regularizers.get(options.embeddingsRegularizer);
    this.activityRegularizer = regularizers.get(options.activityRegularizer);
    this.embeddingsConstraint = constraints.get(options.embeddingsConstraint);
    this.maskZero = options.maskZero ?? false;
    this.supportsMasking = this.maskZero;
    this.inputLength = inputLength;
  }

  override build(inputShape: ShapeNest): void {
    this.embeddings = this.addWeight('embeddings', {
      shape: [this.inputDim, this.outputDim],
      initializer: this.embeddingsInitializer,
      regularizer: this.embeddingsRegularizer,
      constraint: this.embeddingsConstraint,
    });
    super.build(inputShape);
  }

  override call(inputs: Tensor): Tensor {
    const whole = inputs.dtype === int32 || inputs.dtype === int64;
    return embeddingLookup(this.embeddings, whole ? inputs : cast(inputs, int32));
  }

  override computeMask(inputs: TensorNest, _mask: MaskNest = null): MaskNest {
    return this.maskZero ? notEqual(inputs as Tensor, 0) : null;
  }

  override computeOutputShape(inputShape: ShapeNest): LayerShape {
    const [batch, ...steps] = singleShape(inputShape);
    if (this.inputLength === null) return [batch, ...steps, this.outputDim];
    const lengths = Array.isArray(this.inputLength) ? [...this.inputLength] : [this.inputLength as number];
    const differ = (a: number | null, b: number | null) => a !== null && b !== null && a !== b;
    if (lengths.length !== steps.length || lengths.some((length, i) => differ(length, steps[i]))) {
      const given = Array.isArray(this.inputLength) ? formatTuple(this.inputLength) : this.inputLength;
      const received = formatTuple([batch, ...steps]);
      throw new ValueError(`"input_length" is ${given}, but received input has shape ${received}`);
    }
    return [batch, ...lengths.map((length, i) => length ?? steps[i]), this.outputDim];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      inputDim: this.inputDim,
      outputDim: this.outputDim,
      embeddingsInitializer: initializers.serialize(this.embeddingsInitializer),
      embeddingsRegularizer: regularizers.serialize(this.embeddingsRegularizer),
      activityRegularizer: regularizers.serialize(this.activityRegularizer),
      embeddingsConstraint: constraints.serialize(this.embeddingsConstraint),
      maskZero: this.maskZero,
      inputLength: this.inputLength,
    };
  }
}
