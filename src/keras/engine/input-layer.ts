/** Where a model begins: a placeholder (or a given tensor) as the output of a layer. */
import type { Tensor } from '../../graph/graph.ts';
import { placeholder } from '../../ops/placeholders.ts';
import { asDType, type DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { buildingIn, contextOfClass, inContext } from '../binding.ts';
import { floatx } from '../config.ts';
import type { Config } from '../serialization.ts';
import { Layer } from './layer.ts';
import type { ShapeNest, TensorNest } from './nest.ts';
import { noteInput } from './op-history.ts';
import { atomically } from './undo.ts';

type Dims = readonly (number | null)[];

export interface InputLayerOptions {
  /** The shape of one example. */
  readonly inputShape?: Dims | null;
  readonly batchInputShape?: Dims | null;
  readonly batchSize?: number | null;
  readonly dtype?: DTypeLike | null;
  /** An existing tensor to begin with, instead of a placeholder. */
  readonly inputTensor?: Tensor | null;
  readonly name?: string | null;
  readonly sparse?: boolean;
  readonly ragged?: boolean;
}

/**
 * The layer behind `Input`.
 *
 *     new tf.keras.Sequential([new tf.keras.layers.InputLayer({inputShape: [784]}), …])
 */
export class InputLayer extends Layer {
  static readonly className: string = 'InputLayer';
  /** Whether the model feeds it; false for a given tensor that is no placeholder. */
  readonly isPlaceholder: boolean;

  constructor(options: InputLayerOptions = {}) {
    const { inputTensor: tensor = null } = options;
    const context = contextOfClass(new.target);
    const dtype = asDType(options.dtype ?? tensor?.dtype ?? floatx());
    const name = options.name ?? `input_${context.getUid('input')}`;
    const shape = tensor ? tensor.shape : batchShape(options);
    super({ name, dtype, batchInputShape: shape ?? [] });
    const graph = tensor?.graph ?? context.graph;
    this.isPlaceholder = !tensor || tensor.op.type === 'Placeholder';
    atomically(graph, () => {
      const output = tensor ?? graph.nameScope(null, () => placeholder(dtype, shape, name));
      noteInput(graph);
      this.built = true;
      this.addNode({
        layer: this,
        inbound: [],
        inputs: output,
        outputs: output,
        inputMasks: [null],
        outputMasks: [null],
        inputShapes: [output.shape ?? []],
        outputShapes: [output.shape ?? []],
        options: {},
      });
    });
  }

  override call(inputs: TensorNest): Tensor {
    return inputs as Tensor;
  }
  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    return inputShape;
  }
  override getConfig(): Config {
    return {
      batchInputShape: this.batchInputShape,
      dtype: this.dtype.name,
      sparse: false,
      ragged: false,
      name: this.name,
    };
  }
}

function batchShape({ inputShape, batchInputShape, batchSize, sparse, ragged }: InputLayerOptions): Dims {
  if (sparse || ragged) throw new ValueError('Sparse and ragged inputs are not supported.');
  if (batchInputShape) {
    if (inputShape) {
      throw new ValueError(
        'Only provide the input_shape OR batch_input_shape argument to InputLayer, not both at the same time.',
      );
    }
    return batchInputShape;
  }
  if (!inputShape) {
    throw new ValueError(
      'Please provide to Input a `shape` or a `tensor` or a `type_spec` argument. Note that `shape` does not include the batch dimension.',
    );
  }
  return [batchSize ?? null, ...inputShape];
}

export interface InputOptions {
  /** The shape of one example, without the batch. */
  readonly shape?: Dims | null;
  readonly batchShape?: Dims | null;
  readonly batchSize?: number | null;
  readonly name?: string | null;
  /** `floatx()` without it. */
  readonly dtype?: DTypeLike | null;
  readonly tensor?: Tensor | null;
}

/**
 * A tensor that models begin with: a placeholder that `fit` and `predict` feed. Throws `ValueError` without a shape.
 *
 *     const x = tf.keras.Input({shape: [784]});     // or tf.keras.Input([784])
 *     const y = new tf.keras.layers.Dense(10).apply(x);
 *     const model = new tf.keras.Model(x, y);
 */
export const Input = inContext((context) => (first: Dims | InputOptions = {}, second: InputOptions = {}): Tensor => {
  const { shape, batchShape, tensor, ...rest } = { ...second, ...(isDims(first) ? { shape: first } : first) };
  return buildingIn(context, () => {
    const layer = new InputLayer({ ...rest, inputShape: shape, batchInputShape: batchShape, inputTensor: tensor });
    return layer.output;
  });
});

function isDims(value: Dims | InputOptions): value is Dims {
  return Array.isArray(value);
}
