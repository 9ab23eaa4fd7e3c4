/** `initFromCheckpoint`: variables whose initializers read a checkpoint. Reading is `reader.ts`'s and the ops'. */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import type { Graph } from '../../graph/graph.ts';
import { emitOne } from '../../ops/emit.ts';
import { ValueError } from '../../util/errors.ts';
import { formatShape, isCompatible, type KnownShape } from '../../util/shape.ts';
import { PartitionedVariable } from '../../variables/partitioned.ts';
import { Variable } from '../../variables/variable.ts';
import { variableStoreOf } from '../../variables/variable-store.ts';
import { checkpointPrefix, loadCheckpoint } from './reader.ts';
import { type Saveable, saveablesOf } from './saveables.ts';

/** What is initialized: a name or scope, a variable, or the parts of one. */
export type AssignmentTarget = string | Variable | PartitionedVariable | readonly Variable[];
/** Targets by names or scopes in the checkpoint. */
export type AssignmentMap =
  | ReadonlyMap<string, AssignmentTarget>
  | Readonly<Record<string, AssignmentTarget>>
  | readonly (readonly [string, AssignmentTarget])[];

/**
 * Has variables of the default graph initialized from a checkpoint, or from the latest one of a folder: the values are read
 * when the initializers run. Names ending in a slash stand for scopes, `/` for the root. Rejects with `ValueError` where a
 * variable is not in the checkpoint, or has another shape there.
 *
 *     await tf.train.initFromCheckpoint('old/model-100', {'encoder/': 'tower/encoder/'});
 *     await tf.train.initFromCheckpoint('old/', new Map([['w', variable]]));
 *     await sess.run(tf.globalVariablesInitializer());
 */
export async function initFromCheckpoint(ckptDirOrFile: string, assignmentMap: AssignmentMap): Promise<void> {
  // The default graph of the call: others may be open when the file is read.
  const graph = getDefaultGraph();
  const reader = await loadCheckpoint(ckptDirOrFile);
  const prefix = (await checkpointPrefix(ckptDirOrFile)) as string;
  const shapes = reader.getVariableToShapeMap();
  const pairs = [...pairsOf(assignmentMap)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const missing = (text: string) => new ValueError(`Tensor ${text} is not found in ${ckptDirOrFile} checkpoint`);
  graph.atomic(() =>
    graph.asDefault(() => {
      const initializers: (() => void)[] = [];
      for (const [stored, target] of pairs) {
        const parts = typeof target === 'string' ? named(graph, target) : partsOf(target);
        if (parts !== null) {
          const shape = shapes.get(stored);
          if (!shape) throw missing(stored);
          checkShape(parts, stored, shape);
          initializers.push(...initialize(prefix, stored, parts));
          continue;
        }
        for (const [name, inner] of scopeNames(graph, stored, target as string)) {
          const full = innerName(stored, inner);
          if (!shapes.has(full)) throw missing(`${full} (${inner} in ${stored})`);
          initializers.push(...initialize(prefix, full, named(graph, name) as Variable[]));
        }
      }
      for (const apply of initializers) apply();
    }),
  );
}

function pairsOf(map: AssignmentMap): Iterable<readonly [string, AssignmentTarget]> {
  if (map instanceof Map || Array.isArray(map)) return map as Iterable<readonly [string, AssignmentTarget]>;
  return Object.entries(map);
}

function partsOf(target: Exclude<AssignmentTarget, string>): readonly Variable[] {
  if (target instanceof Variable) return [target];
  return target instanceof PartitionedVariable ? target.variables : target;
}

/** The variable of this name, or its parts; null where there is none. */
function named(graph: Graph, name: string): readonly Variable[] | null {
  const variables = variableStoreOf(graph).list();
  const single = variables.get(name);
  if (single) return [single];
  const parts: Variable[] = [];
  for (let part = variables.get(`${name}/part_0`); part; part = variables.get(`${name}/part_${parts.length}`)) {
    parts.push(part);
  }
  return parts.length > 0 ? parts : null;
}

/** The variables of a scope: full names, and names within it. */
function scopeNames(graph: Graph, stored: string, target: string): [full: string, inner: string][] {
  const slash = target.lastIndexOf('/');
  const scope = slash < 0 ? '' : target.slice(0, slash);
  if (!stored.endsWith('/')) {
    throw new ValueError(
      `Assignment map with scope only name ${scope} should map to scope only ${stored}. Should be 'scope/': 'other_scope/'.`,
    );
  }
  const names = new Set<string>();
  for (const name of variableStoreOf(graph).list().keys()) {
    if (scope === '' || name.startsWith(`${scope}/`)) names.add(name.replace(/\/part_.*$/s, ''));
  }
  return [...names].sort().map((name) => [name, scope === '' ? name : name.slice(scope.length + 1)]);
}

function innerName(stored: string, inner: string): string {
  return stored === '/' ? inner : stored + inner;
}

function checkShape(parts: readonly Variable[], stored: string, shape: KnownShape): void {
  const [variable] = parts;
  if (parts.length !== 1 || variable.saveSliceInfo || isCompatible(variable.shape, shape)) return;
  throw new ValueError(
    `Shape of variable ${variable.name} (${formatShape(variable.shape)}) doesn't match with shape of tensor ${stored} (${shape.length === 0 ? '[]' : `[${shape.join(', ')}]`}) from checkpoint reader.`,
  );
}

/** Builds the initializers; what comes back has the variables use them. */
function initialize(prefix: string, stored: string, parts: readonly Variable[]): (() => void)[] {
  const saveables: readonly Saveable[] = saveablesOf(
    new Map([[stored, parts.some((v) => v.saveSliceInfo) ? parts : parts[0]]]),
  );
  return parts.map((variable, i) => {
    const { slice, dtype } = saveables[i];
    const { graph } = variable;
    const restored = graph.device(variable.device, () =>
      graph.device('/cpu:0', () =>
        emitOne('RestoreV2', [prefix, [stored], [slice]], { dtypes: [dtype] }, 'checkpoint_initializer'),
      ),
    );
    restored.setShape(variable.shape);
    const initializer = saveables[i].restore(restored, null);
    return () => variable.initializeBy(initializer, restored);
  });
}
