/**
 * The step of a plan that runs an op on lists of tensors. The ops are `list-kernels.ts`, lists themselves `tensor-list.ts`.
 */
import type { ExecutionPlan, ListStep, Slot } from '../compiler/plan/plan.ts';
import { type DType, variant } from '../src/util/dtype.ts';
import { InternalError } from '../src/util/errors.ts';
import { findListKernel, type ListKernel } from './list-kernels.ts';
import { Operands } from './list-operands.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';
import { asList, type Item, type TensorList } from './tensor-list.ts';

export class List implements Step {
  readonly onHost: readonly Slot[];
  private readonly kernel: ListKernel;
  private readonly dtypes: readonly DType[];
  private readonly outputTypes: readonly DType[];

  constructor(
    readonly instruction: ListStep,
    plan: ExecutionPlan,
  ) {
    const kernel = findListKernel(instruction.op);
    if (!kernel) throw new InternalError(null, `There is no op ${instruction.op} on lists.`);
    this.kernel = kernel;
    this.dtypes = instruction.inputs.map((slot) => plan.slots[slot].dtype);
    this.outputTypes = instruction.outputs.map((slot) => plan.slots[slot].dtype);
    this.onHost = instruction.inputs.filter((_, i) => this.dtypes[i] !== variant && !kernel.anywhere.includes(i));
  }

  isUnread(run: Run): boolean {
    return this.kernel.reads && this.unread(run).length > 0;
  }

  async readElements(run: Run): Promise<unknown> {
    const read = async (item: NonNullable<Item>, dtype: DType) => {
      item.host = await run.backend.read(item.device as NonNullable<typeof item.device>, dtype);
    };
    return run.context.cancel.race(Promise.all(this.unread(run).map(([item, dtype]) => read(item, dtype))));
  }

  /** Elements that are on the device only, of lists in lists too. */
  private unread(run: Run): [NonNullable<Item>, DType][] {
    const found: [NonNullable<Item>, DType][] = [];
    const lists = this.instruction.inputs.map((slot) => asList(run.device[slot]));
    for (let list = lists.pop(); list !== undefined; list = lists.pop()) {
      for (const item of list?.items ?? []) {
        const inner = item && asList(item.device);
        if (inner) lists.push(inner);
        else if (item && !item.host) found.push([item, (list as TensorList).dtype]);
      }
    }
    return found;
  }

  execute(run: Run): void {
    this.kernel.run(new Operands(run, this.instruction, this.dtypes, this.outputTypes));
  }
}
