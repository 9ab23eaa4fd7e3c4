/**
 * Loops, written out: every variable enters a frame, is merged with what the round before gave, and leaves when the
 * condition no longer holds. What stays the same in every round enters as a constant.
 */
import type { GraphFunction } from '../../graph/function.ts';
import type { AttrValue, TensorSpec } from '../../graph/node.ts';
import { bool, int32, resource } from '../../util/dtype.ts';
import { commonShape } from '../../util/shape.ts';
import { initialValues, writeScalar } from '../export-loops.ts';
import { type Lowered, once, type Results, type Site, type Step, settled } from './step.ts';
import type { Place, Ref } from './writer.ts';

/** A variable that changes: its value in a round, what the round makes of it, and where it leaves. */
interface Variable {
  /** Its position among the arguments; null for one that only tells the rounds apart. */
  readonly position: number | null;
  readonly merged: Ref;
  /** The name of the node that carries it into the next round. */
  readonly next: string;
}

export function* lowerLoop(site: Site): Step<Lowered> {
  const { writer, node, name, controls } = site;
  const [cond, body] = [node.attrs.cond, node.attrs.body] as unknown as readonly GraphFunction[];
  const outer: Place = { prefix: name, pivot: site.place.pivot };
  const inputs = [...site.inputs, ...initialValues(writer, outer, node)];
  const stays = inputs.map((_, i) => body.passedThrough(i) === i);
  const waits = controls.length > 1 ? [writer.join(outer, 'entry', controls)] : controls;
  const enter = (input: Ref, isConstant: boolean): Ref => {
    const attrs = {
      T: input.spec.dtype,
      frame_name: name,
      is_constant: isConstant,
      parallel_iterations: node.attrs.parallel_iterations as AttrValue,
    };
    const entering = { op: 'Enter', name: 'Enter', inputs: [input], controls: waits, attrs, outputs: [input.spec] };
    return { ...writer.add(outer, entering)[0], isFree: isConstant };
  };
  const variables: Variable[] = [];
  const add = (position: number | null, input: Ref): void => {
    const entered = enter(input, false);
    const spec = position === null ? input.spec : specOf(input, body.inputSpecs[position]);
    const next = writer.nameIn(outer, 'NextIteration');
    const again = writer.ref(next, 'NextIteration', {}, 0, spec);
    const [merged] = writer.add(outer, {
      op: 'Merge',
      name: 'Merge',
      inputs: [entered, again],
      attrs: { T: spec.dtype, N: 2 },
      outputs: [spec, { dtype: int32, shape: [] }],
    });
    variables.push({ position, merged, next });
  };
  inputs.forEach((input, i) => {
    if (!stays[i]) add(i, input);
  });
  if (variables.length === 0) add(null, writeScalar(writer, outer, 'rounds', 0));
  const constants = inputs.map((input) => once(() => enter(input, true)));
  const argsOf = (values: readonly Ref[]): (() => Ref)[] => {
    const given = [...constants];
    variables.forEach(({ position }, k) => {
      if (position !== null) given[position] = () => values[k];
    });
    return given;
  };

  const merged = variables.map((variable) => variable.merged);
  const testing: Place = { prefix: name, pivot: merged[0].node };
  const tested = (yield site.body(testing, cond, argsOf(merged))) as Results;
  const [condition] = settled(writer, testing, cond, tested);
  const [holds] = writer.add(testing, {
    op: 'LoopCond',
    name: 'LoopCond',
    inputs: [condition],
    outputs: [{ dtype: bool, shape: [] }],
  });
  const switched = merged.map((value) => {
    const outputs = [value.spec, value.spec];
    const inputs = [value, holds];
    return writer.add(testing, { op: 'Switch', name: 'Switch', inputs, attrs: { T: value.spec.dtype }, outputs });
  });
  const values = switched.map(([, inside]) => writer.after(testing, inside, []));
  const working: Place = { prefix: name, pivot: values[0].node };
  const wanted = variables.flatMap(({ position }) => position ?? []);
  const worked = (yield site.body(working, body, argsOf(values), wanted)) as Results;
  const results = wanted.length > 0 ? worked.outputs : values;
  // A round is over for all variables at once where it has effects: rounds come one after the other.
  settled(writer, working, body, { ...worked, outputs: results }).forEach((result, k) => {
    const going = { op: 'NextIteration', attrs: { T: result.spec.dtype }, outputs: [result.spec], device: '' };
    writer.copy(working, going, variables[k].next, [result], []);
  });
  const left = variables.map(({ merged: { spec } }, k) => {
    const inputs = [switched[k][0]];
    return writer.add(testing, { op: 'Exit', name: 'Exit', inputs, attrs: { T: spec.dtype }, outputs: [spec] })[0];
  });
  const ends = left.flatMap((exit) => exit.node ?? []);
  const isStateful = cond.isStateful || body.isStateful;
  const given = inputs.map((input) => {
    // A handle that comes out of a loop with effects is used after these.
    return isStateful && input.spec.dtype === resource ? writer.after(outer, input, [ends[0]]) : input;
  });
  variables.forEach(({ position }, k) => {
    if (position !== null) given[position] = left[k];
  });
  return { outputs: given, ends };
}

/** What is known of a variable in every round. */
function specOf({ spec: { dtype, shape } }: Ref, inside: TensorSpec): TensorSpec {
  return { dtype, shape: commonShape(shape, inside.shape) };
}
