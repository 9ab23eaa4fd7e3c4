/**
 * The arguments of sessions and runs: positional as in TensorFlow, or as one object, and checked. What they mean is
 * `session.ts`'s business.
 */
import type { Graph } from '../src/graph/graph.ts';
import { TypeError } from '../src/util/errors.ts';
import { pythonTypeName } from '../src/util/python-names.ts';
import { type ConfigInit, ConfigProto } from './config.ts';
import type { FeedDict } from './feeds.ts';
import { isPlain } from './fetches.ts';
import type { RunMetadata, RunOptions, RunOptionsInit } from './metadata.ts';

export interface SessionInit {
  readonly graph?: Graph | null;
  readonly target?: string | null;
  readonly config?: ConfigProto | ConfigInit | null;
}

/** The options of one run. */
export interface RunArguments {
  readonly feedDict?: FeedDict | null;
  readonly options?: RunOptions | RunOptionsInit | null;
  readonly runMetadata?: RunMetadata | null;
  /** `'tensor'`: results are tfjs tensors that share the session's buffers, for the caller to dispose. */
  readonly as?: 'array' | 'tensor';
}

/** What can be fetched at the top: an element, its name, or a structure of these. */
export type Fetches = object | string;

/** Whether the first argument of a session holds all of them. */
export function isInit(value: unknown): value is SessionInit {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return false;
  return Object.keys(value).every((key) => key === 'graph' || key === 'target' || key === 'config');
}

/** The target, which is kept but not looked at. */
export function checkTarget(target: unknown): string {
  if (target === undefined || target === null) return '';
  if (typeof target === 'string') return target;
  const isConfig = target instanceof ConfigProto || (typeof target === 'object' && isPlain(target));
  const hint = isConfig ? ' Did you do "Session(config)" instead of "Session(config=config)"?' : '';
  const type = target instanceof ConfigProto ? 'ConfigProto' : pythonTypeName(target);
  throw new TypeError(`target must be a string, but got <class '${type}'>.${hint}`);
}

const ARGUMENTS: ReadonlySet<string> = new Set(['feedDict', 'options', 'runMetadata', 'as']);

/** The arguments of `run` after the fetches, positional or as an object. */
export function runArguments(rest: readonly unknown[]): RunArguments {
  const [first, options, runMetadata] = rest;
  if (typeof first === 'object' && first !== null && isPlain(first)) {
    if (Object.keys(first).every((key) => ARGUMENTS.has(key))) return first;
  }
  return { feedDict: first, options, runMetadata } as RunArguments;
}
