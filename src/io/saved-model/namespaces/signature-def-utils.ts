/** The namespace `tf.savedModel.signatureDefUtils`. */
export { MethodNameUpdater } from '../method-names.ts';
export {
  buildSignatureDef,
  classificationSignatureDef,
  isValidSignature,
  predictSignatureDef,
  regressionSignatureDef,
} from '../signatures.ts';
