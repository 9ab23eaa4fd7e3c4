/** Where a part of a partitioned variable lies in the whole, as checkpoints and ops have it in texts. */
import type { KnownShape } from '../util/shape.ts';

export class SaveSliceInfo {
  constructor(
    /** The name of the whole, under which the part is saved. */
    readonly fullName: string,
    readonly fullShape: KnownShape,
    readonly varOffset: KnownShape,
    readonly varShape: KnownShape,
  ) {}

  /** The text that `SaveV2` and `RestoreV2` take: the shape of the whole, and start and length on each axis. */
  get spec(): string {
    const extents = this.varOffset.map((offset, axis) => `${offset},${this.varShape[axis]}`);
    return `${this.fullShape.join(' ')} ${extents.join(':')}`;
  }
}
