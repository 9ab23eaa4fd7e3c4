/**
 * Message types by name, among those that a .proto file and all that it imports define: what an `Any` can hold. Packing
 * and unpacking is its readers' work.
 */
import type { DescFile, DescMessage } from '@bufbuild/protobuf';

const known = new WeakMap<DescFile, Map<string, DescMessage>>();

export function messageNamed(file: DescFile, name: string): DescMessage | undefined {
  let types = known.get(file);
  if (!types) {
    const files = new Set([file]);
    for (const { dependencies } of files) for (const dependency of dependencies) files.add(dependency);
    const messages = [...files].flatMap((one) => one.messages);
    types = new Map();
    for (const message of messages) {
      types.set(message.typeName, message);
      messages.push(...message.nestedMessages);
    }
    known.set(file, types);
  }
  return types.get(name);
}
