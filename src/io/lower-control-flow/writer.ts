/**
 * The nodes of one graph or function while they are written. What is written in the place of loops, branches and calls is
 * the business of the files beside this one.
 */
import type { Attrs, AttrValue, Node, TensorSpec } from '../../graph/node.ts';
import { attrDefs, type FunctionNames, outputName, shapeProto } from '../export-attrs.ts';
import type { Names } from '../export-names.ts';
import type { NodeDef } from '../messages.ts';

/** A value as nodes take it: an output of a node that is written, or an argument. */
export interface Ref {
  /** Its node; null for an argument of the function that is written. */
  readonly node: string | null;
  /** As nodes write it that take it. */
  readonly text: string;
  readonly spec: TensorSpec;
  /** In a loop: whether it is there before any round, the same in all, and so holds no node back. */
  readonly isFree: boolean;
}

/** Where nodes are written. */
export interface Place {
  /** The scope of their names; none for the names that they have. */
  readonly prefix: string;
  /** The node that those wait for which would run, else, in rounds that are not and in branches that are not taken. */
  readonly pivot: string | null;
}

export interface NewNode {
  readonly op: string;
  /** Within the scope of the place. */
  readonly name: string;
  readonly inputs?: readonly Ref[];
  readonly controls?: readonly string[];
  readonly attrs?: Attrs;
  readonly outputs: readonly TensorSpec[];
  readonly device?: string;
}

export class Writer {
  readonly nodes: NodeDef[] = [];

  constructor(
    private readonly style: 'graph' | 'function',
    private readonly names: Names,
    private readonly functions: FunctionNames,
    private readonly addShapes: boolean,
  ) {}

  /** A name of this scope for a node to come. */
  nameIn({ prefix }: Place, name: string): string {
    return this.names.unused(prefix === '' ? name : `${prefix}/${name}`);
  }

  /** The output of a node, which may still be to come. */
  ref(node: string, op: string, attrs: Attrs, index: number, spec: TensorSpec): Ref {
    const plain = index === 0 ? node : `${node}:${index}`;
    const text = this.style === 'graph' ? plain : outputName(node, op, attrs, index);
    return { node, text, spec, isFree: false };
  }

  /** Writes a node that the graph did not have. */
  add(place: Place, node: NewNode): Ref[] {
    return this.write(place, this.nameIn(place, node.name), node);
  }

  /** Writes a node without outputs; its name. */
  join(place: Place, name: string, controls: readonly string[]): string {
    const own = this.nameIn(place, name);
    this.write(place, own, { op: 'NoOp', name, controls, outputs: [] });
    return own;
  }

  /** Writes the value, once all the nodes are done. */
  after(place: Place, value: Ref, controls: readonly string[], name = 'Identity'): Ref {
    const { dtype } = value.spec;
    return this.add(place, {
      op: 'Identity',
      name,
      inputs: [value],
      controls,
      attrs: { T: dtype },
      outputs: [value.spec],
    })[0];
  }

  /** Writes a node of the graph, under a name that is its own already. */
  copy(
    place: Place,
    node: Pick<Node, 'op' | 'attrs' | 'outputs' | 'device'>,
    name: string,
    inputs: readonly Ref[],
    controls: readonly string[],
  ): Ref[] {
    const { op, attrs, outputs, device } = node;
    return this.write(place, name, { op, name, inputs, controls, attrs, outputs, device });
  }

  private write(place: Place, name: string, node: NewNode): Ref[] {
    const { op, inputs = [], attrs = {}, outputs, device = '' } = node;
    let { controls = [] } = node;
    // Every other node waits for one that waits, through its inputs.
    if (place.pivot !== null && controls.length === 0 && inputs.every(({ isFree }) => isFree)) controls = [place.pivot];
    const attr = attrDefs(op, attrs as Readonly<Record<string, AttrValue>>, this.functions);
    if (this.addShapes && outputs.length > 0) {
      attr.set('_output_shapes', { list: outputs.map(({ shape }) => ({ shape: shapeProto(shape) })) });
    }
    const waits = [...new Set(controls)].map((control) => `^${control}`).sort();
    this.nodes.push({
      name,
      op,
      input: [...inputs.map(({ text }) => text), ...waits],
      device,
      // Shapes come among the attributes in the order of names.
      attr: this.addShapes ? new Map([...attr].sort(([a], [b]) => (a < b ? -1 : 1))) : attr,
    });
    return outputs.map((spec, i) => this.ref(name, op, attrs, i, spec));
  }
}
