/**
 * Finds the frames of a graph: what `Enter` opens, and the nodes of each. What becomes of a frame is `loops.ts`'s matter.
 */

import { InvalidArgumentError } from '../../util/errors.ts';
import type { AttrValueDef } from '../messages.ts';
import { type Item, isEnter, isExit, isNextIteration, sources, topologicalOrder } from './items.ts';

/** One loop, or with an empty name what is in none. */
export class Frame {
  readonly children = new Map<string, Frame>();
  /** `Enter` and `Exit` count to the frame, whose boundary they are. */
  items: Item[] = [];
  readonly depth: number;

  constructor(
    readonly name: string,
    readonly parent: Frame | null,
  ) {
    this.depth = parent ? parent.depth + 1 : 0;
  }
  child(name: string): Frame {
    let child = this.children.get(name);
    if (!child) {
      child = new Frame(name, this);
      this.children.set(name, child);
    }
    return child;
  }
}

/** The root frame with all frames under it. Throws `InvalidArgumentError` where a node has inputs of two frames. */
export function findFrames(items: readonly Item[]): Frame {
  const root = new Frame('', null);
  /** Where an item's outputs can be seen. */
  const seenIn = new Map<Item, Frame>();
  for (const item of topologicalOrder(items)) {
    const from = commonFrame(item, seenIn) ?? root;
    let own = from;
    let outer = from;
    if (isEnter(item)) {
      own = from.child(frameName(item));
      outer = own;
    } else if (isExit(item)) {
      if (!from.parent) {
        throw new InvalidArgumentError(null, `{{node ${item.name}}} is an Exit, but its input is in no frame.`);
      }
      outer = from.parent;
    }
    own.items.push(item);
    seenIn.set(item, outer);
  }
  return root;
}

function commonFrame(item: Item, seenIn: ReadonlyMap<Item, Frame>): Frame | null {
  let first: Item | null = null;
  let frame: Frame | null = null;
  for (const source of sources(item)) {
    // The edge that closes a loop comes from the frame of the other edge, or from nowhere.
    if (isNextIteration(source)) continue;
    const other = seenIn.get(source);
    if (!other) continue;
    if (!first || !frame) {
      first = source;
      frame = other;
    } else if (frame !== other) {
      throw new InvalidArgumentError(
        null,
        `{{node ${item.name}}} has inputs from different frames. ` +
          `The input {{node ${source.name}}} is in frame '${other.name}'. ` +
          `The input {{node ${first.name}}} is in frame '${frame.name}'.`,
      );
    }
  }
  return frame;
}

function frameName(enter: Item): string {
  const value: AttrValueDef | undefined = enter.attr.get('frame_name');
  if (value && 's' in value) return new TextDecoder().decode(value.s);
  throw new InvalidArgumentError(null, `{{node ${enter.name}}} is an Enter without a frame_name.`);
}

/** Frames from the innermost outwards, the root left out. */
export function innermostFirst(root: Frame): Frame[] {
  const frames: Frame[] = [root];
  for (let i = 0; i < frames.length; i++) frames.push(...frames[i].children.values());
  return frames.slice(1).sort((a, b) => b.depth - a.depth);
}
