/**
 * The beam search of the CTC decoder: prefixes of label sequences in a tree, of which each step keeps the most probable.
 * Reading logits and writing results is `ctc.ts`'s business.
 */
import { invalid } from './elements.ts';

/** The logarithm of the sum of two numbers given by their logarithms. What the smaller adds is in float32, as TensorFlow's. */
export function logSum(a: number, b: number): number {
  const [x, y] = a > b ? [a, b] : [b, a];
  if (y === -Infinity) return x;
  return x + Math.fround(Math.log1p(Math.fround(Math.exp(Math.fround(y - x)))));
}

/** Logarithms of how probable a prefix is: ended by a blank, by its label, in either way. */
interface Chances {
  total: number;
  blank: number;
  label: number;
}

const impossible = (): Chances => ({ total: -Infinity, blank: -Infinity, label: -Infinity });

/** A prefix. It is in the beam while its new chances are not nil. */
class Prefix {
  before = impossible();
  now = impossible();
  private readonly children = new Map<number, Prefix>();

  constructor(
    readonly parent: Prefix | null,
    readonly label: number,
  ) {}

  get isActive(): boolean {
    return this.now.total !== -Infinity;
  }
  child(label: number): Prefix {
    const known = this.children.get(label);
    if (known) return known;
    const made = new Prefix(this, label);
    this.children.set(label, made);
    return made;
  }
  labels(merge: boolean): number[] {
    const found: number[] = [];
    let last = -1;
    for (let at: Prefix = this; at.parent !== null; at = at.parent) {
      if (!merge || at.label !== last) found.push(at.label);
      last = at.label;
    }
    return found.reverse();
  }
}

/** The most probable prefixes, at most `width` of them, from the most to the least probable. */
class Beam {
  readonly prefixes: Prefix[] = [];

  constructor(private readonly width: number) {}

  get isFull(): boolean {
    return this.prefixes.length === this.width;
  }
  get last(): Prefix {
    return this.prefixes[this.prefixes.length - 1];
  }
  /** Puts the prefix behind those that are as probable. The least probable one goes where there is no room. */
  add(prefix: Prefix): void {
    const { prefixes } = this;
    if (this.isFull) prefixes.pop();
    let [low, high] = [0, prefixes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (prefixes[middle].now.total >= prefix.now.total) low = middle + 1;
      else high = middle;
    }
    prefixes.splice(low, 0, prefix);
  }
}

/** A decoded sequence with the logarithm of how probable it is. */
export interface DecodedPath {
  readonly labels: number[];
  readonly probability: number;
}

/** One search: `step` for the logits of each time step, then `best`. The last class is the blank. */
export class BeamSearch {
  private beam: Beam;

  constructor(
    private readonly classes: number,
    private readonly width: number,
  ) {
    this.beam = new Beam(width);
    const root = new Prefix(null, -1);
    root.now = { total: 0, blank: 0, label: -Infinity };
    this.beam.add(root);
  }

  step(logits: ArrayLike<number>): void {
    const blank = this.classes - 1;
    const log = logSoftmax(logits);
    const { prefixes } = this.beam;
    const beam = new Beam(this.width);
    this.beam = beam;
    for (const prefix of prefixes) {
      prefix.before = prefix.now;
      prefix.now = { ...prefix.before };
    }
    for (const prefix of prefixes) {
      const { parent, label, before, now } = prefix;
      if (parent) {
        if (parent.isActive) {
          const previous = label === parent.label ? parent.before.blank : parent.before.total;
          now.label = logSum(now.label, previous);
        }
        now.label += log[label];
      }
      now.blank = before.total + log[blank];
      now.total = logSum(now.blank, now.label);
      beam.add(prefix);
    }
    const isCandidate = ({ total }: Chances) => total > -Infinity && (!beam.isFull || total > beam.last.now.total);
    for (const prefix of prefixes) {
      if (!isCandidate(prefix.before)) continue;
      for (let label = 0; label < blank; label++) {
        const child = prefix.child(label);
        if (child.isActive) continue;
        const previous = label === prefix.label ? prefix.before.blank : prefix.before.total;
        const chance = log[label] + previous;
        child.now = { total: chance, blank: -Infinity, label: chance };
        if (!isCandidate(child.now)) {
          child.before = impossible();
          child.now = impossible();
          continue;
        }
        if (beam.isFull) beam.last.now = impossible();
        beam.add(child);
      }
    }
  }

  /** The most probable sequences, the best first. Throws `InvalidArgumentError` where there are not as many. */
  best(count: number, merge: boolean): DecodedPath[] {
    if (count > this.width) throw invalid('requested more paths than the beam width.');
    const { prefixes } = this.beam;
    if (count > prefixes.length) throw invalid('Less leaves in the beam search than requested.');
    return prefixes.slice(0, count).map((prefix) => ({ labels: prefix.labels(merge), probability: prefix.now.total }));
  }
}

function logSoftmax(logits: ArrayLike<number>): Float64Array {
  let max = -Infinity;
  for (let k = 0; k < logits.length; k++) max = Math.max(max, logits[k]);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) sum += Math.exp(logits[k] - max);
  const offset = max + Math.log(sum);
  return Float64Array.from(logits, (x) => x - offset);
}
