/** The namespace `tf.savedModel`: models in folders, with their signatures. */
export { SavedModelBuilder as Builder, simpleSave } from './io/saved-model/builder.ts';
export {
  load,
  maybeSavedModelDirectory,
  maybeSavedModelDirectory as containsSavedModel,
} from './io/saved-model/loader.ts';
export { mainOpWithRestore } from './io/saved-model/main-op.ts';
export * as builder from './io/saved-model/namespaces/builder.ts';
export * from './io/saved-model/namespaces/constants.ts';
export * as constants from './io/saved-model/namespaces/constants.ts';
export * as loader from './io/saved-model/namespaces/loader.ts';
export * as mainOp from './io/saved-model/namespaces/main-op.ts';
export * from './io/saved-model/namespaces/signature-constants.ts';
export * as signatureConstants from './io/saved-model/namespaces/signature-constants.ts';
export * as signatureDefUtils from './io/saved-model/namespaces/signature-def-utils.ts';
export * from './io/saved-model/namespaces/tag-constants.ts';
export * as tagConstants from './io/saved-model/namespaces/tag-constants.ts';
export * as utils from './io/saved-model/namespaces/utils.ts';
export {
  type BuildSignatureDefOptions,
  buildSignatureDef,
  classificationSignatureDef,
  isValidSignature,
  predictSignatureDef,
  regressionSignatureDef,
} from './io/saved-model/signatures.ts';
export { buildTensorInfo, getTensorFromTensorInfo, type SignatureTensor } from './io/saved-model/tensor-info.ts';
