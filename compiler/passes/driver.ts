/**
 * Runs the pipeline: verifies, prints, skips and times, so that passes do none of that. Which passes there are, and in
 * which order, is `pipeline.ts`.
 */

import { ValueError } from '../../src/util/errors.ts';
import { flags } from '../../src/util/flags.ts';
import type { IrModule } from '../ir/module.ts';
import { printModule } from '../ir/printer.ts';
import { verifyModule } from '../ir/verify.ts';
import type { Pass, PassContext } from './pass.ts';
import { pipeline, type Stage } from './pipeline.ts';

/** A pass of the user's and its place: before or after the pass of that name. */
export type UserPass =
  | { readonly after: string; readonly pass: Pass }
  | { readonly before: string; readonly pass: Pass };

export interface DriverOptions {
  /** False: only the passes that no plan can do without; a list: the passes to leave out. */
  readonly passes?: boolean | readonly string[];
  readonly userPasses?: readonly UserPass[];
  /** Verify after every pass; `TFG_VERIFY` says so too. */
  readonly verify?: boolean;
  readonly onPass?: (stage: PassResult) => void;
}

/** The module after a pass. */
export interface PassResult {
  readonly pass: string;
  readonly module: IrModule;
  readonly changed: boolean;
  readonly ms: number;
}

/** Runs the passes in order; answers with the module after each, those left out excepted. */
export function runPasses(module: IrModule, context: PassContext, options: DriverOptions = {}): PassResult[] {
  const verify = options.verify ?? flags.verify;
  if (verify) verifyModule(module, 'import');
  const results: PassResult[] = [];
  let current = module;
  for (const { name, pass, required } of stages(options)) {
    if (!required && (flags.skip.includes(name) || flags.skip.includes(pass.name))) continue;
    const start = performance.now();
    const next = pass.run(current, context);
    const result = { pass: name, module: next, changed: next !== current, ms: performance.now() - start };
    if (verify && result.changed) verifyModule(next, name);
    if (flags.dump === name || (flags.dump === 'changed' && result.changed)) {
      console.error(`# ${name}\n${printModule(next)}`);
    }
    results.push(result);
    options.onPass?.(result);
    current = next;
  }
  return results;
}

/** The pipeline with what the options leave out and put in. Throws `ValueError` for a name that no pass has. */
export function stages({ passes = true, userPasses = [] }: DriverOptions): Stage[] {
  const skipped: readonly string[] = Array.isArray(passes) ? passes : [];
  for (const name of skipped) find(pipeline, name);
  const isOn = ({ name, pass }: Stage) => passes !== false && !skipped.includes(name) && !skipped.includes(pass.name);
  const list = pipeline.filter((stage) => stage.required || isOn(stage));
  // Those after the same pass keep their order if the last is put in first.
  const afters = userPasses.filter((item) => 'after' in item).reverse();
  for (const item of [...userPasses.filter((item) => 'before' in item), ...afters]) {
    const { pass } = item;
    const added = { name: pass.name, pass, required: false };
    const anchor = 'after' in item ? item.after : item.before;
    // Beside a pass that is switched off, the place that it would have had counts.
    const index = place(list, anchor);
    const present = list[index]?.name === anchor;
    list.splice('after' in item && present ? index + 1 : index, 0, added);
  }
  return list;
}

function find(list: readonly Stage[], name: string): number {
  const index = list.findIndex((stage) => stage.name === name);
  if (index < 0) {
    throw new ValueError(`There is no pass named '${name}'. The passes are ${list.map((s) => s.name).join(', ')}.`);
  }
  return index;
}

/** Where in `list` the stage of that name is, or would be if it had not been left out. */
function place(list: readonly Stage[], name: string): number {
  const own = list.findIndex((stage) => stage.name === name);
  if (own >= 0) return own;
  const rank = find(pipeline, name);
  const later = list.findIndex((stage) => pipeline.findIndex((s) => s.name === stage.name) > rank);
  return later < 0 ? list.length : later;
}
