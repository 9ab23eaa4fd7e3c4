/** The layer of a function. A function is saved by the name under which its user registered it. */
import { Graph, Tensor } from '../../../graph/graph.ts';
import { placeholder } from '../../../ops/placeholders.ts';
import { bind, type Rest } from '../../../ops/tensor-like.ts';
import { RuntimeError, TypeError, ValueError } from '../../../util/errors.ts';
import { floatx } from '../../config.ts';
import type { Training } from '../../engine/call-context.ts';
import { type CallOptions, Layer, type LayerOptions } from '../../engine/layer.ts';
import {
  isShapeList,
  type LayerShape,
  type MaskNest,
  type ShapeNest,
  shapeList,
  shapesOf,
  type TensorNest,
} from '../../engine/nest.ts';
import { type Config, findObject, getCustomObjects, type Named } from '../../serialization.ts';

/** What the function of a `Lambda` gets beside its inputs: the layer's `arguments`, and of the call: */
export interface LambdaCallOptions {
  readonly training?: Training;
  readonly mask?: MaskNest;
  readonly [argument: string]: unknown;
}

/** From the layer's inputs, a tensor or several, to its outputs. */
export type LambdaFunction<Out extends TensorNest = Tensor> = (
  inputs: Tensor & readonly Tensor[],
  options: LambdaCallOptions,
) => Out;
type ShapeFunction = (inputShape: ShapeNest) => ShapeNest;
type MaskFunction = (inputs: TensorNest, mask: MaskNest) => MaskNest;

export interface LambdaOptions<Out extends TensorNest = Tensor> extends LayerOptions {
  /** A function, or the name of one among the custom objects. */
  readonly function?: LambdaFunction<Out> | string;
  /** The shape of one example of the output, or a function from the input's shape to the output's (with the batch). */
  readonly outputShape?: LayerShape | readonly LayerShape[] | ShapeFunction | string | null;
  /** The mask of the output, or a function from inputs and mask to it. */
  readonly mask?: Tensor | MaskFunction | string | null;
  /** Values that the function gets with each call. */
  readonly arguments?: Readonly<Record<string, unknown>> | null;
}

/**
 * A function as a layer. Variables that the function uses are not the layer's: write a layer of your own for these. A model
 * with it is saved by the function's name, so it must be among the custom objects; else `getConfig` throws `ValueError`.
 *
 *     new tf.keras.layers.Lambda((x) => tf.square(x))
 *     new tf.keras.layers.Lambda((x, {factor}) => x.mul(factor), {arguments: {factor: 2}})
 */
export class Lambda<Out extends TensorNest = Tensor> extends Layer<Out> {
  static readonly className: string = 'Lambda';
  readonly function: LambdaFunction<Out>;
  readonly mask: Tensor | MaskFunction | null;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly #outputShape: LayerShape | readonly LayerShape[] | ShapeFunction | null;

  constructor(
    ...rest: Rest<
      [
        fn: LambdaFunction<Out> | string,
        outputShape: LambdaOptions<Out>['outputShape'],
        mask: LambdaOptions<Out>['mask'],
        args: LambdaOptions<Out>['arguments'],
      ],
      LambdaOptions<Out>
    >
  ) {
    const options = bind<LambdaOptions<Out>>(['function', 'outputShape', 'mask', 'arguments'], rest);
    super(options);
    const fn = named(options.function);
    if (typeof fn !== 'function') throw new TypeError(`A Lambda layer takes a function. Received: ${String(fn)}`);
    this.function = fn as LambdaFunction<Out>;
    this.mask = named(options.mask) as Tensor | MaskFunction | null;
    this.supportsMasking = this.mask !== null;
    this.arguments = options.arguments ?? {};
    this.#outputShape = named(options.outputShape) as LayerShape | ShapeFunction | null;
  }

  override call(inputs: TensorNest, { training, mask }: CallOptions): Out {
    return this.function(inputs as Tensor & readonly Tensor[], { ...this.arguments, training, mask });
  }

  override computeMask(inputs: TensorNest, mask: MaskNest = null): MaskNest {
    if (typeof this.mask === 'function') return this.mask(inputs, mask);
    return this.mask;
  }

  override computeOutputShape(inputShape: ShapeNest): ShapeNest {
    const given = this.#outputShape;
    if (typeof given === 'function') return given(inputShape);
    if (given === null) return this.inferredShape(inputShape);
    const batch = shapeList(inputShape)[0][0];
    return isShapeList(given) ? given.map((shape) => [batch, ...shape]) : [batch, ...given];
  }

  /** By building the function once, in a graph that is dropped. */
  private inferredShape(inputShape: ShapeNest): ShapeNest {
    const scratch = new Graph();
    try {
      return scratch.asDefault(() => {
        const inputs = shapeList(inputShape).map((shape) => placeholder(floatx(), shape));
        return shapesOf(this.call(isShapeList(inputShape) ? inputs : inputs[0], {}));
      });
    } catch (error) {
      const message =
        "We could not automatically infer the shape of the Lambda's output. Please specify `output_shape` for this Lambda.";
      throw Object.assign(new RuntimeError(message), { cause: error });
    }
  }

  override getConfig(): Config {
    const shape = this.#outputShape;
    return {
      ...super.getConfig(),
      function: nameOf(this.function as Named),
      functionType: 'function',
      module: null,
      outputShape: typeof shape === 'function' ? nameOf(shape as Named) : shape,
      outputShapeType: typeof shape === 'function' ? 'function' : 'raw',
      outputShapeModule: null,
      ...(this.mask ? { mask: nameOf(this.mask), maskType: 'function', maskModule: null } : {}),
      arguments: this.arguments,
    };
  }
}

/** The function of a name; anything else is given back. */
function named(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? null;
  const found = findObject(value, new Map<string, Named>());
  if (!found) {
    throw new ValueError(
      `Unknown function in Lambda layer: '${value}'. Please ensure you are using a \`keras.utils.custom_object_scope\` and that this object is included in the scope. See https://www.tensorflow.org/guide/keras/save_and_serialize#registering_the_custom_object for details.`,
    );
  }
  return found;
}

/** The name under which the user registered the function, and under which it is found again. */
function nameOf(value: Named | Tensor): string {
  if (value instanceof Tensor) throw new ValueError('A Lambda layer whose mask is a tensor cannot be saved.');
  for (const [name, item] of getCustomObjects()) if (item === value) return name;
  if (value.name && findObject(value.name, new Map<string, Named>()) === value) return value.name;
  throw new ValueError(
    `The function${value.name ? ` '${value.name}'` : ''} of a Lambda layer can only be saved by name: register it first, with getCustomObjects().set(name, fn) or customObjectScope({name: fn}).`,
  );
}
