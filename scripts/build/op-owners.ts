/**
 * Prints, as JSON, which file of src/ops defines each op: for the build, which cannot run the sources itself. A process of
 * its own, as files register their ops once.
 */
import { readFileSync } from 'node:fs';
import { opDefs } from '../../src/ops/opdef/define.ts';

const OPS = new URL('../../src/ops/', import.meta.url);

/** The files of src/ops that `all.ts` needs, each after those that it imports. */
function filesInOrder(): string[] {
  const done = new Set<string>();
  const entered = new Set<string>();
  const stack = [new URL('all.ts', OPS).href];
  while (stack.length > 0) {
    const file = stack[stack.length - 1];
    if (entered.has(file)) {
      stack.pop();
      done.add(file);
      continue;
    }
    entered.add(file);
    for (const [, name] of readFileSync(new URL(file), 'utf8').matchAll(/(?:from|^import) '(\.[^']+)'/gm)) {
      const target = new URL(name, file).href;
      if (target.startsWith(OPS.href) && !entered.has(target)) stack.push(target);
    }
  }
  return [...done];
}

const owners: Record<string, string> = {};
for (const file of filesInOrder()) {
  const before = opDefs().length;
  await import(file);
  for (const { name } of opDefs().slice(before)) owners[name] = `src/ops/${file.slice(OPS.href.length)}`;
}
console.log(JSON.stringify(owners));
