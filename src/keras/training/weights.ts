/** How much each example counts: weights per sample, and per class. */
import { float32 } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { asNdArray, type Data, type DataArray, namedData, perOutput, pythonShape } from './data.ts';

/** What the examples of a class count: by the class's number. */
export type ClassWeight = ReadonlyMap<number, number> | { readonly [label: number]: number };

/** Weights of classes: for the one output, one each, or by the outputs' names. */
export type ClassWeights =
  | ClassWeight
  | readonly (ClassWeight | null)[]
  | ReadonlyMap<string, ClassWeight>
  | { readonly [output: string]: ClassWeight };

/**
 * The weights of the examples, output by output: those given, times those of their classes; null where neither is given.
 * Throws `ValueError` or `TypeError` for weights that do not fit the outputs or the targets.
 */
export function exampleWeights(
  sampleWeight: Data | null,
  classWeight: ClassWeights | null,
  outputs: readonly string[],
  targets: readonly NdArray[],
): (NdArray | null)[] {
  const none = outputs.map(() => null);
  const samples =
    sampleWeight === null
      ? none
      : perOutput(namedData(sampleWeight) ?? (sampleWeight as DataArray), outputs, 'sample_weight', (given) =>
          isOneArray(given, outputs.length),
        );
  const classes =
    classWeight === null ? none : perOutput<Table>(tableOf(classWeight), outputs, 'class_weight', isTable);
  return targets.map((target, i) => weightsOf(samples[i] ?? null, classes[i] ?? null, target));
}

function isOneArray(given: unknown, outputs: number): boolean {
  if (given instanceof Map) return false;
  if (!Array.isArray(given)) return true;
  if (outputs > 1) return given.length > 0 && given.every((item) => typeof item === 'number');
  // A list of one array stands for that array.
  return given.length !== 1 || typeof given[0] !== 'object' || given[0] === null;
}

type Table = ReadonlyMap<number, number>;

function tableOf(given: ClassWeights): Table | readonly (Table | null)[] | ReadonlyMap<string, Table> {
  if (Array.isArray(given)) return given.map((item: ClassWeight | null) => item && (tableOf(item) as Table));
  const entries: [unknown, unknown][] = given instanceof Map ? [...given] : Object.entries(given);
  if (entries.some(([, value]) => typeof value !== 'number')) {
    return new Map(entries.map(([name, item]) => [name as string, tableOf(item as ClassWeight) as Table]));
  }
  return new Map(entries.map(([label, weight]) => [Number(label), weight as number]));
}

function isTable(given: unknown): boolean {
  return given instanceof Map && [...given.values()].every((value) => typeof value === 'number');
}

function weightsOf(sampleWeight: DataArray | null, table: Table | null, target: NdArray): NdArray | null {
  const given = sampleWeight === null ? null : asNdArray(sampleWeight, float32);
  if (given) checkWeights(given, target);
  if (!table) return given;
  const classes = classesOf(target);
  const missing = new Set<number>();
  const steps = given ? given.size / Math.max(classes.length, 1) : 1;
  const weights = new Float32Array(classes.length * steps);
  classes.forEach((label, i) => {
    const weight = table.get(label);
    if (weight === undefined) missing.add(label);
    for (let j = i * steps; j < (i + 1) * steps; j++) weights[j] = (weight ?? 0) * (given ? Number(given.data[j]) : 1);
  });
  if (missing.size > 0) {
    throw new ValueError(
      `\`class_weight\` must contain all classes in the data. The classes {${[...missing].join(', ')}} exist in the data but not in \`class_weight\`.`,
    );
  }
  return new NdArray(float32, given?.shape ?? [classes.length], weights);
}

/** Weights are one for each example, or for each step of sequences. */
function checkWeights({ shape }: NdArray, target: NdArray): void {
  if (shape.length !== 1 && (shape.length !== 2 || target.rank < 3)) {
    throw new ValueError(
      `Found a sample_weight array with shape ${pythonShape(shape)}. In order to use timestep-wise sample weights, targets need at least 3 axes; this one has shape ${pythonShape(target.shape)}. If you just mean to use sample-wise weights, make sure your sample_weight array is 1D.`,
    );
  }
  if (shape.every((dim, i) => dim === target.shape[i])) return;
  throw new ValueError(
    `Found a sample_weight array with shape ${pythonShape(shape)} for an input with shape ${pythonShape(target.shape)}. sample_weight cannot be broadcast.`,
  );
}

/** The class of each example: the number itself, or the place of the largest of its row. */
function classesOf({ shape, data, rank }: NdArray): number[] {
  if (rank > 2) throw new ValueError('`class_weight` not supported for 3+ dimensional targets.');
  const rows = shape[0];
  const width = shape[1] ?? 1;
  return Array.from({ length: rows }, (_, i) => {
    if (width === 1) return Number(data[i]);
    let best = 0;
    for (let j = 1; j < width; j++) if (Number(data[i * width + j]) > Number(data[i * width + best])) best = j;
    return best;
  });
}
