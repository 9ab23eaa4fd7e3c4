/** The masks with which cells drop inputs and states: the same in all steps of a call. What is dropped, the cells say. */
import { getDefaultGraph } from '../../../graph/default-graph.ts';
import type { Graph, Tensor } from '../../../graph/graph.ts';
import { onesLike } from '../../../ops/filling.ts';
import { dropout } from '../../backend/random.ts';
import type { KerasContext } from '../../context.ts';
import type { Training } from '../../engine/call-context.ts';
import { inTrainPhase } from '../../engine/in-train-phase.ts';
import { onUndo } from '../../engine/undo.ts';

/** The masks of one rate: drawn when they are first wanted, and kept until they are reset. */
export class DropoutMasks {
  private kept = new Map<Graph, readonly Tensor[]>();

  constructor(
    readonly rate: number,
    private readonly context: KerasContext,
  ) {}

  /** `count` masks of the shape of `inputs`, of ones outside of training; null where nothing is dropped. */
  get(inputs: Tensor, training: Training, count: number): readonly Tensor[] | null {
    if (this.rate === 0) return null;
    // Steps of a loop take those that were drawn before it.
    for (let graph: Graph | null = getDefaultGraph(); graph !== null; graph = graph.outer) {
      const found = this.kept.get(graph);
      if (found) return found;
    }
    const ones = onesLike(inputs);
    const draw = () => inTrainPhase(this.context, () => dropout(ones, this.rate), ones, training);
    const masks = Array.from({ length: count }, draw);
    const graph = getDefaultGraph();
    onUndo(() => this.kept.delete(graph));
    this.kept.set(graph, masks);
    return masks;
  }

  /** Has the next call draw masks of its own. */
  reset(): void {
    this.kept = new Map();
  }
}

/** A rate between 0 and 1: what is beyond is cut. */
export function rateOf(rate: number | null | undefined): number {
  return Math.min(1, Math.max(0, rate ?? 0));
}
