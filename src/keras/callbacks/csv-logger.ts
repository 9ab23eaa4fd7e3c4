/** Writes the logs of epochs as a table. Opening files is `text-file.ts`'s business. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { float32Spec, scalarText } from '../../util/decimal.ts';
import { ValueError } from '../../util/errors.ts';
import { Callback, type Logs } from './callback.ts';
import { floatText } from './python-format.ts';
import { openTextFile } from './text-file.ts';
import type { TextSink } from './text-sink.ts';

export interface CSVLoggerOptions {
  /** A path, or what text is written to. */
  readonly filename?: string | TextSink;
  /** A single character; a comma without it. */
  readonly separator?: string;
  /** Whether rows are added to a file that exists. */
  readonly append?: boolean;
}

/**
 * Writes a row of losses and metrics per epoch, the columns sorted by name, as Python's `csv` does. What an epoch lacks is
 * `NA`. Throws `ValueError` for a separator of more than one character.
 *
 *     new tf.keras.callbacks.CSVLogger('training.csv', {append: true})
 *     new tf.keras.callbacks.CSVLogger({write: (text) => lines.push(text)})
 */
export class CSVLogger extends Callback {
  readonly filename: string | TextSink;
  readonly separator: string;
  readonly append: boolean;
  private sink: TextSink | null = null;
  private keys: readonly string[] | null = null;
  private headed = false;
  private appendHeader = true;

  constructor(
    filename: string | TextSink | CSVLoggerOptions,
    ...rest: Rest<[separator: string, append: boolean], CSVLoggerOptions>
  ) {
    super();
    const given = isSink(filename) || typeof filename === 'string' ? [{ filename }] : [filename];
    const options = { ...bind<CSVLoggerOptions>(['separator', 'append'], rest), ...(given[0] as CSVLoggerOptions) };
    if (typeof options.filename !== 'string' && !isSink(options.filename)) {
      throw new ValueError('CSVLogger needs a `filename`, or an object with a `write` method.');
    }
    this.filename = options.filename;
    this.separator = options.separator ?? ',';
    this.append = options.append ?? false;
    if ([...this.separator].length !== 1) {
      throw new ValueError(`"delimiter" must be a 1-character string. Received: separator=${this.separator}`);
    }
  }

  override async onTrainBegin(): Promise<void> {
    this.headed = false;
    if (typeof this.filename !== 'string') {
      this.sink = this.filename;
      return;
    }
    const file = await openTextFile(this.filename, this.append ? 'a' : 'w');
    if (this.append) this.appendHeader = !file.hasText;
    this.sink = file;
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    this.keys ??= columnsOf(logs);
    const rows: string[] = [];
    if (!this.headed && this.appendHeader) rows.push(this.row(['epoch', ...this.keys]));
    this.headed = true;
    const values = this.keys.map((key) => (key in logs ? valueText(key, logs[key]) : 'NA'));
    rows.push(this.row([String(epoch), ...values]));
    await this.sink?.write(rows.join(''));
  }

  override async onTrainEnd(): Promise<void> {
    await this.sink?.close?.();
    this.sink = null;
    // A sink stays the same for the next run: one header is enough for those who append.
    if (this.append && typeof this.filename !== 'string') this.appendHeader = false;
  }

  private row(fields: readonly string[]): string {
    const quoted = fields.map((field) =>
      field.includes(this.separator) || /["\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field,
    );
    return `${quoted.join(this.separator)}\r\n`;
  }
}

function isSink(value: unknown): value is TextSink {
  return typeof value === 'object' && value !== null && typeof (value as TextSink).write === 'function';
}

/** Where the first epoch has no validation, later ones may have. */
function columnsOf(logs: Logs): readonly string[] {
  const keys = Object.keys(logs).sort(byCodePoint);
  return keys.some((key) => key.startsWith('val_')) ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
}

function byCodePoint(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  const at = x.findIndex((char, i) => char !== y[i]);
  if (at < 0) return x.length - y.length;
  return ((x[at].codePointAt(0) as number) - (y[at]?.codePointAt(0) ?? -1)) as number;
}

/** Losses and metrics are Python floats in Keras; the learning rate is a float32, which prints in fewer digits. */
function valueText(key: string, value: number): string {
  const single = key === 'lr' && Math.fround(value) === value;
  return single ? scalarText(value, { ...float32Spec, limit: 1e16 }, '.0') : floatText(value);
}
