/**
 * What a thread does, as the text of a program of its own: so it is the same from sources and in bundles. Who starts threads
 * and gives them work is `wasm-threads-node.ts`. It is for Node.
 */

/** By what the threads know each other: numbers that all of them see. */
export const CONTROL = {
  /** How many tasks are left to take; above these bits, the number of the work. Zero tasks: nothing may be read. */
  WORK: 0,
  /** How many tasks of the work threads have done. */
  DONE: 1,
  /** How many threads sleep until there is work. */
  ASLEEP: 2,
  /** Whether the main thread sleeps until tasks are done. */
  WAITING: 3,
  /** How many tasks have failed since the start. */
  FAILED: 4,
  /** Not 0: threads are to end. */
  ENDED: 5,
  /** Which program the tasks are of. */
  PROGRAM: 6,
  /** By thread, where its room is. */
  ROOMS: 8,
} as const;

/** The bits of the work that count tasks. */
export const TASKS = 0xff;

/**
 * Takes one task after the other, from the last to the first, whoever comes: taking is what makes sure that the work is still
 * the one that was looked at. For a while after a task it looks out for the next, then it sleeps.
 */
export const THREAD_CODE = `
'use strict';
const { receiveMessageOnPort, workerData } = require('node:worker_threads');
const { control, memory, port, room, bases, spin } = workerData;
const programs = new Map();

function learn(id) {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
    const { program, modules, tasks } = next.message;
    if (!modules) {
      programs.delete(program);
      continue;
    }
    const codes = modules.map((module) => new WebAssembly.Instance(module, { e: { m: memory } }).exports.kernel);
    programs.set(program, tasks.map(({ module, operands, shifts, counts, takesRoom }) => ({
      code: codes[module], operands, shifts, takesRoom, args: [...shifts, ...counts], end: shifts.length + counts.length,
    })));
  }
  return programs.get(id);
}

function execute({ code, operands, shifts, takesRoom, args, end }) {
  for (let i = 0; i < operands.length; i++) args[i] = control[bases + operands[i]] + shifts[i];
  if (takesRoom) args[end] = control[room];
  code(...args);
}

function fail(error) {
  Atomics.add(control, ${CONTROL.FAILED}, 1);
  port.postMessage(String(error));
}

/** The work, where it is another than the one given and something is left of it. */
function nextWork(seen) {
  const end = performance.now() + spin;
  do {
    for (let i = 0; i < 200; i++) {
      const work = Atomics.load(control, ${CONTROL.WORK});
      if (work !== seen && (work & ${TASKS}) !== 0) return work;
    }
  } while (performance.now() < end);
  for (;;) {
    const work = Atomics.load(control, ${CONTROL.WORK});
    if ((work !== seen && (work & ${TASKS}) !== 0) || Atomics.load(control, ${CONTROL.ENDED})) return work;
    Atomics.add(control, ${CONTROL.ASLEEP}, 1);
    Atomics.wait(control, ${CONTROL.WORK}, work);
    Atomics.sub(control, ${CONTROL.ASLEEP}, 1);
  }
}

let seen = 0;
while (!Atomics.load(control, ${CONTROL.ENDED})) {
  const work = nextWork(seen);
  if ((work & ${TASKS}) === 0) continue;
  const id = Atomics.load(control, ${CONTROL.PROGRAM});
  let tasks;
  try {
    tasks = programs.get(id) ?? learn(id);
  } catch {
    // No room for another kernel, say: the others do it.
  }
  if (!tasks) {
    seen = work;
    continue;
  }
  if (Atomics.compareExchange(control, ${CONTROL.WORK}, work, work - 1) !== work) continue;
  try {
    execute(tasks[(work & ${TASKS}) - 1]);
  } catch (error) {
    fail(error);
  }
  Atomics.add(control, ${CONTROL.DONE}, 1);
  if (Atomics.load(control, ${CONTROL.WAITING})) Atomics.notify(control, ${CONTROL.DONE});
}
`;
