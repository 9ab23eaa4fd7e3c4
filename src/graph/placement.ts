/**
 * What the open scopes of a graph say of a new op: its device, its colocation, its gradient.
 */
import { formatDevice, mergeDevices, parseDevice } from '../util/device-spec.ts';
import type { Attrs, AttrValue, Node } from './node.ts';

/** A device name, a function from the new op to one, or null to clear the outer scopes. */
export type DeviceLike = string | null | ((op: { readonly name: string; readonly type: string }) => string | null);

/** The device of a new op: the open scopes merged field by field, the innermost winning. */
function resolveDevice(scopes: readonly DeviceLike[], name: string, type: string): string {
  if (scopes.length === 0) return '';
  let spec = parseDevice('');
  for (const scope of scopes) {
    const given = typeof scope === 'function' ? scope({ name, type }) : scope;
    if (given) spec = mergeDevices(spec, parseDevice(given));
  }
  return formatDevice(spec);
}

/** The attributes of a new op with those of the scopes: the gradient that overrides its own, the ops it is placed with. */
function scopedAttrs(attrs: Attrs, gradient: string | undefined, colocation: readonly string[]): Attrs {
  if (colocation.length === 0 && gradient === undefined) return attrs;
  const more: Record<string, AttrValue> = { ...attrs };
  if (gradient !== undefined) more._gradient_op_type = gradient;
  if (colocation.length > 0) {
    const given = (attrs._class ?? []) as readonly string[];
    more._class = [...new Set([...given, ...colocation.map((name) => `loc:@${name}`)])].sort();
  }
  return more;
}

/** The ops that a node is placed with: those that it was told to be placed with, else itself. */
function colocationOf(node: Node): readonly string[] {
  const classes = (node.attrs._class ?? []) as readonly string[];
  const groups = classes.filter((text) => text.startsWith('loc:@')).map((text) => text.slice('loc:@'.length));
  return groups.length > 0 ? groups : [node.name];
}

/** The open scopes of one graph. Each opening gives the function that closes it. */
export class PlacementScopes {
  private devices: readonly DeviceLike[] = [];
  private colocation: readonly string[] = [];
  private overrides: ReadonlyMap<string, string> = new Map();

  /** The attributes of a new op, with those of the scopes. */
  attrsOf(type: string, attrs: Attrs): Attrs {
    return scopedAttrs(attrs, this.overrides.get(type), this.colocation);
  }
  /** The device of a new op; one of its own is the innermost. */
  deviceOf(name: string, type: string, own: string | undefined): string {
    return resolveDevice(own ? [...this.devices, own] : this.devices, name, type);
  }

  openDevice(device: DeviceLike): () => void {
    if (typeof device === 'string') parseDevice(device);
    const { devices } = this;
    this.devices = device === null ? [] : [...devices, device];
    return () => {
      this.devices = devices;
    };
  }
  /** @param node whom new ops are placed with, on its device; null for nobody */
  openColocation(node: Node | null, ignoreExisting: boolean): () => void {
    const { colocation, devices } = this;
    this.colocation = [...(ignoreExisting ? [] : colocation), ...(node ? colocationOf(node) : [])];
    this.devices = node?.device ? [node.device] : [];
    return () => {
      this.colocation = colocation;
      this.devices = devices;
    };
  }
  openOverrides(map: Readonly<Record<string, string>> | ReadonlyMap<string, string>): () => void {
    const { overrides } = this;
    this.overrides = new Map([...overrides, ...(map instanceof Map ? map : Object.entries(map))]);
    return () => {
      this.overrides = overrides;
    };
  }
}
