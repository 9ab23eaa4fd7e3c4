/** A graph as a picture's model, with the functions that its nodes call. Compiled forms are `from-compiled.ts`'s work. */
import { GraphFunction } from '../graph/function.ts';
import type { Attrs } from '../graph/node.ts';
import type { GraphSnapshot } from '../graph/snapshot.ts';
import { ModelBuilder, type VizModel } from './model.ts';
import { attrText, specText } from './text.ts';

export function fromSnapshot(snapshot: GraphSnapshot, title: string): VizModel {
  const builder = new ModelBuilder();
  const functions = new FunctionQueue(builder);
  addBody(builder, functions, snapshot, 0);
  functions.drain();
  return builder.finish(title);
}

/** The functions that are still to be drawn: each once, whoever calls it and however often. */
export class FunctionQueue {
  private readonly known = new Map<GraphFunction, number>();
  private readonly waiting: GraphFunction[] = [];

  constructor(private readonly builder: ModelBuilder) {}

  /** The functions among the attributes, by their positions in the model. */
  callsOf(attrs: Attrs): number[] {
    const calls: number[] = [];
    const stack: unknown[] = Object.values(attrs).reverse();
    while (stack.length > 0) {
      const item = stack.pop();
      if (Array.isArray(item)) {
        if (typeof item[0] === 'object') for (let i = item.length - 1; i >= 0; i--) stack.push(item[i]);
      } else if (item instanceof GraphFunction) {
        calls.push(this.add(item));
      }
    }
    return calls;
  }

  private add(fn: GraphFunction): number {
    const known = this.known.get(fn);
    if (known !== undefined) return known;
    const position = this.builder.functions.length;
    this.known.set(fn, position);
    this.builder.functions.push(fn.func);
    this.waiting.push(fn);
    return position;
  }

  /** Draws the bodies of all, and of those that they call. */
  drain(): void {
    for (let i = 0; i < this.waiting.length; i++) {
      const fn = this.waiting[i];
      const owner = (this.known.get(fn) as number) + 1;
      const first = addBody(this.builder, this, fn.body, owner);
      fn.outputs.forEach((output, k) => {
        const spec = specText(fn.body.spec(output));
        const name = fn.outputNames[k] ?? `output_${k}`;
        const id = this.builder.node({ name, op: '_Retval', owner, attrs: [['type', spec]] });
        this.builder.data(first + output.node, output.index, id, 0);
      });
    }
    this.waiting.length = 0;
  }
}

/** Adds the nodes of a snapshot, whose ids are dense; returns the id of the first. */
function addBody(builder: ModelBuilder, functions: FunctionQueue, snapshot: GraphSnapshot, owner: number): number {
  const first = builder.nodes.length;
  for (const node of snapshot.nodes()) {
    const id = builder.node({
      name: node.name,
      op: node.op,
      owner,
      attrs: attrPairs(node.attrs),
      outputs: node.outputs.map(specText),
      device: node.device,
      site: node.site ?? '',
      calls: functions.callsOf(node.attrs),
    });
    node.inputs.forEach((input, position) => {
      builder.data(first + input.node, input.index, id, position);
    });
    for (const control of node.controls) builder.control(first + control, id);
  }
  return first;
}

export function attrPairs(attrs: Readonly<Record<string, unknown>>): (readonly [string, string])[] {
  return Object.keys(attrs).map((name) => [name, attrText(attrs[name])] as const);
}
