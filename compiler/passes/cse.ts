/**
 * `cse`: computes equal things once. Pure ops merge if op, attributes and inputs agree; reads of a variable merge if
 * nothing may have written to it in between; random draws never do.
 */
import type { Attrs, AttrValue } from '../../src/graph/node.ts';
import { findOpDef } from '../../src/ops/opdef/define.ts';
import { resource } from '../../src/util/dtype.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import { Resources, type Variable } from '../analysis/resources.ts';
import { effectOf, mayWait } from '../ir/effects.ts';
import { ARG, type IrModule, type IrNode, type IrValue } from '../ir/module.ts';
import { printValue } from '../ir/printer.ts';
import { REFERENCE } from '../ir/references.ts';
import { Rewriter } from '../ir/rewriter.ts';
import { formatAttrValue, formatSpecs, hashArray, sameAttr } from '../ir/text.ts';
import type { Pass } from './pass.ts';

/** Arrays of more bytes are compared by identity: hashing them costs more than the copy. */
const HASH_LIMIT = 1 << 16;

export const cse: Pass = {
  name: 'cse',
  doc: 'Computes equal things once.',
  run(module: IrModule): IrModule {
    const rewriter = new Rewriter(module);
    const versions = new Versions(module);
    const seen = new Map<string, IrNode[]>();
    for (const node of module.nodes) {
      const current = rewriter.resolved(node);
      const key = keyOf(current, versions);
      const bucket = key === null ? undefined : seen.get(key);
      // The key of a large array is a hash: the last word has the comparison.
      const twin = bucket?.find((other) => sameAttrs(other, current));
      if (twin) {
        rewriter.merge(node, twin);
        continue;
      }
      rewriter.keep(current);
      versions.after(current);
      if (bucket) bucket.push(current);
      else if (key !== null) seen.set(key, [current]);
    }
    return rewriter.finish();
  },
};

/** How often each variable has been written to so far. */
class Versions {
  private readonly resources: Resources;
  private readonly counts = new Map<Variable, number>();
  private unknown = 0;

  constructor(module: IrModule) {
    this.resources = new Resources(module);
  }

  of(handle: IrValue): string | null {
    const variable = this.resources.of(handle);
    return variable ? `${this.counts.get(variable) ?? 0}.${this.unknown}` : null;
  }
  /**
   * A write counts for the variables it is given; if it is given none, it may be to any. While a run waits, others may
   * write to any.
   */
  after(node: IrNode): void {
    const effect = effectOf(node);
    if (effect !== 'writes' && effect !== 'io') return;
    const variables = node.inputs.map((input) => this.resources.of(input)).filter((v) => v !== undefined);
    for (const variable of variables) this.counts.set(variable, (this.counts.get(variable) ?? 0) + 1);
    if ((effect === 'writes' && variables.length === 0) || mayWait(node)) this.unknown++;
  }
}

/** Kept from compilation to compilation: nodes of one graph come with the same attributes in all of them. */
const texts = new WeakMap<Attrs, string>();

/** The same text for the same attributes. Ops alike often share the very object. */
function textOf(attrs: Attrs): string {
  let text = texts.get(attrs);
  if (text === undefined) {
    const names = Object.keys(attrs);
    if (names.length > 1) names.sort();
    text = names.map((name) => `${name}=${textOfAttr(attrs[name])}`).join('|');
    texts.set(attrs, text);
  }
  return text;
}

function textOfAttr(value: AttrValue): string {
  if (!(value instanceof NdArray)) return formatAttrValue(value);
  if (value.byteLength > HASH_LIMIT) return `large ${numberOf(value)}`;
  return `${value.dtype.shortName}[${value.shape}]${hashArray(value)}`;
}

/** Large arrays that were met, numbered: each is itself and no other. */
const numbers = new WeakMap<NdArray, number>();
let numbered = 0;

function numberOf(array: NdArray): number {
  const known = numbers.get(array);
  if (known !== undefined) return known;
  numbers.set(array, numbered);
  return numbered++;
}

function keyOf(node: IrNode, versions: Versions): string | null {
  if (node.op === ARG) return null;
  if (node.op === 'VarHandleOp') return handleKey(node);
  let version = '';
  const effect = effectOf(node);
  if (effect === 'reads') {
    const handle = node.inputs[0];
    const own = handle && versions.of(handle);
    if (!own) return null;
    version = own;
  } else if (effect !== 'pure') return null;
  if (node.outputs.some(({ dtype }) => dtype === resource)) return null;
  let inputs = node.inputs.map(printValue);
  if (inputs.length === 2 && findOpDef(node.op)?.commutative) inputs = inputs.sort();
  return `${node.op}|${version}|${inputs.join(',')}|${textOf(node.attrs)}`;
}

/** Handles are equal if they refer to the same variable; without a shared name it goes by the name of the node. */
function handleKey({ op, name, attrs, outputs }: IrNode): string {
  const variable = JSON.stringify([attrs.container, attrs.shared_name || name, attrs[REFERENCE] !== undefined]);
  return `${op}|${variable}|${formatSpecs(outputs)}`;
}

function sameAttrs(a: IrNode, b: IrNode): boolean {
  if (a.attrs === b.attrs || a.op === 'VarHandleOp') return true;
  for (const name of Object.keys(a.attrs)) {
    const [x, y] = [a.attrs[name], b.attrs[name]];
    if (x instanceof NdArray && x.byteLength > HASH_LIMIT ? x !== y : !sameAttr(x, y)) return false;
  }
  return true;
}
