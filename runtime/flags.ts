/**
 * Fed flags: boolean scalars, for each value of which a plan of its own is made, without what the value rules out: dropout
 * where a model is not training. What the value rules out is found by the compiler.
 */
import type { Feed as CompileFeed, Request } from '../compiler/compile.ts';
import { bool } from '../src/util/dtype.ts';
import { NdArray } from '../src/util/ndarray.ts';
import type { Feed } from './feeds.ts';

/** Plans are made for the values of so many flags of a run, the first ones: at most 2^4 plans where there was one. */
export const MAX_FLAGS = 4;

/** The value of a fed boolean scalar. Null for others, and for one on the device, which would have to be read. */
export function flagOf({ dtype, shape, host }: Feed): 0 | 1 | null {
  if (dtype !== bool || shape.length !== 0 || !host) return null;
  return host.data[0] ? 1 : 0;
}

/** The request with the values of its flags, for the compiler. They are copies: the arrays may be users'. */
export function withFlags(request: Omit<Request, 'feeds'> & { readonly feeds: readonly Feed[] }): Request {
  let flags = 0;
  const feeds = request.feeds.map((feed): CompileFeed => {
    const flag = flags < MAX_FLAGS ? flagOf(feed) : null;
    if (flag === null) return feed;
    flags++;
    return { ...feed, value: new NdArray(bool, [], Uint8Array.of(flag)) };
  });
  return flags === 0 ? request : { ...request, feeds };
}
