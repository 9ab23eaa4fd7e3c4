/**
 * How Python would name the types of JavaScript values: for messages that people look up.
 */

/** As Python's `repr` prints a text (in quotes) or a number, for messages. */
export function pythonRepr(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return value === null || value === undefined ? 'None' : String(value);
}

/** The name Python would give the type of a value, for messages. */
export function pythonTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object')
    return value.constructor?.name === 'Object' ? 'dict' : (value.constructor?.name ?? 'object');
  return typeof value;
}
