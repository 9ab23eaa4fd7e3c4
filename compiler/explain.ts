/**
 * `explain`: the text of a compilation: the part of the graph, the IR after each pass that changed it, the plan.
 */
import type { GraphSnapshot } from '../src/graph/snapshot.ts';
import type { Compiled } from './compile.ts';
import { printGraph } from './ir/graph-printer.ts';
import { prune, type Request } from './ir/import.ts';
import { printModule } from './ir/printer.ts';
import { printPlan } from './plan/printer.ts';

/** Whole, for people; the parts have printers of their own. */
export function explain(snapshot: GraphSnapshot, request: Request, compiled: Compiled): string {
  const sections = [section('graph', printGraph(snapshot, prune(snapshot, request)))];
  for (const { pass, module, changed } of compiled.stages) {
    if (changed) sections.push(section(`IR after ${pass}`, printModule(module)));
  }
  sections.push(section('plan', printPlan(compiled.plan)));
  return sections.join('\n');
}

function section(title: string, body: string): string {
  return `## ${title}\n\n${body}\n`;
}
