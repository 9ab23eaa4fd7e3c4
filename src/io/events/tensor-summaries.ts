/** Summaries of tensors of any type, and what is said of them: the functions of `tf.summary` that need messages to build ops. */
import type { Tensor } from '../../graph/graph.ts';
import { convertToTensor, emitOne, graphOf } from '../../ops/emit.ts';
import { type SummaryOptions, summaryOf } from '../../ops/summaries.ts';
import { bind, type Rest, type TensorLike } from '../../ops/tensor-like.ts';
import { string } from '../../util/dtype.ts';
import { DataLossError, ValueError } from '../../util/errors.ts';
import { NdArray } from '../../util/ndarray.ts';
import { pythonTypeName } from '../../util/python-names.ts';
import { SummaryDescription, SummaryMetadata } from './summary-messages.ts';

export interface TensorSummaryOptions extends SummaryOptions {
  /** Markdown. */
  readonly summaryDescription?: string | null;
  /** Which plugins show the values. */
  readonly summaryMetadata?: SummaryMetadata | null;
  /** The name that is shown instead of the tag. */
  readonly displayName?: string | null;
}

/**
 * A tensor of any type and shape, for plugins of TensorBoard: a scalar string tensor, the serialized `Summary`.
 *
 *     tf.summary.tensorSummary('logits', logits, {displayName: 'Logits'});
 */
export function tensorSummary(
  name: string,
  tensor: TensorLike,
  ...rest: Rest<
    [
      summaryDescription: string | null,
      collections: readonly string[] | null,
      summaryMetadata: SummaryMetadata | null,
      family: string | null,
      displayName: string | null,
    ],
    TensorSummaryOptions
  >
): Tensor {
  const options = bind<TensorSummaryOptions>(
    ['summaryDescription', 'collections', 'summaryMetadata', 'family', 'displayName'],
    rest,
  );
  const metadata = new SummaryMetadata(options.summaryMetadata ?? {});
  if (options.summaryDescription != null) metadata.summaryDescription = options.summaryDescription;
  if (options.displayName != null) metadata.displayName = options.displayName;
  const serialized = new NdArray(string, [], [metadata.serializeToString()]);
  return summaryOf(name, [tensor], options, 'TensorSummaryV2', ({ tag, scope }) =>
    emitOne('TensorSummaryV2', [tag, tensor, serialized], {}, scope),
  );
}

/**
 * Texts of any shape, as Markdown: a scalar string tensor, the serialized `Summary`. Throws `ValueError` for another type.
 *
 *     tf.summary.text('notes', tf.constant(['# Run 1', 'learning rate 0.1']));
 */
export function text(
  name: string,
  tensor: TensorLike,
  ...rest: Rest<[collections: readonly string[] | null], { readonly collections?: readonly string[] | null }>
): Tensor {
  const { collections } = bind<{ readonly collections?: readonly string[] | null }>(['collections'], rest);
  return graphOf([tensor]).atomic(() => {
    const texts = convertToTensor(tensor);
    if (texts.dtype !== string) {
      throw new ValueError(`Expected tensor ${texts.name} to have dtype string, got <dtype: '${texts.dtype.name}'>`);
    }
    const summaryMetadata = new SummaryMetadata({ pluginData: { pluginName: 'text' } });
    return tensorSummary(name, texts, { collections, summaryMetadata });
  });
}

/** A node of a graph or of a `GraphDef`. */
export interface SummaryNode {
  readonly op: string;
  readonly attr: ReadonlyMap<string, unknown>;
}

/**
 * What a `TensorSummary` node of a `GraphDef` says of its values. Throws `ValueError` for other nodes.
 *
 *     tf.summary.getSummaryDescription(graphDef.node[0]).typeHint
 */
export function getSummaryDescription(nodeDef: SummaryNode): SummaryDescription {
  if (nodeDef.op !== 'TensorSummary') throw new ValueError(`Can't get_summary_description on ${nodeDef.op}`);
  const { s } = (nodeDef.attr.get('description') ?? {}) as { s?: Uint8Array };
  const json = new TextDecoder().decode(s);
  let said: unknown;
  try {
    said = JSON.parse(json);
  } catch (error) {
    throw new DataLossError(null, `Failed to load JSON: ${(error as Error).message}.`);
  }
  const { typeHint = (said as { type_hint?: unknown }).type_hint ?? '' } = said as { typeHint?: unknown };
  if (typeof typeHint !== 'string') {
    throw new DataLossError(null, `Failed to parse typeHint field: ${pythonTypeName(typeHint)}`);
  }
  return new SummaryDescription({ typeHint });
}
