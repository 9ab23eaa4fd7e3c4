/** Adam. The base class builds the step; the formula of a dense update is in `src/ops/training-ops.ts`. */
import type { Operation, Tensor } from '../graph/graph.ts';
import { group } from '../ops/control.ts';
import { emit, emitOne } from '../ops/emit.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import type { Variable } from '../variables/variable.ts';
import { type Hyperparameter, Optimizer } from './optimizer.ts';
import { castTo, readOf } from './slots.ts';

export interface AdamOptions {
  /** 0.001 without it. */
  readonly learningRate?: Hyperparameter;
  /** How much of the average gradient is kept at each step; 0.9 without it. */
  readonly beta1?: Hyperparameter;
  /** The same for its square; 0.999 without it. */
  readonly beta2?: Hyperparameter;
  readonly epsilon?: Hyperparameter;
  readonly useLocking?: boolean;
  readonly name?: string;
}

/**
 * Divides the average gradient by the root of the average square, both corrected for their start at zero. Its slots are
 * `m` and `v`.
 *
 *     new tf.train.AdamOptimizer(1e-3).minimize(loss)
 */
export class AdamOptimizer extends Optimizer {
  private readonly options: AdamOptions;
  private hypers!: readonly [rate: Tensor, beta1: Tensor, beta2: Tensor, epsilon: Tensor];

  constructor(
    learningRate?: Hyperparameter | AdamOptions,
    ...rest: Rest<
      [beta1: Hyperparameter, beta2: Hyperparameter, epsilon: Hyperparameter, useLocking: boolean, name: string],
      AdamOptions
    >
  ) {
    const options = bind<AdamOptions>(
      ['learningRate', 'beta1', 'beta2', 'epsilon', 'useLocking', 'name'],
      [learningRate, ...rest],
    );
    super(options.useLocking ?? false, options.name ?? 'Adam');
    this.options = options;
  }

  protected override createSlots(variables: readonly Variable[]): void {
    const { beta1 = 0.9, beta2 = 0.999 } = this.options;
    const first = variables.reduce((a, b) => (b.name < a.name ? b : a));
    this.addVariable(typeof beta1 === 'function' ? beta1() : beta1, 'beta1_power', first);
    this.addVariable(typeof beta2 === 'function' ? beta2() : beta2, 'beta2_power', first);
    for (const variable of variables) {
      this.addZerosSlot(variable, 'm');
      this.addZerosSlot(variable, 'v');
    }
  }
  protected override prepare(): void {
    const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = this.options;
    this.hypers = [
      this.hyper(learningRate, 'learning_rate'),
      this.hyper(beta1, 'beta1'),
      this.hyper(beta2, 'beta2'),
      this.hyper(epsilon, 'epsilon'),
    ];
  }
  private powers(variable: Variable): readonly [Variable, Variable] {
    const { graph } = variable;
    return [this.variableNamed('beta1_power', graph), this.variableNamed('beta2_power', graph)];
  }

  protected applyDense(gradient: Tensor, variable: Variable): Operation {
    const [power1, power2] = this.powers(variable);
    const m = this.getSlot(variable, 'm') as Variable;
    const v = this.getSlot(variable, 'v') as Variable;
    return this.emitUpdate('ResourceApplyAdam', [
      variable,
      m,
      v,
      ['read', power1],
      ['read', power2],
      ...this.hypers,
      gradient,
    ]);
  }

  /** Averages decay for all rows, since the other rows' gradient is zero, and then take up the given ones. */
  protected applySparse(gradient: Tensor, variable: Variable, indices: Tensor): Operation {
    const { dtype, graph } = variable;
    const [rate, beta1, beta2, epsilon] = this.hypers.map((hyper) => castTo(hyper, dtype));
    const [power1, power2] = this.powers(variable);
    const op = (type: string, name: string, x: Tensor | Variable | number, y: Tensor | Variable | number) =>
      emitOne(type, [x, y], {}, name);
    const read = (power: Variable) => (power.dtype === dtype ? readOf(power) : (castTo(power, dtype) as Tensor));
    const average = (slot: Variable, beta: Tensor | Variable, square: boolean): Tensor => {
      const term = square ? op('Mul', 'mul', gradient, gradient) : gradient;
      const scaled = op('Mul', 'mul', term, op('Sub', 'sub', 1, beta));
      const decayed = op('Mul', 'mul', readOf(slot), beta);
      const assigned = slot.assign(decayed).op;
      return graph.controlDependencies([assigned], () => {
        const added = emit('ResourceScatterAdd', [slot.handle, indices, scaled]);
        return graph.controlDependencies([added], () => readOf(slot));
      });
    };
    const root = emitOne('Sqrt', [op('Sub', 'sub', 1, read(power2))]);
    const alpha = op('RealDiv', 'truediv', op('Mul', 'mul', rate, root), op('Sub', 'sub', 1, read(power1)));
    const m = average(this.getSlot(variable, 'm') as Variable, beta1, false);
    const v = average(this.getSlot(variable, 'v') as Variable, beta2, true);
    const vRoot = emitOne('Sqrt', [v]);
    const step = op('RealDiv', 'truediv', op('Mul', 'mul', alpha, m), op('AddV2', 'add', vRoot, epsilon));
    return group(variable.assignSub(step).op, m, v);
  }

  /** The powers of the betas go on when every variable is updated. */
  protected override finish(updates: readonly Operation[], name: string): Operation {
    const { graph } = updates[0];
    const [, beta1, beta2] = this.hypers;
    const powers = [this.variableNamed('beta1_power', graph), this.variableNamed('beta2_power', graph)] as const;
    const raised = graph.controlDependencies(updates, () =>
      graph.colocateWith(powers[0].op, false, () =>
        powers.map((power, i) => {
          const beta = castTo(i === 0 ? beta1 : beta2, power.dtype);
          return power.assign(emitOne('Mul', [readOf(power), beta], {}, 'mul')).op;
        }),
      ),
    );
    return group(...updates, ...raised, { name });
  }
}
