/**
 * Whole programs of real TensorFlow: reads their graphs (`.pb`, as much of the format as that takes) and their steps, and
 * compares a graph built here with them. Building the programs is each test's own work.
 */
import { readFileSync } from 'node:fs';
import type { Graph } from '../../src/graph/graph.ts';
import { dtypes } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { difference, fromGolden, type GoldenArray, type Tolerance } from './compare.ts';
import { interpret } from './interpret.ts';

/** A node as TensorFlow wrote it: inputs as `name` or `name:1`, control inputs as `^name`. */
export interface GoldenNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** The value of a constant of numbers. */
  readonly value: NdArray | null;
}

interface Step {
  readonly kind: string;
  readonly session: number;
  readonly fetches: readonly string[];
  readonly targets: readonly string[];
  readonly feeds: Readonly<Record<string, GoldenArray>>;
  readonly outputs?: readonly GoldenArray[];
}

export interface Program {
  readonly nodes: readonly GoldenNode[];
  readonly steps: readonly Step[];
  /** The value of a constant by its name. */
  constant(name: string): NdArray;
}

export function readProgram(name: string): Program {
  const url = (extension: string) => new URL(`../goldens/programs/${name}.${extension}`, import.meta.url);
  const nodes = readGraph(readFileSync(url('pb')));
  const { steps } = JSON.parse(readFileSync(url('json'), 'utf8')) as { steps: Step[] };
  return {
    nodes,
    steps,
    constant: (wanted) => {
      const value = nodes.find((node) => node.name === wanted)?.value;
      if (!value) throw new Error(`No constant ${wanted} in ${name}`);
      return value;
    },
  };
}

/** The ops of a graph as lines `name Op(inputs)`, with control inputs sorted, as exported graphs have them. */
export function opLines(graph: Graph, keep: (name: string) => boolean = () => true): string[] {
  return graph
    .getOperations()
    .filter((op) => keep(op.name))
    .map((op) => {
      const inputs = op.inputs.map((t) => (t.index === 0 ? t.op.name : t.name));
      return line(op.name, op.type, [...inputs, ...op.controlInputs.map((c) => `^${c.name}`)]);
    });
}

export function goldenLines(program: Program, keep: (name: string) => boolean = () => true): string[] {
  return program.nodes.filter((node) => keep(node.name)).map((node) => line(node.name, node.op, node.inputs));
}

function line(name: string, op: string, inputs: readonly string[]): string {
  const data = inputs.filter((input) => !input.startsWith('^'));
  const controls = inputs.filter((input) => input.startsWith('^')).sort();
  return `${name} ${op}(${[...data, ...controls].join(', ')})`;
}

/** Runs the steps with the interpreter; what differs from TensorFlow's outputs, in words. */
export function runSteps(program: Program, graph: Graph, tolerance: Tolerance): string[] {
  const problems: string[] = [];
  const snapshot = graph.snapshot();
  const variables = new Map<string, NdArray>();
  program.steps.forEach((step, i) => {
    if (step.kind !== 'run') return;
    const feeds = new Map(
      Object.entries(step.feeds).map(([name, value]) => [graph.getTensorByName(name), fromGolden(value)]),
    );
    const fetches = step.fetches.map((name) => graph.getTensorByName(name));
    const targets = step.targets.map((name) => graph.getOperationByName(name));
    const outputs = interpret(snapshot, fetches, { feeds, targets, variables });
    outputs.forEach((output, k) => {
      const expected = step.outputs?.[k];
      if (!expected) return;
      const found = difference(output, fromGolden(expected), tolerance);
      if (found) problems.push(`step ${i}, ${step.fetches[k]}: ${found}`);
    });
  });
  return problems;
}

// The protocol-buffer format

type Field = readonly [field: number, value: number | Uint8Array];

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key & 7;
    if (kind === 0) {
      yield [key >> 3, varint()];
      continue;
    }
    const length = kind === 2 ? varint() : kind === 5 ? 4 : 8;
    yield [key >> 3, bytes.subarray(at, at + length)];
    at += length;
  }
}

const text = (value: number | Uint8Array) => new TextDecoder().decode(value as Uint8Array);

function readGraph(bytes: Uint8Array): GoldenNode[] {
  const nodes: GoldenNode[] = [];
  for (const [field, value] of fieldsOf(bytes)) {
    if (field !== 1) continue;
    const node = { name: '', op: '', inputs: [] as string[], value: null as NdArray | null };
    for (const [part, content] of fieldsOf(value as Uint8Array)) {
      if (part === 1) node.name = text(content);
      else if (part === 2) node.op = text(content);
      else if (part === 3) node.inputs.push(text(content));
      else if (part === 5 && node.op === 'Const') node.value ??= constantOf(content as Uint8Array);
    }
    nodes.push(node);
  }
  return nodes;
}

function constantOf(entry: Uint8Array): NdArray | null {
  const [key, attr] = [...fieldsOf(entry)].map(([, value]) => value as Uint8Array);
  if (text(key) !== 'value') return null;
  const tensor = [...fieldsOf(attr)].find(([field]) => field === 8)?.[1] as Uint8Array | undefined;
  return tensor ? readTensor(tensor) : null;
}

function readTensor(bytes: Uint8Array): NdArray | null {
  let dtype = dtypes[0];
  const shape: number[] = [];
  let raw: Uint8Array | null = null;
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 1) dtype = dtypes[(value as number) - 1];
    else if (field === 2) {
      for (const [part, dim] of fieldsOf(value as Uint8Array)) {
        if (part === 2) shape.push(([...fieldsOf(dim as Uint8Array)].find(([f]) => f === 1)?.[1] as number) ?? 0);
      }
    } else if (field === 4 || field === 5) raw = value as Uint8Array;
  }
  if (!raw || dtype.name !== 'float32') return null;
  const size = shape.reduce((a, b) => a * b, 1);
  const data = allocate(dtype, size) as Float32Array;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const count = raw.byteLength / 4;
  for (let i = 0; i < size; i++) data[i] = view.getFloat32(4 * Math.min(i, count - 1), true);
  return new NdArray(dtype, shape, data);
}
