/**
 * For tests of passes: IR text in, IR text out.
 */
import * as assert from 'uvu/assert';
import type { IrModule } from '../../compiler/ir/module.ts';
import { parseModule } from '../../compiler/ir/parser.ts';
import { printModule } from '../../compiler/ir/printer.ts';
import { verifyModule } from '../../compiler/ir/verify.ts';
import type { Pass, PassContext } from '../../compiler/passes/pass.ts';
import { evaluate, fakeTarget } from './fake-target.ts';
import '../../compiler/ir/fused-ops.ts';

/** The text without comments and indentation. */
export function bare(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+# .*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n');
}

export function contextOf(module: IrModule, context: Partial<PassContext> = {}): PassContext {
  const feeds = module.feeds.map(({ node, endpoint }) => {
    const spec = module.nodes.find(({ id }) => id === node)?.outputs[0];
    return { endpoint, dtype: spec?.dtype as never, shape: (spec?.shape ?? []) as number[] };
  });
  return { target: fakeTarget(), feeds, evaluate, ...context };
}

/** Runs a pass on a module's text; what comes out is verified, and doing it again changes nothing. */
export function transform(pass: Pass, text: string, context: Partial<PassContext> = {}): IrModule {
  const module = parseModule(text);
  verifyModule(module, 'the text');
  const result = pass.run(module, contextOf(module, context));
  verifyModule(result, pass.name);
  const again = pass.run(result, contextOf(result, context));
  assert.is(again, result, `${pass.name} changes its own result:\n${printModule(again)}`);
  return result;
}

/** Checks that the pass makes `after` of `before`; without `after`, that it leaves the module as it is. */
export function expectPass(pass: Pass, before: string, after?: string, context: Partial<PassContext> = {}): void {
  const module = parseModule(before);
  const result = transform(pass, before, context);
  if (after === undefined) assert.is(bare(printModule(result)), bare(printModule(module)));
  else assert.is(bare(printModule(result)), bare(printModule(parseModule(after))));
}
