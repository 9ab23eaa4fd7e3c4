/**
 * Finds the line of user code that is building a node: the first stack frame outside this library.
 */
const library = new URL('../../', import.meta.url).href;

/** `file:line:column` of the caller outside `src/`; undefined where the engine gives no stack. */
export function callSite(): string | undefined {
  const frames = new Error().stack?.split('\n').slice(1) ?? [];
  const rooms = ['src/', 'runtime/', 'compiler/'].map((room) => library + room);
  const frame = frames.find((line) => line.includes(':') && !rooms.some((room) => line.includes(room)));
  return frame?.match(/\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/)?.[1];
}
