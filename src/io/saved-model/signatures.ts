/**
 * Signatures: what a saved graph computes for others, by the kind of request. The messages are those of `meta-graph`, the
 * tensors in them `tensor-info.ts`'s.
 */
import { Tensor } from '../../graph/graph.ts';
import { constantValue } from '../../ops/static-value.ts';
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { type DType, float32, string } from '../../util/dtype.ts';
import { ValueError } from '../../util/errors.ts';
import type { NdArray } from '../../util/ndarray.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { SignatureDef, TensorInfo } from '../meta-graph/messages.ts';
import * as names from './constants.ts';
import { buildTensorInfo, type SignatureTensor } from './tensor-info.ts';

/** By name what goes in or comes out. */
export type TensorInfoMap = Readonly<Record<string, TensorInfo>> | ReadonlyMap<string, TensorInfo>;
export type SignatureTensors = Readonly<Record<string, SignatureTensor>> | ReadonlyMap<string, SignatureTensor>;

export interface BuildSignatureDefOptions {
  readonly inputs?: TensorInfoMap | null;
  readonly outputs?: TensorInfoMap | null;
  readonly methodName?: string | null;
  /** Constants for inputs that need not be given. */
  readonly defaults?: Readonly<Record<string, Tensor>> | null;
}

export function entriesOf<T>(map: Readonly<Record<string, T>> | ReadonlyMap<string, T>): [string, T][] {
  return map instanceof Map ? [...map] : Object.entries(map as Readonly<Record<string, T>>);
}

/**
 * A signature of inputs and outputs that `tf.savedModel.buildTensorInfo` has made. Throws `ValueError` for a default that is
 * no constant.
 */
export function buildSignatureDef(
  ...rest: Rest<
    [
      inputs: TensorInfoMap | null,
      outputs: TensorInfoMap | null,
      methodName: string | null,
      defaults: Readonly<Record<string, Tensor>> | null,
    ],
    BuildSignatureDefOptions
  >
): SignatureDef {
  const { inputs, outputs, methodName, defaults } = signatureArguments(rest);
  const copies = (map: TensorInfoMap | null | undefined) =>
    new Map(entriesOf(map ?? {}).map(([key, info]) => [key, TensorInfo.fromString(info.serializeToString())]));
  const values = entriesOf(defaults ?? {}).map(([key, tensor]): [string, NdArray] => {
    const value = tensor instanceof Tensor && tensor.op.type === 'Const' ? constantValue(tensor) : null;
    if (!value)
      throw new ValueError(`Unable to convert object ${tensor} of type ${pythonTypeName(tensor)} to TensorProto.`);
    return [key, value];
  });
  return new SignatureDef({
    inputs: copies(inputs),
    outputs: copies(outputs),
    methodName: methodName ?? '',
    defaults: new Map(values),
  });
}

const POSITIONS = ['inputs', 'outputs', 'methodName', 'defaults'] as const;

/** A single map is that of inputs, unless it has the keys of options. */
function signatureArguments(rest: readonly unknown[]): BuildSignatureDefOptions {
  const isInfo = (map: unknown) =>
    typeof map === 'object' && map !== null && Object.values(map).some((value) => value instanceof TensorInfo);
  const last = rest[rest.length - 1];
  if (!isInfo(last)) return bind<BuildSignatureDefOptions>(POSITIONS, rest);
  return Object.fromEntries(rest.map((value, i) => [POSITIONS[i], value]));
}

/** The tensor's message; throws `ValueError` where it is not of the type that the kind of request has. */
function infoOf(tensor: unknown, dtype: DType, wrong: (dtype: string) => string): TensorInfo {
  const info = buildTensorInfo(tensor as SignatureTensor);
  if (info.dtype !== dtype.asDatatypeEnum) throw new ValueError(wrong(String(info.dtype)));
  return info;
}

/** A signature of serialized examples and what is predicted for them. Throws `ValueError` for tensors of other types. */
export function regressionSignatureDef(examples: Tensor, predictions: Tensor): SignatureDef {
  if (examples == null) throw new ValueError('Regression `examples` cannot be None.');
  if (!(examples instanceof Tensor)) {
    throw new ValueError(
      `Expected regression \`examples\` to be of type Tensor. Found \`examples\` of type <class '${pythonTypeName(examples)}'>.`,
    );
  }
  if (predictions == null) throw new ValueError('Regression `predictions` cannot be None.');
  const input = infoOf(
    examples,
    string,
    (type) => `Regression input tensors must be of type string. Found tensors with type ${type}.`,
  );
  const output = infoOf(
    predictions,
    float32,
    (type) => `Regression output tensors must be of type float. Found tensors with type ${type}.`,
  );
  return buildSignatureDef({
    inputs: { [names.REGRESS_INPUTS]: input },
    outputs: { [names.REGRESS_OUTPUTS]: output },
    methodName: names.REGRESS_METHOD_NAME,
  });
}

/**
 * A signature of serialized examples and their classes, scores or both; null for the one that there is not. Throws
 * `ValueError` for tensors of other types.
 */
export function classificationSignatureDef(
  examples: Tensor,
  classes: Tensor | null,
  scores: Tensor | null,
): SignatureDef {
  if (examples == null) throw new ValueError('Classification `examples` cannot be None.');
  if (!(examples instanceof Tensor)) {
    throw new ValueError(
      `Classification \`examples\` must be a string Tensor. Found \`examples\` of type <class '${pythonTypeName(examples)}'>.`,
    );
  }
  if (classes == null && scores == null) {
    throw new ValueError('Classification `classes` and `scores` cannot both be None.');
  }
  const input = infoOf(
    examples,
    string,
    (type) => `Classification input tensors must be of type string. Found tensors of type ${type}`,
  );
  const outputs = new Map<string, TensorInfo>();
  if (classes != null) {
    const wrong = (type: string) =>
      `Classification classes must be of type string Tensor. Found tensors of type ${type}.\``;
    outputs.set(names.CLASSIFY_OUTPUT_CLASSES, infoOf(classes, string, wrong));
  }
  if (scores != null) {
    const wrong = () => 'Classification scores must be a float Tensor.';
    outputs.set(names.CLASSIFY_OUTPUT_SCORES, infoOf(scores, float32, wrong));
  }
  return buildSignatureDef({
    inputs: { [names.CLASSIFY_INPUTS]: input },
    outputs,
    methodName: names.CLASSIFY_METHOD_NAME,
  });
}

/**
 * A signature of any tensors. Throws `ValueError` where there are no inputs or no outputs.
 *
 *     tf.savedModel.predictSignatureDef({x}, {y})
 */
export function predictSignatureDef(inputs: SignatureTensors, outputs: SignatureTensors): SignatureDef {
  const infos = (map: SignatureTensors) =>
    new Map(entriesOf(map).map(([key, tensor]) => [key, buildTensorInfo(tensor)] as const));
  if (inputs == null || entriesOf(inputs).length === 0) {
    throw new ValueError('Prediction `inputs` cannot be None or empty.');
  }
  if (outputs == null || entriesOf(outputs).length === 0) {
    throw new ValueError('Prediction `outputs` cannot be None or empty.');
  }
  return buildSignatureDef({
    inputs: infos(inputs),
    outputs: infos(outputs),
    methodName: names.PREDICT_METHOD_NAME,
  });
}

/** Whether TensorFlow Serving can answer requests by the signature. */
export function isValidSignature(signatureDef: SignatureDef | null): boolean {
  if (!signatureDef) return false;
  const { methodName, inputs, outputs } = signatureDef;
  const has = (map: ReadonlyMap<string, TensorInfo>, key: string, dtype: DType) =>
    map.get(key)?.dtype === dtype.asDatatypeEnum;
  switch (methodName) {
    case names.PREDICT_METHOD_NAME:
      return inputs.size > 0 && outputs.size > 0;
    case names.REGRESS_METHOD_NAME:
      return (
        inputs.size === 1 &&
        has(inputs, names.REGRESS_INPUTS, string) &&
        outputs.size === 1 &&
        has(outputs, names.REGRESS_OUTPUTS, float32)
      );
    case names.CLASSIFY_METHOD_NAME: {
      const known = new Map([
        [names.CLASSIFY_OUTPUT_CLASSES, string],
        [names.CLASSIFY_OUTPUT_SCORES, float32],
      ]);
      const isKnown = ([key, { dtype }]: [string, TensorInfo]) => known.get(key)?.asDatatypeEnum === dtype;
      return (
        inputs.size === 1 &&
        has(inputs, names.CLASSIFY_INPUTS, string) &&
        outputs.size > 0 &&
        [...outputs].every(isKnown)
      );
    }
  }
  return false;
}
