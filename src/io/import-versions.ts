/**
 * Files from other versions of TensorFlow: which are refused, and attributes that are newer than the ops here. What is in
 * the files is `import-graph.ts`'s business.
 */
import { findOpDef } from '../ops/opdef/define.ts';
import { DType } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';
import { NdArray } from '../util/ndarray.ts';
import { GraphDef } from './graph-def.ts';
import type { AttrValueDef, NodeDef, VersionDef } from './messages.ts';

/** The version of graphs that is read and written here: that of TensorFlow 2.21. */
const CURRENT = 2474;
const NAME = 'TensorFlow 2.21.0';

/** Throws `ValueError` for a graph that says that it does not want to be read by this version. */
export function checkVersions({ producer, minConsumer, badConsumers }: VersionDef): void {
  if (producer < 0) {
    throw new ValueError(
      `GraphDef producer version ${producer} below min producer 0 supported by ${NAME}.  Please regenerate your graph.`,
    );
  }
  if (minConsumer > CURRENT) {
    throw new ValueError(
      `GraphDef min consumer version ${minConsumer} above current version ${CURRENT} for ${NAME}.  Please upgrade TensorFlow.`,
    );
  }
  if (badConsumers.includes(CURRENT)) {
    throw new ValueError(
      `GraphDef disallows consumer version ${CURRENT}.  Please upgrade TensorFlow: this version is likely buggy.`,
    );
  }
}

/** The ops of the program that wrote a graph, as far as their attributes' defaults go: TensorFlow's `OpList`. */
export interface OpList {
  readonly op: readonly {
    readonly name: string;
    readonly attr: readonly { readonly name: string; readonly defaultValue?: AttrValueDef }[];
  }[];
}

/** The graph without attributes that its producer's ops have by default and that the ops here do not know. */
export function stripNewDefaults(def: GraphDef, producer: OpList | null | undefined): GraphDef {
  if (!producer) return def;
  const ops = new Map(
    producer.op.map((op) => [op.name, new Map(op.attr.map((attr) => [attr.name, attr.defaultValue]))]),
  );
  const strip = (node: NodeDef): NodeDef => {
    const defaults = ops.get(node.op);
    const known = findOpDef(node.op)?.attrs;
    if (!defaults || !known) return node;
    const isNew = (key: string, value: AttrValueDef) => {
      const usual = defaults.get(key);
      return usual !== undefined && !known.some((attr) => attr.name === key) && equalAttrs(value, usual);
    };
    const attr = [...node.attr].filter(([key, value]) => !isNew(key, value));
    return attr.length === node.attr.size ? node : { ...node, attr: new Map(attr) };
  };
  return new GraphDef(def.node.map(strip), def.library, def.versions);
}

function equalAttrs(a: AttrValueDef, b: AttrValueDef): boolean {
  const text = (value: AttrValueDef) =>
    JSON.stringify(value, (_, item) => {
      if (typeof item === 'bigint') return Number(item);
      if (item instanceof DType) return item.name;
      if (item instanceof NdArray) return item.toJSON();
      return item instanceof Map ? [...item] : item;
    });
  return text(a) === text(b);
}
