/** Tensors of a graph by name for signatures, and back. Signatures themselves are `signatures.ts`'s. */
import { getDefaultGraph } from '../../graph/default-graph.ts';
import { type Graph, type Operation, Tensor } from '../../graph/graph.ts';
import { SparseTensor } from '../../ops/sparse-tensor.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { TypeError, ValueError } from '../../util/errors.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import type { Shape } from '../../util/shape.ts';
import { Variable } from '../../variables/variable.ts';
import { prependNameScope } from '../../variables/variable-def.ts';
import { shapeToProto } from '../graph-def-tensor.ts';
import { TensorInfo } from '../meta-graph/messages.ts';

/** What signatures can name. */
export type SignatureTensor = Tensor | SparseTensor | Variable;

function shapeMessage(shape: Shape) {
  return shapeToProto(shape ? { dim: shape.map((d) => d ?? -1) } : { unknownRank: true, dim: [] });
}

/**
 * The name, type and shape of a tensor, for a signature; of a sparse tensor the names of its parts. Throws `TypeError` for
 * something else.
 *
 *     tf.savedModel.buildTensorInfo(x).name    // 'x:0'
 */
export function buildTensorInfo(tensor: SignatureTensor): TensorInfo {
  if (tensor instanceof SparseTensor) {
    const { values, indices, denseShape } = tensor;
    return new TensorInfo({
      dtype: values.dtype.asDatatypeEnum,
      tensorShape: shapeMessage(tensor.shape),
      cooSparse: {
        valuesTensorName: values.name,
        indicesTensorName: indices.name,
        denseShapeTensorName: denseShape.name,
      },
    });
  }
  if (!(tensor instanceof Tensor || tensor instanceof Variable)) {
    throw new TypeError(`Expected a Tensor or SparseTensor, got ${pythonTypeName(tensor)}`);
  }
  const { dtype, shape, name } = tensor;
  return new TensorInfo({ name, dtype: dtype.asDatatypeEnum, tensorShape: shapeMessage(shape) });
}

/** An operation as signatures name one: without a type. */
export function tensorInfoOfOp(op: Operation | Tensor): TensorInfo {
  return new TensorInfo({ name: op.name, dtype: 0, tensorShape: shapeMessage(null) });
}

/** The element that such a message names. Throws `KeyError` where the graph does not have it. */
export function elementOfInfo(info: TensorInfo, graph: Graph, importScope: string | null): Tensor | Operation {
  return graph.asGraphElement(prependNameScope(info.name ?? '', importScope));
}

/**
 * The tensor that a signature names, of the default graph without another one; `importScope` comes before the name. Throws
 * `KeyError` where the graph does not have it, `ValueError` for a message that names none.
 */
export function getTensorFromTensorInfo(
  tensorInfo: TensorInfo,
  ...rest: Rest<
    [graph: Graph | null, importScope: string | null],
    { readonly graph?: Graph | null; readonly importScope?: string | null }
  >
): Tensor | SparseTensor {
  const options = bind<{ graph: Graph | null; importScope: string | null }>(['graph', 'importScope'], rest);
  const graph = options.graph ?? getDefaultGraph();
  const tensor = (name: string) => graph.getTensorByName(prependNameScope(name, options.importScope));
  const { name, cooSparse } = tensorInfo;
  if (name !== null) return tensor(name);
  if (cooSparse) {
    const { indicesTensorName, valuesTensorName, denseShapeTensorName } = cooSparse;
    return new SparseTensor(tensor(indicesTensorName), tensor(valuesTensorName), tensor(denseShapeTensorName));
  }
  throw new ValueError(
    `Invalid TensorInfo.encoding: ${tensorInfo.compositeTensor ? 'composite_tensor' : 'None'}. Expected \`coo_sparse\`, \`composite_tensor\`, or \`name\` for a dense tensor.`,
  );
}
