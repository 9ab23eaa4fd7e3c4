/**
 * Texts made fit for pictures: cut, escaped, numbers with units. It knows nothing of graphs, so that a page can carry it.
 */

/** Longer texts are cut: a picture is to look at, files hold the values. */
export const LONGEST = 240;

/** The text, with an ellipsis in the place of what is too long; no character is cut in two. */
export function clip(text: string, length = LONGEST): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** `1.25 ms` from microseconds. */
export function timeText(micros: number): string {
  if (micros < 1000) return `${round(micros)} µs`;
  return micros < 1e6 ? `${round(micros / 1e3)} ms` : `${round(micros / 1e6)} s`;
}

/** `1.5 MiB` from bytes. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${round(bytes / 1024 ** unit)} ${units[unit]}`;
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** Text for XML and HTML, in content and in quoted attributes. What XML cannot hold is replaced. */
export function escapeXml(text: string): string {
  return toWellFormed(text).replace(/[&<>"'\n\r\t]/g, (c) => XML_ESCAPES.get(c) ?? c);
}

const XML_ESCAPES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
  ['\t', '&#9;'],
]);

/** Half characters and control characters, which neither UTF-8 nor XML can hold, become U+FFFD. */
export function toWellFormed(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g,
    '\uFFFD',
  );
}
