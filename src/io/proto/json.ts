/**
 * Messages as protobuf's JSON, printed as Python's `json_format` prints them. Text and bytes are written elsewhere.
 */
import { clone, type DescMessage, type JsonValue, type MessageShape, ScalarType, toJson } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { shortestFloat } from '../text-format.ts';

/** The message as a plain JSON value: names in camel case, int64 as text, bytes as base64. */
export function messageToJson<Desc extends DescMessage>(desc: Desc, message: MessageShape<Desc>): JsonValue {
  const copy = clone(desc, message);
  shortenFloats(reflect(desc, copy));
  return toJson(desc, copy);
}

/** Makes of every float32 the number whose decimal form is the shortest: 0.1 of 0.10000000149011612. */
function shortenFloats(message: ReflectMessage): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const isFloat = field.scalar === ScalarType.FLOAT;
    if (field.fieldKind === 'map') {
      if (field.mapKind !== 'message') continue;
      for (const [, value] of message.get(field)) shortenFloats(value as ReflectMessage);
    } else if (field.fieldKind === 'list') {
      const list = message.get(field);
      if (field.listKind === 'message') for (const item of list) shortenFloats(item as ReflectMessage);
      else if (isFloat) [...list].forEach((value, i) => void list.set(i, shortestFloat(value as number)));
    } else if (field.fieldKind === 'message') {
      shortenFloats(message.get(field));
    } else if (isFloat) {
      message.set(field, shortestFloat(message.get(field) as number));
    }
  }
}
