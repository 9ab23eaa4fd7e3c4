/**
 * Host kernels of crops of boxes with their gradients, and of drawing boxes. Places in the image are computed in single
 * precision, as TensorFlow does it.
 */
import { float32 } from '../../src/util/dtype.ts';
import { allocate, NdArray, type NumericData } from '../../src/util/ndarray.ts';
import { copyOf, indicesOf, invalid, rounded } from './elements.ts';
import { defineHostKernels, type HostKernel } from './registry.ts';

const { fround } = Math;

/** Where along an axis each pixel of a crop lies in the image; null outside. */
function places(from: number, to: number, size: number, count: number): (number | null)[] {
  const step = count > 1 ? fround(fround(fround(to - from) * (size - 1)) / (count - 1)) : 0;
  return Array.from({ length: count }, (_, i) => {
    const place =
      count > 1
        ? fround(fround(from * (size - 1)) + fround(i * step))
        : fround(fround(0.5 * fround(from + to)) * (size - 1));
    return place < 0 || place > size - 1 || Number.isNaN(place) ? null : place;
  });
}

/** Rounding as in C++: halves away from zero; places are not negative. */
function nearest(place: number): number {
  return Math.floor(place + 0.5);
}

/** Calls back for each pixel of each crop, with its place in the image, or null outside. */
function eachPixel(
  boxes: NdArray,
  indices: NdArray,
  image: readonly number[],
  crop: readonly [height: number, width: number],
  visit: (to: number, box: number, y: number | null, x: number | null, row: number, column: number) => void,
): void {
  if (boxes.rank !== 2 || boxes.shape[1] !== 4) throw invalid('boxes must have 4 columns');
  const [batch, height, width] = image;
  const which = indicesOf(indices);
  const corners = boxes.data as Float32Array;
  let to = 0;
  for (let box = 0; box < boxes.shape[0]; box++) {
    if (!(which[box] >= 0 && which[box] < batch)) throw invalid('box_index has values outside [0, batch_size)');
    const [y1, x1, y2, x2] = corners.subarray(4 * box, 4 * box + 4);
    const [rows, columns] = [places(y1, y2, height, crop[0]), places(x1, x2, width, crop[1])];
    rows.forEach((y, row) => {
      columns.forEach((x, column) => {
        visit(to++, box, y === null || x === null ? null : y, x, row, column);
      });
    });
  }
}

const cropAndResize: HostKernel = ([image, boxes, indices, sizeInput], op) => {
  if (image.rank !== 4) throw invalid(`input image must be 4-D[${image.shape}]`);
  const [height, width] = Array.from(indicesOf(sizeInput));
  if (!(height > 0 && width > 0)) throw invalid(`crop dimensions must be positive`);
  const [, imageHeight, imageWidth, channels] = image.shape;
  if (!(imageHeight > 0 && imageWidth > 0)) throw invalid('image dimensions must be positive');
  const outside = op.attr<number>('extrapolation_value');
  const isNearest = op.attr<string>('method') === 'nearest';
  const source = image.data as NumericData;
  const which = indicesOf(indices);
  const shape = [boxes.shape[0], height, width, channels];
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(outside);
  eachPixel(boxes, indices, image.shape, [height, width], (to, box, y, x) => {
    if (y === null || x === null) return;
    const at = (row: number, column: number, c: number) =>
      Number(source[((which[box] * imageHeight + row) * imageWidth + column) * channels + c]);
    for (let c = 0; c < channels; c++) {
      if (isNearest) {
        out[to * channels + c] = at(nearest(y), nearest(x), c);
        continue;
      }
      const [top, bottom, left, right] = [Math.floor(y), Math.ceil(y), Math.floor(x), Math.ceil(x)];
      const upper = at(top, left, c) + (at(top, right, c) - at(top, left, c)) * (x - left);
      const lower = at(bottom, left, c) + (at(bottom, right, c) - at(bottom, left, c)) * (x - left);
      out[to * channels + c] = upper + (lower - upper) * (y - top);
    }
  });
  return [new NdArray(float32, shape, out)];
};

const gradImage: HostKernel = ([grads, boxes, indices, sizeInput], op) => {
  const shape = Array.from(indicesOf(sizeInput));
  const [, height, width, channels] = shape;
  const dtype = op.outputDType(0);
  const dy = grads.data as Float32Array;
  const which = indicesOf(indices);
  const sums = new Float64Array(shape.reduce((a, b) => a * b, 1));
  const isNearest = op.attr<string>('method') === 'nearest';
  eachPixel(boxes, indices, shape, [grads.shape[1], grads.shape[2]], (to, box, y, x) => {
    if (y === null || x === null) return;
    const add = (row: number, column: number, weight: number) => {
      const at = ((which[box] * height + row) * width + column) * channels;
      for (let c = 0; c < channels; c++) sums[at + c] += weight * dy[to * channels + c];
    };
    if (isNearest) return add(nearest(y), nearest(x), 1);
    const [top, left] = [Math.floor(y), Math.floor(x)];
    const [down, beside] = [y - top, x - left];
    add(top, left, (1 - down) * (1 - beside));
    add(top, Math.ceil(x), (1 - down) * beside);
    add(Math.ceil(y), left, down * (1 - beside));
    add(Math.ceil(y), Math.ceil(x), down * beside);
  });
  const out = allocate(dtype, sums.length) as Float64Array;
  out.set(sums);
  return [rounded(dtype, shape, out)];
};

const gradBoxes: HostKernel = ([grads, image, boxes, indices]) => {
  const [, height, width, channels] = image.shape;
  const [, cropHeight, cropWidth] = grads.shape;
  const [source, dy] = [image.data as NumericData, grads.data as Float32Array];
  const which = indicesOf(indices);
  const sums = new Float64Array(boxes.size);
  eachPixel(boxes, indices, image.shape, [cropHeight, cropWidth], (to, box, y, x, row, column) => {
    if (y === null || x === null) return;
    const [top, bottom, left, right] = [Math.floor(y), Math.ceil(y), Math.floor(x), Math.ceil(x)];
    const [down, beside] = [y - top, x - left];
    // How far each edge of the box moves the pixel.
    const below = cropHeight > 1 ? row / (cropHeight - 1) : 0.5;
    const after = cropWidth > 1 ? column / (cropWidth - 1) : 0.5;
    for (let c = 0; c < channels; c++) {
      const at = (i: number, j: number) => Number(source[((which[box] * height + i) * width + j) * channels + c]);
      const [a, b, d, e] = [at(top, left), at(top, right), at(bottom, left), at(bottom, right)];
      const byY = ((1 - beside) * (d - a) + beside * (e - b)) * dy[to * channels + c] * (height - 1);
      const byX = ((1 - down) * (b - a) + down * (e - d)) * dy[to * channels + c] * (width - 1);
      sums[4 * box] += byY * (1 - below);
      sums[4 * box + 1] += byX * (1 - after);
      sums[4 * box + 2] += byY * below;
      sums[4 * box + 3] += byX * after;
    }
  });
  return [new NdArray(float32, boxes.shape, Float32Array.from(sums))];
};

/** The colors that boxes get in turn, with opacity for a fourth channel. */
const COLORS = [
  [1, 1, 0, 1],
  [0, 0, 1, 1],
  [1, 0, 0, 1],
  [0, 1, 0, 1],
  [0.5, 0, 0.5, 1],
  [0.5, 0.5, 0, 1],
  [0.5, 0, 0, 1],
  [0, 0, 0.5, 1],
  [0, 1, 1, 1],
  [1, 0, 1, 1],
];

const draw: HostKernel = ([images, boxes, given]) => {
  if (images.rank !== 4) throw invalid('The rank of the images should be 4');
  if (boxes.rank !== 3) throw invalid('The rank of the boxes tensor should be 3');
  const [batch, height, width, channels] = images.shape;
  if (boxes.shape[0] !== batch) {
    throw invalid(
      `The batch sizes should be the same, got images with batch size ${batch} and boxes with batch size ${boxes.shape[0]}`,
    );
  }
  if (channels !== 4 && channels !== 1 && channels !== 3)
    throw invalid('Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)');
  const palette = given?.size
    ? Array.from({ length: given.shape[0] }, (_, i) =>
        Array.from((given.data as Float32Array).subarray(i * given.shape[1], (i + 1) * given.shape[1])),
      )
    : COLORS.map((color) => (channels === 1 ? [1] : color));
  const out = copyOf(images.data) as Float32Array;
  const corners = boxes.data as Float32Array;
  const count = boxes.shape[1];
  for (let n = 0; n < batch; n++) {
    for (let box = 0; box < count; box++) {
      const [y1, x1, y2, x2] = corners.subarray(4 * (n * count + box), 4 * (n * count + box) + 4);
      const [top, bottom] = [y1, y2].map((y) => Math.floor(fround(y * (height - 1))));
      const [left, right] = [x1, x2].map((x) => Math.floor(fround(x * (width - 1))));
      if (top > bottom || left > right || top >= height || bottom < 0 || left >= width || right < 0) continue;
      const color = palette[box % palette.length];
      const paint = (y: number, x: number) => {
        if (y < 0 || y >= height || x < 0 || x >= width) return;
        const at = ((n * height + y) * width + x) * channels;
        for (let c = 0; c < channels; c++) out[at + c] = color[c];
      };
      for (let x = left; x <= right; x++) {
        paint(top, x);
        paint(bottom, x);
      }
      for (let y = top; y <= bottom; y++) {
        paint(y, left);
        paint(y, right);
      }
    }
  }
  return [rounded(images.dtype, images.shape, out)];
};

defineHostKernels({
  CropAndResize: cropAndResize,
  CropAndResizeGradImage: gradImage,
  CropAndResizeGradBoxes: gradBoxes,
  DrawBoundingBoxes: draw,
  DrawBoundingBoxesV2: draw,
});
