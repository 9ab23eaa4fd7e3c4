/** `MethodNameUpdater`: changes the kinds of signatures in a model's file. All else in it stays as it is. */
import { bind, type Rest } from '../../ops/tensor-like.ts';
import { ValueError } from '../../util/errors.ts';
import { fileSystem, joinPath } from '../file-system.ts';
import { SAVED_MODEL_FILENAME_PBTXT } from './constants.ts';
import { readSavedModel, type SavedModel, writeSavedModel } from './message.ts';

/**
 * Changes the method names of signatures in a SavedModel.
 *
 *     const updater = new tf.savedModel.signatureDefUtils.MethodNameUpdater('/models/digits/1');
 *     await updater.replaceMethodName('serving_default', tf.savedModel.PREDICT_METHOD_NAME);
 *     await updater.save();
 */
export class MethodNameUpdater {
  private model: Promise<SavedModel> | null = null;

  constructor(private readonly exportDir: string) {}

  /**
   * Gives the signatures of that name another method name, in all graphs or in that with these tags. Rejects with
   * `ValueError` where there is no such graph or signature, and as `tf.savedModel.load` does for the file.
   */
  async replaceMethodName(
    signatureKey: string,
    methodName: string,
    ...rest: Rest<[tags: string | readonly string[] | null], { readonly tags?: string | readonly string[] | null }>
  ): Promise<void> {
    const { tags = null } = bind<{ tags: string | readonly string[] | null }>(['tags'], rest);
    if (!signatureKey) throw new ValueError('`signature_key` must be defined.');
    if (!methodName) throw new ValueError('`method_name` must be defined.');
    const wanted = tags === null ? null : new Set(typeof tags === 'string' ? [tags] : tags);
    const text = wanted ? `[${[...wanted].map((tag) => `'${tag}'`).join(', ')}]` : 'None';
    const { metaGraphs } = await this.read();
    const chosen = metaGraphs.filter(({ metaInfoDef }) => {
      const own = new Set(metaInfoDef?.tags ?? []);
      return !wanted || (own.size === wanted.size && [...wanted].every((tag) => own.has(tag)));
    });
    if (chosen.length === 0) {
      throw new ValueError(
        `MetaGraphDef associated with tags ${text} could not be found in SavedModel. This means either you specified invalid tags or your SavedModel does not have a MetaGraphDef with the specified tags.`,
      );
    }
    for (const { signatureDef } of chosen) {
      const signature = signatureDef.get(signatureKey);
      if (!signature) {
        throw new ValueError(
          `MetaGraphDef associated with tags ${text} does not have a signature_def with key: '${signatureKey}'. This means either you specified the wrong signature key or forgot to put the signature_def with the corresponding key in your SavedModel.`,
        );
      }
      signature.methodName = methodName;
    }
  }

  /** Writes the model's file, into another folder where one is given. */
  async save(...rest: Rest<[newExportDir: string | null], { readonly newExportDir?: string | null }>): Promise<void> {
    const { newExportDir } = bind<{ newExportDir: string | null }>(['newExportDir'], rest);
    const files = await fileSystem();
    const isText = await files.exists(joinPath(this.exportDir, SAVED_MODEL_FILENAME_PBTXT));
    await writeSavedModel(newExportDir || this.exportDir, await this.read(), isText);
  }

  private read(): Promise<SavedModel> {
    this.model ??= readSavedModel(this.exportDir);
    return this.model;
  }
}
