/** The walk that formats with nested boxes share: open groups as they lie in each other, without recursion. */
import type { Cut } from '../cut.ts';
import type { Group } from '../scopes.ts';

export interface Visitor {
  enter(group: Group, indent: string): void;
  /** After what comes before it: the place for its own items. */
  inside(group: Group, indent: string): void;
  leave(group: Group, indent: string): void;
}

/** Deeper levels are not indented further: a text would grow with the square of the depth. */
const DEEPEST_INDENT = 20;

export function walkGroups(cut: Cut, visitor: Visitor): void {
  const indent = (depth: number) => '  '.repeat(Math.min(depth, DEEPEST_INDENT));
  const stack: { readonly group: Group; readonly done: boolean }[] = [{ group: cut.tree.root, done: false }];
  while (stack.length > 0) {
    const { group, done } = stack.pop() as { group: Group; done: boolean };
    if (done) {
      visitor.leave(group, indent(group.depth));
      continue;
    }
    visitor.enter(group, indent(group.depth));
    visitor.inside(group, indent(group.depth + 1));
    stack.push({ group, done: true });
    for (let i = group.groups.length - 1; i >= 0; i--) {
      if (cut.isOpen(group.groups[i])) stack.push({ group: group.groups[i], done: false });
    }
  }
}
