/**
 * Branches, written out: every value that a branch takes goes through a `Switch`, every result comes out of a `Merge`. More
 * than two branches are choices one within the other.
 */
import type { GraphFunction } from '../../graph/function.ts';
import type { AttrValue } from '../../graph/node.ts';
import { bool, int32, string } from '../../util/dtype.ts';
import { writeScalar } from '../export-loops.ts';
import { inline } from './calls.ts';
import { type Lowered, once, type Results, type Site, type Step, settled } from './step.ts';
import type { Place, Ref } from './writer.ts';

/** One choice: where it is made, and what comes of the branch that it may take. */
interface Choice {
  readonly place: Place;
  readonly taken: readonly Ref[];
}

const functions = (value: AttrValue | undefined) => value as unknown as readonly GraphFunction[];

export function* lowerBranches(site: Site): Step<Lowered> {
  const { writer, node, inputs } = site;
  const { attrs } = node;
  const isCase = node.op === 'Case' || node.op === 'StatelessCase';
  const branches = isCase
    ? functions(attrs.branches)
    : functions([attrs.then_branch, attrs.else_branch] as readonly AttrValue[]);
  const last = branches.length - 1;
  if (last === 0) return (yield inline(site, branches[0], inputs.slice(1))) as Lowered;
  const choices: Choice[] = [];
  let place = site.place;
  let { controls } = site;
  let args = inputs.map((input) => () => input);
  for (let k = 0; k < last; k++) {
    const prefix = k === 0 ? site.name : writer.nameIn({ ...place, prefix: site.name }, 'cond');
    const outer = { prefix, pivot: place.pivot };
    const predicate = isCase ? equals(site, outer, args[0](), k) : truth(site, outer, args[0]());
    const [pred] = writer.add(outer, {
      op: 'Identity',
      name: 'pred_id',
      inputs: [predicate],
      controls,
      attrs: { T: bool },
      outputs: [predicate.spec],
    });
    controls = [];
    const [whenFalse, whenTrue] = writeSwitch(site, outer, pred, pred);
    const pivot = (value: Ref, name: string) => writer.after(outer, value, [], name);
    const pivots = [pivot(whenFalse, 'switch_f'), pivot(whenTrue, 'switch_t')];
    const switched = args.map((arg) => once(() => writeSwitch(site, outer, arg(), pred)));
    const side = (b: 0 | 1) => switched.map((pair) => () => pair()[b]);
    const inside = { prefix, pivot: pivots[1].node };
    const taken = yield* branch(site, inside, branches[k], side(1).slice(1), pivots[1]);
    choices.push({ place: outer, taken });
    place = { prefix, pivot: pivots[0].node };
    args = side(0);
    if (k < last - 1) continue;
    let results: readonly Ref[] = yield* branch(site, place, branches[last], args.slice(1), pivots[0]);
    for (const choice of choices.reverse()) {
      results = choice.taken.map((value, i) => merge(site, choice.place, [results[i], value], i));
    }
    const ends = results.flatMap((result) => result.node ?? []);
    return { outputs: node.outputs.length === 0 ? [] : results, ends };
  }
  return { outputs: [], ends: [] };
}

/** The results of a branch; of one that has none, something to wait for. */
function* branch(
  site: Site,
  place: Place,
  fn: GraphFunction,
  args: readonly (() => Ref)[],
  pivot: Ref,
): Step<readonly Ref[]> {
  const { writer } = site;
  const results = (yield site.body(place, fn, args)) as Results;
  if (results.outputs.length > 0) return settled(writer, place, fn, results);
  return [writer.after(place, pivot, results.targets, 'executed')];
}

function writeSwitch({ writer }: Site, place: Place, value: Ref, pred: Ref): Ref[] {
  const { spec } = value;
  return writer.add(place, {
    op: 'Switch',
    name: 'Switch',
    inputs: [value, pred],
    attrs: { T: spec.dtype },
    outputs: [spec, spec],
  });
}

function merge({ writer, node }: Site, place: Place, inputs: readonly Ref[], i: number): Ref {
  const spec = node.outputs[i] ?? inputs[0].spec;
  const outputs = [spec, { dtype: int32, shape: [] }];
  return writer.add(place, { op: 'Merge', name: 'Merge', inputs, attrs: { T: spec.dtype, N: 2 }, outputs })[0];
}

const CONDITION = [{ dtype: bool, shape: [] }];

function equals({ writer }: Site, place: Place, index: Ref, k: number): Ref {
  const number = writeScalar(writer, place, 'branch', k);
  const attrs = { T: int32, incompatible_shape_error: true };
  return writer.add(place, { op: 'Equal', name: 'Equal', inputs: [index, number], attrs, outputs: CONDITION })[0];
}

/** The condition as a bool: of numbers, whether they differ from zero; of other values, whether they are empty. */
function truth({ writer }: Site, place: Place, value: Ref): Ref {
  const { dtype, shape } = value.spec;
  if (dtype === bool && (shape === null || shape.length === 0)) return value;
  const inputs = [value];
  if (dtype !== string && shape?.length === 0) {
    const attrs = { SrcT: dtype, DstT: bool, Truncate: false };
    return writer.add(place, { op: 'Cast', name: 'pred', inputs, attrs, outputs: CONDITION })[0];
  }
  return writer.add(place, { op: 'ToBool', name: 'pred', inputs, attrs: { T: dtype }, outputs: CONDITION })[0];
}
