/** The namespace `tf.dtypes`: the element types and the ops that change them. */
export { cast, saturateCast } from './ops/cast.ts';
export { complex } from './ops/complex-numbers.ts';
export { asString } from './ops/string-parts.ts';
export {
  asDType as asDtype,
  bfloat16,
  bool,
  complex64,
  complex128,
  DType,
  float16,
  float16 as half,
  float32,
  float64,
  float64 as double,
  int8,
  int16,
  int32,
  int64,
  qint8,
  qint16,
  qint32,
  quint8,
  quint16,
  resource,
  string,
  uint8,
  uint16,
  uint32,
  uint64,
  variant,
} from './util/dtype.ts';
