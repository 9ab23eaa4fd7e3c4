/**
 * Targets of sessions: which of them are servers, at what address, and who may be spoken to in the clear. Connecting is
 * `grpc-node.ts`'s business.
 */
import { ValueError } from '../../src/util/errors.ts';
import type { ConfigProto } from '../config.ts';

const SCHEME = 'grpc://';

/** Whether the target is a server. */
export function isRemote(target: string | null | undefined): boolean {
  return target?.startsWith(SCHEME) ?? false;
}

/** The host and port of a target. Throws `ValueError` where there is no port. */
export function addressOf(target: string): string {
  const address = target.slice(SCHEME.length).replace(/\/$/, '');
  if (!/^(\[[^\]]+\]|[^:/[\]]+):\d{1,5}$/.test(address)) {
    throw new ValueError(`The target of a session must be 'grpc://host:port', got '${target}'.`);
  }
  return address;
}

/** Whether what is sent there stays on this machine. */
export function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(':')).toLowerCase();
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Throws `ValueError` for a target that is no address, or one that is spoken to in the clear though nobody said so. */
export function checkAccess(target: string, { allowInsecure, channelCredentials }: ConfigProto): void {
  if (isLoopback(addressOf(target)) || allowInsecure || channelCredentials) return;
  throw new ValueError(
    `The target ${target} is not on this machine, and TensorFlow's servers have neither passwords nor encryption: whoever reaches one can run any computation on it and read its files. Give the config {channelCredentials} of @grpc/grpc-js where a proxy offers TLS, or {allowInsecure: true} for a network in which you trust everybody.`,
  );
}
