/** The namespace `tf.savedModel.utils`. */
export { buildTensorInfo, getTensorFromTensorInfo } from '../tensor-info.ts';
