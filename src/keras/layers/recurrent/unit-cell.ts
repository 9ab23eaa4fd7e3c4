/**
 * What the cells of so many units share: options, weights, dropout, configuration. What a step computes is each cell's own, in
 * `simple-rnn.ts`, `gru.ts` and `lstm.ts`.
 */
import type { Tensor } from '../../../graph/graph.ts';
import { concat } from '../../../ops/joining.ts';
import { ValueError } from '../../../util/errors.ts';
import type { Variable } from '../../../variables/variable.ts';
import * as activations from '../../activations.ts';
import * as constraints from '../../constraints.ts';
import type { Training } from '../../engine/call-context.ts';
import type { LayerOptions } from '../../engine/layer.ts';
import { type ShapeNest, singleShape } from '../../engine/nest.ts';
import * as initializers from '../../initializers.ts';
import * as regularizers from '../../regularizers.ts';
import type { Config } from '../../serialization.ts';
import type { ActivationIdentifier, ObjectIdentifier } from '../identifiers.ts';
import { AbstractRNNCell } from './cell.ts';
import { DropoutMasks, rateOf } from './dropout-masks.ts';

/** What says how weights begin, and what is held against them. */
export interface RecurrentWeightOptions {
  /** For the weights of the inputs; Glorot's uniform without it. */
  readonly kernelInitializer?: ObjectIdentifier;
  /** For the weights of the state; orthogonal without it. */
  readonly recurrentInitializer?: ObjectIdentifier;
  /** Zeros without it. */
  readonly biasInitializer?: ObjectIdentifier;
  readonly kernelRegularizer?: ObjectIdentifier | null;
  readonly recurrentRegularizer?: ObjectIdentifier | null;
  readonly biasRegularizer?: ObjectIdentifier | null;
  readonly kernelConstraint?: ObjectIdentifier | null;
  readonly recurrentConstraint?: ObjectIdentifier | null;
  readonly biasConstraint?: ObjectIdentifier | null;
}

/** What cells, and layers of them, take beside the number of units. */
export interface RecurrentOptions extends RecurrentWeightOptions {
  /** `tanh` without it. */
  readonly activation?: ActivationIdentifier;
  readonly useBias?: boolean;
  /** The fraction of the inputs that is dropped in training, the same in all steps. */
  readonly dropout?: number;
  /** The same of the state. */
  readonly recurrentDropout?: number;
}

/** What cells with gates take. */
export interface GatedOptions extends RecurrentOptions {
  /** Of the gates; `hard_sigmoid` without it. */
  readonly recurrentActivation?: ActivationIdentifier;
  /** 1 (without it) has products of its own for each gate, 2 has one for all. Dropout of the state is by 1. */
  readonly implementation?: 1 | 2;
}

export interface UnitOptions {
  /** How long state and output are. */
  readonly units?: number;
}

/** The weights' initializers, regularizers and constraints, made of options. */
export class RecurrentWeights {
  readonly kernelInitializer: initializers.Initializer;
  readonly recurrentInitializer: initializers.Initializer;
  readonly biasInitializer: initializers.Initializer;
  readonly kernelRegularizer: regularizers.Regularizer | null;
  readonly recurrentRegularizer: regularizers.Regularizer | null;
  readonly biasRegularizer: regularizers.Regularizer | null;
  readonly kernelConstraint: constraints.Constraint | null;
  readonly recurrentConstraint: constraints.Constraint | null;
  readonly biasConstraint: constraints.Constraint | null;

  constructor(options: RecurrentWeightOptions) {
    this.kernelInitializer = initializers.get(options.kernelInitializer ?? 'glorot_uniform');
    this.recurrentInitializer = initializers.get(options.recurrentInitializer ?? 'orthogonal');
    this.biasInitializer = initializers.get(options.biasInitializer ?? 'zeros');
    this.kernelRegularizer = regularizers.get(options.kernelRegularizer);
    this.recurrentRegularizer = regularizers.get(options.recurrentRegularizer);
    this.biasRegularizer = regularizers.get(options.biasRegularizer);
    this.kernelConstraint = constraints.get(options.kernelConstraint);
    this.recurrentConstraint = constraints.get(options.recurrentConstraint);
    this.biasConstraint = constraints.get(options.biasConstraint);
  }

  /** The configuration, in two parts: Keras has others between them. */
  initializersConfig(): Config {
    return {
      kernelInitializer: initializers.serialize(this.kernelInitializer),
      recurrentInitializer: initializers.serialize(this.recurrentInitializer),
      biasInitializer: initializers.serialize(this.biasInitializer),
    };
  }
  regularizersConfig(): Config {
    return {
      kernelRegularizer: regularizers.serialize(this.kernelRegularizer),
      recurrentRegularizer: regularizers.serialize(this.recurrentRegularizer),
      biasRegularizer: regularizers.serialize(this.biasRegularizer),
    };
  }
  constraintsConfig(): Config {
    return {
      kernelConstraint: constraints.serialize(this.kernelConstraint),
      recurrentConstraint: constraints.serialize(this.recurrentConstraint),
      biasConstraint: constraints.serialize(this.biasConstraint),
    };
  }

  /** The options of the three weights for `addWeight`. */
  get kernel() {
    const { kernelInitializer: initializer, kernelRegularizer: regularizer, kernelConstraint: constraint } = this;
    return { initializer, regularizer, constraint };
  }
  get recurrent() {
    const { recurrentInitializer: initializer, recurrentRegularizer: regularizer } = this;
    return { initializer, regularizer, constraint: this.recurrentConstraint };
  }
  /** With `ones`, the bias of the second of the gates of so many units begins at one: an LSTM's is that of forgetting. */
  bias(ones: { readonly units: number; readonly before: number; readonly after: number } | null) {
    const { biasInitializer: own, biasRegularizer: regularizer, biasConstraint: constraint } = this;
    if (!ones) return { initializer: own, regularizer, constraint };
    const { units, before, after } = ones;
    const one = initializers.get('ones');
    const initializer = (_shape: unknown, options: initializers.InitializerCallOptions): Tensor =>
      concat([own.call([units * before], options), one.call([units], options), own.call([units * after], options)], 0);
    return { initializer, regularizer, constraint };
  }
}

/** A whole, positive number of units. Throws `ValueError` for others. */
export function unitsOf(units: number | undefined): number {
  if (typeof units !== 'number' || !(units > 0)) {
    throw new ValueError(
      `Received an invalid value for argument \`units\`, expected a positive integer, got ${units}.`,
    );
  }
  return Math.trunc(units);
}

/** A cell of so many units, whose weights are a kernel, a recurrent kernel and a bias of so many gates. */
export abstract class UnitCell extends AbstractRNNCell {
  readonly units: number;
  readonly activation: activations.Activation;
  readonly useBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  /** @internal */
  readonly settings: RecurrentWeights;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | null = null;
  readonly #inputMasks: DropoutMasks;
  readonly #stateMasks: DropoutMasks;

  constructor(options: LayerOptions & UnitOptions & RecurrentOptions) {
    super(options);
    this.units = unitsOf(options.units);
    this.activation = activations.get(options.activation === undefined ? 'tanh' : options.activation);
    this.useBias = options.useBias ?? true;
    this.settings = new RecurrentWeights(options);
    this.dropout = rateOf(options.dropout);
    this.recurrentDropout = rateOf(options.recurrentDropout);
    this.#inputMasks = new DropoutMasks(this.applied(this.dropout), this.context);
    this.#stateMasks = new DropoutMasks(this.applied(this.recurrentDropout), this.context);
  }

  /** The rate by which is dropped. */
  protected applied(rate: number): number {
    return rate;
  }

  /** How many gates the weights are for. */
  protected abstract readonly gates: number;
  /** The shape of the bias. */
  protected get biasShape(): readonly number[] {
    return [this.gates * this.units];
  }
  protected biasOptions(): ReturnType<RecurrentWeights['bias']> {
    return this.settings.bias(null);
  }

  get outputSize(): number {
    return this.units;
  }
  get kernelInitializer(): initializers.Initializer {
    return this.settings.kernelInitializer;
  }
  get recurrentInitializer(): initializers.Initializer {
    return this.settings.recurrentInitializer;
  }
  get biasInitializer(): initializers.Initializer {
    return this.settings.biasInitializer;
  }

  override build(inputShape: ShapeNest): void {
    const shape = singleShape(inputShape);
    const { units, gates, settings } = this;
    this.kernel = this.addWeight('kernel', { shape: [shape[shape.length - 1], gates * units], ...settings.kernel });
    this.recurrentKernel = this.addWeight('recurrent_kernel', { shape: [units, gates * units], ...settings.recurrent });
    this.bias = this.useBias ? this.addWeight('bias', { shape: this.biasShape, ...this.biasOptions() }) : null;
    super.build(inputShape);
  }

  /** The masks of inputs and state for this call, one per gate; null where nothing is dropped. */
  protected masks(inputs: Tensor, state: Tensor, training: Training = null, count = this.gates) {
    return {
      inputs: this.#inputMasks.get(inputs, training, count),
      state: this.#stateMasks.get(state, training, count),
    };
  }
  /** @internal Has the next call drop anew. */
  resetMasks(): void {
    this.#inputMasks.reset();
    this.#stateMasks.reset();
  }

  /** The activation of gates, for cells that have any. */
  protected gatesConfig(): Config {
    return {};
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...this.ownConfig() };
  }
  /** @internal What the cell adds to a layer's configuration. */
  ownConfig(activity: Config = {}): Config {
    const { settings } = this;
    return {
      units: this.units,
      activation: activations.serialize(this.activation),
      ...this.gatesConfig(),
      useBias: this.useBias,
      ...settings.initializersConfig(),
      ...settings.regularizersConfig(),
      ...activity,
      ...settings.constraintsConfig(),
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
    };
  }
}

/** A cell with gates. */
export abstract class GatedCell extends UnitCell {
  readonly recurrentActivation: activations.Activation;
  readonly implementation: number;

  constructor(options: LayerOptions & UnitOptions & GatedOptions) {
    super(options);
    const { recurrentActivation, implementation } = options;
    this.recurrentActivation = activations.get(
      recurrentActivation === undefined ? 'hard_sigmoid' : recurrentActivation,
    );
    // A mask for each gate needs a product for each. Zero is what Keras 1 wrote for what is 1 now.
    this.implementation = this.recurrentDropout !== 0 ? 1 : implementation || 1;
  }

  /** Keras drops nothing where all was to be dropped. */
  protected override applied(rate: number): number {
    return rate === 1 ? 0 : rate;
  }
  protected override gatesConfig(): Config {
    return { recurrentActivation: activations.serialize(this.recurrentActivation) };
  }
  override ownConfig(activity: Config = {}): Config {
    return { ...super.ownConfig(activity), implementation: this.implementation };
  }
}

/** The inputs of each gate: dropped by its own mask, or the same for all. */
export function dropped(x: Tensor, masks: readonly Tensor[] | null, count: number): readonly Tensor[] {
  return masks ? masks.map((mask) => x.mul(mask)) : new Array<Tensor>(count).fill(x);
}
