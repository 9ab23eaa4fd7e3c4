/**
 * `padUnique`: gives rows that are summed by their distinct indices, and go to tables at these, as many places as there are
 * indices. How many of them are distinct is known in the run only; with places that are left over, which go nowhere, all shapes
 * are known before, and kernels can be generated. It is what sparse updates of optimizers are made of.
 */
import { int32, int64 } from '../../src/util/dtype.ts';
import { isFullyDefined, type KnownShape, type Shape } from '../../src/util/shape.ts';
import { Facts } from '../ir/context.ts';
import type { IrModule, IrNode, IrValue } from '../ir/module.ts';
import { Rewriter } from '../ir/rewriter.ts';
import type { Pass, PassContext } from './pass.ts';

export const padUnique: Pass = {
  name: 'padUnique',
  doc: 'Lets sparse updates have shapes that are known before the run.',
  run(module: IrModule, { target }: PassContext): IrModule {
    if (!target.generates || !module.nodes.some(({ op }) => op === 'Unique')) return module;
    const roles = new Roles(module);
    return roles.isEmpty ? module : rewrite(module, roles);
  },
};

/** What a node gives that hangs on how many indices are distinct. */
type Kind =
  /** The distinct indices: as a vector, and as a matrix of one column. */
  | 'places'
  | 'column'
  /** How many they are: as a shape, and as a number. */
  | 'shape'
  | 'count'
  /** A row for each of them. */
  | 'rows'
  /** Nothing more: a table that rows went to. */
  | 'table';

interface Role {
  readonly kind: Kind;
  /** The node that makes the indices distinct. */
  readonly unique: number;
}

const SCATTERS: ReadonlySet<string> = new Set(['TensorScatterAdd', 'TensorScatterSub', 'TensorScatterUpdate']);

/** Ops that treat each element for itself. */
const ELEMENTWISE: ReadonlySet<string> = new Set(
  (
    'Identity Neg Abs Sqrt Rsqrt Square Reciprocal Sign Exp Log Tanh Sigmoid Relu Pow Add AddV2 Sub Mul RealDiv Div Maximum ' +
    'Minimum SquaredDifference DivNoNan MulNoNan AddN Less LessEqual Greater GreaterEqual Equal NotEqual LogicalAnd ' +
    'LogicalOr LogicalNot SelectV2 Cast ZerosLike OnesLike'
  ).split(' '),
);

/** The roles of nodes, where all that hangs on one set of indices has one. */
class Roles {
  private readonly roles = new Map<number, Role>();
  private readonly facts: Facts;
  /** Sets of indices of which something is used in another way. */
  private readonly spoilt = new Set<number>();

  constructor({ nodes, fetches }: IrModule) {
    this.facts = new Facts(nodes);
    for (const node of nodes) this.add(node);
    for (const fetch of fetches) {
      const role = this.roleOf(fetch);
      if (role && role.kind !== 'table') this.spoilt.add(role.unique);
    }
    const useful = new Set([...this.roles.values()].filter(({ kind }) => kind === 'table').map(({ unique }) => unique));
    for (const [id, { unique }] of this.roles) {
      if (this.spoilt.has(unique) || !useful.has(unique)) this.roles.delete(id);
    }
  }

  get isEmpty(): boolean {
    return this.roles.size === 0;
  }
  get(node: IrNode): Role | undefined {
    return this.roles.get(node.id);
  }
  /** How many indices there are, distinct or not. */
  lengthOf({ unique }: Role): number {
    return (this.facts.spec(this.facts.node(unique).inputs[0]).shape as KnownShape)[0];
  }

  private roleOf({ node, index }: IrValue): Role | undefined {
    return index === 0 ? this.roles.get(node) : undefined;
  }

  private add(node: IrNode): void {
    if (node.op === 'Unique' && this.isPlain(node)) {
      this.roles.set(node.id, { kind: 'places', unique: node.id });
      return;
    }
    // Tables are of known shapes, whatever they are used for.
    const given = node.inputs
      .map((input) => this.roleOf(input))
      .map((role) => (role?.kind === 'table' ? undefined : role));
    const known = given.filter((role) => role !== undefined);
    if (known.length === 0) return;
    const [{ unique }] = known;
    const kind = known.every((role) => role.unique === unique) ? this.kindOf(node, given, unique) : null;
    if (kind) this.roles.set(node.id, { kind, unique });
    else for (const role of known) this.spoilt.add(role.unique);
  }

  private isPlain({ inputs, outputs }: IrNode): boolean {
    const { dtype, shape } = this.facts.spec(inputs[0]);
    const isIndex = dtype === int32 || dtype === int64;
    return isIndex && outputs[1].dtype === int32 && isFullyDefined(shape) && shape.length === 1 && shape[0] > 0;
  }

  private kindOf(node: IrNode, roles: readonly (Role | undefined)[], unique: number): Kind | null {
    const kinds = roles.map((role) => role?.kind);
    const [first, second] = kinds;
    const shapes = node.inputs.map((input) => this.facts.spec(input).shape);
    const rank = node.outputs[0].shape?.length;
    const isOnly = (input: number) => kinds.every((kind, i) => i === input || kind === undefined);
    switch (node.op) {
      case '_CheckedIndices':
        return first === 'places' ? 'places' : null;
      case 'ExpandDims':
        return first === 'places' && isOnly(0) && rank === 2 && node.outputs[0].shape?.[1] === 1 ? 'column' : null;
      case 'Shape':
        return first === 'places' && node.outputs[0].dtype === int32 ? 'shape' : null;
      case 'StridedSlice':
        return first === 'shape' && isOnly(0) && rank === 0 ? 'count' : null;
      case 'Size':
        return first === 'places' && node.outputs[0].dtype === int32 ? 'count' : null;
      case 'UnsortedSegmentSum': {
        const ids = node.inputs[1];
        const isOwn = ids.node === unique && ids.index === 1;
        return kinds[2] === 'count' && isOnly(2) && isOwn && isFullyDefined(shapes[0]) ? 'rows' : null;
      }
      case 'GatherV2': {
        const axis = this.facts.constant(node.inputs[2]);
        const isOfRows = Number(axis?.data[0]) === 0 && node.attrs.batch_dims === 0 && isFullyDefined(shapes[0]);
        return second === 'places' && isOnly(1) && isOfRows ? 'rows' : null;
      }
    }
    if (SCATTERS.has(node.op)) {
      return second === 'column' && kinds[2] === 'rows' && !first && isFullyDefined(shapes[0]) ? 'table' : null;
    }
    if (!ELEMENTWISE.has(node.op) || kinds.some((kind) => kind !== undefined && kind !== 'rows')) return null;
    const isRowwise = shapes.every((shape, i) =>
      kinds[i] === 'rows' ? shape?.length === rank : isRepeated(shape, rank),
    );
    return rank !== undefined && isRowwise ? 'rows' : null;
  }
}

/** Whether a value of the shape is the same for each row of a result of this rank. */
function isRepeated(shape: Shape, rank: number | undefined): boolean {
  if (!isFullyDefined(shape) || rank === undefined) return false;
  return shape.length < rank || (shape.length === rank && shape[0] === 1);
}

function rewrite(module: IrModule, roles: Roles): IrModule {
  const rewriter = new Rewriter(module);
  for (const node of module.nodes) {
    const role = roles.get(node);
    const current = rewriter.resolved(node);
    if (!role) rewriter.keep(current);
    // Nobody asks for the number any more.
    else if (role.kind === 'shape' || role.kind === 'count') rewriter.drop(node);
    else rewriter.replace(node, replaced(rewriter, current, roles.lengthOf(role)));
  }
  return rewriter.finish();
}

function replaced(rewriter: Rewriter, { op, inputs, attrs, ...rest }: IrNode, length: number): readonly IrValue[] {
  const { $ } = rewriter.at({ op, inputs, attrs, ...rest });
  const [first, second, third] = inputs;
  switch (op) {
    case 'Unique':
      return $.ops('_PaddedUnique', [first]);
    case '_CheckedIndices':
      // The kernel that reads there looks at them.
      return [first];
    case 'UnsortedSegmentSum':
      return [$.op(op, [first, second, $.ints(length)])];
    case 'GatherV2':
      // What is read for places that are left over goes nowhere.
      return [$.op(op, [first, $.maximum(second, 0), third], { batch_dims: 0, _checked: true })];
  }
  if (SCATTERS.has(op)) return [$.op(op, inputs, { _skips_negative: true })];
  return [op === 'ExpandDims' ? $.op(op, inputs) : $.op(op, inputs, attrs)];
}
