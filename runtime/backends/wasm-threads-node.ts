/**
 * Threads that compute parts of generated kernels on the heap of the wasm backend. Kernels are divided by the compiler; what a
 * thread runs is `wasm-thread-code-node.ts`. Only Node loads this file.
 *
 * The thread that calls takes tasks as the others do, so that a thread which is late, or gone, costs time at most.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import { type Kernel, roomsOf } from '../../compiler/codegen/kernel.ts';
import { bufferCount, type Phase, splitKernel } from '../../compiler/codegen/split.ts';
import { scratchOf } from '../../compiler/codegen/wasm/index.ts';
import { InternalError, ResourceExhaustedError } from '../../src/util/errors.ts';
import type { GeneratedKernel } from './backend.ts';
import type { Code, Room, Threads, ThreadsHost } from './wasm-heap.ts';
import { CONTROL, TASKS, THREAD_CODE } from './wasm-thread-code-node.ts';

// By a name that bundlers do not follow, as in `wasm-node.ts`.
const load = (name: string): Promise<unknown> => import(/* webpackIgnore: true */ /* @vite-ignore */ name);

/** More would have more tasks than there are bits for. */
const MOST_THREADS = 64;
/** Buffers of a kernel that there are places for. */
const MOST_BUFFERS = 512;
/**
 * Microseconds that a thread looks out for more to do before it sleeps: longer than it takes from one step of a training loop to
 * the next. To be woken takes 40, to find work less than one.
 */
const SPIN = 300;
/** Milliseconds after which a thread that has taken a task is held to be gone. */
const PATIENCE = 60_000;
/** So many programs are kept by threads; the oldest goes first. */
const KEPT = 1024;

/** Tasks as threads know them. */
interface Program {
  readonly id: number;
  readonly message: { readonly program: number; readonly modules: WebAssembly.Module[]; readonly tasks: object[] };
  /** The tasks for the thread that calls. */
  readonly tasks: readonly ((bases: readonly number[], room: number) => void)[];
  /** Bytes of room that a task needs. */
  readonly room: number;
}

/** Starts so many threads, the present one among them. */
export async function startThreads(host: ThreadsHost, count: number): Promise<Threads> {
  return new ThreadPool(host, Math.min(count, MOST_THREADS), (await load('node:worker_threads')) as WorkerThreads);
}

type WorkerThreads = typeof import('node:worker_threads');

class ThreadPool implements Threads {
  private readonly control: Int32Array;
  private readonly bases: number;
  private readonly workers: Worker[] = [];
  private readonly ports: MessagePort[] = [];
  private readonly rooms: Room[] = [];
  private readonly own: Room;
  /** Bytes of each thread's room. */
  private roomSize = 0;
  private nextProgram = 1;
  private work = 0;
  private failures = 0;
  private readonly kept = new Set<Program>();
  /** Why threads are not used any more. */
  private broken: string | null = null;

  constructor(
    private readonly host: ThreadsHost,
    private readonly count: number,
    private readonly library: WorkerThreads,
  ) {
    this.bases = CONTROL.ROOMS + count;
    this.control = new Int32Array(new SharedArrayBuffer(4 * (this.bases + MOST_BUFFERS)));
    this.own = host.room();
    try {
      for (let i = 0; i < count - 1; i++) this.start(CONTROL.ROOMS + i);
    } catch (error) {
      this.end();
      throw new ResourceExhaustedError(null, `A thread cannot be started: ${error}`);
    }
  }

  private start(room: number): void {
    const { Worker, MessageChannel } = this.library;
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(THREAD_CODE, {
      eval: true,
      workerData: {
        control: this.control,
        memory: this.host.memory,
        port: port2,
        room,
        bases: this.bases,
        spin: SPIN / 1000,
      },
      transferList: [port2],
      // What a program is started with is not for its threads: loaders, say, and inspectors.
      execArgv: [],
      env: this.library.SHARE_ENV as typeof import('node:worker_threads').SHARE_ENV,
    });
    // A program ends when nothing else is left to do.
    worker.unref();
    port1.unref();
    // A thread that is gone takes no tasks; one that was gone with a task is missed by `finish`.
    worker.on('error', () => {});
    this.workers.push(worker);
    this.ports.push(port1);
    this.rooms.push(this.host.room());
  }

  end(): void {
    const { control } = this;
    Atomics.store(control, CONTROL.ENDED, 1);
    Atomics.notify(control, CONTROL.WORK);
    for (const port of this.ports) port.close();
    for (const worker of this.workers) void worker.terminate();
    this.release();
  }
  release(): number {
    this.roomSize = 0;
    return [this.own, ...this.rooms].reduce((bytes, room) => bytes + room.release(), 0);
  }

  // Dividing

  divide(kernel: Kernel): GeneratedKernel | null {
    const phases = splitKernel(kernel, this.count);
    const buffers = bufferCount(kernel);
    const rooms = roomsOf(kernel);
    if (!phases || buffers + rooms.starts.length > MOST_BUFFERS) return null;
    const scratch = Math.max(...phases.flat().map((task) => scratchOf(task.kernel)));
    const steps = phases.map((phase) => this.step(phase, scratch));
    const bases: number[] = new Array<number>(buffers + rooms.starts.length).fill(0);
    return (addresses) => {
      const room = this.own.of(rooms.bytes + scratch);
      for (let i = 0; i < buffers; i++) bases[i] = addresses[i];
      rooms.starts.forEach((start, i) => {
        bases[buffers + i] = room + start;
      });
      for (const step of steps) step(bases, room + rooms.bytes);
    };
  }

  private step(phase: Phase, room: number): (bases: readonly number[], room: number) => void {
    const { host } = this;
    const modules: WebAssembly.Module[] = [];
    const codes: Code[] = [];
    const tasks = phase.map(({ kernel, operands, shifts }) => {
      const { module, code, counts } = host.program(kernel);
      const known = modules.indexOf(module);
      if (known < 0) {
        modules.push(module);
        codes.push(code);
      }
      const takesRoom = kernel.kind === 'contraction';
      return { module: known < 0 ? modules.length - 1 : known, operands, shifts, counts, takesRoom };
    });
    const own = tasks.map(({ module, operands, shifts, counts, takesRoom }) => {
      const code = codes[module];
      const args = [...shifts, ...counts];
      return (bases: readonly number[], at: number) => {
        for (let i = 0; i < operands.length; i++) args[i] = bases[operands[i]] + shifts[i];
        if (takesRoom) args[operands.length + counts.length] = at;
        code(...args);
      };
    });
    if (own.length === 1) return own[0];
    const id = this.nextProgram++;
    const program: Program = { id, message: { program: id, modules, tasks }, tasks: own, room };
    return (bases, at) => this.run(program, bases, at);
  }

  // Running

  private run(program: Program, bases: readonly number[], room: number): void {
    const { control } = this;
    const { tasks } = program;
    if (this.broken !== null) {
      for (const task of tasks) task(bases, room);
      return;
    }
    if (!this.kept.has(program)) this.teach(program);
    if (program.room > this.roomSize) this.furnish(program.room);
    for (let i = 0; i < bases.length; i++) control[this.bases + i] = bases[i];
    control[CONTROL.PROGRAM] = program.id;
    control[CONTROL.DONE] = 0;
    this.work = (this.work + TASKS + 1) | 0;
    Atomics.store(control, CONTROL.WORK, this.work | tasks.length);
    if (Atomics.load(control, CONTROL.ASLEEP) > 0) Atomics.notify(control, CONTROL.WORK);
    let taken = 0;
    try {
      for (;;) {
        const work = Atomics.load(control, CONTROL.WORK);
        const left = work & TASKS;
        if (left === 0) break;
        if (Atomics.compareExchange(control, CONTROL.WORK, work, work - 1) !== work) continue;
        taken++;
        tasks[left - 1](bases, room);
      }
    } finally {
      // Where this thread failed nobody is to begin with what is left.
      taken += Atomics.exchange(control, CONTROL.WORK, this.work) & TASKS;
      this.finish(tasks.length - taken);
    }
    if (Atomics.load(control, CONTROL.FAILED) !== this.failures) this.fail();
  }

  private teach(program: Program): void {
    for (const port of this.ports) port.postMessage(program.message);
    this.kept.add(program);
    if (this.kept.size <= KEPT) return;
    const [oldest] = this.kept;
    this.kept.delete(oldest);
    for (const port of this.ports) port.postMessage({ program: oldest.id });
  }

  private furnish(bytes: number): void {
    this.roomSize = 0;
    this.rooms.forEach((room, i) => {
      this.control[CONTROL.ROOMS + i] = room.of(bytes);
    });
    this.roomSize = bytes;
  }

  /** Waits until threads have done so many tasks. */
  private finish(tasks: number): void {
    const { control } = this;
    if (tasks === 0) return;
    const start = performance.now();
    do {
      for (let i = 0; i < 200; i++) if (Atomics.load(control, CONTROL.DONE) === tasks) return;
    } while (performance.now() < start + SPIN / 1000);
    Atomics.store(control, CONTROL.WAITING, 1);
    for (;;) {
      const done = Atomics.load(control, CONTROL.DONE);
      if (done === tasks) break;
      if (performance.now() > start + PATIENCE) {
        this.broken = 'a thread has taken a part of it and did not come back';
        throw new InternalError(null, `A kernel failed: ${this.broken}.`);
      }
      Atomics.wait(control, CONTROL.DONE, done, 1000);
    }
    Atomics.store(control, CONTROL.WAITING, 0);
  }

  private fail(): void {
    const { receiveMessageOnPort } = this.library;
    this.failures = Atomics.load(this.control, CONTROL.FAILED);
    const reasons: string[] = [];
    for (const port of this.ports) {
      for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) reasons.push(next.message);
    }
    throw new InternalError(null, `A kernel failed in a thread: ${reasons.join(', ')}.`);
  }
}
