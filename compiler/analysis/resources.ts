/**
 * Which variable each resource value of a module refers to. What is done to variables is not its business.
 */
import { resource } from '../../src/util/dtype.ts';
import type { IrModule, IrNode, IrValue } from '../ir/module.ts';
import { REFERENCE } from '../ir/references.ts';

/** A variable: container and shared name. */
export interface Variable {
  readonly container: string;
  readonly name: string;
  /** For a reference variable, which no resource of the same name is: the name by which errors call it. */
  readonly reference?: string;
}

/** The variables of a module, by the values that refer to them. */
export class Resources {
  private readonly byNode: (Variable | undefined)[] = [];
  private readonly known = new Map<string, Variable>();

  constructor(module: IrModule) {
    for (const node of module.nodes) this.add(node);
  }

  private add(node: IrNode): void {
    if (node.op === 'VarHandleOp') this.byNode[node.id] = this.intern(node);
    else if (isForwarding(node)) this.byNode[node.id] = this.byNode[node.inputs[0].node];
  }

  /** The variable that the value refers to, the same object for the same variable; undefined for other values. */
  of(value: IrValue): Variable | undefined {
    return this.byNode[value.node];
  }

  private intern(node: IrNode): Variable {
    const container = String(node.attrs.container ?? '');
    // Without a shared name the variable goes by the name of its node.
    const name = String(node.attrs.shared_name ?? '') || node.name;
    const reference = node.attrs[REFERENCE] as string | undefined;
    const key = JSON.stringify([container, name, reference !== undefined]);
    const own = reference === undefined ? { container, name } : { container, name, reference };
    const found = this.known.get(key) ?? own;
    this.known.set(key, found);
    return found;
  }
}

/** Whether the node hands a handle on and does nothing else. */
export function isForwarding(node: IrNode): boolean {
  return node.op === 'Identity' && node.outputs[0].dtype === resource;
}
