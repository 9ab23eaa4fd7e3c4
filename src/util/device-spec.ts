/**
 * Device names: `/job:ps/replica:0/task:1/device:GPU:0`, in full or in part, parsed, merged and printed.
 */
import { ValueError } from './errors.ts';

/** The fields of a device name; null where the name leaves one open. */
export interface DeviceSpec {
  readonly job: string | null;
  readonly replica: number | null;
  readonly task: number | null;
  readonly type: string | null;
  readonly index: number | null;
}

const OPEN: DeviceSpec = { job: null, replica: null, task: null, type: null, index: null };

/** Reads a device name. Throws `ValueError` where it is none. */
export function parseDevice(name: string): DeviceSpec {
  let spec: DeviceSpec = OPEN;
  for (const part of name.split('/')) {
    if (part === '') continue;
    const fields = part.split(':');
    const [key, value] = fields;
    if (fields.length === 2 && key === 'job') spec = { ...spec, job: value };
    else if (fields.length === 2 && key === 'replica') spec = { ...spec, replica: toIndex(value, name) };
    else if (fields.length === 2 && key === 'task') spec = { ...spec, task: toIndex(value, name) };
    else if (fields.length === 3 && key === 'device') spec = withDevice(spec, value, fields[2], name);
    else if (fields.length === 2 && /^[a-z]\w*$/i.test(key)) spec = withDevice(spec, key, value, name);
    else throw new ValueError(`Unknown attribute: '${key}' is encountered while parsing the device string: '${name}'.`);
  }
  return spec;
}

function withDevice(spec: DeviceSpec, type: string, index: string, name: string): DeviceSpec {
  return { ...spec, type: type.toUpperCase(), index: index === '*' ? null : toIndex(index, name) };
}

function toIndex(text: string, name: string): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < 0) {
    throw new ValueError(`Invalid index '${text}' in the device string: '${name}'.`);
  }
  return value;
}

/** `inner` where it says something, else `outer`, field by field. */
export function mergeDevices(outer: DeviceSpec, inner: DeviceSpec): DeviceSpec {
  return {
    job: inner.job ?? outer.job,
    replica: inner.replica ?? outer.replica,
    task: inner.task ?? outer.task,
    type: inner.type ?? outer.type,
    index: inner.type === null ? (inner.index ?? outer.index) : inner.index,
  };
}

/** The name of a spec: `/job:ps/task:1/device:GPU:0`; empty where every field is open. */
export function formatDevice(spec: DeviceSpec): string {
  let name = '';
  if (spec.job !== null) name += `/job:${spec.job}`;
  if (spec.replica !== null) name += `/replica:${spec.replica}`;
  if (spec.task !== null) name += `/task:${spec.task}`;
  if (spec.type !== null) name += `/device:${spec.type}:${spec.index ?? '*'}`;
  return name;
}
