/** Host kernels that convert and change the colors of images. */
import { allocate, type NdArray } from '../../src/util/ndarray.ts';
import { invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

type Triple = readonly [number, number, number];

function clamp(x: number): number {
  return Math.max(0, Math.min(1, x));
}

function toHsv(red: number, green: number, blue: number): Triple {
  const value = Math.max(red, green, blue);
  const range = value - Math.min(red, green, blue);
  const saturation = value > 0 ? range / value : 0;
  if (!(range > 0)) return [0, saturation, value];
  const norm = 1 / (6 * range);
  let hue: number;
  if (red === value) hue = norm * (green - blue);
  else if (green === value) hue = norm * (blue - red) + 2 / 6;
  else hue = norm * (red - green) + 4 / 6;
  return [hue < 0 ? hue + 1 : hue, saturation, value];
}

/** How much of each colour a hue has, from 0 to 1. */
function ofHue(hue: number): Triple {
  const place = hue * 6;
  return [clamp(Math.abs(place - 3) - 1), clamp(2 - Math.abs(place - 2)), clamp(2 - Math.abs(place - 4))];
}

function toRgb(hue: number, saturation: number, value: number): Triple {
  const [red, green, blue] = ofHue(hue);
  const blend = (color: number) => (1 - saturation + saturation * color) * value;
  return [blend(red), blend(green), blend(blue)];
}

/** Changes each pixel on its own. */
function eachPixel(images: NdArray, change: (a: number, b: number, c: number) => Triple): readonly NdArray[] {
  const channels = images.shape[images.rank - 1];
  if (channels !== 3) throw invalid(`input must have 3 channels but instead has ${channels} channels.`);
  const source = images.data as Float64Array;
  const out = allocate(images.dtype, images.size) as Float64Array;
  for (let i = 0; i < source.length; i += 3) out.set(change(source[i], source[i + 1], source[i + 2]), i);
  return [rounded(images.dtype, images.shape, out)];
}

const adjustContrast: HostKernel = ([images, factor]) => {
  if (images.rank < 3) throw invalid(`input must be at least 3-D, got shape[${images.shape}]`);
  const [height, width, channels] = images.shape.slice(-3);
  const [plane, by] = [height * width, (factor.data as Float32Array)[0]];
  const source = images.data as Float64Array;
  const out = allocate(images.dtype, images.size) as Float64Array;
  for (let first = 0; first < source.length; first += plane * channels) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let i = 0; i < plane; i++) sum += source[first + i * channels + c];
      const mean = sum / plane;
      for (let i = 0; i < plane; i++) {
        const at = first + i * channels + c;
        out[at] = (source[at] - mean) * by + mean;
      }
    }
  }
  return [rounded(images.dtype, images.shape, out)];
};

defineHostKernels({
  RGBToHSV: ([images]) => eachPixel(images, toHsv),
  HSVToRGB: ([images]) => eachPixel(images, toRgb),
  AdjustContrastv2: adjustContrast,
  AdjustHue: ([images, delta]) => {
    const by = (delta.data as Float32Array)[0];
    // The range between the least and the greatest colour stays, also where they are negative and saturation means nothing.
    return eachPixel(images, (...colors) => {
      const least = Math.min(...colors);
      const [hue, , greatest] = toHsv(...colors);
      const turned = hue + by;
      const [red, green, blue] = ofHue(turned - Math.floor(turned));
      const blend = (color: number) => least + (greatest - least) * color;
      return [blend(red), blend(green), blend(blue)];
    });
  },
  AdjustSaturation: ([images, scale]) => {
    const by = (scale.data as Float32Array)[0];
    return eachPixel(images, (red, green, blue) => {
      const [hue, saturation, value] = toHsv(red, green, blue);
      return toRgb(hue, clamp(saturation * by), value);
    });
  },
});
