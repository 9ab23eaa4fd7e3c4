/**
 * Options of sessions: `ConfigProto`, also given as a plain object. What the options do is written where they are read.
 */
import type { DriverOptions } from '../compiler/compile.ts';
import { TypeError } from '../src/util/errors.ts';
import { pythonTypeName } from '../src/util/python-names.ts';
import type { Backend } from './backends/backend.ts';
import { isPlain } from './fetches.ts';

export interface ConfigInit {
  /** `wasm`, `webgl`, `cpu`, any other that is registered with tfjs, or one of the program's own. */
  readonly backend?: string | Backend | null;
  /** False: only the passes that no plan can do without; a list: the names of the passes to leave out. */
  readonly passes?: boolean | readonly string[];
  /** False: only kernels of the backend and the host, none that the compiler generates. */
  readonly codegen?: boolean;
  /** Passes of the program's own, with their places. */
  readonly userPasses?: DriverOptions['userPasses'];
  /** Print where each op runs when a plan is made. */
  readonly logDevicePlacement?: boolean;
  /** Milliseconds after which a run fails with `DeadlineExceededError`; 0 for no limit. */
  readonly operationTimeoutInMs?: number;
  /** The number of plans that a session keeps. */
  readonly planCacheSize?: number;
  /** On a server: ops whose device does not have them run on another. Here ops that a backend lacks run on the host. */
  readonly allowSoftPlacement?: boolean;
  /** For servers; without effect here, where kernels of one run follow each other. */
  readonly interOpParallelismThreads?: number;
  /**
   * On the wasm backend in Node: how many threads compute one large generated kernel; 0 and 1 for the program's own alone.
   * Results have the same bits. The first session of the process has to ask, since memory that threads share is a matter of
   * how the backend starts: later on a warning is logged, and one thread computes. As in TensorFlow the threads are the
   * process's: they serve all its sessions, as many as were asked for first, and end when the last session that asked for
   * them is closed. Without effect in browsers and on other backends. On a server: the same of TensorFlow's kernels.
   */
  readonly intraOpParallelismThreads?: number;
  /** For servers, without effect here. */
  readonly usePerSessionThreads?: boolean;
  /** For servers, without effect here. Names of options are TensorFlow's in camel case: `{placePrunedGraph: true}`. */
  readonly deviceCount?: Readonly<Record<string, number>>;
  readonly gpuOptions?: Readonly<Record<string, unknown>>;
  readonly graphOptions?: Readonly<Record<string, unknown>>;
  /** On a server: the session's variables are its own, and not those of all sessions there. */
  readonly isolateSessionState?: boolean;
  /** On a server: the machines that the session may use, and has to wait for: `['/job:ps', '/job:worker/task:1']`. */
  readonly deviceFilters?: readonly string[];
  /** True: speaks without encryption to a server that is not on this machine. */
  readonly allowInsecure?: boolean;
  /** Credentials of `@grpc/grpc-js` for the channel to a server, such as `credentials.createSsl(ca)`. */
  readonly channelCredentials?: object | null;
}

/**
 * Options of a session.
 *
 *     new tf.Session({config: new tf.ConfigProto({backend: 'cpu', operationTimeoutInMs: 1000})});
 *     new tf.Session({config: {passes: false}});
 */
export class ConfigProto implements ConfigInit {
  readonly backend: string | Backend | null;
  readonly passes: boolean | readonly string[];
  readonly codegen: boolean;
  readonly userPasses: NonNullable<DriverOptions['userPasses']>;
  readonly logDevicePlacement: boolean;
  readonly operationTimeoutInMs: number;
  readonly planCacheSize: number;
  readonly allowSoftPlacement: boolean;
  readonly interOpParallelismThreads: number;
  readonly intraOpParallelismThreads: number;
  readonly usePerSessionThreads: boolean;
  readonly isolateSessionState: boolean;
  readonly deviceCount: Readonly<Record<string, number>>;
  readonly gpuOptions: Readonly<Record<string, unknown>>;
  readonly graphOptions: Readonly<Record<string, unknown>>;
  readonly deviceFilters: readonly string[];
  readonly allowInsecure: boolean;
  readonly channelCredentials: object | null;

  constructor(init: ConfigInit = {}) {
    this.backend = init.backend ?? null;
    this.passes = init.passes ?? true;
    this.codegen = init.codegen ?? true;
    this.userPasses = init.userPasses ?? [];
    this.logDevicePlacement = init.logDevicePlacement ?? false;
    this.operationTimeoutInMs = init.operationTimeoutInMs ?? 0;
    this.planCacheSize = init.planCacheSize ?? 128;
    this.allowSoftPlacement = init.allowSoftPlacement ?? false;
    this.interOpParallelismThreads = init.interOpParallelismThreads ?? 0;
    this.intraOpParallelismThreads = init.intraOpParallelismThreads ?? 0;
    this.usePerSessionThreads = init.usePerSessionThreads ?? false;
    this.isolateSessionState = init.isolateSessionState ?? false;
    this.deviceCount = init.deviceCount ?? {};
    this.gpuOptions = init.gpuOptions ?? {};
    this.graphOptions = init.graphOptions ?? {};
    this.deviceFilters = init.deviceFilters ?? [];
    this.allowInsecure = init.allowInsecure ?? false;
    this.channelCredentials = init.channelCredentials ?? null;
  }
}

/** The options that the value means. Throws `TypeError` for what is neither a `ConfigProto` nor a plain object. */
export function asConfig(value: ConfigProto | ConfigInit | null | undefined): ConfigProto {
  if (value === null || value === undefined) return new ConfigProto();
  if (value instanceof ConfigProto) return value;
  if (typeof value === 'object' && isPlain(value)) return new ConfigProto(value);
  throw new TypeError(`config must be a tf.ConfigProto, but got <class '${pythonTypeName(value)}'>`);
}
