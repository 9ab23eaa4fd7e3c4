/**
 * Ops of TensorFlow between the layers of a model, as layers: an op on a model's tensors becomes one, called anew it
 * builds the same op on other tensors. Which ops those are is found out by `op-history.ts`.
 */
import { type Operation, Tensor } from '../../graph/graph.ts';
import type { Attrs } from '../../graph/node.ts';
import { emit } from '../../ops/emit.ts';
import { getOpDef } from '../../ops/opdef/define.ts';
import { argDTypes, argLength } from '../../ops/opdef/resolve.ts';
import { constantValue } from '../../ops/static-value.ts';
import type { TensorLike } from '../../ops/tensor-like.ts';
import { type ArrayValue, toNdArray } from '../../util/array-convert.ts';
import type { DTypeLike } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { buildingIn } from '../binding.ts';
import { unverbatim, Verbatim } from '../saving/json-text.ts';
import type { Config } from '../serialization.ts';
import { type History, historyOf } from './history.ts';
import { Layer } from './layer.ts';
import { flat, type MaskNest, type ShapeNest, type TensorNest } from './nest.ts';
import { attrsFromJson, attrsToJson, type NodeDefJson } from './node-def.ts';
import { setOpWrapper } from './op-history.ts';

const PREFIX = 'tf_op_layer_';

export interface TensorFlowOpLayerOptions {
  /** The op's name; the layer's is `tf_op_layer_<name>`. */
  readonly name: string;
  /** The op as `NodeDef` in JSON, or the op itself. */
  readonly nodeDef: NodeDefJson | Verbatim | Operation | OpRecord;
  /** Inputs that are not the model's, by their place: tensors of its graph, or values. */
  readonly constants?: Readonly<Record<string, unknown>>;
  readonly trainable?: boolean;
  readonly dtype?: DTypeLike | null;
}

/** What an op is, apart from its inputs. */
export interface OpRecord {
  readonly type: string;
  readonly attrs: Attrs;
  readonly inputNames: readonly string[];
}

/** An op as a layer. */
export class TensorFlowOpLayer extends Layer<TensorNest> {
  static readonly className: string = 'TensorFlowOpLayer';
  readonly #op: OpRecord;
  readonly #opName: string;
  readonly #constants: ReadonlyMap<number, TensorLike>;
  readonly #dtype: DTypeLike | null;

  constructor({ name, nodeDef, constants = {}, trainable, dtype = null }: TensorFlowOpLayerOptions) {
    super({ name: PREFIX + name, trainable, dtype });
    const given = unverbatim(nodeDef) as NodeDefJson | Operation | OpRecord;
    this.#op = 'inputNames' in given ? given : 'graph' in given ? recordOf(given) : recordFrom(given);
    this.#opName = name;
    this.#constants = new Map(
      Object.entries(constants).map(([place, value]) => [Number(place), this.typed(value, Number(place))]),
    );
    this.#dtype = dtype;
    this.built = true;
  }

  /** A constant of a file as an array of the type that the op takes there; tensors as they are. */
  private typed(value: unknown, place: number): TensorLike {
    if (value instanceof Tensor || value instanceof NdArray) return value;
    const { type, attrs } = this.#op;
    const dtypes = getOpDef(type).inputs.flatMap((arg) => argDTypes(arg, attrs));
    return toNdArray(value as ArrayValue, dtypes[place]);
  }

  /** Notes that the op's outputs are this layer's. */
  adopt(op: Operation): void {
    const given = op.inputs.filter((_, i) => !this.#constants.has(i));
    const made = op.outputs;
    this.addNode({
      layer: this,
      inbound: given.map((tensor) => historyOf(tensor)).filter((history) => history !== null),
      inputs: given.length === 1 ? given[0] : given,
      outputs: made.length === 1 ? made[0] : made,
      inputMasks: given.map(() => null),
      outputMasks: made.map(() => null),
      inputShapes: given.map((tensor) => tensor.shape ?? []),
      outputShapes: made.map((tensor) => tensor.shape ?? []),
      options: {},
    });
  }

  /** A layer of the same op and constants. */
  copy(): TensorFlowOpLayer {
    return new TensorFlowOpLayer({
      name: this.#opName,
      nodeDef: this.#op,
      constants: Object.fromEntries([...this.#constants].map(([place, value]) => [String(place), value])),
      dtype: this.#dtype,
    });
  }

  override call(inputs: TensorNest): TensorNest {
    const { type, attrs, inputNames } = this.#op;
    const given = [...flat(inputs as Tensor | readonly Tensor[])];
    const count = inputNames.length;
    if (given.length + this.#constants.size !== count) {
      throw new ValueError(
        `Layer "${this.name}" expects ${count - this.#constants.size} input(s), but it received ${given.length} input tensors.`,
      );
    }
    const values = inputNames.map((_, i) => this.#constants.get(i) ?? (given.shift() as Tensor));
    const { outputs } = emit(type, byArgument(type, attrs, values), declaredAttrs(type, attrs), this.#opName);
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  /** An op has no say in masks: steps are for layers. */
  override computeMask(): MaskNest {
    return null;
  }
  /** The shapes that the op has in the model. Another batch size may be asked for. */
  override computeOutputShape(_inputShape: ShapeNest): ShapeNest {
    const [{ outputShapes }] = this.inboundNodes;
    return outputShapes.length === 1 ? outputShapes[0] : outputShapes;
  }

  /** Throws `ValueError` where the op takes a variable or another tensor whose value is not known without a session. */
  override getConfig(): Config {
    const { type, attrs, inputNames } = this.#op;
    const nodeDef = { name: this.#opName, op: type, input: inputNames, attr: attrsToJson(type, attrs) };
    const constants = [...this.#constants].map(([place, value]) => [String(place), this.constantAt(value, place)]);
    return {
      name: this.#opName,
      trainable: this.trainable,
      dtype: this.#dtype,
      nodeDef: new Verbatim(nodeDef),
      constants: Object.fromEntries(constants),
    };
  }
  private constantAt(value: TensorLike, place: number): unknown {
    if (!(value instanceof Tensor)) return value;
    const known = constantValue(value);
    if (known) return known;
    throw new ValueError(
      `Input ${place} of '${this.#opName}' (${value}) is no part of the model and no constant, so that layer "${this.name}" has no configuration. Make the op part of a layer.`,
    );
  }
}

function recordOf(op: Operation): OpRecord {
  const { node, graph } = op;
  const inputNames = node.inputs.map(({ node: id, index }) => {
    const { name } = graph.node(id);
    return index === 0 ? name : `${name}:${index}`;
  });
  return { type: op.type, attrs: node.attrs, inputNames };
}

function recordFrom(def: NodeDefJson): OpRecord {
  const inputs = (def.input ?? []).filter((name) => !name.startsWith('^'));
  return { type: def.op, attrs: attrsFromJson(def), inputNames: inputs };
}

/** Names of scopes and places are another call's own. */
function declaredAttrs(type: string, attrs: Attrs): Attrs {
  const names = new Set(getOpDef(type).attrs.map(({ name }) => name));
  return Object.fromEntries(Object.entries(attrs).filter(([name]) => names.has(name)));
}

/** Inputs in a row as an op's arguments, of which some are lists. */
function byArgument(type: string, attrs: Attrs, values: readonly TensorLike[]): (TensorLike | TensorLike[])[] {
  let next = 0;
  return getOpDef(type).inputs.map((arg) => {
    if (!arg.numberAttr && !arg.typeListAttr) return values[next++];
    const length = argLength(arg, attrs);
    next += length;
    return values.slice(next - length, next);
  });
}

/** Makes the op a layer of the context that the tensors' layers belong to. */
function wrap(op: Operation, fromModel: readonly boolean[]): void {
  const constants = op.inputs.flatMap((input, i) => (fromModel[i] ? [] : [[String(i), input] as const]));
  const source = op.inputs[fromModel.indexOf(true)];
  const { layer } = historyOf(source) as History;
  buildingIn((layer as Layer).context, () => {
    new TensorFlowOpLayer({ name: op.name, nodeDef: op, constants: Object.fromEntries(constants) }).adopt(op);
  });
}
setOpWrapper(wrap);
