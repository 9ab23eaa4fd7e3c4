/**
 * What the open scopes of a graph say of a new op: its device, its colocation, its gradient.
 */
import { formatDevice, mergeDevices, parseDevice } from '../util/device-spec.ts';
import type { Attrs, AttrValue, Node } from './node.ts';

/**
 * A device name, a function from the new op to one, or null to clear the outer scopes. A function is given what the scopes
 * inside it say (`device`), and answers for them too: what it leaves out is open to the scopes outside it. Null leaves the op
 * as it is.
 */
export type DeviceLike =
  | string
  | null
  | ((op: { readonly name: string; readonly type: string; readonly device: string }) => string | null);

/** The device of a new op, from the innermost scope outwards: each fills in what those inside it left open. */
function resolveDevice(scopes: readonly DeviceLike[], name: string, type: string): string {
  let spec = parseDevice('');
  for (let i = scopes.length - 1; i >= 0; i--) {
    const scope = scopes[i];
    if (typeof scope === 'function') {
      const found = scope({ name, type, device: formatDevice(spec) });
      if (found !== null) spec = parseDevice(found);
    } else if (scope) {
      spec = mergeDevices(parseDevice(scope), spec);
    }
  }
  return scopes.length === 0 ? '' : formatDevice(spec);
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
  private container = '';

  /** The attributes of a new op, with those of the scopes. */
  attrsOf(type: string, attrs: Attrs): Attrs {
    const contained = this.container !== '' && attrs.container === '';
    const own = contained ? { ...attrs, container: this.container } : attrs;
    return scopedAttrs(own, this.overrides.get(type), this.colocation);
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
  openContainer(name: string): () => void {
    const { container } = this;
    this.container = name;
    return () => {
      this.container = container;
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
