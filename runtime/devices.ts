/** Names of devices, as placement logs, profiles and `listDevices` print them. */

const TASK = '/job:localhost/replica:0/task:0';

/** Where host kernels run. */
export const HOST_DEVICE = `${TASK}/device:CPU:0`;

/** The device of a backend: the cpu backend shares the host's. */
export function deviceName(backend: string): string {
  return `${TASK}/device:${backend.toUpperCase()}:0`;
}

/** A device of a session. */
export interface DeviceAttributes {
  readonly name: string;
  readonly deviceType: string;
  /** Of a device of a server. */
  readonly memoryLimitBytes?: number;
  /** Of a device of a server: another number whenever that was started anew. */
  readonly incarnation?: bigint;
}

/** The devices that a session with this backend has: the host first. */
export function devicesOf(backend: string): DeviceAttributes[] {
  const host = { name: HOST_DEVICE, deviceType: 'CPU' };
  return backend === 'cpu' ? [host] : [host, { name: deviceName(backend), deviceType: backend.toUpperCase() }];
}
