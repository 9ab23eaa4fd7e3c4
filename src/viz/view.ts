/** What every format starts from: the model, its tree, what is open, and the options that all formats share. */
import { type Cut, cutTree, openWithin } from './cut.ts';
import { type Heat, heatOf } from './draw.ts';
import type { Direction } from './layout.ts';
import { categoryOf, type NodeStats, type VizModel } from './model.ts';
import type { ColorBy } from './palette.ts';
import { buildTree, type Group, type Tree } from './scopes.ts';

/** The part of a run's metadata that is drawn. */
export interface RunMetadataLike {
  readonly stepStats: {
    readonly devStats: readonly {
      readonly nodeStats: readonly {
        readonly nodeName: string;
        readonly allEndRelMicros: number;
        readonly output: readonly { readonly bytes: number }[];
      }[];
    }[];
  } | null;
}

export interface ViewOptions {
  /** Scopes deeper than so many levels are drawn as one box each; or the names of those that are. */
  readonly collapse?: number | readonly string[];
  /** `TB` (top to bottom, the default) or `LR`. */
  readonly direction?: Direction;
  /** The most boxes: scopes are closed, and long rows of nodes put together, until there are no more. */
  readonly maxNodes?: number;
  /** False leaves constants out; true without it. */
  readonly showConstants?: boolean;
  /** What a traced run spent, by node: `tf.RunMetadata`. */
  readonly runMetadata?: RunMetadataLike | null;
  /** What colour says; `time` where there is metadata of a run, else `kind`. */
  readonly colorBy?: ColorBy;
  readonly title?: string;
}

export interface View {
  readonly model: VizModel;
  readonly cut: Cut;
  readonly heat: Heat;
  readonly direction: Direction;
  readonly colorBy: ColorBy;
}

/** Groups of more members are divided in pictures that cannot show everything. */
export const MOST_MEMBERS = 60;

/**
 * @param most what `maxNodes` is without being given
 * @param merge whether several edges between two nodes become one
 */
export function makeView(model: VizModel, options: ViewOptions, most: number, merge: boolean): View {
  const maxNodes = options.maxNodes ?? most;
  const tree = buildTree(model, {
    most: maxNodes === Infinity ? Infinity : Math.min(MOST_MEMBERS, maxNodes),
    shows: showsConstants(model, options.showConstants ?? true),
  });
  const open = openGroups(tree, options.collapse, maxNodes);
  return {
    model,
    cut: cutTree(model, tree, (group) => open.has(group), merge),
    heat: heatOf(model, tree),
    direction: options.direction ?? 'TB',
    colorBy: options.colorBy ?? (options.runMetadata?.stepStats ? 'time' : 'kind'),
  };
}

export function showsConstants(model: VizModel, shown: boolean): (id: number) => boolean {
  return (id) => shown || categoryOf(model.nodes[id].op) !== 'constant';
}

export function openGroups(tree: Tree, collapse: ViewOptions['collapse'], most: number): Set<Group> {
  const closed = typeof collapse === 'object' ? new Set(collapse) : null;
  const level = typeof collapse === 'number' ? collapse : Infinity;
  const allowed = (group: Group) =>
    group.depth <= level && !(group.kind === 'scope' ? closed?.has(group.path) : closed?.has(group.label));
  if (most !== Infinity) return openWithin(tree, most, allowed);
  return new Set(tree.groups.filter((group) => group === tree.root || allowed(group)));
}

/** The model with what a run spent; steps that stand for no node of it are left out. */
export function withStats(model: VizModel, metadata: RunMetadataLike | null | undefined): VizModel {
  if (!metadata?.stepStats) return model;
  const spent = new Map<string, { micros: number; bytes: number }>();
  for (const { nodeStats } of metadata.stepStats.devStats) {
    for (const { nodeName, allEndRelMicros, output } of nodeStats) {
      const sum = spent.get(nodeName) ?? { micros: 0, bytes: 0 };
      sum.micros += allEndRelMicros;
      for (const { bytes } of output) sum.bytes += bytes;
      spent.set(nodeName, sum);
    }
  }
  const taken = new Set<string>();
  const nodes = model.nodes.map((node) => {
    const stats: NodeStats | undefined = taken.has(node.name) ? undefined : spent.get(node.name);
    if (!stats) return node;
    // A program may have several steps under one name: together they are counted once.
    taken.add(node.name);
    return { ...node, stats };
  });
  return { ...model, nodes };
}
