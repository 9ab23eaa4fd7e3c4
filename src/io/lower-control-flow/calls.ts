/** Calls of functions, written out: the body in the place of the call. */
import type { GraphFunction } from '../../graph/function.ts';
import { type Lowered, nodesOf, once, type Results, type Site, type Step, settled } from './step.ts';
import type { Ref } from './writer.ts';

export function lowerCall(site: Site): Step<Lowered> {
  return inline(site, site.node.attrs.f as unknown as GraphFunction, site.inputs);
}

/** The body of a function on the inputs. */
export function* inline(site: Site, fn: GraphFunction, inputs: readonly Ref[]): Step<Lowered> {
  const { writer, name, controls } = site;
  const outer = { prefix: name, pivot: site.place.pivot };
  let place = outer;
  let args: readonly (() => Ref)[] = inputs.map((input) => () => input);
  if (controls.length > 0) {
    // What the call waits for, all of the body waits for.
    const entry = writer.join(outer, 'entry', controls);
    place = { prefix: name, pivot: entry };
    args = inputs.map((input) => once(() => writer.after(outer, input, [entry])));
  }
  const results = (yield site.body(place, fn, args)) as Results;
  const outputs = settled(writer, place, fn, results);
  const ends = [...new Set([...nodesOf(outputs), ...results.targets])];
  return { outputs, ends: ends.length > 0 || place.pivot === null ? ends : [place.pivot] };
}
