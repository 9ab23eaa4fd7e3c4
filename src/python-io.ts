/** The namespace `tf.pythonIo`, in TensorFlow also `tf.python_io`: what is in `tf.io` too. */
export { TFRecordCompressionType, TFRecordOptions } from './io/records/options.ts';
export { TFRecordWriter, tfRecordIterator } from './io/records/record-files.ts';
