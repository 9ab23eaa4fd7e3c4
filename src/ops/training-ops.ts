/**
 * The update ops of optimizers: `ResourceApply*` and their sparse forms, with the formulas of TensorFlow's kernels. Each is
 * defined by a rule over tensors, from which the decomposition follows; the classes that build these ops are in `src/train`.
 */
import type { AttrValue } from '../graph/node.ts';
import type { DType } from '../util/dtype.ts';
import type { Shape } from '../util/shape.ts';
import { defineOp, type InferContext, type OpView } from './opdef/define.ts';
import { merge, withRank, withRankAtLeast } from './opdef/shape-rules.ts';
import type { Vocabulary } from './opdef/vocabulary.ts';

/** The inputs of an update by name. A variable is read when it is first asked for; of a sparse update only the rows. */
type Arguments<V> = (name: string) => V;
/** New values by the names of the variables they are for, in the order in which they are assigned. */
type Updates<V> = Readonly<Record<string, V>>;
type Rule = <V>(get: Arguments<V>, $: Vocabulary<V>, attr: (name: string) => AttrValue) => Updates<V>;

interface UpdateInit {
  readonly name: string;
  readonly doc: string;
  /** Names of the inputs in order; those of variables end in `!`. */
  readonly inputs: string;
  /** Attributes besides `T` and `use_locking`. */
  readonly attrs?: readonly string[];
  readonly rule: Rule;
  /** False where TensorFlow has no sparse form. */
  readonly sparse?: boolean;
}

/** What an update op on handles is made of: its form on references has the same parts. */
export interface UpdateOp {
  readonly type: string;
  readonly doc: string;
  /** Names of the inputs in order; those of variables end in `!`. */
  readonly inputs: readonly string[];
  readonly attrs: readonly string[];
}

const defined: UpdateOp[] = [];

/** Every update op, in the order of definition. */
export const updateOps: readonly UpdateOp[] = defined;

/** Defines `ResourceApply<name>` and, where there is one, `ResourceSparseApply<name>`. */
function defineUpdate({ name, doc, inputs, attrs = [], rule, sparse = true }: UpdateInit): void {
  const args = inputs.split(' ');
  define(`ResourceApply${name}`, doc, args, attrs, rule);
  if (!sparse) return;
  const rows = args.flatMap((arg) => (arg === 'grad' || arg === 'delta' ? ['grad', 'indices'] : [arg]));
  define(`ResourceSparseApply${name}`, `${doc} Only the rows at \`indices\` change.`, rows, attrs, rule);
}

function define(type: string, doc: string, args: readonly string[], attrs: readonly string[], rule: Rule): void {
  const names = args.map((arg) => arg.replace('!', ''));
  const indices = names.indexOf('indices');
  const allAttrs = [
    'T: numbertype',
    ...(indices < 0 ? [] : ['Tindices: {int32, int64}']),
    'use_locking: bool = false',
    ...attrs,
  ];
  defined.push({ type, doc, inputs: args, attrs: allAttrs });
  defineOp({
    name: type,
    doc,
    inputs: args.map((arg) => `${arg.replace('!', '')}: ${inputType(arg, 'resource')}`),
    attrs: allAttrs,
    effect: 'writes',
    infer: (op) => {
      checkUpdate(op, args, (input) => op.handle(input)?.shape ?? null);
      return [];
    },
    grad: null,
    decompose: <V>(op: OpView<V>, $: Vocabulary<V>) => {
      const variables = args.filter((arg) => arg.endsWith('!')).length;
      const dtype = op.attr<DType>('T');
      const whole = new Map<string, V>();
      const known = new Map<string, V>();
      const get = (name: string): V => {
        const found = known.get(name);
        if (found !== undefined) return found;
        const at = names.indexOf(name);
        let value = op.inputs[at < 0 ? names.indexOf('grad') : at];
        if (at >= 0 && at < variables) {
          value = $.readVariable(value, dtype);
          whole.set(name, value);
          if (indices >= 0) value = $.gather(value, op.inputs[indices]);
        }
        known.set(name, value);
        return value;
      };
      const updates = rule(get, $, (attr) => op.attr(attr));
      const at = indices < 0 ? null : $.expandDims(op.inputs[indices], -1);
      for (const [name, rows] of Object.entries(updates)) {
        if (at !== null) get(name);
        const value = at === null ? rows : $.op('TensorScatterUpdate', [whole.get(name) as V, at, rows]);
        $.assignVariable(op.inputs[names.indexOf(name)], value);
      }
      return [];
    },
    samples: [],
  });
}

/** The type of an input in a signature; `variable` is that of variables. */
export function inputType(arg: string, variable: string): string {
  if (arg.endsWith('!')) return variable;
  if (arg === 'indices') return 'Tindices';
  return arg === 'global_step' ? 'int64' : 'T';
}

/**
 * Variables and gradient have one shape (a sparse gradient: rows of it); everything else is a scalar. Gives the shape of
 * the variables.
 */
export function checkUpdate(op: InferContext, args: readonly string[], variable: (input: number) => Shape): Shape {
  const sparse = args.includes('indices');
  let shape: Shape = null;
  args.forEach((arg, i) => {
    if (arg.endsWith('!')) shape = merge(shape, variable(i));
    else if (arg === 'indices') withRank(op.shape(i), 1);
    else if (arg !== 'grad' && arg !== 'delta') withRank(op.shape(i), 0);
  });
  const at = args.findIndex((arg) => arg === 'grad' || arg === 'delta');
  const grad = op.shape(at);
  if (!sparse) shape = merge(shape, grad);
  else if (grad !== null) {
    withRankAtLeast(grad, 1);
    const rows = op.shape(at + 1);
    merge(rows, [grad[0]]);
    if (shape !== null) merge((shape as readonly (number | null)[]).slice(1), grad.slice(1));
  }
  return shape;
}

/** `average + (value - average) * (1 - rate)`: a step of an exponential average. */
function towards<V>($: Vocabulary<V>, average: V, value: V, rest: V): V {
  return $.add(average, $.mul($.sub(value, average), rest));
}

/** Moves values toward zero by `l1`, and scales them by `1 / (1 + l2)`: the proximal step. */
function shrink<V>($: Vocabulary<V>, x: V, l1: V, l2: V): V {
  const lower = $.maximum($.sub($.op('Abs', [x]), l1), $.scalarLike(0, x));
  return $.div($.mul($.sign(x), lower), $.add(1, l2));
}

defineUpdate({
  name: 'GradientDescent',
  doc: 'var -= alpha * delta.',
  inputs: 'var! alpha delta',
  sparse: false,
  rule: (get, $) => ({ var: $.sub(get('var'), $.mul(get('delta'), get('alpha'))) }),
});

defineUpdate({
  name: 'ProximalGradientDescent',
  doc: 'Gradient descent with l1 and l2 regularization by a proximal step.',
  inputs: 'var! alpha l1 l2 delta',
  rule: (get, $) => {
    const alpha = get('alpha');
    const stepped = $.sub(get('var'), $.mul(get('delta'), alpha));
    return { var: shrink($, stepped, $.mul(get('l1'), alpha), $.mul(get('l2'), alpha)) };
  },
});

defineUpdate({
  name: 'Momentum',
  doc: 'accum = accum * momentum + grad; var -= lr * accum (Nesterov: lr * (grad + momentum * accum)).',
  inputs: 'var! accum! lr grad momentum',
  attrs: ['use_nesterov: bool = false'],
  rule: (get, $, attr) => {
    const [grad, momentum] = [get('grad'), get('momentum')];
    const accum = $.add($.mul(get('accum'), momentum), grad);
    const step = attr('use_nesterov') ? $.add(grad, $.mul(accum, momentum)) : accum;
    return { accum, var: $.sub(get('var'), $.mul(step, get('lr'))) };
  },
});

defineUpdate({
  name: 'KerasMomentum',
  doc: 'accum = accum * momentum - lr * grad; var += accum (Nesterov: accum * momentum - lr * grad).',
  inputs: 'var! accum! lr grad momentum',
  attrs: ['use_nesterov: bool = false'],
  rule: (get, $, attr) => {
    const momentum = get('momentum');
    const pull = $.mul(get('grad'), get('lr'));
    const accum = $.sub($.mul(get('accum'), momentum), pull);
    const step = attr('use_nesterov') ? $.sub($.mul(accum, momentum), pull) : accum;
    return { accum, var: $.add(get('var'), step) };
  },
});

/** The part that Adam and its AMSGrad form share: both averages and the step size corrected for their start at zero. */
function adamAverages<V>(get: Arguments<V>, $: Vocabulary<V>): { m: V; v: V; alpha: V; rest1: V } {
  const grad = get('grad');
  const rest1 = $.sub(1, get('beta1'));
  const m = towards($, get('m'), grad, rest1);
  const v = towards($, get('v'), $.square(grad), $.sub(1, get('beta2')));
  const correction = $.div($.sqrt($.sub(1, get('beta2_power'))), $.sub(1, get('beta1_power')));
  return { m, v, alpha: $.mul(get('lr'), correction), rest1 };
}

defineUpdate({
  name: 'Adam',
  doc: 'm and v average the gradient and its square; var -= lr_t * m / (sqrt(v) + epsilon).',
  inputs: 'var! m! v! beta1_power beta2_power lr beta1 beta2 epsilon grad',
  attrs: ['use_nesterov: bool = false'],
  sparse: false,
  rule: (get, $, attr) => {
    const { m, v, alpha, rest1 } = adamAverages(get, $);
    const step = attr('use_nesterov') ? $.add($.mul(get('grad'), rest1), $.mul(m, get('beta1'))) : m;
    const scaled = $.div($.mul(step, alpha), $.add($.sqrt(v), get('epsilon')));
    return { m, v, var: $.sub(get('var'), scaled) };
  },
});

defineUpdate({
  name: 'AdamWithAmsgrad',
  doc: 'Adam that divides by the largest average of the squared gradient so far.',
  inputs: 'var! m! v! vhat! beta1_power beta2_power lr beta1 beta2 epsilon grad',
  sparse: false,
  rule: (get, $) => {
    const { m, v, alpha } = adamAverages(get, $);
    const vhat = $.maximum(get('vhat'), v);
    const scaled = $.div($.mul(m, alpha), $.add($.sqrt(vhat), get('epsilon')));
    return { m, v, vhat, var: $.sub(get('var'), scaled) };
  },
});

defineUpdate({
  name: 'AdaMax',
  doc: 'Adam with the infinity norm: v = max(beta2 * v, |grad|); var -= lr / (1 - beta1_power) * m / (v + epsilon).',
  inputs: 'var! m! v! beta1_power lr beta1 beta2 epsilon grad',
  sparse: false,
  rule: (get, $) => {
    const grad = get('grad');
    const m = towards($, get('m'), grad, $.sub(1, get('beta1')));
    const v = $.maximum($.mul(get('v'), get('beta2')), $.op('Abs', [grad]));
    const rate = $.div(get('lr'), $.sub(1, get('beta1_power')));
    return { m, v, var: $.sub(get('var'), $.mul(rate, $.div(m, $.add(v, get('epsilon'))))) };
  },
});

defineUpdate({
  name: 'RMSProp',
  doc: 'ms averages the squared gradient; mom = momentum * mom + lr * grad / sqrt(ms + epsilon); var -= mom.',
  inputs: 'var! ms! mom! lr rho momentum epsilon grad',
  rule: (get, $) => {
    const grad = get('grad');
    const ms = towards($, get('ms'), $.square(grad), $.sub(1, get('rho')));
    const step = $.div($.mul(grad, get('lr')), $.sqrt($.add(ms, get('epsilon'))));
    const mom = $.add($.mul(get('mom'), get('momentum')), step);
    return { ms, mom, var: $.sub(get('var'), mom) };
  },
});

defineUpdate({
  name: 'CenteredRMSProp',
  doc: 'RMSProp that divides by an estimate of the variance, with mg the average gradient.',
  inputs: 'var! mg! ms! mom! lr rho momentum epsilon grad',
  rule: (get, $) => {
    const grad = get('grad');
    const rest = $.sub(1, get('rho'));
    const ms = towards($, get('ms'), $.square(grad), rest);
    const mg = towards($, get('mg'), grad, rest);
    const variance = $.add($.sub(ms, $.square(mg)), get('epsilon'));
    const step = $.div($.mul(grad, get('lr')), $.sqrt(variance));
    const mom = $.add($.mul(get('mom'), get('momentum')), step);
    return { mg, ms, mom, var: $.sub(get('var'), mom) };
  },
});

/** The sum of squared gradients, left alone where the op is told not to update its slots. */
function squares<V>(get: Arguments<V>, $: Vocabulary<V>, attr: (name: string) => AttrValue): [V, Updates<V>] {
  if (!attr('update_slots')) return [get('accum'), {}];
  const accum = $.add(get('accum'), $.square(get('grad')));
  return [accum, { accum }];
}

defineUpdate({
  name: 'Adagrad',
  doc: 'accum += grad^2; var -= lr * grad / sqrt(accum).',
  inputs: 'var! accum! lr grad',
  attrs: ['update_slots: bool = true'],
  rule: (get, $, attr) => {
    const [accum, slots] = squares(get, $, attr);
    return { ...slots, var: $.sub(get('var'), $.div($.mul(get('grad'), get('lr')), $.sqrt(accum))) };
  },
});

defineUpdate({
  name: 'AdagradV2',
  doc: 'accum += grad^2; var -= lr * grad / (sqrt(accum) + epsilon).',
  inputs: 'var! accum! lr epsilon grad',
  attrs: ['update_slots: bool = true'],
  rule: (get, $, attr) => {
    const [accum, slots] = squares(get, $, attr);
    const scale = $.add($.sqrt(accum), get('epsilon'));
    return { ...slots, var: $.sub(get('var'), $.div($.mul(get('grad'), get('lr')), scale)) };
  },
});

defineUpdate({
  name: 'ProximalAdagrad',
  doc: 'Adagrad with l1 and l2 regularization by a proximal step.',
  inputs: 'var! accum! lr l1 l2 grad',
  rule: (get, $) => {
    const grad = get('grad');
    const accum = $.add(get('accum'), $.square(grad));
    const rate = $.mul($.rsqrt(accum), get('lr'));
    const stepped = $.sub(get('var'), $.mul(grad, rate));
    return { accum, var: shrink($, stepped, $.mul(rate, get('l1')), $.mul(rate, get('l2'))) };
  },
});

defineUpdate({
  name: 'AdagradDA',
  doc: 'Dual averaging: the variable follows from the sums of the gradient and of its square alone.',
  inputs: 'var! gradient_accumulator! gradient_squared_accumulator! grad lr l1 l2 global_step',
  rule: (get, $) => {
    const grad = get('grad');
    const sum = $.add(get('gradient_accumulator'), grad);
    const squared = $.add(get('gradient_squared_accumulator'), $.square(grad));
    const step = $.cast(get('global_step'), $.dtypeOf(grad));
    const lower = $.maximum($.sub($.op('Abs', [sum]), $.mul(get('l1'), step)), $.scalarLike(0, sum));
    const scale = $.add($.sqrt(squared), $.mul($.mul(get('l2'), step), get('lr')));
    return {
      gradient_accumulator: sum,
      gradient_squared_accumulator: squared,
      var: $.div($.mul($.mul($.sign(sum), lower), $.neg(get('lr'))), scale),
    };
  },
});

defineUpdate({
  name: 'Adadelta',
  doc: 'accum and accum_update average the squares of gradients and updates, whose ratio scales the gradient.',
  inputs: 'var! accum! accum_update! lr rho epsilon grad',
  rule: (get, $) => {
    const [grad, rho, epsilon] = [get('grad'), get('rho'), get('epsilon')];
    const rest = $.sub(1, rho);
    const previous = get('accum_update');
    const accum = $.add($.mul(get('accum'), rho), $.mul($.square(grad), rest));
    const ratio = $.mul($.sqrt($.add(previous, epsilon)), $.rsqrt($.add(accum, epsilon)));
    const step = $.mul(ratio, grad);
    return {
      accum,
      accum_update: $.add($.mul(previous, rho), $.mul($.square(step), rest)),
      var: $.sub(get('var'), $.mul(step, get('lr'))),
    };
  },
});

/**
 * Follow-the-regularized-leader. `shrinkage` adds `2 * l2_shrinkage * var` to the gradient of the linear term (V2); the
 * attribute `multiply_linear_by_lr` keeps the linear term multiplied by the learning rate.
 */
function ftrl(shrinkage: boolean): Rule {
  return (get, $, attr) => {
    const [grad, lr, l1, old] = [get('grad'), get('lr'), get('l1'), get('accum')];
    const byRate = attr('multiply_linear_by_lr') === true;
    const power = $.constantValue(get('lr_power'));
    const root = (x: typeof grad) => (power?.item() === -0.5 ? $.sqrt(x) : $.pow(x, $.neg(get('lr_power'))));
    const accum = $.add(old, $.square(grad));
    const rooted = root(accum);
    const shrunk = shrinkage ? $.add(grad, $.mul($.mul(2, get('l2_shrinkage')), get('var'))) : grad;
    const growth = $.sub(rooted, root(old));
    const change = byRate
      ? $.sub($.mul(shrunk, lr), $.mul(growth, get('var')))
      : $.sub(shrunk, $.mul($.div(growth, lr), get('var')));
    const linear = $.add(get('linear'), change);
    const limit = byRate ? $.mul(l1, lr) : l1;
    const l2 = $.mul(2, get('l2'));
    const scale = byRate ? $.add(rooted, $.mul(l2, lr)) : $.add($.div(rooted, lr), l2);
    const solved = $.div($.sub($.mul($.sign(linear), limit), linear), scale);
    const large = $.greater($.op('Abs', [linear]), limit);
    return { accum, linear, var: $.where(large, solved, $.scalarLike(0, solved)) };
  };
}

defineUpdate({
  name: 'Ftrl',
  doc: 'Follow-the-regularized-leader with l1 and l2.',
  inputs: 'var! accum! linear! grad lr l1 l2 lr_power',
  attrs: ['multiply_linear_by_lr: bool = false'],
  rule: ftrl(false),
});

defineUpdate({
  name: 'FtrlV2',
  doc: 'Follow-the-regularized-leader with l1, l2 and l2 shrinkage.',
  inputs: 'var! accum! linear! grad lr l1 l2 l2_shrinkage lr_power',
  attrs: ['multiply_linear_by_lr: bool = false'],
  rule: ftrl(true),
});

/** The average of the gradient, and the product of its sign and that of the gradient. */
function signs<V>(get: Arguments<V>, $: Vocabulary<V>): { m: V; agreement: V } {
  const grad = get('grad');
  const m = $.add($.mul(get('m'), get('beta')), $.mul(grad, $.sub(1, get('beta'))));
  return { m, agreement: $.mul($.sign(grad), $.sign(m)) };
}

defineUpdate({
  name: 'AddSign',
  doc: 'm averages the gradient; var -= lr * (alpha + sign_decay * sign(grad) * sign(m)) * grad.',
  inputs: 'var! m! lr alpha sign_decay beta grad',
  sparse: false,
  rule: (get, $) => {
    const { m, agreement } = signs(get, $);
    const scale = $.add($.mul(get('sign_decay'), agreement), get('alpha'));
    return { m, var: $.sub(get('var'), $.mul($.mul(get('lr'), scale), get('grad'))) };
  },
});

defineUpdate({
  name: 'PowerSign',
  doc: 'm averages the gradient; var -= lr * exp(logbase * sign_decay * sign(grad) * sign(m)) * grad.',
  inputs: 'var! m! lr logbase sign_decay beta grad',
  sparse: false,
  rule: (get, $) => {
    const { m, agreement } = signs(get, $);
    const scale = $.op('Exp', [$.mul($.mul(get('logbase'), get('sign_decay')), agreement)]);
    return { m, var: $.sub(get('var'), $.mul($.mul(get('lr'), scale), get('grad'))) };
  },
});
