/**
 * A part of a graph for a file: the nodes of one name scope, without what belongs to other savers, without devices. The
 * rest of a meta graph is `export.ts`'s.
 */
import { encodeString } from '../../util/ndarray.ts';
import { stripNameScope } from '../../variables/variable-def.ts';
import type { SaverDef } from '../checkpoint/saver-def.ts';
import { GraphDef } from '../graph-def.ts';
import { textOf } from '../import-attrs.ts';
import type { AttrValueDef, NodeDef } from '../messages.ts';

/** What inputs from outside of the scope are called. */
export const UNBOUND = '$unbound_inputs_';

const SAVING: ReadonlySet<string> = new Set(
  ['Save', 'Restore'].flatMap((op) => [op, `${op}V2`, `${op}Slice`, `Legacy${op}`, `Legacy${op}Slice`]),
);

export interface PartOptions {
  readonly exportScope: string | null;
  readonly clearDevices: boolean;
  /** Nodes to be left out. */
  readonly excluded: ReadonlySet<string>;
}

/** Whether what has this name goes into the file. */
export function isIncluded(name: string, { exportScope, excluded }: PartOptions): boolean {
  if (excluded.has(name) || excluded.has(name.replace(/:\d+$/, ''))) return false;
  return name.startsWith(UNBOUND) || !exportScope || name.startsWith(exportScope);
}

/** The part of the graph, and the names of its inputs from outside. */
export function partOf(def: GraphDef, options: PartOptions): { readonly def: GraphDef; readonly unbound: string[] } {
  const unbound: string[] = [];
  const nodes = def.node.filter(({ name }) => isIncluded(name, options));
  const node = nodes.map((each) => partNode(each, options, unbound));
  return { def: new GraphDef(node, def.library, def.versions), unbound };
}

function partNode(node: NodeDef, { exportScope, clearDevices }: PartOptions, unbound: string[]): NodeDef {
  const device = clearDevices ? '' : node.device;
  if (!exportScope) return device === node.device ? node : { ...node, device };
  const input = node.input.map((text) => {
    const mark = text.startsWith('^') ? '^' : '';
    const name = text.slice(mark.length);
    if (name.startsWith(exportScope)) return stripNameScope(text, exportScope);
    unbound.push(`${mark}${UNBOUND}${name}`);
    return `${mark}${UNBOUND}${name}`;
  });
  const attr = new Map(
    [...node.attr].map(([key, value]) => [key, partAttr(node.op, key, value, exportScope)] as const),
  );
  return { ...node, name: stripNameScope(node.name, exportScope), input, device, attr };
}

function partAttr(op: string, key: string, value: AttrValueDef, scope: string): AttrValueDef {
  if (key === '_class' && 'list' in value) {
    const places = value.list.flatMap((item) => ('s' in item ? [textOf(item.s)] : []));
    const kept = places.filter((place) => (place.split('@')[1] ?? '').startsWith(scope));
    return { list: kept.map((place) => ({ s: encodeString(stripNameScope(place, scope)) })) };
  }
  if (key === 'frame_name' && (op === 'Enter' || op === 'RefEnter') && 's' in value) {
    return { s: encodeString(stripNameScope(textOf(value.s), scope)) };
  }
  return value;
}

/** The nodes in the scopes of savers other than this one, each of which has a scope to itself. */
export function otherSavers(def: GraphDef, saver: SaverDef | null): Set<string> {
  const scopeOf = (name: string) => name.replace(/:\d+$/, '').replace(/(^|\/)[^/]*$/, '');
  const saving = new Set(def.node.filter(({ op }) => SAVING.has(op)).map(({ name }) => name));
  const scopes = new Set([...saving].map(scopeOf).filter((scope) => !saving.has(scope)));
  for (const name of saver ? [saver.saveTensorName, saver.restoreOpName] : []) scopes.delete(scopeOf(name));
  const found = new Set<string>();
  for (const { name } of def.node) {
    for (let scope = scopeOf(name); scope !== ''; scope = scopeOf(scope)) {
      if (!scopes.has(scope)) continue;
      found.add(name);
      break;
    }
  }
  return found;
}
