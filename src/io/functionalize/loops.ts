/**
 * Turns the frames of a body into `While` nodes, from the innermost outwards: one variable for every `Merge` that a
 * `NextIteration` feeds, then one for every value that stays the same. Which frames there are is found by `frames.ts`.
 */

import { bool } from '../../util/dtype.ts';
import { InvalidArgumentError, UnimplementedError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import type { AttrValueDef } from '../messages.ts';
import { type Boundary, copyInto } from './copying.ts';
import { type Frame, findFrames, innermostFirst } from './frames.ts';
import {
  type Body,
  closure,
  commonScope,
  type Edge,
  type Item,
  isEnter,
  isExit,
  isMerge,
  isNextIteration,
  isSwitch,
  typeAttr,
  type Workshop,
} from './items.ts';

interface LoopVariable {
  readonly merge: Item;
  readonly enter: Item;
  readonly next: Item;
}

interface Loop {
  readonly frame: Frame;
  readonly condition: Item;
  readonly variables: readonly LoopVariable[];
  /** `Enter` nodes of values that stay the same. */
  readonly constants: readonly Item[];
  readonly exits: readonly Item[];
  /** By `Merge`, `Switch` or constant `Enter` the number of the variable. */
  readonly position: ReadonlyMap<Item, number>;
}

/** Replaces every frame of the body. The bodies of the new functions are handed to `add`, outer ones first. */
export function functionalizeLoops(body: Body, workshop: Workshop, add: (body: Body) => void): void {
  if (!body.items.some(isEnter)) return;
  const root = findFrames(body.items);
  const made: Body[] = [];
  for (const frame of innermostFirst(root)) {
    const loop = readLoop(frame);
    const parent = frame.parent as Frame;
    parent.items.push(...buildWhile(loop, workshop, (inner) => made.push(inner)));
  }
  // What is known of a loop's inputs is found in the body around it: the outer bodies come first.
  for (const inner of made.reverse()) add(inner);
  body.items = root.items.sort((a, b) => a.order - b.order);
}

function readLoop(frame: Frame): Loop {
  const conditions = frame.items.filter((item) => item.op === 'LoopCond');
  if (conditions.length !== 1) {
    throw malformed(frame, `it has ${conditions.length} LoopCond nodes, where one is needed`);
  }
  const [condition] = conditions;
  const variables: LoopVariable[] = [];
  const position = new Map<Item, number>();
  const entered = new Set<Item>();
  for (const merge of frame.items) {
    if (!isMerge(merge)) continue;
    const sources = merge.inputs.map(({ item }) => item);
    const next = sources.find(isNextIteration);
    if (!next) continue;
    const enter = sources.find(isEnter);
    if (!enter || sources.length !== 2) {
      throw malformed(frame, `Merge '${merge.name}' does not join one Enter and one NextIteration`);
    }
    position.set(merge, variables.length);
    entered.add(enter);
    variables.push({ merge, enter, next });
  }
  const constants = frame.items.filter((item) => isEnter(item) && !entered.has(item));
  for (const [i, enter] of constants.entries()) position.set(enter, variables.length + i);
  for (const item of frame.items) {
    if (!isSwitch(item) || item.inputs[1].item !== condition) continue;
    const variable = position.get(item.inputs[0].item);
    if (variable === undefined || !isMerge(item.inputs[0].item)) {
      throw malformed(frame, `Switch '${item.name}' by the loop's condition takes no loop variable`);
    }
    position.set(item, variable);
  }
  const exits = frame.items.filter(isExit);
  return { frame, condition, variables, constants, exits, position };
}

function malformed(frame: Frame, why: string): Error {
  return new InvalidArgumentError(null, `The loop of frame '${frame.name}' cannot be read: ${why}.`);
}

/** The `While` node and what stands for the loop outside: identities under the names of the `Exit` nodes. */
function buildWhile(loop: Loop, workshop: Workshop, add: (body: Body) => void): Item[] {
  const enters = [...loop.variables.map(({ enter }) => enter), ...loop.constants];
  const scope = loopScope(loop);
  const rotation = new Rotation(loop, workshop);
  const conditionBody = workshop.body(`${scope}_cond`);
  const loopBody = workshop.body(`${scope}_body`);
  for (const body of [conditionBody, loopBody]) {
    for (const enter of enters) workshop.arg(body, enter.name, enter.inputs[0], enter.op === 'RefEnter');
  }
  const outer: Item[] = [];
  const inputs = enters.map((enter) => enter.inputs[0]);
  if (rotation.isNeeded) {
    inputs.push(...rotation.enter(outer, inputs));
    for (const body of [conditionBody, loopBody]) rotation.addArgs(body);
    conditionBody.rets.push({ item: conditionBody.args[enters.length], index: 0 });
  } else {
    const { inputs: result, controls } = loop.condition;
    const copied = copyInto(conditionBody.items, result, controls, variablesBecome(loop, argsOf(conditionBody)));
    conditionBody.rets.push(copied.values[0]);
    conditionBody.controlRets.push(...copied.effects);
  }
  fillBody(loop, loopBody, rotation, workshop);

  const isStateless = !conditionBody.isStateful && !loopBody.isStateful;
  const node = workshop.item(scope, isStateless ? 'StatelessWhile' : 'While', [
    ['T', { list: loopBody.args.map((arg) => ({ type: arg.dtype(0) })) }],
    ['cond', { func: { name: conditionBody.name, attr: new Map() } }],
    ['body', { func: { name: loopBody.name, attr: new Map() } }],
    // Without shapes TensorFlow takes those of the inputs to hold throughout.
    ['output_shapes', { list: loopBody.args.map(() => ({ shape: { unknownRank: true, dim: [] } })) }],
    ['parallel_iterations', parallelIterations(enters[0])],
  ]);
  node.functions = new Map([
    ['cond', conditionBody],
    ['body', loopBody],
  ]);
  add(conditionBody);
  add(loopBody);
  node.inputs = inputs;
  node.controls = [...new Set(enters.flatMap((enter) => enter.controls))];
  node.order = Math.min(...loop.exits.map((exit) => exit.order), loop.condition.order);
  outer.push(node);
  const final = variablesBecome(
    loop,
    enters.map((enter, i) => (i < loop.variables.length ? { item: node, index: i } : enter.inputs[0])),
    { hasEnded: true },
  );
  for (const exit of loop.exits) {
    // Between the Switch and the Exit there may be identities: they are for outside.
    const before = outer.length;
    const { values, effects } = copyInto(outer, exit.inputs, exit.controls, final);
    const stateful = outer.slice(before).find((item) => item.isStateful);
    if (stateful) throw malformed(loop.frame, `'${stateful.name}' has effects between a Switch and an Exit`);
    exit.become('Identity', typeAttr(exit.dtype(0)), [...values], [...effects]);
    outer.push(exit);
  }
  return outer;
}

function fillBody(loop: Loop, body: Body, rotation: Rotation, workshop: Workshop): void {
  const results = loop.variables.map(({ next }) => next.inputs[0]);
  const effects = loop.variables.flatMap(({ next }) => next.controls);
  const also = (edge: Edge): Edge | null =>
    edge.item === loop.condition ? { item: constantTrue(body, workshop), index: 0 } : rotation.arg(body, edge);
  const boundary = variablesBecome(loop, argsOf(body), { also });
  // The condition has run before the body: nobody waits for it.
  const early = (item: Item): boolean => boundary.isBeyond(item) || rotation.isShared(item);
  const copied = copyInto(body.items, results, effects, { edge: boundary.edge, isBeyond: early });
  // A result is there when its effects are: an identity waits for them, unless all lie beyond the boundary.
  let place = 0;
  for (const [i, { next }] of loop.variables.entries()) {
    const own = next.controls.filter((item) => !early(item)).length;
    const controls = copied.effects.slice(place, place + own);
    place += own;
    let value = copied.values[i];
    if (controls.length > 0) {
      const item = workshop.identity(next.name, value, controls);
      body.items.push(item);
      value = { item, index: 0 };
    }
    body.rets.push(value);
  }
  for (let i = 0; i < loop.constants.length; i++) {
    body.rets.push({ item: body.args[loop.variables.length + i], index: 0 });
  }
  if (rotation.isNeeded) body.rets.push(...rotation.repeat(body, body.rets));
}

function constantTrue(body: Body, workshop: Workshop): Item {
  const item = workshop.item('true', 'Const', [
    ['dtype', { type: bool }],
    ['value', { tensor: new NdArray(bool, [], Uint8Array.of(1)) }],
  ]);
  body.items.push(item);
  return item;
}

function argsOf(body: Body): Edge[] {
  return body.args.map((item) => ({ item, index: 0 }));
}

/** The loop's variables, wherever they are read, become the given values; so does what `also` knows. */
function variablesBecome(
  loop: Loop,
  values: readonly Edge[],
  { also = () => null, hasEnded = false }: { also?: (edge: Edge) => Edge | null; hasEnded?: boolean } = {},
): Boundary {
  return {
    edge: (edge) => {
      const variable = loop.position.get(edge.item);
      if (variable === undefined) return also(edge);
      if (isMerge(edge.item) && edge.index !== 0) {
        throw new UnimplementedError(
          null,
          `The loop of frame '${loop.frame.name}' reads which input '${edge.item.name}' took: that is not supported.`,
        );
      }
      if (isSwitch(edge.item) && edge.index !== (hasEnded ? 0 : 1)) {
        throw malformed(loop.frame, `output ${edge.index} of '${edge.item.name}' is read where it never comes`);
      }
      return values[variable];
    },
    isBeyond: (item) => loop.position.has(item) || item === loop.condition || isEnter(item),
  };
}

/**
 * A loop whose body reads values of its condition that must not be computed twice (random draws, reads of variables):
 * the condition is computed before the loop and again at the end of the body, and its values are variables of the loop.
 */
class Rotation {
  readonly isNeeded: boolean;
  /** What of the condition the body reads, after the condition itself. */
  private readonly shared: readonly Edge[];
  private readonly conditionItems: ReadonlySet<Item>;

  constructor(
    private readonly loop: Loop,
    private readonly workshop: Workshop,
  ) {
    const { condition, variables } = loop;
    const stops = (item: Item): boolean => loop.position.has(item);
    const inCondition = closure(
      condition.inputs.map(({ item }) => item),
      stops,
    );
    this.conditionItems = new Set([...inCondition].filter((item) => !isRepeatable(item)));
    const found = new Map<Item, Map<number, Edge>>();
    const look = (edge: Edge): void => {
      if (!this.conditionItems.has(edge.item)) return;
      const edges = found.get(edge.item) ?? new Map<number, Edge>();
      edges.set(edge.index, edge);
      found.set(edge.item, edges);
    };
    if (this.conditionItems.size > 0) {
      const ends = variables.map(({ next }) => next);
      const inBody = closure(ends, (item) => stops(item) || item === condition || this.conditionItems.has(item));
      for (const item of inBody) item.inputs.forEach(look);
    }
    this.shared = [...found.values()].flatMap((edges) => [...edges.values()]);
    this.isNeeded = this.shared.length > 0;
  }

  isShared(item: Item): boolean {
    return this.conditionItems.has(item);
  }
  private get values(): readonly Edge[] {
    return [this.loop.condition.inputs[0], ...this.shared];
  }
  addArgs(body: Body): void {
    for (const edge of this.values) this.workshop.arg(body, edge.item.name, edge, false);
  }
  /** In the body: the argument that stands for a value of the condition. */
  arg(body: Body, edge: Edge): Edge | null {
    const at = this.shared.findIndex(({ item, index }) => item === edge.item && index === edge.index);
    if (at < 0) return null;
    return { item: body.args[body.args.length - this.shared.length + at], index: 0 };
  }
  /** Before the loop: the condition's values for what enters. */
  enter(outer: Item[], inputs: readonly Edge[]): readonly Edge[] {
    return copyInto(outer, this.values, [], variablesBecome(this.loop, inputs)).values;
  }
  /** At the end of the body: the condition's values for the next round. */
  repeat(body: Body, results: readonly Edge[]): readonly Edge[] {
    const before = new Set(body.items);
    const { values } = copyInto(body.items, this.values, [], variablesBecome(this.loop, results));
    // What the body does comes first: the condition of the next round may see it.
    const effects = [...before].filter((item) => item.isStateful);
    for (const item of body.items) {
      if (!before.has(item) && !isRepeatable(item)) item.controls.push(...effects);
    }
    return values;
  }
}

/** Whether computing the item twice gives the same. */
function isRepeatable(item: Item): boolean {
  return !item.isStateful && !item.inputs.some((edge) => edge.item.output(edge.index).isRef);
}

function parallelIterations(enter: Item): AttrValueDef {
  return enter.attr.get('parallel_iterations') ?? { i: 10 };
}

/** The scope that the loop was built in: `while` for the frame `while/while_context`. */
function loopScope({ exits, variables, frame }: Loop): string {
  const names = exits.map(({ name }) => name);
  if (names.length === 0) names.push(...variables.map(({ merge }) => merge.name));
  return commonScope(names.length > 0 ? names : [frame.name]) || frame.name.replace(/\/while_context$/, '') || 'while';
}
