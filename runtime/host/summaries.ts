/**
 * Host kernels of summaries: messages of type `Summary` with numbers, histograms, images, sounds and tensors, and several
 * such messages in one. Image files are written by `src/keras/utils/image-codec.ts`, histograms and sounds are beside this.
 */
import { create } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { decodeMessage, encodeMessage } from '../../src/io/proto/codec.ts';
import { SummaryMetadataSchema, SummarySchema } from '../../src/io/proto/summary_pb.ts';
import { encodePng } from '../../src/keras/utils/image-codec.ts';
import { roundHalf } from '../../src/util/array-convert.ts';
import { float64, string, uint8 } from '../../src/util/dtype.ts';
import { allocate, NdArray } from '../../src/util/ndarray.ts';
import { invalid, scalarOf } from './elements.ts';
import { histogramMessage } from './histogram.ts';
import { defineHostKernels, type HostOp } from './registry.ts';
import { serializeTensor } from './tensor-proto.ts';
import { shown, textArray, textsOf } from './texts.ts';
import { waveFile } from './wave-file.ts';

/** The fields of `Summary.Value`. Tags are written as the bytes they are: TensorFlow takes those that are no UTF-8, too. */
const FIELD = { tag: 1, simpleValue: 2, image: 4, histo: 5, audio: 6, nodeName: 7, tensor: 8, metadata: 9 };

const encoder = new TextEncoder();

/** A message of one field that holds bytes or a message. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
}

/** A message of values, each the pieces of its fields. */
function summary(values: readonly (readonly Uint8Array[])[]): NdArray {
  const writer = new BinaryWriter();
  for (const pieces of values) {
    writer.tag(1, WireType.LengthDelimited).fork();
    for (const piece of pieces) writer.raw(piece);
    writer.join();
  }
  return textArray([], [writer.finish()]);
}

/** An empty tag is what a missing field means. */
function tagField(tag: Uint8Array): Uint8Array {
  return tag.length === 0 ? tag : field(FIELD.tag, tag);
}

/** What the first of several is called, and the only one. */
function mediaTag(tag: Uint8Array, kind: string, most: number, i: number): Uint8Array {
  const end = encoder.encode(most > 1 ? `/${kind}/${i}` : `/${kind}`);
  const whole = new Uint8Array(tag.length + end.length);
  whole.set(tag);
  whole.set(end, tag.length);
  return tagField(whole);
}

function scalarTag(tags: NdArray, message: string): Uint8Array {
  if (tags.rank !== 0) throw invalid(message);
  return textsOf(tags)[0];
}

defineHostKernels({
  ScalarSummary: ([tags, values]) => {
    if (tags.shape.join() !== values.shape.join()) {
      const which = tags.size === 1 ? ` (tag '${shown(textsOf(tags)[0])}')` : '';
      throw invalid(`tags and values are not the same shape: [${tags.shape}] != [${values.shape}]${which}`);
    }
    const data = values.data as ArrayLike<number | bigint>;
    return [
      summary(
        textsOf(tags).map((tag, i) => [
          tagField(tag),
          new BinaryWriter()
            .tag(FIELD.simpleValue, WireType.Bit32)
            .float(Math.fround(Number(data[i])))
            .finish(),
        ]),
      ),
    ];
  },
  HistogramSummary: ([tags, values], op) => {
    const tag = scalarTag(tags, 'tags must be scalar');
    const data = values.data as ArrayLike<number | bigint>;
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (Number.isNaN(value)) throw invalid(`Nan in summary histogram for: ${op.name}`);
      if (value === Infinity || value === -Infinity) throw invalid(`Infinity in Histogram for: ${op.name}`);
    }
    return [summary([[tagField(tag), field(FIELD.histo, histogramMessage(data))]])];
  },
  ImageSummary: ([tags, tensor], op) => {
    const tag = scalarTag(tags, 'Tags must be a scalar');
    const [batch, height, width, depth] = tensor.shape;
    if (tensor.rank !== 4 || ![1, 3, 4].includes(depth)) {
      throw invalid(`Tensor must be 4-D with last dim 1, 3, or 4, not [${tensor.shape}]`);
    }
    if (height * width === 0 && batch > 0) {
      throw invalid(`input tensor must have non-zero dims. Found: [${tensor.shape.join(', ')}].`);
    }
    const most = op.attr<number>('max_images');
    const size = height * width * depth;
    const badColor = tensor.dtype === uint8 ? null : badColorOf(op, depth);
    const values = Array.from({ length: Math.min(most, batch) }, (_, i) => {
      const pixels = (tensor.data as Uint8Array).slice(i * size, (i + 1) * size);
      const data = badColor ? normalized(new NdArray(tensor.dtype, [size / depth, depth], pixels), badColor) : pixels;
      const image = new BinaryWriter();
      for (const [number, value] of [height, width, depth].entries())
        image.tag(number + 1, WireType.Varint).int32(value);
      image.tag(4, WireType.LengthDelimited).bytes(encodePng({ width, height, channels: depth, data }));
      return [mediaTag(tag, 'image', most, i), field(FIELD.image, image.finish())];
    });
    return [summary(values)];
  },
  AudioSummary: ([tags, tensor], op) => [sounds(tags, tensor, op.attr('sample_rate'), op)],
  AudioSummaryV2: ([tags, tensor, rate], op) => {
    if (rate.size !== 1) throw invalid('sample_rate must be scalar');
    return [sounds(tags, tensor, scalarOf(rate), op)];
  },
  TensorSummary: ([tensor], op) => [
    summary([[field(FIELD.nodeName, encoder.encode(op.name)), field(FIELD.tensor, serializeTensor(tensor))]]),
  ],
  TensorSummaryV2: ([tags, tensor, metadata]) => {
    const tag = scalarTag(tags, 'tag must be scalar');
    const said = scalarTag(metadata, 'serialized_summary_metadata must be scalar');
    return [
      summary([
        [tagField(tag), field(FIELD.tensor, serializeTensor(tensor)), field(FIELD.metadata, canonicalMetadata(said))],
      ]),
    ];
  },
  MergeSummary: (inputs) => {
    const merged = create(SummarySchema);
    const tags = new Set<string>();
    for (const bytes of inputs.flatMap(textsOf)) {
      for (const value of readSummary(bytes).value) {
        if (value.tag !== '' && tags.has(value.tag)) {
          throw invalid(`Duplicate tag ${value.tag} found in summary inputs `);
        }
        tags.add(value.tag);
        merged.value.push(value);
      }
    }
    return [new NdArray(string, [], [encodeMessage(SummarySchema, merged)])];
  },
});

function readSummary(bytes: Uint8Array) {
  try {
    return decodeMessage(SummarySchema, bytes);
  } catch {
    throw invalid('Could not parse one of the summary inputs');
  }
}

/** As TensorFlow writes it again; what it cannot read counts as empty. */
function canonicalMetadata(bytes: Uint8Array): Uint8Array {
  try {
    return encodeMessage(SummaryMetadataSchema, decodeMessage(SummaryMetadataSchema, bytes));
  } catch {
    return new Uint8Array(0);
  }
}

function badColorOf(op: HostOp, depth: number): Uint8Array {
  const color = op.attr<NdArray>('bad_color');
  if (color.dtype !== uint8) {
    throw invalid(`bad_color must be uint8, got ${color.dtype.name === 'float32' ? 'float' : color.dtype.name}`);
  }
  if (depth > color.size) {
    throw invalid(`expected depth <= bad_color.size, got depth = ${depth}, bad_color.size = ${color.size}`);
  }
  return color.data as Uint8Array;
}

/**
 * The pixels `[count, depth]` as bytes: from 0 to 255, or, where some are negative, 0 in the middle. Arithmetic is that of
 * the element type, the factor is a float32 in any case.
 */
function normalized(pixels: NdArray, badColor: Uint8Array): Uint8Array {
  const [count, depth] = pixels.shape;
  const values = pixels.data as Float32Array;
  const isFinitePixel = (i: number): boolean => {
    for (let j = i * depth; j < (i + 1) * depth; j++) if (!Number.isFinite(values[j])) return false;
    return true;
  };
  let [least, greatest] = [Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    if (!isFinitePixel(i)) continue;
    for (let j = i * depth; j < (i + 1) * depth; j++) {
      const value = Math.fround(values[j]);
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
  }
  const [range, offset] = least < 0 ? [127, 128] : [255, 0];
  const size = least < 0 ? Math.max(Math.abs(least), Math.abs(greatest)) : greatest;
  const cell = allocate(pixels.dtype, 1) as Float32Array;
  const round = (value: number): number => {
    if (pixels.dtype === float64) return value;
    cell[0] = value;
    roundHalf(pixels.dtype, cell);
    return cell[0];
  };
  const scale = round(size < Math.fround(1e-6) ? 0 : Math.fround(range / size));
  const bytes = new Uint8Array(count * depth);
  for (let i = 0; i < count; i++) {
    const isFine = isFinitePixel(i);
    for (let j = 0; j < depth; j++) {
      const at = i * depth + j;
      bytes[at] = isFine ? Math.trunc(round(round(values[at] * scale) + offset)) : badColor[j];
    }
  }
  return bytes;
}

const WAVE_TYPE = encoder.encode('audio/wav');

function sounds(tags: NdArray, tensor: NdArray, sampleRate: number, op: HostOp): NdArray {
  const tag = scalarTag(tags, 'Tag must be a scalar');
  if (tensor.rank !== 2 && tensor.rank !== 3) throw invalid(`Tensor must be 3-D or 2-D, got: [${tensor.shape}]`);
  if (!(sampleRate > 0)) throw invalid('sample_rate must be > 0');
  const [batch, frames, channels = 1] = tensor.shape;
  const most = op.attr<number>('max_outputs');
  const size = frames * channels;
  const values = Array.from({ length: Math.min(most, batch) }, (_, i) => {
    const samples = (tensor.data as Float32Array).subarray(i * size, (i + 1) * size);
    const file = waveFile(samples, sampleRate, channels, tensor.size === 0);
    const audio = new BinaryWriter().tag(1, WireType.Bit32).float(sampleRate);
    if (channels > 0) audio.tag(2, WireType.Varint).int64(channels);
    if (frames > 0) audio.tag(3, WireType.Varint).int64(frames);
    audio.tag(4, WireType.LengthDelimited).bytes(file).tag(5, WireType.LengthDelimited).bytes(WAVE_TYPE);
    return [mediaTag(tag, 'audio', most, i), field(FIELD.audio, audio.finish())];
  });
  return summary(values);
}
