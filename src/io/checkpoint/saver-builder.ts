/** The ops of a saver, under TensorFlow's names, so that graphs with savers can be exchanged. Running them is `saver.ts`'s. */
import type { Operation, Tensor } from '../../graph/graph.ts';
import { constant } from '../../ops/constants.ts';
import { groupAll, withDependencies } from '../../ops/control.ts';
import { emit, emitOne, opScope } from '../../ops/emit.ts';
import { identity } from '../../ops/identity.ts';
import { placeholderWithDefault } from '../../ops/placeholders.ts';
import { shape as shapeOf } from '../../ops/shaping.ts';
import { stringJoin } from '../../ops/string-parts.ts';
import { regexFullMatch } from '../../ops/string-regex.ts';
import { formatDevice, parseDevice } from '../../util/device-spec.ts';
import { int32 } from '../../util/dtype.ts';
import { isFullyDefined } from '../../util/shape.ts';
import type { Saveable } from './saveables.ts';

export interface BuildOptions {
  readonly name: string | null;
  readonly filename: string | null;
  readonly reshape: boolean;
  readonly sharded: boolean;
}

/** What a saver runs. */
export interface SaverOps {
  readonly filename: Tensor;
  readonly save: Tensor;
  readonly restore: Operation;
}

/** Builds the ops, or nothing where that fails. */
export function buildSaver(saveables: readonly Saveable[], options: BuildOptions): SaverOps {
  const keys = saveables.map(({ key }) => key);
  return opScope(options.name, 'save', keys, () => {
    const given = placeholderWithDefault(options.filename || 'model', [], { name: 'filename' });
    const filename = placeholderWithDefault(given, [], { name: 'Const' });
    if (!options.sharded) {
      const save = addSave(filename, saveables);
      return { filename, save, restore: addRestore(filename, saveables, options.reshape, 'restore_all') };
    }
    const shards = byDevice(saveables);
    const save = addShardedSave(filename, shards);
    const { graph } = filename;
    const restores = shards.map(([device, members]) =>
      graph.device(device, () => addRestore(filename, members, options.reshape, 'restore_shard')),
    );
    return { filename, save, restore: groupAll(restores, 'restore_all') };
  });
}

/** The filename, once the tensors are saved. */
function addSave(filename: Tensor, saveables: readonly Saveable[]): Tensor {
  const names = saveables.map(({ name }) => name);
  const slices = saveables.map(({ slice }) => slice);
  const tensors = saveables.map((saveable) => saveable.value());
  const save = emit('SaveV2', [filename, names, slices, tensors]);
  return withDependencies([save], filename);
}

function addRestore(filename: Tensor, saveables: readonly Saveable[], reshape: boolean, name: string): Operation {
  const names = saveables.map((saveable) => saveable.name);
  const slices = saveables.map(({ slice }) => slice);
  const dtypes = saveables.map(({ dtype }) => dtype);
  const { outputs } = filename.graph.device('/cpu:0', () => emit('RestoreV2', [filename, names, slices], { dtypes }));
  const assigns = saveables.map((saveable, i) => saveable.restore(outputs[i], reshape ? wantedShape(saveable) : null));
  return groupAll(assigns, name);
}

function wantedShape(saveable: Saveable): readonly number[] | Tensor {
  const value = saveable.value();
  return isFullyDefined(value.shape) ? value.shape : shapeOf(value);
}

type Shard = readonly [device: string, saveables: Saveable[]];

function byDevice(saveables: readonly Saveable[]): Shard[] {
  const shards = new Map<string, Saveable[]>();
  for (const saveable of saveables) {
    const members = shards.get(saveable.device);
    if (members) members.push(saveable);
    else shards.set(saveable.device, [saveable]);
  }
  return [...shards].sort(([a], [b]) => (a < b ? -1 : 1));
}

function onCpu(device: string): string {
  return formatDevice({ ...parseDevice(device), type: 'CPU', index: 0 });
}

/** Each device writes files of its own beside the place, which are then merged. */
function addShardedSave(prefix: Tensor, shards: readonly Shard[]): Tensor {
  const { graph } = prefix;
  const temporary = graph.device('/device:CPU:*', () => {
    const isBucket = regexFullMatch(prefix, '^s3://.*');
    const suffix = emitOne('Select', [isBucket, constant('.part'), constant('_temp/part')]);
    return stringJoin([prefix, suffix]);
  });
  const count = constant(shards.length, { dtype: int32, name: 'num_shards' });
  const prefixes: Tensor[] = [];
  const saves = shards.map(([device, members], shard) =>
    graph.device(onCpu(device), () => {
      const name = emitOne('ShardedFilename', [temporary, shard, count]);
      prefixes.push(name);
      return addSave(name, members);
    }),
  );
  const last = shards[shards.length - 1][0];
  return graph.controlDependencies(
    saves.map(({ op }) => op),
    () =>
      graph.device(onCpu(last), () => {
        const merge = emit('MergeV2Checkpoints', [prefixes, prefix], { delete_old_dirs: true });
        return graph.controlDependencies([merge], () => identity(prefix));
      }),
  );
}
