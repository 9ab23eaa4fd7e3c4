/**
 * What an optimizer keeps on one graph: step counter, hyperparameter variables, slots. When they are made, and what for,
 * is `optimizer.ts`'s business.
 */
import { exists } from '../../train/slots.ts';
import type { Variable } from '../../variables/variable.ts';

/**
 * The variables of an optimizer on one graph. A build that fails takes its variables from the graph, whoever took the
 * build back; so what is found here counts only while the graph still has it.
 */
export class OptimizerState {
  private counter: Variable | null = null;
  /** By the hyperparameter as it was set: one that is set anew gets a new variable. */
  private readonly hypers = new Map<object, Variable>();
  private readonly named = new Map<string, Variable>();
  private readonly slots = new Map<Variable, Map<string, Variable>>();
  private order: { readonly variable: Variable; readonly slot: string | null }[] = [];

  /** The step counter. */
  get iterations(): Variable | null {
    return alive(this.counter);
  }
  setIterations(variable: Variable): void {
    this.counter = variable;
    this.append(variable, null);
  }

  hyper(key: object): Variable | null {
    return alive(this.hypers.get(key));
  }
  setHyper(key: object, variable: Variable): void {
    this.hypers.set(key, variable);
  }
  hyperVariables(): Variable[] {
    return [...this.hypers.values()].filter(exists);
  }

  /** A variable that belongs to no other one. */
  weight(name: string): Variable | null {
    return alive(this.named.get(name));
  }
  setWeight(name: string, variable: Variable): void {
    this.named.set(name, variable);
    this.append(variable, null);
  }

  slot(variable: Variable, name: string): Variable | null {
    return alive(this.slots.get(variable)?.get(name));
  }
  setSlot(variable: Variable, name: string, slot: Variable): void {
    const slots = this.slots.get(variable) ?? new Map<string, Variable>();
    this.slots.set(variable, slots.set(name, slot));
    this.append(slot, name);
  }
  /** The names of the slots in the order in which they were first used. */
  slotNames(): string[] {
    const names = new Set<string>();
    for (const { variable, slot } of this.order) if (slot !== null && exists(variable)) names.add(slot);
    return [...names];
  }

  /** All but the hyperparameters, in the order in which they were made. */
  weights(): Variable[] {
    return this.order.map(({ variable }) => variable).filter(exists);
  }
  /** Forgets what the graph no longer has. */
  prune(): void {
    this.order = this.order.filter(({ variable }) => exists(variable));
    for (const [key, variable] of this.hypers) if (!exists(variable)) this.hypers.delete(key);
    for (const [primary, slots] of this.slots) {
      if (!exists(primary)) this.slots.delete(primary);
      for (const [name, slot] of slots) if (!exists(slot)) slots.delete(name);
    }
  }

  private append(variable: Variable, slot: string | null): void {
    this.order.push({ variable, slot });
  }
}

function alive(variable: Variable | null | undefined): Variable | null {
  return variable && exists(variable) ? variable : null;
}
