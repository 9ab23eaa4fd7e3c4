/** The namespace `tf.savedModel.mainOp`. */
export { mainOp, mainOpWithRestore } from '../main-op.ts';
