/**
 * `QueueRunner`: fills a queue by running its enqueue ops again and again, each in an asynchronous loop of its own. When
 * loops stop is the `Coordinator`'s business.
 */
import { addToCollection, getDefaultGraph } from '../graph/default-graph.ts';
import { type Evaluator, sessionStack } from '../graph/evaluator.ts';
import { Graph, type Operation } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { bind, type Rest } from '../ops/tensor-like.ts';
import type { DType } from '../util/dtype.ts';
import {
  errorCodeFromExceptionType,
  exceptionTypeFromErrorCode,
  OpError,
  OutOfRangeError,
  TypeError,
  ValueError,
} from '../util/errors.ts';
import { pythonTypeName } from '../util/python-names.ts';
import type { Shape } from '../util/shape.ts';
import { prependNameScope, stripNameScope } from '../variables/variable-def.ts';
import type { CoordinatedThread, Coordinator } from './coordinator.ts';
import { QueueBase } from './queue-base.ts';

type OpErrorType = abstract new (...args: never[]) => OpError;

export interface QueueRunnerOptions {
  /** What closes the queue when there is no more; `queue.close()` without it. */
  readonly closeOp?: Operation | null;
  /** What closes it when all is to stop; `queue.close({cancelPendingEnqueues: true})` without it. */
  readonly cancelOp?: Operation | null;
  /** The errors of an enqueue op that mean that there is no more; `OutOfRangeError` without it. */
  readonly queueClosedExceptionTypes?: readonly OpErrorType[] | null;
}

/** A queue runner by the names of its ops: the message `QueueRunnerDef`. */
export interface QueueRunnerDef {
  readonly queueName: string;
  readonly enqueueOpName: readonly string[];
  readonly closeOpName: string;
  readonly cancelOpName: string;
  /** Status codes; that of `OutOfRangeError` where there are none. */
  readonly queueClosedExceptionTypes: readonly number[];
}

/** Loops of runs give way to timers and input now and then, as runs that need not wait never do. */
const RUNS_AT_A_STRETCH = 64;

/** A loop of a queue runner. */
class RunnerThread implements CoordinatedThread {
  readonly done: Promise<void>;
  private state: 'new' | 'alive' | 'over' = 'new';
  private settle: () => void = () => {};

  constructor(
    readonly name: string,
    private readonly body: () => Promise<void>,
  ) {
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  get isAlive(): boolean {
    return this.state === 'alive';
  }
  /** Starts the loop; a second call does nothing. */
  start(): void {
    if (this.state !== 'new') return;
    this.state = 'alive';
    const end = (): void => {
      this.state = 'over';
      this.settle();
    };
    // The body has handed its errors on.
    this.body().then(end, end);
  }
}

/**
 * Runs the enqueue ops of a queue in loops until they fail: with `OutOfRangeError` there is no more, and the queue is
 * closed when the last loop ends. Other errors go to the coordinator, or without one to `exceptionsRaised`.
 *
 *     tf.train.addQueueRunner(new tf.train.QueueRunner(queue, [queue.enqueue(example)]));
 */
export class QueueRunner {
  readonly queue: QueueBase;
  readonly enqueueOps: readonly Operation[];
  readonly closeOp: Operation;
  readonly cancelOp: Operation;
  readonly queueClosedExceptionTypes: readonly OpErrorType[];
  private readonly runs = new WeakMap<Evaluator, number>();
  private raised: unknown[] = [];

  /** Throws `ValueError` without a queue or enqueue ops, `TypeError` for types that are no run errors. */
  constructor(
    queue: QueueBase,
    enqueueOps: readonly Operation[],
    ...rest: Rest<
      [closeOp: Operation | null, cancelOp: Operation | null, queueClosedExceptionTypes: readonly OpErrorType[] | null],
      QueueRunnerOptions
    >
  ) {
    const given = bind<QueueRunnerOptions>(['closeOp', 'cancelOp', 'queueClosedExceptionTypes'], rest);
    if (!queue || !enqueueOps?.length) throw new ValueError('Must provide queue and enqueue_ops.');
    const types = given.queueClosedExceptionTypes;
    const isError = (type: OpErrorType) => type === OpError || type.prototype instanceof OpError;
    if (types != null && !(Array.isArray(types) && types.length > 0 && types.every(isError))) {
      throw new TypeError(
        `queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: ${String(types)}`,
      );
    }
    this.queue = queue;
    this.enqueueOps = [...enqueueOps];
    this.closeOp = given.closeOp ?? queue.close();
    this.cancelOp = given.cancelOp ?? queue.close({ cancelPendingEnqueues: true });
    this.queueClosedExceptionTypes = types ?? [OutOfRangeError];
  }

  /**
   * The runner of ops that the default graph has, with `importScope` before their names. Throws `KeyError` where the graph
   * does not have them.
   */
  static fromProto(def: QueueRunnerDef, importScope: string | null = null): QueueRunner {
    const graph = getDefaultGraph();
    const op = (name: string) => graph.getOperationByName(prependNameScope(name, importScope));
    const queue = op(def.queueName.replace(/:0$/, ''));
    const types = queue.node.attrs.component_types as readonly DType[] | undefined;
    if (!types) throw new ValueError(`${queue} is no queue.`);
    const shapes = queue.node.attrs.shapes as readonly Shape[] | undefined;
    return new QueueRunner(
      new QueueBase(types, shapes?.length ? shapes : null, null, queue.outputs[0]),
      def.enqueueOpName.map(op),
      {
        closeOp: op(def.closeOpName),
        cancelOp: op(def.cancelOpName),
        queueClosedExceptionTypes: def.queueClosedExceptionTypes.length
          ? def.queueClosedExceptionTypes.map(exceptionTypeFromErrorCode)
          : null,
      },
    );
  }
  /** The names of the runner's ops, without `exportScope`; null where the queue is not in that scope. */
  toProto(exportScope: string | null = null): QueueRunnerDef | null {
    if (exportScope !== null && !this.name.startsWith(exportScope)) return null;
    const stripped = ({ name }: { readonly name: string }) => stripNameScope(name, exportScope);
    return {
      queueName: stripped(this.queue),
      enqueueOpName: this.enqueueOps.map(stripped),
      closeOpName: stripped(this.closeOp),
      cancelOpName: stripped(this.cancelOp),
      queueClosedExceptionTypes: this.queueClosedExceptionTypes.map((type) =>
        errorCodeFromExceptionType(type as Parameters<typeof errorCodeFromExceptionType>[0]),
      ),
    };
  }

  /** The name of the queue. */
  get name(): string {
    return this.queue.name;
  }
  /** The errors that loops without a coordinator ended with. */
  get exceptionsRaised(): readonly unknown[] {
    return this.raised;
  }

  /**
   * A loop per enqueue op, and with a coordinator one that closes the queue at the stop. None where those of this session
   * still run. `daemon` says nothing here.
   */
  createThreads(
    sess: Evaluator,
    {
      coord = null,
      start = false,
    }: { readonly coord?: Coordinator | null; readonly daemon?: boolean; readonly start?: boolean } = {},
  ): CoordinatedThread[] {
    if ((this.runs.get(sess) ?? 0) > 0) return [];
    this.runs.set(sess, this.enqueueOps.length);
    this.raised = [];
    const named = `QueueRunnerThread-${this.name}`;
    const threads = this.enqueueOps.map(
      (op) => new RunnerThread(`${named}-${op.name}`, () => this.enqueueAll(sess, op, coord)),
    );
    if (coord) threads.push(new RunnerThread(`${named}-close_on_stop`, () => this.closeOnStop(sess, coord)));
    for (const thread of threads) {
      coord?.registerThread(thread);
      if (start) thread.start();
    }
    return threads;
  }

  private async enqueueAll(sess: Evaluator, op: Operation, coord: Coordinator | null): Promise<void> {
    let isClosed = false;
    try {
      for (let count = 1; !coord?.shouldStop(); count++) {
        await sess.run(op);
        if (count % RUNS_AT_A_STRETCH === 0) await new Promise((resolve) => setTimeout(resolve));
      }
    } catch (error) {
      isClosed = this.queueClosedExceptionTypes.some((type) => error instanceof type);
      if (!isClosed && coord) coord.requestStop(error);
      else if (!isClosed) this.raised.push(error);
    } finally {
      const left = (this.runs.get(sess) ?? 1) - 1;
      this.runs.set(sess, left);
      if (isClosed && left === 0) await sess.run(this.closeOp).catch(() => {});
    }
  }

  private async closeOnStop(sess: Evaluator, coord: Coordinator): Promise<void> {
    await coord.waitForStop();
    // The queue may be closed already, or the session.
    await sess.run(this.cancelOp).catch(() => {});
  }
}

/** Puts the runner among those that `startQueueRunners` starts. */
export function addQueueRunner(
  runner: QueueRunner,
  ...rest: Rest<[collection: string], { readonly collection?: string }>
): void {
  const { collection } = bind<{ collection: string }>(['collection'], rest);
  addToCollection(collection ?? GraphKeys.QUEUE_RUNNERS, runner);
}

export interface StartQueueRunnersOptions {
  readonly sess?: Evaluator | null;
  readonly coord?: Coordinator | null;
  readonly daemon?: boolean;
  /** False: the loops are made, and started by `start()` of each. */
  readonly start?: boolean;
  readonly collection?: string;
}

/**
 * Starts the queue runners of the session's graph. Throws `ValueError` where there is neither a session nor a default one.
 *
 *     const threads = tf.train.startQueueRunners(sess, coord);
 */
export function startQueueRunners(
  ...rest: Rest<
    [sess: Evaluator | null, coord: Coordinator | null, daemon: boolean, start: boolean, collection: string],
    StartQueueRunnersOptions
  >
): CoordinatedThread[] {
  const options = bind<StartQueueRunnersOptions>(['sess', 'coord', 'daemon', 'start', 'collection'], rest);
  const sess = options.sess ?? sessionStack.top;
  if (!sess) {
    throw new ValueError(
      'Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass an explicit session to tf.start_queue_runners(sess=sess)',
    );
  }
  const { graph } = sess;
  if (!(graph instanceof Graph)) {
    throw new TypeError(`sess must be a \`tf.Session\` object. Given class: <class '${pythonTypeName(sess)}'>`);
  }
  const runners = graph.getCollection(options.collection ?? GraphKeys.QUEUE_RUNNERS) as QueueRunner[];
  const { coord = null, start = true } = options;
  return runners.flatMap((runner) => runner.createThreads(sess, { coord, start }));
}
