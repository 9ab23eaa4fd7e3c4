/**
 * The instructions of a plan, made ready to execute: kernels looked up, argument objects allocated once. Their order,
 * frees and errors are `executor.ts`'s business.
 */
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { type ScalarFunction, scalarFunction } from '../compiler/codegen/index.ts';
import { inputCount, type LoopKernel } from '../compiler/codegen/kernel.ts';
import type { Guard } from '../compiler/codegen/op-kernel.ts';
import type {
  AliasStep,
  AssignStep,
  Call,
  DestroyStep,
  ExecutionPlan,
  GeneratedStep,
  HostStep,
  InitializedStep,
  Instruction,
  KernelStep,
  ReadStep,
  ResourceKey,
  ScalarsStep,
  Slot,
  StepGuard,
} from '../compiler/plan/plan.ts';
import type { AttrValue } from '../src/graph/node.ts';
import { bool, type DType, int32 } from '../src/util/dtype.ts';
import { FailedPreconditionError, InternalError, InvalidArgumentError, NotFoundError } from '../src/util/errors.ts';
import { NdArray } from '../src/util/ndarray.ts';
import { formatShapeBrackets, isFullyDefined, type KnownShape, sameShape, sizeOf } from '../src/util/shape.ts';
import {
  type Backend,
  type DeviceValue,
  deviceTypes,
  type GeneratedKernel,
  type ResultSpec,
  type ValueKernel,
} from './backends/backend.ts';
import { Branch, Loop } from './calls.ts';
import { findHostKernel } from './host/index.ts';
import type {
  FunctionCaller,
  HostKernel,
  HostOp,
  HostServices,
  RandomStream,
  ResourceAccess,
  Wait,
} from './host/registry.ts';
import { List } from './lists.ts';
import { DEFAULT_CONTAINER, resourceKey } from './resources.ts';
import { copyOf, type Run } from './run.ts';
import type { LoadedCall, Step } from './step.ts';

const NONE: readonly Slot[] = [];

/** @param load loads the plan of a function that the instruction calls */
export function loadStep(
  instruction: Instruction,
  plan: ExecutionPlan,
  backend: Backend,
  load: (call: Call) => LoadedCall,
): Step {
  switch (instruction.kind) {
    case 'kernel':
      return new Kernel(instruction, backend);
    case 'generated': {
      const generated = backend.generateOnValues
        ? new GeneratedOnValues(instruction, plan, backend.generateOnValues)
        : new Generated(instruction, plan, backend);
      return instruction.guard ? new Guarded(instruction, instruction.guard, generated, plan) : generated;
    }
    case 'alias':
      return new Alias(instruction, plan);
    case 'scalars':
      return new Scalars(instruction, plan);
    case 'host':
      return new Host(instruction, plan);
    case 'read':
      return new Read(instruction);
    case 'assign':
      return new Assign(instruction, plan);
    case 'initialized':
      return new Initialized(instruction);
    case 'destroy':
      return new Destroy(instruction);
    case 'branch':
      return new Branch(instruction, load);
    case 'while':
      return new Loop(instruction, load);
    case 'list':
      return new List(instruction, plan);
  }
}

class Kernel implements Step {
  readonly onHost = NONE;
  private readonly kernel: KernelFunc;
  private readonly list: TensorInfo[] | null;
  private readonly record: Record<string, TensorInfo>;
  private readonly args: Parameters<KernelFunc>[0];

  constructor(
    readonly instruction: KernelStep,
    backend: Backend,
  ) {
    const kernel = backend.kernel(instruction.kernel);
    if (!kernel) throw new InternalError(null, `The backend ${backend.name} has no kernel ${instruction.kernel}.`);
    this.kernel = kernel;
    this.list = instruction.names ? null : [];
    this.record = {};
    this.args = {
      inputs: (this.list ?? this.record) as Record<string, TensorInfo>,
      attrs: instruction.attrs as Parameters<KernelFunc>[0]['attrs'],
      backend: backend.native as object,
    };
  }

  execute(run: Run): void {
    const { inputs, inputShapes, names, outputs, outputShapes } = this.instruction;
    for (let i = 0; i < inputs.length; i++) {
      let info: TensorInfo = run.deviceOf(inputs[i]);
      const shape = inputShapes?.[i];
      if (shape) info = { dataId: info.dataId, shape: shape as number[], dtype: info.dtype };
      if (names) this.record[names[i]] = info;
      else (this.list as TensorInfo[])[i] = info;
    }
    const made = this.kernel(this.args);
    if (!Array.isArray(made)) {
      run.device[outputs[0]] = under(made, outputShapes?.[0]);
      return;
    }
    for (let i = 0; i < made.length; i++) {
      if (i < outputs.length) run.device[outputs[i]] = under(made[i], outputShapes?.[i]);
      else run.backend.dispose(made[i].dataId);
    }
  }
}

function under(info: TensorInfo, shape: KnownShape | null | undefined): TensorInfo {
  return shape ? { dataId: info.dataId, shape: shape as number[], dtype: info.dtype } : info;
}

/**
 * A kernel that the compiler described. Outputs lie in the arena, or have buffers of their own, or take over those of inputs
 * that nobody else holds.
 */
class Generated implements Step {
  readonly onHost = NONE;
  private readonly kernel: GeneratedKernel;
  private readonly inputs: readonly Slot[];
  private readonly outputs: readonly Slot[];
  private readonly addresses: number[] = [];
  private readonly specs: readonly { readonly shape: KnownShape; readonly dtype: DType }[];
  /** By output, the slot whose buffer it may take over, and how many references to that there may be. */
  private readonly over: readonly ({ readonly slot: Slot; readonly references: number } | null)[];
  private readonly seals: readonly string[] | null;
  private readonly offsets: readonly number[];
  private readonly arena: number;
  /** Where the arena began when the addresses in it were last worked out. */
  private start = -1;

  constructor(
    readonly instruction: GeneratedStep,
    plan: ExecutionPlan,
    backend: Backend,
  ) {
    const { code, outputs, overwrites = [], seals } = instruction;
    const inputs = instruction.inputs.slice(0, inputCount(code));
    const kernel = backend.generate?.(code);
    if (!kernel) throw new InternalError(null, `The backend ${backend.name} takes no generated kernels.`);
    this.kernel = kernel;
    this.inputs = inputs;
    this.outputs = outputs;
    this.specs = outputs.map((slot) => plan.slots[slot] as { shape: KnownShape; dtype: DType });
    this.over = outputs.map((_, output) => {
      const found = overwrites.find((overwrite) => overwrite.output === output);
      // The store holds one reference to the value of a variable.
      return found ? { slot: inputs[found.input], references: found.isUpdate ? 2 : 1 } : null;
    });
    this.seals = seals ? seals.map(keyOf) : null;
    this.offsets = [...inputs, ...outputs].map((slot) => plan.arena?.offsets[slot] ?? -1);
    this.arena = plan.arena?.size ?? 0;
  }

  execute(run: Run): void {
    const { inputs, outputs } = this;
    const { backend } = run;
    const { addresses, offsets } = this;
    if (this.seals && !run.isSealed)
      run.isSealed = this.seals.every((key) => run.context.transaction.read(key) !== null);
    for (let i = 0; i < inputs.length; i++) {
      if (offsets[i] < 0) addresses[i] = backend.addressOf?.(run.deviceOf(inputs[i]).dataId) as number;
    }
    for (let i = 0, k = inputs.length; i < outputs.length; i++, k++) {
      if (offsets[k] >= 0) continue;
      const value = this.bufferFor(i, run);
      run.device[outputs[i]] = value;
      addresses[k] = backend.addressOf?.(value.dataId) as number;
    }
    if (this.arena > 0) {
      const start = backend.arena?.(this.arena) as number;
      if (start !== this.start) {
        this.start = start;
        for (let k = 0; k < offsets.length; k++) if (offsets[k] >= 0) addresses[k] = start + offsets[k];
      }
    }
    this.kernel(addresses);
  }

  private bufferFor(output: number, run: Run): DeviceValue {
    const { backend } = run;
    const { shape, dtype } = this.specs[output];
    const over = this.over[output];
    const old = over && run.device[over.slot];
    if (old && (over.references === 1 || run.isSealed) && backend.references?.(old.dataId) === over.references) {
      backend.incRef(old.dataId);
      // What the host knows of the value is no longer so.
      run.host[over.slot] = null;
      return { dataId: old.dataId, shape: shape as number[], dtype: old.dtype };
    }
    return backend.allocate?.(shape, dtype) as DeviceValue;
  }
}

/** A kernel that the compiler described, where buffers have no addresses: it gives new ones. */
class GeneratedOnValues implements Step {
  readonly onHost = NONE;
  private readonly kernel: ValueKernel;
  private readonly values: DeviceValue[] = [];

  constructor(
    readonly instruction: GeneratedStep,
    plan: ExecutionPlan,
    generate: NonNullable<Backend['generateOnValues']>,
  ) {
    const results = instruction.outputs.map((slot) => plan.slots[slot] as ResultSpec);
    this.kernel = generate(instruction.code as LoopKernel, results);
  }

  execute(run: Run): void {
    const { inputs, outputs } = this.instruction;
    const { values } = this;
    for (let i = 0; i < inputs.length; i++) values[i] = run.deviceOf(inputs[i]);
    const made = this.kernel(values);
    for (let i = 0; i < outputs.length; i++) run.device[outputs[i]] = made[i];
    values.length = 0;
  }
}

/** A kernel that is right for some elements only; for others the host computes the op. */
class Guarded implements Step {
  readonly onHost = NONE;
  private readonly host: Host;

  constructor(
    readonly instruction: GeneratedStep,
    private readonly guard: StepGuard,
    private readonly generated: Step,
    plan: ExecutionPlan,
  ) {
    const { kernel, attrs } = guard.host;
    const inputs = guard.host.inputs.map((input) => instruction.inputs[input]);
    this.host = new Host({ ...instruction, kind: 'host', kernel, attrs, inputs, why: '' }, plan);
  }

  execute(run: Run): void {
    const { check } = this.guard;
    const holds = isWithin(run.hostOf(this.instruction.inputs[check.input]), check);
    (holds ? this.generated : this.host).execute(run);
  }
}

function isWithin({ data }: NdArray, check: Guard): boolean {
  const numbers = data as Float32Array | Int32Array;
  if (check.kind === 'finite') {
    for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
    return true;
  }
  const { extents, skipsNegative } = check;
  for (let i = 0; i < numbers.length; i++) {
    const place = numbers[i];
    if (place >= extents[i % extents.length] || (place < 0 && !skipsNegative)) return false;
  }
  return true;
}

/** A few scalars, computed at once: parts of arrays too, and arrays put together from them. */
class Scalars implements Step {
  readonly onHost: readonly Slot[];
  private readonly compute: ScalarFunction;
  private readonly results: readonly { readonly dtype: DType; readonly shape: KnownShape; readonly size: number }[];
  private readonly taken: number[] = [];
  private readonly made: number[] = [];

  constructor(
    readonly instruction: ScalarsStep,
    plan: ExecutionPlan,
  ) {
    const compute = scalarFunction(instruction.code);
    if (!compute) throw new InternalError(null, `The kernel ${instruction.kernel} is not of scalars.`);
    this.compute = compute;
    this.onHost = instruction.inputs;
    this.results = instruction.outputs.map((slot) => {
      const { dtype, shape } = plan.slots[slot] as { dtype: DType; shape: KnownShape };
      return { dtype, shape, size: sizeOf(shape) };
    });
  }

  execute(run: Run): void {
    const { inputs, outputs, code } = this.instruction;
    const { taken, made, results } = this;
    run.readTogether(inputs);
    for (let i = 0; i < inputs.length; i++) taken[i] = Number(run.hostOf(inputs[i]).data[code.inputs[i].offset]);
    this.compute(taken, made);
    const arrays = results.map(({ dtype, size }) => arrayOf(dtype, size));
    for (let k = 0; k < made.length; k++) arrays[code.buffers?.[k] ?? k][code.outputs[k].offset] = made[k];
    for (let i = 0; i < outputs.length; i++) {
      run.host[outputs[i]] = new NdArray(results[i].dtype, results[i].shape, arrays[i]);
    }
  }
}

function arrayOf(dtype: DType, size: number): Float32Array | Int32Array | Uint8Array {
  return dtype === bool ? new Uint8Array(size) : dtype === int32 ? new Int32Array(size) : new Float32Array(size);
}

class Alias implements Step {
  readonly onHost: readonly Slot[];
  /** Whether the sizes may differ, since they were not known when the plan was made. */
  private readonly unchecked: boolean;
  private readonly isInArena: boolean;

  constructor(
    readonly instruction: AliasStep,
    plan: ExecutionPlan,
  ) {
    this.onHost = instruction.shapeFrom === null ? NONE : [instruction.shapeFrom];
    this.unchecked = !isFullyDefined(plan.slots[instruction.inputs[0]].shape);
    this.isInArena = (plan.arena?.offsets[instruction.inputs[0]] ?? -1) >= 0;
  }

  execute(run: Run): void {
    if (this.isInArena) return;
    const { inputs, outputs, shape: fixed, shapeFrom } = this.instruction;
    const device = run.device[inputs[0]];
    const host = run.host[inputs[0]];
    const own = (host ?? device)?.shape as KnownShape;
    let shape: KnownShape = fixed ?? own;
    if (shapeFrom !== null) shape = resolveShape(run.hostOf(shapeFrom), own);
    else if (this.unchecked && fixed && sizeOf(fixed) !== sizeOf(own)) throw misfit(own, sizeOf(fixed));
    if (device) {
      run.backend.incRef(device.dataId);
      run.device[outputs[0]] = { dataId: device.dataId, shape: shape as number[], dtype: device.dtype };
    }
    if (host) run.host[outputs[0]] = host.reshape(shape);
  }
}

/** The shape that a reshape asks for, with its -1 worked out. */
function resolveShape(wanted: NdArray, own: KnownShape): KnownShape {
  const shape = Array.from(wanted.data as ArrayLike<number | bigint>, Number);
  let open = -1;
  let rest = 1;
  let hasZero = false;
  shape.forEach((d, axis) => {
    if (d === -1) {
      if (open >= 0) {
        throw new InvalidArgumentError(null, `Only one input size may be -1, not both ${open} and ${axis}`);
      }
      open = axis;
    } else if (d < 0) {
      throw new InvalidArgumentError(null, `Size ${axis} must be non-negative, not ${d}`);
    } else if (d === 0) {
      hasZero = true;
    } else {
      rest *= d;
    }
  });
  if (open >= 0) {
    // Where a length of 0 is asked for, the other ones share what lengths other than 0 the value has, rounded down.
    const empty = hasZero && own.includes(0);
    const size = sizeOf(empty ? own.filter((d) => d > 0) : own);
    if (!empty && size % rest !== 0) {
      throw new InvalidArgumentError(
        null,
        `Input to reshape is a tensor with ${size} values, but the requested shape requires a multiple of ${rest}`,
      );
    }
    shape[open] = Math.floor(size / rest);
  }
  if (sizeOf(shape) !== sizeOf(own)) throw misfit(own, sizeOf(shape));
  return shape;
}

function misfit(own: KnownShape, wanted: number): InvalidArgumentError {
  return new InvalidArgumentError(
    null,
    `Input to reshape is a tensor with ${sizeOf(own)} values, but the requested shape has ${wanted}`,
  );
}

/** A host kernel, and what it sees of its op. The run is set for the time of the call only. */
class Host implements Step, HostOp, HostServices {
  readonly onHost: readonly Slot[];
  readonly type: string;
  readonly name: string;
  readonly services: HostServices = this;
  private readonly kernel: HostKernel;
  private readonly dtypes: readonly DType[];
  private readonly arrays: NdArray[] = [];
  private run: Run | null = null;

  constructor(
    readonly instruction: HostStep,
    plan: ExecutionPlan,
  ) {
    this.type = instruction.kernel;
    this.name = instruction.name;
    this.onHost = instruction.inputs;
    this.dtypes = instruction.outputs.map((slot) => plan.slots[slot].dtype);
    const kernel = findHostKernel(instruction.kernel);
    if (!kernel) throw new InternalError(null, `There is no host kernel ${instruction.kernel}.`);
    this.kernel = kernel;
  }

  execute(run: Run): void {
    const { inputs, outputs } = this.instruction;
    run.readTogether(inputs);
    for (let i = 0; i < inputs.length; i++) this.arrays[i] = run.hostOf(inputs[i]);
    this.run = run;
    try {
      const made = this.kernel(this.arrays, this);
      if (run.wait) return;
      if (made.length < outputs.length) {
        throw new InternalError(null, `The host kernel ${this.type} made ${made.length} of ${outputs.length} outputs.`);
      }
      for (let i = 0; i < outputs.length; i++) run.host[outputs[i]] = made[i];
    } finally {
      this.run = null;
      this.arrays.length = 0;
    }
  }

  attr<T extends AttrValue = AttrValue>(name: string): T {
    return this.instruction.attrs[name] as T;
  }
  outputDType(output: number): DType {
    return this.dtypes[output];
  }
  stream(seed: number | bigint, seed2: number | bigint, op = this.name): RandomStream {
    return (this.run as Run).context.transaction.stream(op, seed, seed2);
  }
  print(line: string): void {
    console.log(line);
  }
  resources(): ResourceAccess {
    return (this.run as Run).context.transaction;
  }
  functions(): FunctionCaller {
    const { context } = this.run as Run;
    return context.functions.caller(context);
  }
  wait(wait: Wait): void {
    (this.run as Run).wait = wait;
  }
}

class Read implements Step {
  readonly onHost = NONE;
  private readonly key: string;

  constructor(readonly instruction: ReadStep) {
    this.key = keyOf(instruction.resource);
  }

  execute(run: Run): void {
    const value = run.context.transaction.read(this.key);
    if (!value) throw this.missing(run);
    run.borrow(this.instruction.outputs[0], value);
  }

  private missing(run: Run): FailedPreconditionError {
    const { name, reference } = this.instruction.resource;
    if (reference !== undefined) {
      return new FailedPreconditionError(null, `Attempting to use uninitialized value ${reference}`);
    }
    const container = this.instruction.resource.container || DEFAULT_CONTAINER;
    const status = run.context.transaction.hasContainer(container)
      ? `Resource ${container}/${name}/N10tensorflow3VarE does not exist.`
      : `Container ${container} does not exist. (Could not find resource: ${container}/${name})`;
    return new FailedPreconditionError(
      null,
      `Could not find variable ${name}. This could mean that the variable has been deleted. In TF1, it can also mean the variable is uninitialized. Debug info: container=${container}, status error message=${status}`,
    );
  }
}

class Assign implements Step {
  readonly onHost = NONE;
  private readonly key: string;
  private readonly container: string;
  private readonly onDevice: boolean;

  constructor(
    readonly instruction: AssignStep,
    plan: ExecutionPlan,
  ) {
    this.key = keyOf(instruction.resource);
    this.container = instruction.resource.container || DEFAULT_CONTAINER;
    this.onDevice = deviceTypes.has(plan.slots[instruction.inputs[0]].dtype);
  }

  execute(run: Run): void {
    const slot = this.instruction.inputs[0];
    const { transaction } = run.context;
    if (this.instruction.shape) this.checkShape(run, this.instruction.shape);
    const host = run.host[slot];
    const staysOnHost = !this.onDevice || (!run.device[slot] && host?.rank === 0);
    if (staysOnHost) {
      // The array may be the feed of a user, who may write to it after the run.
      transaction.assign(this.key, this.container, { device: null, host: copyOf(host as NdArray) });
    } else {
      const device = run.deviceOf(slot);
      run.backend.incRef(device.dataId);
      transaction.assign(this.key, this.container, { device, host: null });
    }
  }

  private checkShape(run: Run, initial: KnownShape): void {
    const present = run.context.transaction.read(this.key);
    const shape = (present?.device ?? present?.host)?.shape ?? initial;
    const slot = this.instruction.inputs[0];
    const assigned = (run.device[slot] ?? run.host[slot])?.shape as KnownShape;
    if (sameShape(shape, assigned)) return;
    throw new InvalidArgumentError(
      null,
      `Assign requires shapes of both tensors to match. lhs shape= ${formatShapeBrackets(shape)} rhs shape= ${formatShapeBrackets(assigned)}`,
    );
  }
}

class Initialized implements Step {
  readonly onHost = NONE;
  private readonly key: string;

  constructor(readonly instruction: InitializedStep) {
    this.key = keyOf(instruction.resource);
  }

  execute(run: Run): void {
    const known = run.context.transaction.read(this.key) !== null;
    run.host[this.instruction.outputs[0]] = new NdArray(bool, [], Uint8Array.of(known ? 1 : 0));
  }
}

class Destroy implements Step {
  readonly onHost = NONE;
  private readonly key: string;

  constructor(readonly instruction: DestroyStep) {
    this.key = keyOf(instruction.resource);
  }

  execute(run: Run): void {
    const { transaction } = run.context;
    if (transaction.read(this.key)) {
      transaction.destroy(this.key);
    } else if (!this.instruction.ignoreLookupError) {
      const { container, name } = this.instruction.resource;
      throw new NotFoundError(
        null,
        `Resource ${container || DEFAULT_CONTAINER}/${name}/N10tensorflow3VarE does not exist.`,
      );
    }
  }
}

function keyOf({ container, name, reference }: ResourceKey): string {
  return resourceKey(container, name, reference !== undefined);
}
