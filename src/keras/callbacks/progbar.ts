/**
 * The progress bar: text as Keras 2.15 prints it, which the bars of packages such as cli-progress cannot be made to print.
 * When it is drawn is `progbar-logger.ts`'s business.
 */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { type TextOutput, textOutput } from './output.ts';
import { exponential, fixed } from './python-format.ts';

export interface ProgbarOptions {
  /** The number of steps; null where it is not known. */
  readonly target?: number | null;
  /** Characters of the bar; 30 without it. */
  readonly width?: number;
  /** 0 prints nothing, 1 (as without it) a bar, 2 a line at the end. */
  readonly verbose?: number;
  /** Seconds between two drawings at least; 0.05 without it. With `Infinity` only the end is drawn. */
  readonly interval?: number;
  /** Names of values that are shown as they are. The others are averaged over the steps. */
  readonly statefulMetrics?: Iterable<string> | null;
  /** What is counted; `'step'` without it. */
  readonly unitName?: string;
  /** Where it prints; standard output without it. */
  readonly output?: TextOutput | null;
  /** Seconds that have passed, of any beginning. */
  readonly clock?: () => number;
}

interface Average {
  sum: number;
  weight: number;
}

type NamedValues = Iterable<readonly [name: string, value: number]>;

/**
 * Shows how far something is, with values that belong to it.
 *
 *     const bar = new tf.keras.utils.Progbar(100);
 *     for (let i = 1; i <= 100; i++) bar.update(i, [['loss', 1 / i]]);
 *     // 100/100 [==============================] - 0s 12us/step - loss: 0.0519
 */
export class Progbar {
  target: number | null;
  private readonly width: number;
  private readonly verbose: number;
  private readonly interval: number;
  private readonly unitName: string;
  private readonly stateful: Set<string>;
  private readonly output: TextOutput;
  private readonly clock: () => number;
  private readonly averages = new Map<string, Average>();
  private readonly start: number;
  private drawnWidth = 0;
  private seen = 0;
  private lastUpdate: number | null = null;
  private epochStart: number;
  private epochEnd: number | null = null;
  private afterFirst: number | null = null;

  constructor(
    target?: number | null | ProgbarOptions,
    ...rest: Rest<
      [width: number, verbose: number, interval: number, statefulMetrics: Iterable<string> | null, unitName: string],
      ProgbarOptions
    >
  ) {
    const options = bind<ProgbarOptions>(
      ['target', 'width', 'verbose', 'interval', 'statefulMetrics', 'unitName'],
      [target, ...rest],
    );
    this.target = options.target ?? null;
    this.width = options.width ?? 30;
    this.verbose = options.verbose ?? 1;
    this.interval = options.interval ?? 0.05;
    this.unitName = options.unitName ?? 'step';
    this.stateful = new Set(options.statefulMetrics ?? []);
    this.output = options.output ?? textOutput();
    this.clock = options.clock ?? (() => Date.now() / 1000);
    this.start = this.clock();
    this.epochStart = this.start;
  }

  /**
   * Says how far it is.
   *
   * @param finalize whether that is the end; without it, whether the target is reached
   */
  update(current: number, values: NamedValues = [], finalize: boolean | null = null): void {
    const final = finalize ?? (this.target !== null && current >= this.target);
    this.take(current, values);
    const now = this.clock();
    if (current === this.target) this.epochEnd = now;
    if (this.verbose === 1) {
      if (!final && this.tooEarly(now)) return;
      this.output.write(this.line(current, now, final));
    } else if (this.verbose === 2 && final) {
      this.output.write(this.summary(current, now));
    }
    this.lastUpdate = now;
  }

  /** Says that it is `n` further. */
  add(n: number, values: NamedValues = []): void {
    this.update(this.seen + n, values);
  }

  private tooEarly(now: number): boolean {
    return this.lastUpdate === null
      ? this.interval === Number.POSITIVE_INFINITY
      : now - this.lastUpdate < this.interval;
  }

  private take(current: number, values: NamedValues): void {
    for (const [name, value] of values) {
      const known = this.averages.get(name);
      // What comes again for the same step counts as one step.
      const weight = Math.max(current - this.seen, 1);
      if (this.stateful.has(name)) this.averages.set(name, { sum: value, weight: 1 });
      else if (!known) this.averages.set(name, { sum: value * weight, weight });
      else {
        known.sum += value * weight;
        known.weight += weight;
      }
    }
    this.seen = current;
  }

  private line(current: number, now: number, final: boolean): string {
    const { target } = this;
    const former = this.drawnWidth;
    const begin = this.output.dynamic ? `${'\b'.repeat(former)}\r` : '\n';
    const bar = this.bar(current);
    const perUnit = this.estimate(current, now);
    let info =
      target === null || final
        ? ` - ${fixed(now - this.start, 0)}s${duration(perUnit, this.unitName)}`
        : ` - ETA: ${remaining(perUnit * (target - current))}`;
    info += this.values(Math.abs);
    this.drawnWidth = bar.length + info.length;
    // Covers what is left of the line before.
    info += ' '.repeat(Math.max(former - this.drawnWidth, 0));
    return `${begin}${bar}${info}${final ? '\n' : ''}`;
  }

  private bar(current: number): string {
    const { target, width } = this;
    if (target === null) return `${String(current).padStart(7)}/Unknown`;
    const filled = target > 0 ? Math.trunc((width * current) / target) : 0;
    const done = filled > 0 ? `${'='.repeat(filled - 1)}${current < target ? '>' : '='}` : '';
    return `${count(current, target)} [${done}${'.'.repeat(Math.max(width - filled, 0))}]`;
  }

  private summary(current: number, now: number): string {
    const target = this.target ?? current;
    let text = `${count(current, target)} - ${fixed(now - this.start, 0)}s${this.values((x) => x)}`;
    if (this.epochEnd !== null) {
      const time = this.epochEnd - this.epochStart;
      this.epochStart = now;
      this.epochEnd = null;
      text += ` -${duration(time, 'epoch')} -${duration(target > 0 ? time / target : 0, this.unitName)}\n`;
    }
    return text;
  }

  private values(magnitude: (x: number) => number): string {
    let text = '';
    for (const [name, { sum, weight }] of this.averages) {
      const average = sum / Math.max(1, weight);
      text += ` - ${name}: ${magnitude(average) > 1e-3 ? fixed(average, 4) : exponential(average, 4)}`;
    }
    return text;
  }

  /** Seconds that a step takes. The first one does not count where there are more: it is seldom like the others. */
  private estimate(current: number, now: number): number {
    if (current === 0) return 0;
    const time =
      this.afterFirst !== null && current > 1 ? (now - this.afterFirst) / (current - 1) : (now - this.start) / current;
    if (current === 1) this.afterFirst = now;
    return time;
  }
}

function count(current: number, target: number): string {
  return `${String(current).padStart(String(target).length)}/${target}`;
}

function duration(seconds: number, unit: string): string {
  if (seconds >= 1 || seconds === 0) return ` ${fixed(seconds, 0)}s/${unit}`;
  if (seconds >= 1e-3) return ` ${fixed(seconds * 1000, 0)}ms/${unit}`;
  return ` ${fixed(seconds * 1000000, 0)}us/${unit}`;
}

function remaining(seconds: number): string {
  const two = (x: number) => String(Math.trunc(x)).padStart(2, '0');
  if (seconds > 3600) return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  if (seconds > 60) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.trunc(seconds)}s`;
}
