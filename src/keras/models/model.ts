/**
 * `Model`: layers between inputs and outputs, and their training. The steps are `../training`'s; files are `../saving`'s.
 */
import type { AnySession } from '../../graph/evaluator.ts';
import { Tensor } from '../../graph/graph.ts';
import { RuntimeError, ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { buildingIn, contextOfClass } from '../binding.ts';
import type { Callback, CallbackModel } from '../callbacks/callback.ts';
import { CallbackList } from '../callbacks/callback-list.ts';
import { withDefaults } from '../callbacks/defaults.ts';
import { History } from '../callbacks/history.ts';
import { InputLayer } from '../engine/input-layer.ts';
import type { TensorNest } from '../engine/nest.ts';
import { registerLayers } from '../layers/registry.ts';
import type { Metric } from '../metrics/index.ts';
import { type AnyOptimizer, get as getOptimizer } from '../optimizers/index.ts';
import {
  type LoadSource,
  loadWeightsFrom,
  type SaveFileOptions,
  type SaveTarget,
  type SaveWeightsOptions,
  saveModelTo,
  saveWeightsTo,
} from '../saving/files.ts';
import type { SavableModel } from '../saving/model-hdf5.ts';
import type { LoadWeightsOptions } from '../saving/weights-hdf5.ts';
import type { Config } from '../serialization.ts';
import type { Arrays, Batch, BatchSource } from '../training/batches.ts';
import { Compiled, type CompileOptions } from '../training/compiled.ts';
import { type Data, type DataArray, looseArrays } from '../training/data.ts';
import { prepareHypers } from '../training/hypers.ts';
import { checkFrequency, evaluateLoop, predictLoop, trainLoop, type Validation } from '../training/loop.ts';
import {
  arraySource,
  batchesOf,
  type DataOptions,
  type Dataset,
  type DatasetSourceOptions,
  datasetSource,
  oneBatch,
  peek,
  splitOff,
} from '../training/sources.ts';
import type { ClassWeights } from '../training/weights.ts';
import { isFunctionalConfig, type ModelClass, modelToJson } from './model-json.ts';
import { Network, type NetworkOptions } from './network.ts';
import { fromFunctionalConfig, functionalConfig } from './network-config.ts';
import { type SummaryOptions, summaryText } from './summary.ts';

/** What a model gives for data: an array, or one per output. */
export type Prediction<Out extends TensorNest> = Out extends readonly Tensor[] ? NdArray[] : NdArray;

interface RunOptions {
  readonly callbacks?: readonly Callback[] | null;
  /** 0 for silence, 1 for a progress bar, 2 for a line per epoch; 1 without it (0 in `predict`). */
  readonly verbose?: number;
}

export interface EvaluateOptions extends RunOptions, DataOptions {
  /** Batches to take; all without it. */
  readonly steps?: number | null;
}

export interface PredictOptions extends RunOptions {
  /** 32 without it. */
  readonly batchSize?: number | null;
  readonly steps?: number | null;
}

interface TrainingOptions extends RunOptions {
  /** 1 without it. */
  readonly epochs?: number;
  readonly initialEpoch?: number;
  /** Batches of an epoch. Of arrays, each step is then all examples, as Keras has it. */
  readonly stepsPerEpoch?: number | null;
  readonly validationSteps?: number | null;
  /** Every how many epochs there is validation, or after which (counted from 1). */
  readonly validationFreq?: number | readonly number[];
  readonly classWeight?: ClassWeights | null;
}

export interface FitOptions extends TrainingOptions, DataOptions {
  /** The part of the data, taken from the end before any shuffling, that is kept for validation. */
  readonly validationSplit?: number;
  /** Data for validation: `[x, y]` or `[x, y, sampleWeight]`, or a dataset. */
  readonly validationData?: readonly [x: Data, y: Data, sampleWeight?: Data] | Dataset | null;
  /** Whether each epoch has an order of its own (true without it); `'batch'` keeps batches together. */
  readonly shuffle?: boolean | 'batch';
}

export interface FitDatasetOptions extends TrainingOptions {
  /** Whether the batches of a `Sequence` come in another order in each epoch; true without it. */
  readonly shuffle?: boolean;
  readonly validationData?: readonly [x: Data, y: Data, sampleWeight?: Data] | Dataset | null;
}

export interface BatchOptions {
  readonly sampleWeight?: Data | null;
  readonly classWeight?: ClassWeights | null;
  /** Whether metrics start anew after this batch; true without it. */
  readonly resetMetrics?: boolean;
}

/**
 * A model: of the tensors between `inputs` and `outputs`, or of what a subclass's `call` does.
 *
 *     const x = tf.keras.Input({shape: [784]});
 *     const model = new tf.keras.Model(x, new tf.keras.layers.Dense(10, {activation: 'softmax'}).apply(x));
 *     model.compile({optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy']});
 *     const { history } = await model.fit(images, labels, {epochs: 3});
 */
export class Model<Out extends TensorNest = Tensor> extends Network<Out> implements CallbackModel {
  static readonly className: string = 'Model';
  #compiled: Compiled | null = null;
  #options: CompileOptions | null = null;
  #optimizer: AnyOptimizer | null = null;
  /** A callback sets it to end training after the batch. */
  stopTraining = false;
  /** What the last training gave. */
  history: History | null = null;

  constructor(
    first?: Tensor | readonly Tensor[] | NetworkOptions | null,
    outputs?: Out | null,
    options: NetworkOptions = {},
  ) {
    super(isTensors(first) ? { ...options, inputs: first, outputs } : { ...options, ...first });
  }

  // Compiling

  /**
   * Says what the model is trained for. Layers that are made trainable or not later count from the next `compile` on.
   * Throws `ValueError` for what has no meaning; the model is then as before.
   *
   *     model.compile({optimizer: new tf.keras.optimizers.SGD(0.1), loss: 'mse', metrics: ['mae']});
   */
  compile(options: CompileOptions): void {
    const optimizer = getOptimizer((options.optimizer ?? 'rmsprop') as never);
    // A model without inputs learns from the first data what it is called on.
    const compiled = this.inputs.length > 0 ? this.compileNow(options, optimizer) : null;
    compiled?.requireLoss();
    this.#options = options;
    this.#optimizer = optimizer;
    this.#compiled = compiled;
    prepareHypers(optimizer, this);
  }
  private compileNow(options: CompileOptions, optimizer: AnyOptimizer): Compiled {
    return buildingIn(this.context, () => new Compiled(this, { ...options, optimizer }));
  }
  /** Whether `compile` was called. */
  get isCompiled(): boolean {
    return this.#options !== null;
  }
  /** @internal What training works with. Throws `RuntimeError` before `compile`. */
  get compiled(): Compiled {
    if (!this.#options) {
      throw new RuntimeError(
        'You must compile your model before training/testing. Use `model.compile(optimizer, loss)`.',
      );
    }
    if (!this.#compiled) {
      // Throws where the model is not built.
      if (this.inputs.length === 0) void this.topology;
      this.#compiled = this.compileNow(this.#options, this.optimizer);
    }
    return this.#compiled;
  }
  /** What `compile` was given; null before. */
  get compileOptions(): CompileOptions | null {
    return this.#options;
  }
  /** What training goes by. Throws `RuntimeError` before `compile`. */
  get optimizer(): AnyOptimizer {
    return this.#optimizer ?? this.compiled.optimizer;
  }
  get loss(): unknown {
    return this.#options?.loss ?? null;
  }
  get metrics(): Metric[] {
    return this.compiled.allMetrics;
  }
  /** The names of what `evaluate` gives: `loss` first. */
  get metricsNames(): string[] {
    return this.compiled.metricNames;
  }
  protected override disconnect(): void {
    super.disconnect();
    this.#compiled = null;
  }

  // Training

  /**
   * Trains the model on arrays. The weights live in Keras's session; `history` of the result holds losses and metrics by
   * epoch. Throws `ValueError` for data that do not fit the model.
   *
   *     const { history } = await model.fit(x, y, {epochs: 5, batchSize: 64, validationSplit: 0.1, verbose: 0});
   *
   * @param x an array whose first axis is that of examples, a list of them, or arrays by input name
   * @param y the same for the outputs that have a loss; null where there are none
   */
  async fit(x: Data, y: Data | null, options: FitOptions = {}): Promise<History> {
    this.buildFor(x);
    const { compiled } = this;
    const { batchSize, validationSplit = 0, shuffle = true } = options;
    let arrays = arraySource(this, compiled, x, y, options);
    let validation = this.validation(options);
    if (validationSplit !== 0 && !validation) {
      const [kept, split] = splitOff(arrays, validationSplit);
      arrays = kept;
      const { validationSteps = null, validationFreq: frequency = 1 } = options;
      validation = {
        source: this.batchesOf(split, batchSize, validationSteps, true),
        steps: validationSteps,
        frequency,
      };
    }
    return this.train(this.batchesOf(arrays, batchSize, options.stepsPerEpoch, shuffle), validation, options);
  }

  /**
   * Trains the model on batches that an iterable gives: `[x, y]` or `[x, y, sampleWeight]`, or `{xs, ys}`. An epoch ends
   * with it, unless `stepsPerEpoch` says when; it is then iterated again.
   *
   *     await model.fitDataset(batches, {epochs: 2});
   */
  async fitDataset(dataset: Dataset, options: FitDatasetOptions = {}): Promise<History> {
    const { classWeight = null, shuffle = true } = options;
    const source = await this.datasetFor(dataset, { classWeight, shuffle });
    return this.train(source, this.validation(options), options);
  }

  private async train(source: BatchSource, validation: Validation | null, options: TrainingOptions): Promise<History> {
    const { compiled } = this;
    const { epochs = 1, initialEpoch = 0, stepsPerEpoch = null, verbose = 1 } = options;
    compiled.prepare('train');
    const session = await this.session();
    const history = new History();
    this.history = history;
    const callbacks = withDefaults([...(options.callbacks ?? []), history], {
      verbose,
      validationSamples: validation?.source.samples ?? null,
    });
    await trainLoop(this, compiled, session, source, {
      epochs,
      initialEpoch,
      stepsPerEpoch,
      callbacks,
      verbose,
      validation,
    });
    return history;
  }

  private validation(
    options: TrainingOptions & Pick<FitDatasetOptions, 'validationData'> & { readonly batchSize?: number | null },
  ): Validation | null {
    const { validationData: data, validationSteps = null, validationFreq: frequency = 1 } = options;
    checkFrequency(frequency);
    if (!data) return null;
    if (isPair(data)) {
      checkPair(data);
      const arrays = arraySource(this, this.compiled, data[0], data[1], { sampleWeight: data[2] ?? null });
      // Keras shuffles them, too, which no number tells; but random orders that follow do.
      const source = this.batchesOf(arrays, options.batchSize, validationSteps, true);
      return { source, steps: validationSteps, frequency };
    }
    return { source: datasetSource(this, this.compiled, data), steps: validationSteps, frequency };
  }

  /**
   * The loss and the metrics on data, in the order of `metricsNames`: a list also where it is the loss alone.
   *
   *     const [loss, accuracy] = await model.evaluate(x, y);
   */
  async evaluate(x: Data, y: Data | null, options: EvaluateOptions = {}): Promise<number[]> {
    this.buildFor(x);
    const arrays = arraySource(this, this.compiled, x, y, options);
    return this.test(this.batchesOf(arrays, options.batchSize, options.steps), options);
  }
  /** `evaluate` on the batches of an iterable. */
  async evaluateDataset(dataset: Dataset, options: EvaluateOptions = {}): Promise<number[]> {
    return this.test(await this.datasetFor(dataset), options);
  }
  private async test(
    source: BatchSource,
    { callbacks, steps = null, verbose = 1 }: EvaluateOptions,
  ): Promise<number[]> {
    const { compiled } = this;
    compiled.prepare('test');
    const list = this.listOf(callbacks, source, steps, verbose, compiled.metricNames);
    return evaluateLoop(this, compiled, await this.session(), source, steps, list);
  }

  /**
   * The outputs for data: an array, or one per output.
   *
   *     const probabilities = await model.predict(x, {batchSize: 256});
   */
  async predict(x: Data, options: PredictOptions = {}): Promise<Prediction<Out>> {
    this.buildFor(x);
    const arrays = arraySource(this, null, x, null, {});
    return this.infer(this.batchesOf(arrays, options.batchSize, options.steps), options);
  }
  /** `predict` on the batches of an iterable: of `x`, or of lists that begin with it. */
  async predictDataset(dataset: Dataset, options: PredictOptions = {}): Promise<Prediction<Out>> {
    return this.infer(await this.datasetFor(dataset, {}, true), options);
  }
  private async infer(
    source: BatchSource,
    { callbacks, steps = null, verbose = 0 }: PredictOptions,
  ): Promise<Prediction<Out>> {
    const list = this.listOf(callbacks, source, steps, verbose, []);
    const outputs = await predictLoop(this, this.predictor(), await this.session(), source, steps, list);
    return this.predicted(outputs);
  }

  private listOf(
    callbacks: readonly Callback[] | null | undefined,
    source: BatchSource,
    steps: number | null,
    verbose: number,
    metrics: readonly string[],
  ): CallbackList {
    const all = withDefaults(callbacks ?? [], { verbose, validationSamples: null });
    const { samples, batchSize } = source;
    return new CallbackList(all, this, {
      verbose,
      epochs: 1,
      steps: steps ?? source.steps,
      samples: steps === null ? samples : null,
      batchSize,
      metrics,
    });
  }

  // Single batches

  /** One step of training: the loss and the metrics of the batch, in the order of `metricsNames`. */
  trainOnBatch(x: Data, y: Data | null, options: BatchOptions = {}): Promise<number[]> {
    return this.onBatch('train', x, y, options);
  }
  /** The loss and the metrics of a batch. */
  testOnBatch(x: Data, y: Data | null, options: BatchOptions = {}): Promise<number[]> {
    return this.onBatch('test', x, y, options);
  }
  /** The outputs for a batch. */
  async predictOnBatch(x: Data): Promise<Prediction<Out>> {
    this.buildFor(x);
    const { inputs } = arraySource(this, null, x, null, {});
    return this.predicted(await this.predictor().run('predict', await this.session(), inputs));
  }
  private async onBatch(mode: 'train' | 'test', x: Data, y: Data | null, options: BatchOptions): Promise<number[]> {
    this.buildFor(x);
    const { compiled } = this;
    const batch: Batch = oneBatch(arraySource(this, compiled, x, y, options));
    compiled.prepare(mode);
    const session = await this.session();
    const results = await compiled.run(mode, session, batch.inputs, batch.targets, batch.weights);
    // Afterwards, as in Keras: the first batch after an epoch counts with that epoch.
    if (options.resetMetrics !== false) await this.resetMetrics();
    return results.map((value) => Number(value.item()));
  }
  /** Has all metrics start anew. */
  async resetMetrics(): Promise<void> {
    for (const metric of this.compiled.allMetrics) await metric.resetStates();
  }

  // What the methods share

  /** Arrays as batches. Throws `ValueError` where a model that keeps states would get a batch that is not whole. */
  private batchesOf(
    arrays: Arrays,
    batchSize: number | null | undefined,
    steps: number | null = null,
    shuffle: boolean | 'batch' = false,
  ): BatchSource {
    const size = this.sizeOfBatch(batchSize);
    if (this.stateful && steps === null && arrays.count % size !== 0) {
      throw new ValueError(
        `In a stateful network, you should only pass inputs with a number of samples that can be divided by the batch size. Found: ${arrays.count} samples`,
      );
    }
    return batchesOf(arrays, size, steps, shuffle);
  }

  /** How many examples a batch has: as many as the inputs are for, where that is fixed. */
  private sizeOfBatch(size: number | null | undefined): number {
    const fixed = this.inputs[0]?.shape?.[0] ?? null;
    if (size === null || size === undefined) return fixed ?? 32;
    if (fixed === null || size === fixed) return checkedSize(size);
    throw new ValueError(
      `The \`batch_size\` argument value ${size} is incompatible with the specified batch size of your Input Layer: ${fixed}`,
    );
  }

  private async session(): Promise<AnySession> {
    const session = await this.context.sessionOf(this);
    // Weights that were given again are trained from the start.
    await this.context.startAnew(this.#compiled?.stateVariables ?? [], session);
    return session;
  }

  #predictor: Compiled | null = null;
  /** Predictions need no `compile`. */
  private predictor(): Compiled {
    if (this.#options) return this.compiled;
    if (this.inputs.length === 0) void this.topology;
    this.#predictor ??= this.compileNow({ loss: null }, getOptimizer('rmsprop'));
    return this.#predictor;
  }

  private predicted(outputs: readonly NdArray[]): Prediction<Out> {
    return (this.outputs.length === 1 && !this.givesList ? outputs[0] : [...outputs]) as Prediction<Out>;
  }

  /** Builds a model that does not know its inputs, by the shapes of the data. */
  protected buildFor(x: Data): void {
    if (this.inputs.length > 0) return;
    const arrays = looseArrays(x);
    const shapes = arrays.map(({ shape }) => [null, ...shape.slice(1)]);
    this.build(shapes.length === 1 ? shapes[0] : shapes);
    if (this.inputs.length > 0) return;
    const inputs = arrays.map(({ dtype }, i) =>
      buildingIn(
        this.context,
        () => new InputLayer({ batchInputShape: shapes[i], dtype: dtype.isFloating ? null : dtype }).output,
      ),
    );
    this.setTensors(inputs, this.apply(inputs.length === 1 ? inputs[0] : inputs, {}));
  }

  private async datasetFor(
    dataset: Dataset,
    options: DatasetSourceOptions = {},
    inputsOnly = false,
  ): Promise<BatchSource> {
    let source = dataset;
    if (this.inputs.length === 0) {
      const [inputs, whole] = await peek(dataset);
      this.buildFor(inputs);
      source = whole;
    }
    return datasetSource(this, inputsOnly ? null : this.compiled, source, options);
  }

  // Looking in

  /** Prints what the model is made of: layers, shapes, numbers of weights. */
  summary({
    printFn = console.log,
    ...options
  }: SummaryOptions & { readonly printFn?: (text: string) => void } = {}): void {
    printFn(summaryText(this, options));
  }

  // Configurations

  /**
   * The layers and how they are called, without weights. Throws `RuntimeError` for a model that is given by its
   * `call`: such a class says itself what it is made from.
   */
  override getConfig(): Config {
    if (this.isGraphNetwork) return functionalConfig(this as Network<TensorNest>);
    throw new RuntimeError(`Model ${this.name} is given by its \`call\`: its class must implement \`getConfig\`.`);
  }
  /** A model from what `getConfig` gave; with new weights. */
  static override fromConfig<T>(this: new (config: never) => T, config: Config): T {
    // biome-ignore lint/complexity/noThisInStatic: a subclass makes models of its own.
    const Class = this as unknown as ModelClass<T>;
    if (!isFunctionalConfig(config)) return new Class(config as never);
    return fromFunctionalConfig(contextOfClass(Class), config, (parts) => new Class(parts));
  }
  /** The model as text that Keras reads as well: `getConfig` as JSON. */
  toJson(): string {
    return modelToJson(this as Network<TensorNest>);
  }

  // Files

  /**
   * Saves the weights as an HDF5 file that Keras reads: to a path (in Node), or to a function that takes the bytes.
   *
   *     await model.saveWeights('weights.h5');
   */
  saveWeights(target: SaveTarget, options: SaveWeightsOptions = {}): Promise<void> {
    return saveWeightsTo(this as Network<TensorNest>, target, options);
  }
  /**
   * Sets the weights from a file, its bytes, or a function that gives them: all or none. Rejects with `ValueError` where
   * they do not fit.
   *
   *     await model.loadWeights('weights.h5', {byName: true});
   */
  loadWeights(source: LoadSource, options: LoadWeightsOptions = {}): Promise<void> {
    return loadWeightsFrom(this as Network<TensorNest>, source, options);
  }
  /**
   * Saves the model with all it has: an HDF5 file for paths that end in `.h5`, `.hdf5` or `.keras` and for a function, a
   * folder with a `model.json` of TensorFlow.js for other paths. Read it with `tf.keras.models.loadModel`.
   *
   *     await model.save('model.h5', {includeOptimizer: false});
   */
  save(target: SaveTarget, options: SaveFileOptions = {}): Promise<void> {
    return saveModelTo(this as unknown as SavableModel, target, options);
  }
}

/** What files call a model between tensors. */
class Functional extends Model {
  static override readonly className: string = 'Functional';
  static override fromConfig<T>(this: new (config: never) => T, config: Config): T {
    return Model.fromConfig(config) as T;
  }
}
registerLayers({ Model, Functional });

function checkedSize(size: number): number {
  if (!Number.isInteger(size) || size < 1)
    throw new ValueError(`\`batch_size\` must be a positive integer, got ${size}.`);
  return size;
}

function isPair(value: readonly [Data, Data, Data?] | Dataset): value is readonly [Data, Data, Data?] {
  return Array.isArray(value);
}

function checkPair(data: readonly unknown[]): void {
  if (data.length === 2 || data.length === 3) return;
  throw new ValueError(
    `When passing a \`validation_data\` argument, it must contain either 2 items (x_val, y_val), or 3 items (x_val, y_val, val_sample_weights), or alternatively it could be a dataset. However we received a list of ${data.length}.`,
  );
}

function isTensors(value: unknown): value is Tensor | readonly Tensor[] {
  return value instanceof Tensor || Array.isArray(value);
}

export type { DataArray };
