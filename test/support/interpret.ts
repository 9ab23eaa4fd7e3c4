/**
 * The simplest way to run a graph: node by node with host kernels, nothing compiled. Tests compare everything else with
 * it. Variables live in the map that is passed in.
 */

import { findHostKernel, type HostOp, type HostServices, type RandomStream } from '../../runtime/host/registry.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import type { AttrValue, Endpoint, TensorSpec } from '../../src/graph/node.ts';
import type { GraphSnapshot } from '../../src/graph/snapshot.ts';
import { getOpDef } from '../../src/ops/opdef/define.ts';
import { argLength, resolveSignature } from '../../src/ops/opdef/resolve.ts';
import { type Builder, type BuildInput, Vocabulary } from '../../src/ops/opdef/vocabulary.ts';
import { toNdArray } from '../../src/util/array-convert.ts';
import { bool, type DType, resource } from '../../src/util/dtype.ts';
import { FailedPreconditionError, InvalidArgumentError } from '../../src/util/errors.ts';
import { NdArray } from '../../src/util/ndarray.ts';
import '../../src/ops/index.ts';
import '../../runtime/host/index.ts';

/** A value of the interpreter: an array, or a handle to a variable. */
interface Value {
  readonly array: NdArray | null;
  readonly handle: string | null;
  readonly spec: TensorSpec;
}

export interface InterpretOptions {
  readonly feeds?: ReadonlyMap<Tensor, NdArray>;
  /** Ops to run though nobody takes their outputs. */
  readonly targets?: readonly { readonly id: number }[];
  /** Variables by name; written to. */
  readonly variables?: Map<string, NdArray>;
  /** Random streams, kept from call to call. */
  readonly streams?: Map<string, RandomStream>;
  readonly print?: (line: string) => void;
}

/** The values of the fetches. */
export function interpret(
  snapshot: GraphSnapshot,
  fetches: readonly Tensor[],
  options: InterpretOptions = {},
): NdArray[] {
  return new Interpreter(snapshot, options).run(fetches.map((t) => t.endpoint));
}

/** The value of one tensor. */
export function evaluate(tensor: Tensor, options: InterpretOptions = {}): NdArray {
  return interpret(tensor.graph.snapshot(), [tensor], options)[0];
}

/** Runs one op on arrays: through its host kernel, or through its decomposition where it has none. */
export function runOp(
  type: string,
  inputs: readonly (NdArray | readonly NdArray[])[],
  attrs: Readonly<Record<string, AttrValue>> = {},
  options: InterpretOptions = {},
): NdArray[] {
  const interpreter = new EagerBuilder(options, type);
  const wrap = (a: NdArray): Value => ({ array: a, handle: null, spec: { dtype: a.dtype, shape: a.shape } });
  const given = inputs.map((input) => (Array.isArray(input) ? input.map(wrap) : wrap(input as NdArray)));
  return interpreter.op(type, given, attrs, type).map((v) => v.array as NdArray);
}

class Interpreter {
  private readonly values = new Map<number, readonly Value[]>();

  constructor(
    private readonly snapshot: GraphSnapshot,
    private readonly options: InterpretOptions,
  ) {}

  run(fetches: readonly Endpoint[]): NdArray[] {
    const feeds = new Map<string, NdArray>();
    for (const [tensor, value] of this.options.feeds ?? []) feeds.set(tensor.name, value);
    const fed = (e: Endpoint) => feeds.get(`${this.snapshot.node(e.node).name}:${e.index}`);
    const needed = this.closure(fetches, fed);
    for (const id of needed) this.step(id, fed);
    return fetches.map((e) => fed(e) ?? (this.values.get(e.node)?.[e.index].array as NdArray));
  }

  private closure(fetches: readonly Endpoint[], fed: (e: Endpoint) => NdArray | undefined): number[] {
    const needed = new Set<number>();
    const stack = fetches.filter((e) => !fed(e)).map((e) => e.node);
    for (const { id } of this.options.targets ?? []) stack.push(id);
    while (stack.length > 0) {
      const id = stack.pop() as number;
      if (needed.has(id)) continue;
      needed.add(id);
      const node = this.snapshot.node(id);
      for (const input of node.inputs) if (!fed(input)) stack.push(input.node);
      stack.push(...node.controls);
    }
    return [...needed].sort((a, b) => a - b);
  }

  private step(id: number, fed: (e: Endpoint) => NdArray | undefined): void {
    const node = this.snapshot.node(id);
    if (node.op === 'Placeholder')
      throw new InvalidArgumentError(node, `You must feed a value for placeholder tensor '${node.name}'`);
    if (node.op === 'NoOp') return void this.values.set(id, []);
    if (node.op === 'VarHandleOp') {
      const handle = (node.attrs.shared_name as string) || node.name;
      return void this.values.set(id, [{ array: null, handle, spec: node.outputs[0] }]);
    }
    const flat = node.inputs.map((input): Value => {
      const value = fed(input);
      if (value) return { array: value, handle: null, spec: { dtype: value.dtype, shape: value.shape } };
      return (this.values.get(input.node) as readonly Value[])[input.index];
    });
    let next = 0;
    const inputs = getOpDef(node.op).inputs.map((arg): BuildInput<Value> => {
      const length = argLength(arg, node.attrs);
      const list = flat.slice(next, next + length);
      next += length;
      return arg.numberAttr || arg.typeListAttr ? list : list[0];
    });
    this.values.set(id, new EagerBuilder(this.options, node.name).op(node.op, inputs, node.attrs, node.name));
  }
}

/** A builder that computes at once. */
class EagerBuilder implements Builder<Value> {
  constructor(
    private readonly options: InterpretOptions,
    private readonly name: string,
  ) {}

  spec(value: Value): TensorSpec {
    return value.spec;
  }
  constantValue(value: Value): NdArray | null {
    return value.array;
  }
  after<R>(_controls: readonly Value[], body: () => R): R {
    return body();
  }
  constant(array: NdArray): Value {
    return { array, handle: null, spec: { dtype: array.dtype, shape: array.shape } };
  }

  op(
    type: string,
    inputs: readonly BuildInput<Value>[],
    given: Readonly<Record<string, AttrValue>>,
    _name: string,
  ): readonly Value[] {
    const def = getOpDef(type);
    const lists = inputs.map((input) => {
      if (input instanceof NdArray) return [this.constant(input)];
      return Array.isArray(input) ? (input as readonly Value[]) : [input as Value];
    });
    const { attrs, outputDTypes } = resolveSignature(
      def,
      lists.map((list) => list.map((v) => v.spec.dtype)),
      given,
    );
    const flat = lists.flat();
    const variable = this.variableOp(type, flat, attrs);
    if (variable) return variable;
    const kernel = findHostKernel(type);
    if (kernel && flat.every((v) => v.array)) {
      const outputs = kernel(
        flat.map((v) => v.array as NdArray),
        this.hostOp(type, attrs, outputDTypes),
      );
      return outputs.map((array, i) => {
        if (array.dtype !== outputDTypes[i])
          throw new Error(`Host kernel of ${type}: output ${i} is ${array.dtype.name}, not ${outputDTypes[i].name}`);
        return this.constant(array);
      });
    }
    const view = {
      type,
      name: this.name,
      inputs: flat,
      outputs: [],
      attr: <T extends AttrValue>(key: string) => attrs[key] as T,
    };
    const simpler = def.decompose?.(view, new Vocabulary<Value>(this));
    if (!simpler) throw new Error(`No host kernel and no decomposition of ${type}`);
    return simpler;
  }

  private variableOp(
    type: string,
    inputs: readonly Value[],
    attrs: Readonly<Record<string, AttrValue>>,
  ): readonly Value[] | null {
    const key = inputs[0]?.handle;
    if (key === null || key === undefined) return null;
    const variables = this.options.variables ?? new Map<string, NdArray>();
    switch (type) {
      case 'Identity':
        return [inputs[0]];
      case 'ReadVariableOp': {
        const value = variables.get(key);
        if (!value)
          throw new FailedPreconditionError(
            { name: this.name },
            `Could not find variable ${key}. This could mean that the variable has been deleted.`,
          );
        return [this.constant(value)];
      }
      case 'AssignVariableOp':
        variables.set(key, inputs[1].array as NdArray);
        return [];
      case 'VarIsInitializedOp':
        return [this.constant(toNdArray(variables.has(key), bool))];
      case 'DestroyResourceOp':
        if (!variables.delete(key) && !attrs.ignore_lookup_error)
          throw new FailedPreconditionError({ name: this.name }, `Resource ${key} does not exist.`);
        return [];
    }
    return null;
  }

  private hostOp(type: string, attrs: Readonly<Record<string, AttrValue>>, outputDTypes: readonly DType[]): HostOp {
    return {
      type,
      name: this.name,
      services: this.services(),
      attr: <T extends AttrValue>(key: string) => attrs[key] as T,
      outputDType: (i) => outputDTypes[i],
    };
  }

  private services(): HostServices {
    const streams = this.options.streams ?? new Map<string, RandomStream>();
    return {
      print: this.options.print ?? (() => {}),
      stream: (seed, seed2) => {
        const known = streams.get(this.name);
        if (known) return known;
        const stream = countingStream(BigInt(seed), BigInt(seed2));
        streams.set(this.name, stream);
        return stream;
      },
      wait: () => {
        throw new Error('The interpreter cannot wait.');
      },
      resources: () => {
        throw new Error('The interpreter keeps no state.');
      },
      functions: () => {
        throw new Error('The interpreter calls no functions.');
      },
    };
  }
}

/** A Philox stream as a session keeps it: key from `seed`, the counter's high half from `seed2`, moved on by blocks. */
export function countingStream(seed: bigint, seed2: bigint): RandomStream {
  const mask = 0xffffffffn;
  let counter = (BigInt.asUintN(64, seed2) << 64n) & ((1n << 128n) - 1n);
  const key: readonly [number, number] = [
    Number(BigInt.asUintN(64, seed) & mask),
    Number((BigInt.asUintN(64, seed) >> 32n) & mask),
  ];
  return {
    reserve(count) {
      const at = counter;
      counter += BigInt(count);
      const word = (i: number) => Number((at >> BigInt(32 * i)) & mask);
      return { key, counter: [word(0), word(1), word(2), word(3)] };
    },
  };
}

export { resource };
