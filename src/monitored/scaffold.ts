/**
 * `Scaffold`: the ops that training needs beside the model, from collections or made. When they run is the session
 * manager's business.
 */
import { tablesInitializer } from '../data/lookup-tables.ts';
import { addToCollection, getCollection, getDefaultGraph } from '../graph/default-graph.ts';
import type { Operation, Tensor } from '../graph/graph.ts';
import { GraphKeys } from '../graph/graph-keys.ts';
import { Saver } from '../io/checkpoint/saver.ts';
import { group } from '../ops/control.ts';
import { concat } from '../ops/joining.ts';
import { mergeAll } from '../ops/summaries.ts';
import { RuntimeError, TypeError } from '../util/errors.ts';
import {
  globalVariables,
  globalVariablesInitializer,
  localVariablesInitializer,
  reportUninitializedVariables,
} from '../variables/index.ts';
import type { HookedSession, HookFeeds } from './hooks.ts';

export interface ScaffoldOptions {
  /** Initializes the variables; all global ones without it. */
  readonly initOp?: Operation | null;
  /** Fed to it. */
  readonly initFeedDict?: HookFeeds | null;
  /** Called after it, for what ops cannot do. */
  readonly initFn?: ((scaffold: Scaffold, session: HookedSession) => void | Promise<void>) | null;
  /** The names of what is not initialized, as a vector of texts: none where all is. */
  readonly readyOp?: Tensor | null;
  /** As `readyOp`, for what `localInitOp` needs. */
  readonly readyForLocalInitOp?: Tensor | null;
  /** Initializes what is not shared: local variables and tables without it. */
  readonly localInitOp?: Operation | null;
  /** The summaries; all of the graph, merged, without it. */
  readonly summaryOp?: Tensor | null;
  /** The one of the collection `SAVERS` without it, or a new one. */
  readonly saver?: Saver | null;
  /** Another scaffold, for what is not given. */
  readonly copyFromScaffold?: Scaffold | null;
  /** Fed to `localInitOp`. */
  readonly localInitFeedDict?: HookFeeds | null;
}

/**
 * The ops around a model: they are looked for in their collections and made where they are missing, when `finalize` is
 * called, which also finalizes the graph.
 *
 *     const scaffold = new tf.train.Scaffold({initFn: async (_, sess) => { await saver.restore(sess, path); }});
 */
export class Scaffold {
  initOp: Operation | null;
  readonly initFeedDict: HookFeeds | null;
  readyOp: Tensor | null;
  readyForLocalInitOp: Tensor | null;
  localInitOp: Operation | null;
  readonly localInitFeedDict: HookFeeds | null;
  summaryOp: Tensor | null;
  saver: Saver | null;
  private readonly userInitFn: ScaffoldOptions['initFn'];

  constructor(options: ScaffoldOptions = {}) {
    const from = options.copyFromScaffold ?? null;
    if (from !== null && !(from instanceof Scaffold)) {
      throw new TypeError('copy_from_scaffold is not a Scaffold instance.');
    }
    this.initOp = options.initOp ?? from?.initOp ?? null;
    this.initFeedDict = options.initFeedDict ?? from?.initFeedDict ?? null;
    this.userInitFn = options.initFn ?? from?.userInitFn ?? null;
    this.readyOp = options.readyOp ?? from?.readyOp ?? null;
    this.readyForLocalInitOp = options.readyForLocalInitOp ?? from?.readyForLocalInitOp ?? null;
    this.localInitOp = options.localInitOp ?? from?.localInitOp ?? null;
    this.localInitFeedDict = options.localInitFeedDict ?? from?.localInitFeedDict ?? null;
    this.summaryOp = options.summaryOp ?? from?.summaryOp ?? null;
    this.saver = options.saver ?? from?.saver ?? null;
  }

  /** Calls the function that was given with a session; null where none was. */
  get initFn(): ((session: HookedSession) => void | Promise<void>) | null {
    const { userInitFn } = this;
    return userInitFn ? (session) => userInitFn(this, session) : null;
  }

  /** Makes what is missing on the default graph, and finalizes that. */
  finalize(): this {
    const keys = GraphKeys;
    this.initOp ??= orDefault('init_op', keys.INIT_OP, () => group(globalVariablesInitializer()));
    this.readyOp ??= orDefault('ready_op', keys.READY_OP, () => concat([reportUninitializedVariables()], 0));
    this.readyForLocalInitOp ??= orDefault('ready_for_local_init_op', keys.READY_FOR_LOCAL_INIT_OP, () =>
      concat([reportUninitializedVariables(globalVariables())], 0),
    );
    this.localInitOp ??= orDefault('local_init_op', keys.LOCAL_INIT_OP, () => Scaffold.defaultLocalInitOp());
    this.summaryOp ??= orDefault<Tensor | null>('summary_op', keys.SUMMARY_OP, () => mergeAll() as Tensor | null);
    this.saver ??= orDefault('saver', keys.SAVERS, () => new Saver({ sharded: true, allowEmpty: true }));
    this.saver.build();
    getDefaultGraph().finalize();
    return this;
  }

  /** Initializes local variables and tables. */
  static defaultLocalInitOp(): Operation {
    return group(localVariablesInitializer(), tablesInitializer());
  }
}

function orDefault<T>(name: string, key: string, make: () => T): T {
  const found = getCollection(key) as T[];
  if (found.length > 1) {
    throw new RuntimeError(
      `More than one item in the collection "${key}". Please indicate which one to use by passing it to the tf.Scaffold constructor as:  tf.Scaffold(${name}=item to use)`,
    );
  }
  if (found.length === 1) return found[0];
  const made = make();
  if (made !== null) addToCollection(key, made);
  return made;
}
