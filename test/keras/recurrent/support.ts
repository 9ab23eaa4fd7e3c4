/** What the tests of recurrent layers share: the cases that Keras answered, and a cell that is no layer of the library. */
import { readFileSync } from 'node:fs';
import type { Tensor } from '../../../src/graph/graph.ts';
import * as tf from '../../../src/index.ts';
import type { GoldenArray } from '../../support/compare.ts';

export interface LayerCase {
  readonly layer: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weight_names: readonly string[] | null;
  readonly weights: readonly GoldenArray[];
  readonly static: readonly (number | null)[];
  readonly x: GoldenArray;
  readonly mask?: GoldenArray;
  readonly states: readonly GoldenArray[];
  readonly constants: readonly GoldenArray[];
  readonly outputs: readonly GoldenArray[];
  readonly output_shapes: readonly (readonly (number | null)[])[];
  readonly output_masks?: readonly (GoldenArray | null)[];
  readonly flows?: readonly GoldenArray[];
  readonly gradients?: readonly (GoldenArray | null)[];
  readonly runs?: readonly (readonly GoldenArray[])[];
  readonly kept?: readonly GoldenArray[];
  readonly state_names?: readonly string[];
}

interface Goldens {
  readonly cases: readonly LayerCase[];
  readonly backend: Readonly<Record<'x' | 'h' | 'w' | 'u' | 'mask', GoldenArray>> & {
    readonly runs: readonly { readonly name: string; readonly values: readonly GoldenArray[] }[];
  };
  readonly defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly errors: Readonly<Record<string, readonly [type: string, message: string]>>;
  readonly stateful: {
    readonly weights: readonly GoldenArray[];
    readonly x: GoldenArray;
    readonly y: GoldenArray;
    readonly first: GoldenArray;
    readonly second: GoldenArray;
    readonly again: GoldenArray;
    readonly loss: readonly number[];
    readonly evaluated: number;
    readonly final: readonly GoldenArray[];
    readonly states: readonly GoldenArray[];
  };
}

const file = new URL('../../goldens/keras/recurrent.json', import.meta.url);
export const goldens = JSON.parse(readFileSync(file, 'utf8')) as Goldens;

interface UnitsOptions extends tf.keras.LayerOptions {
  readonly units: number;
}

/** A cell with a constant, and an output that is not its state. */
export class WithConstants extends tf.keras.layers.AbstractRNNCell {
  static override readonly className = 'WithConstants';
  readonly units: number;
  readonly stateSize: number;
  readonly outputSize: number;
  w!: tf.Variable;
  u!: tf.Variable;
  v!: tf.Variable;

  constructor(options: UnitsOptions) {
    super(options);
    this.units = options.units;
    this.stateSize = options.units;
    this.outputSize = 2 * options.units;
  }

  override build(shape: readonly number[]): void {
    const { units } = this;
    this.w = this.addWeight('w', { shape: [shape[shape.length - 1], units] });
    this.u = this.addWeight('u', { shape: [units, units] });
    this.v = this.addWeight('v', { shape: [3, units] });
    super.build(shape);
  }

  override call(x: Tensor, { states = [], constants }: tf.keras.layers.CellCallOptions): tf.keras.layers.StepResult {
    const fresh = tf.tanh(tf.matmul(x, this.w).add(tf.matmul(states[0] as Tensor, this.u)));
    const h = constants ? fresh.add(tf.matmul(constants[0], this.v)) : fresh;
    return [tf.concat([h, h.neg()], 1), [h]];
  }

  override getConfig() {
    return { ...super.getConfig(), units: this.units };
  }
}
