/**
 * The text form of protocol buffer messages, printed as protobuf's own printer does: two spaces a level, strings with C
 * escapes. Which fields a message has is its caller's business.
 */

/** A field: a name with a nested message, or with a scalar as literal text, UTF-8 text or raw bytes. */
export type TextField = readonly [
  name: string,
  value:
    | readonly TextField[]
    | { readonly literal: string }
    | { readonly text: string }
    | { readonly bytes: Uint8Array },
];

/** The message as text, a line a scalar. Nesting is as deep as the message type's, never as deep as a graph. */
export function formatMessage(fields: readonly TextField[]): string {
  const lines: string[] = [];
  const print = (list: readonly TextField[], indent: string): void => {
    for (const [name, value] of list) {
      if ('literal' in value) lines.push(`${indent}${name}: ${value.literal}`);
      else if ('text' in value) lines.push(`${indent}${name}: "${escapeBytes(encoder.encode(value.text))}"`);
      else if ('bytes' in value) lines.push(`${indent}${name}: "${escapeBytes(value.bytes)}"`);
      else {
        lines.push(`${indent}${name} {`);
        print(value, `${indent}  `);
        lines.push(`${indent}}`);
      }
    }
  };
  print(fields, '');
  return `${lines.join('\n')}\n`;
}

const encoder = new TextEncoder();

const named: Readonly<Record<number, string>> = { 10: '\\n', 13: '\\r', 9: '\\t', 34: '\\"', 39: "\\'", 92: '\\\\' };

/** Bytes as a C string: printable ASCII as it is, the rest as escapes or three octal digits. */
function escapeBytes(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (const byte of bytes) {
    if (named[byte] !== undefined) parts.push(named[byte]);
    else if (byte >= 32 && byte < 127) parts.push(String.fromCharCode(byte));
    else parts.push(`\\${byte.toString(8).padStart(3, '0')}`);
  }
  return parts.join('');
}
