/**
 * The table of a model's layers, as Keras 2.15 prints it. What the layers and their calls are is said by `network.ts` and
 * `topology.ts`.
 */
import type { Tensor } from '../../graph/graph.ts';
import { ValueError } from '../../util/errors.ts';
import type { Variable } from '../../variables/variable.ts';
import { fixed } from '../callbacks/python-format.ts';
import type { CallRecord } from '../engine/history.ts';
import { InputLayer } from '../engine/input-layer.ts';
import { countElements, type Layer } from '../engine/layer.ts';
import { flat, type LayerShape } from '../engine/nest.ts';
import { classNameOf } from '../serialization.ts';
import { mapTopology } from './topology.ts';

export interface SummaryOptions {
  /** Characters of a line; 65, or 98 where the model is no single row of layers. */
  readonly lineLength?: number | null;
  /** Where the columns end: characters, or parts of the line. */
  readonly positions?: readonly number[] | null;
  /** Whether the layers of models inside are listed too. */
  readonly expandNested?: boolean;
  /** Whether a column says if a layer is trained. */
  readonly showTrainable?: boolean;
  /** The first and the last layer to be listed, by expressions that their names begin with. */
  readonly layerRange?: readonly string[] | null;
}

/** What of a model is looked at. */
export interface SummarizedModel {
  readonly name: string;
  readonly built: boolean;
  readonly isGraphNetwork: boolean;
  readonly layers: readonly Layer[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly trainableWeights: readonly Variable[];
  readonly nonTrainableWeights: readonly Variable[];
}

/** The calls of which a model with branches consists; null for a single row of layers. */
function branchedCalls(model: SummarizedModel): ReadonlySet<CallRecord> | null {
  if (classNameOf(model.constructor) === 'Sequential' || !model.isGraphNetwork) return null;
  const { depths } = mapTopology(model.inputs, model.outputs);
  const calls = new Set(depths.keys());
  const inRow = new Set(depths.values()).size === calls.size && [...calls].every(({ inbound }) => inbound.length <= 1);
  const once = new Set([...calls].map(({ layer }) => layer)).size === calls.size;
  return inRow && once ? null : calls;
}

/**
 * The table of a model's layers: names, output shapes, numbers of weights, and, where the model branches, what they are
 * connected to. Throws `ValueError` for a model that is not built.
 *
 *     console.log(summaryText(model, {expandNested: true}));
 */
export function summaryText(model: SummarizedModel, options: SummaryOptions = {}): string {
  if (!model.built) {
    throw new ValueError(
      'This model has not yet been built. Build the model first by calling `build()` or by calling the model on a batch of data.',
    );
  }
  return new Table(model, options).text();
}

class Table {
  private readonly lines: string[] = [];
  private readonly calls: ReadonlySet<CallRecord> | null;
  private readonly width: number;
  private readonly positions: readonly number[];

  constructor(
    private readonly model: SummarizedModel,
    private readonly options: SummaryOptions,
  ) {
    this.calls = branchedCalls(model);
    const width = options.lineLength || (this.calls ? 98 : 65);
    const given = options.positions?.length ? options.positions : this.calls ? [0.3, 0.6, 0.7, 1] : [0.45, 0.85, 1];
    const relative = given[given.length - 1] <= 1;
    const positions = relative ? given.map((part) => Math.trunc(width * part)) : given;
    this.width = options.showTrainable ? width + 11 : width;
    this.positions = options.showTrainable ? [...positions, this.width] : positions;
    this.checkPositions();
  }

  private checkPositions(): void {
    const columns = 3 + (this.calls ? 1 : 0) + (this.options.showTrainable ? 1 : 0);
    if (this.positions.length < columns) {
      throw new ValueError(
        `\`positions\` must give the ends of ${columns} columns, received: ${this.positions.length}`,
      );
    }
  }

  text(): string {
    const { model } = this;
    const { showTrainable, layerRange } = this.options;
    const shown = layersIn(model, layerRange ?? null);
    this.lines.push(`Model: "${model.name}"`);
    this.rule('_');
    const head = ['Layer (type)', 'Output Shape', 'Param #', ...(this.calls ? ['Connected to'] : [])];
    this.row(showTrainable ? [...head, 'Trainable'] : head, 0);
    this.rule('=');
    for (const layer of shown) this.layer(layer, 0, false);
    this.rule('=');
    this.totals();
    this.rule('_');
    return this.lines.join('\n');
  }

  private rule(char: string): void {
    this.lines.push(char.repeat(this.width));
  }

  /** A line that is the same between the bars of the nesting. */
  private filled(char: string, level: number): void {
    const bars = '|'.repeat(level);
    this.lines.push(`${bars}${char.repeat(Math.max(this.width - 2 * level, 0))}${bars}`);
  }

  private layer(layer: Layer, level: number, isLast: boolean): void {
    this.row(this.fields(layer), level);
    const inner = this.options.expandNested ? layersOf(layer) : [];
    if (inner.length > 0) {
      this.filled('¯', level + 1);
      inner.forEach((item, i) => {
        this.layer(item, level + 1, i === inner.length - 1);
      });
      this.filled('¯', level);
    }
    // Behind a model that was opened the line is its end.
    if (inner.length === 0 && !isLast) this.filled(' ', level);
  }

  private fields(layer: Layer): string[] {
    const { calls } = this;
    const unused = !calls && !layer.built && !isGraphNetwork(layer);
    const fields = [
      `${layer.name} (${typeName(layer)})`,
      outputShapeText(layer),
      unused ? '0 (unused)' : String(layer.countParams()),
    ];
    if (calls) {
      const connections = layer.inboundNodes
        .filter((call) => calls.has(call))
        .flatMap(({ inbound }) => inbound)
        .map((from) => `'${from.layer.name}[${from.nodeIndex}][${from.tensorIndex}]'`);
      fields.push(`[${connections.join(', ')}]`);
    }
    if (this.options.showTrainable) fields.push(layer.trainable ? 'Y' : 'N');
    return fields;
  }

  /** A row, on as many lines as its fields need. */
  private row(fields: readonly string[], level: number): void {
    const { positions } = this;
    const bars = '|'.repeat(level);
    const last = positions.length - 1;
    let left = [...fields];
    while (left.some((text) => text !== '')) {
      let line = '';
      const rest = left.map((text, column) => {
        const end = positions[column];
        const room =
          end - (column > 0 ? positions[column - 1] : 0) - (column === last ? 0 : 3) - (column === 0 ? level : 0);
        if (room < 1) throw new ValueError(`\`positions\` leave no room for column ${column + 1}.`);
        const cut = cutAt(text, room);
        if (column === 0) line += `${bars} `;
        line += text.slice(0, cut) + (column === last ? '' : '  ');
        line = line.padEnd(column === last ? end - level : end);
        return text.slice(cut);
      });
      this.lines.push(line + bars);
      left = rest;
    }
  }

  private totals(): void {
    const { trainableWeights, nonTrainableWeights } = this.model;
    const groups = [
      ['Total', [...trainableWeights, ...nonTrainableWeights]],
      ['Trainable', trainableWeights],
      ['Non-trainable', nonTrainableWeights],
    ] as const;
    for (const [what, weights] of groups) {
      const distinct = [...new Set(weights)];
      this.lines.push(`${what} params: ${countElements(distinct)} (${memoryText(distinct)})`);
    }
  }
}

/** Where a field is broken: behind the end of a list or shape if one fits, else where the room ends. */
function cutAt(text: string, room: number): number {
  const fits = text.slice(0, room);
  const ends = ['),', '},', '],', "',"].map((mark) => fits.indexOf(mark)).filter((at) => at >= 0);
  return ends.length > 0 ? Math.min(...ends) + 2 : room;
}

function layersOf(layer: Layer): readonly Layer[] {
  return (layer as Partial<SummarizedModel>).layers ?? [];
}

function isGraphNetwork(layer: Layer): boolean {
  return (layer as Partial<SummarizedModel>).isGraphNetwork ?? false;
}

/** A model made of tensors is of a class of its own in Keras. */
function typeName(layer: Layer): string {
  const name = classNameOf(layer.constructor);
  return name === 'Model' && isGraphNetwork(layer) ? 'Functional' : name;
}

function outputShapeText(layer: Layer): string {
  const texts = new Set(layer.inboundNodes.map((call) => shapesText(layer, call)));
  const [text] = texts;
  return texts.size === 1 ? text : 'multiple';
}

function shapesText(layer: Layer, { outputs, outputShapes }: CallRecord): string {
  const listed = Array.isArray(outputs) || layer instanceof InputLayer || typeName(layer) === 'TensorFlowOpLayer';
  const texts = outputShapes.map(shapeText);
  return listed ? `[${texts.join(', ')}]` : texts[0];
}

function shapeText(shape: LayerShape): string {
  const dims = shape.map((dim) => dim ?? 'None');
  return `(${dims.join(', ')}${dims.length === 1 ? ',' : ''})`;
}

function memoryText(weights: readonly Variable[]): string {
  let size = weights.reduce((sum, variable) => sum + countElements([variable]) * variable.dtype.size, 0);
  for (const unit of ['Byte', 'KB', 'MB', 'GB', 'TB', 'PB']) {
    if (size / 1024 < 1) return `${fixed(size, 2)} ${unit}`;
    size /= 1024;
  }
  return `${fixed(size, 2)} PB`;
}

function layersIn(model: SummarizedModel, range: readonly string[] | null): readonly Layer[] {
  const { layers } = model;
  if (range === null) return layers;
  const received = `[${flat(range)
    .map((name) => `'${name}'`)
    .join(', ')}]`;
  if (range.length !== 2) {
    throw new ValueError(
      `layer_range must be a list or tuple of length 2. Received: layer_range = ${received} of length ${range.length}`,
    );
  }
  const [starts, ends] = range.map((pattern) => {
    const expression = new RegExp(`^(?:${pattern})`);
    return layers.flatMap(({ name }, i) => (expression.test(name) ? [i] : []));
  });
  if (starts.length === 0 || ends.length === 0) {
    throw new ValueError(`Passed layer_names do not match the layer names in the model. Received: ${received}`);
  }
  const [first, last] = [starts[0], ends[ends.length - 1]];
  return first > last ? layers.slice(ends[0], starts[starts.length - 1] + 1) : layers.slice(first, last + 1);
}
