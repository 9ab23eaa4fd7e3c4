/**
 * Finds the line of user code that is building a node: the first stack frame outside this library.
 */

/** The folders that hold the library, as sources or as the built package. */
// Named once: bundlers take a URL that is made of `import.meta.url` for a file to be copied.
const here = import.meta.url;
const own = new URL(here).pathname.includes('/src/graph/')
  ? ['src/', 'runtime/', 'compiler/'].map((room) => new URL(`../../${room}`, here))
  : [new URL('./', here)];
/** Engines print frames with URLs or with paths. */
const prefixes = own.flatMap((folder) => [folder.href, decodeURIComponent(folder.pathname)]);
/** Frames to look through: functions that build several ops are deep. */
const DEPTH = 100;

/** `file:line:column` of the caller outside the library; undefined where the engine gives no stack. */
export function callSite(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  const frames = new Error().stack?.split('\n').slice(1) ?? [];
  Error.stackTraceLimit = stackTraceLimit;
  const frame = frames.find((line) => line.includes(':') && !prefixes.some((prefix) => line.includes(prefix)));
  return frame?.match(/\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/)?.[1];
}
