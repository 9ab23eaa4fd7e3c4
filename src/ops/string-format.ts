/** Tensors as texts within a template: `tf.strings.format` and `tf.print`. How elements are written is the runtime's business. */
import { type Operation, Tensor } from '../graph/graph.ts';
import { int32, string } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { emit, emitOne, graphOf } from './emit.ts';
import { defineOp, ShapeError, sample } from './opdef/define.ts';
import { SparseTensor } from './sparse-tensor.ts';
import { bind, isConvertible, isOptions, type Rest, type TensorConvertible, type TensorLike } from './tensor-like.ts';

defineOp({
  name: 'StringFormat',
  doc: 'The template with each placeholder replaced by the text of a tensor.',
  inputs: ['inputs: T'],
  outputs: ['output: string'],
  attrs: ['T: list(type) >= 0', 'template: string = "%s"', 'placeholder: string = "%s"', 'summarize: int = 3'],
  infer: (op) => {
    const count = op.attr<string>('template').split(op.attr<string>('placeholder')).length - 1;
    if (count !== op.inputCount) {
      throw new ShapeError(`num placeholders in template and num inputs must match: ${count} vs. ${op.inputCount}`);
    }
    return [[]];
  },
  grad: null,
  samples: [
    {
      inputs: [sample(int32, [3], [1, 2, 3])],
      attrs: { template: 'x = %s' },
      outputs: [sample(string, [], ['x = [1 2 3]'])],
    },
  ],
});

export interface StringFormatOptions {
  /** What stands for a tensor in the template; `'{}'` without it. */
  readonly placeholder?: string;
  /** How many elements at both ends of each axis are shown; 3 without it, all with -1. */
  readonly summarize?: number;
  readonly name?: string | null;
}

/**
 * The template with each placeholder replaced by the text of a tensor: a scalar text. Throws `ValueError` where there are
 * not as many tensors as placeholders.
 *
 *     tf.strings.format('x = {}', tf.range(10))      // 'x = [0 1 2 ... 7 8 9]'
 */
export function stringFormat(
  template: string,
  inputs: TensorLike | readonly TensorLike[],
  ...rest: Rest<[placeholder: string, summarize: number, name: string | null], StringFormatOptions>
): Tensor {
  const given = bind<StringFormatOptions>(['placeholder', 'summarize', 'name'], rest);
  const placeholder = given.placeholder ?? '{}';
  const tensors = (Array.isArray(inputs) ? inputs : [inputs]) as readonly TensorLike[];
  const count = template.split(placeholder).length - 1;
  if (count !== tensors.length) {
    throw new ValueError(
      `The template expects ${count} tensors, but the inputs only has ${tensors.length}. Please ensure the number of placeholders in template matches inputs length.`,
    );
  }
  const attrs = { template, placeholder, summarize: given.summarize };
  return emitOne('StringFormat', [tensors], attrs, given.name);
}

export interface PrintV2Options {
  /** `'stderr'` (without it), `'stdout'`, `'log(info)'`, `'log(warning)'`, `'log(error)'`, or `'file://…'`. */
  readonly outputStream?: string;
  readonly summarize?: number;
  /** What stands between the inputs; a space without it. */
  readonly sep?: string;
  /** What stands after the line; a line break without it. */
  readonly end?: string;
  readonly name?: string | null;
}

const OPTIONS = new Set(['outputStream', 'summarize', 'sep', 'end', 'name']);
const STREAMS = new Set(['stdout', 'stderr', 'log(info)', 'log(warning)', 'log(error)']);

/** A tensor in what is printed, or a value that stays as it is. */
type Printed = unknown;

/**
 * An operation that prints the inputs in one line: strings as they are, tensors by the ends of their axes, and arrays and
 * objects of these. It must run, or be waited for, to print. An object of options (`summarize`, `sep`, `end`,
 * `outputStream`, `name`) may come last.
 *
 *     const show = tf.print('loss:', loss, {summarize: -1});
 */
export function print(...inputs: readonly (Printed | PrintV2Options)[]): Operation {
  const last = inputs[inputs.length - 1];
  const hasOptions =
    isOptions(last) && Object.keys(last).length > 0 && Object.keys(last).every((key) => OPTIONS.has(key));
  const options = (hasOptions ? last : {}) as PrintV2Options;
  const items = hasOptions ? inputs.slice(0, -1) : inputs;
  const stream = options.outputStream ?? 'stderr';
  if (!STREAMS.has(stream) && !stream.startsWith('file://')) {
    throw new ValueError(
      `Unsupported output stream, logging level, or file.${stream}. Supported streams are sys.stdout, sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File needs to be in the form of 'file://<filepath>'.`,
    );
  }
  const graph = graphOf(items.flatMap((item) => tensorsIn(item)));
  return graph.atomic(() =>
    graph.asDefault(() => {
      const [only] = items;
      const isText = items.length === 1 && only instanceof Tensor && only.rank === 0 && only.dtype === string;
      const line = isText ? only : formatted(items, options);
      return emit('PrintV2', [line], { output_stream: stream, end: options.end ?? '\n' }, options.name);
    }),
  );
}

/** What is symbolic in the item, in the order in which it is printed. */
function tensorsIn(item: Printed): (Tensor | TensorConvertible)[] {
  if (item instanceof SparseTensor) return [item.indices, item.values, item.denseShape];
  if (item instanceof Tensor || isConvertible(item)) return [item];
  if (Array.isArray(item)) return item.flatMap(tensorsIn);
  return isOptions(item) ? sorted(item).flatMap(([, value]) => tensorsIn(value)) : [];
}

function sorted(item: Readonly<Record<string, unknown>>): (readonly [string, unknown])[] {
  return Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
}

function formatted(items: readonly Printed[], options: PrintV2Options): Tensor {
  const texts = items.map((item) => shown(item, '', true)).join(' ');
  // A placeholder that occurs nowhere else.
  let placeholder = '{}';
  while (texts.includes(placeholder)) placeholder = `{${placeholder}}`;
  const template = items.map((item) => shown(item, placeholder, true)).join(options.sep ?? ' ');
  const tensors = items.flatMap(tensorsIn);
  const name = options.name ? `${options.name}_format` : null;
  return stringFormat(template, tensors, { placeholder, summarize: options.summarize, name });
}

/** The item as Python prints it, with the placeholder for tensors. */
function shown(item: Printed, placeholder: string, isOutermost = false): string {
  if (item instanceof Tensor || isConvertible(item)) return placeholder;
  if (item instanceof SparseTensor) {
    return `SparseTensor(indices=${placeholder}, values=${placeholder}, shape=${placeholder})`;
  }
  if (Array.isArray(item)) return `[${item.map((part) => shown(part, placeholder)).join(', ')}]`;
  if (typeof item === 'string') return isOutermost ? item : `'${item}'`;
  if (typeof item === 'boolean') return item ? 'True' : 'False';
  if (item === null || item === undefined) return 'None';
  if (!isOptions(item)) return String(item);
  const entries = sorted(item).map(([key, value]) => `'${key}': ${shown(value, placeholder)}`);
  return `{${entries.join(', ')}}`;
}
