/**
 * Keras's settings: float type, fuzz factor, image layout. They are the process's and shared by all Keras contexts; no
 * reset touches them.
 */
import { asDType, type DTypeLike, type DTypeName } from '../util/dtype.ts';
import { ValueError } from '../util/errors.ts';

export type Floatx = 'float16' | 'float32' | 'float64';
export type ImageDataFormat = 'channels_last' | 'channels_first';

const settings: { floatx: Floatx; epsilon: number; imageDataFormat: ImageDataFormat } = {
  floatx: 'float32',
  epsilon: 1e-7,
  imageDataFormat: 'channels_last',
};

/** The float type that layers and variables get where none is given: `'float32'` at the start. */
export function floatx(): Floatx {
  return settings.floatx;
}

/**
 * Sets it, to float16, float32 or float64.
 *
 *     tf.keras.backend.setFloatx('float64')
 */
export function setFloatx(value: DTypeLike): void {
  const name: DTypeName = asDType(value).name;
  if (name !== 'float16' && name !== 'float32' && name !== 'float64') {
    throw new ValueError(
      `Unknown \`floatx\` value: ${name}. Expected one of {'bfloat16', 'float16', 'float32', 'float64'}`,
    );
  }
  settings.floatx = name;
}

/** The small number that divisions and logarithms are kept away from zero by: 1e-7 at the start. */
export function epsilon(): number {
  return settings.epsilon;
}

/** Sets it. */
export function setEpsilon(value: number): void {
  settings.epsilon = value;
}

/** Where images have their channels: `'channels_last'` at the start. */
export function imageDataFormat(): ImageDataFormat {
  return settings.imageDataFormat;
}

/** Sets it, to `'channels_last'` or `'channels_first'`. */
export function setImageDataFormat(value: ImageDataFormat): void {
  settings.imageDataFormat = checkDataFormat(value);
}

/** The layout, or the setting where it is null. Throws `ValueError` for what is no layout. */
export function checkDataFormat(value: string | null | undefined): ImageDataFormat {
  const format = value ?? settings.imageDataFormat;
  if (format !== 'channels_last' && format !== 'channels_first') {
    throw new ValueError(
      `The \`data_format\` argument must be one of "channels_first", "channels_last". Received: data_format=${format}`,
    );
  }
  return format;
}
