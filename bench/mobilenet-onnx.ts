/** MobileNet as the bytes of an ONNX model, for onnxruntime-web. Weights and their order of axes come from `mobilenet.ts`. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Mobilenet } from './mobilenet.ts';
import { type Data, transposed } from './support.ts';

/** A message under construction; field numbers are those of onnx.proto. */
class Message {
  private readonly writer = new BinaryWriter();

  string(field: number, value: string): this {
    this.writer.tag(field, WireType.LengthDelimited).string(value);
    return this;
  }
  int(field: number, value: number): this {
    this.writer.tag(field, WireType.Varint).int64(value);
    return this;
  }
  ints(field: number, values: readonly number[]): this {
    for (const value of values) this.int(field, value);
    return this;
  }
  float(field: number, value: number): this {
    this.writer.tag(field, WireType.Bit32).float(value);
    return this;
  }
  bytes(field: number, value: Uint8Array): this {
    this.writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }
  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }
  finish(): Uint8Array {
    return this.writer.finish();
  }
}

const [FLOAT, INT, INTS] = [1, 2, 7];

function attribute(name: string, value: number | readonly number[], type: number): Message {
  const message = new Message().string(1, name).int(20, type);
  if (typeof value !== 'number') return message.ints(8, value);
  return type === FLOAT ? message.float(2, value) : message.int(3, value);
}

function node(op: string, inputs: readonly string[], output: string, attributes: readonly Message[] = []): Message {
  const message = new Message();
  for (const input of inputs) message.string(1, input);
  message.string(2, output).string(3, output).string(4, op);
  for (const attr of attributes) message.message(5, attr);
  return message;
}

function tensor(name: string, { data, shape }: Data): Message {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Message().ints(1, shape).int(2, FLOAT).string(8, name).bytes(9, bytes);
}

function valueInfo(name: string, shape: readonly number[]): Message {
  const dims = new Message();
  for (const size of shape) dims.message(1, new Message().int(1, size));
  return new Message()
    .string(1, name)
    .message(2, new Message().message(1, new Message().int(1, FLOAT).message(2, dims)));
}

/** The model: input `image` [1, 3, size, size], output `probabilities` [1, classes]. */
export function onnxMobilenet({ image, convolutions, dense, bias, epsilon }: Mobilenet): Uint8Array {
  const graph = new Message().string(2, 'mobilenet');
  const weight = (name: string, data: Data) => {
    graph.message(5, tensor(name, data));
    return name;
  };
  const scalar = (value: number): Data => ({ data: Float32Array.of(value), shape: [] });
  const limits = [weight('zero', scalar(0)), weight('six', scalar(6))];
  let h = 'image';
  for (const { name, isDepthwise, stride, outputs, filter, ...norm } of convolutions) {
    const [size] = filter.shape;
    // As TensorFlow's SAME: the sizes are even, so that stride 2 pads at the end alone.
    const pads = size === 1 ? [0, 0, 0, 0] : stride === 2 ? [0, 0, 1, 1] : [1, 1, 1, 1];
    const weights = weight(`${name}/filter`, transposed(filter, isDepthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]));
    graph.message(
      1,
      node('Conv', [h, weights], `${name}/conv`, [
        attribute('group', isDepthwise ? outputs : 1, INT),
        attribute('kernel_shape', [size, size], INTS),
        attribute('pads', pads, INTS),
        attribute('strides', [stride, stride], INTS),
      ]),
    );
    const { scale, offset, mean, variance } = norm;
    const parts = Object.entries({ scale, offset, mean, variance }).map(([key, data]) =>
      weight(`${name}/${key}`, data),
    );
    const normal = [attribute('epsilon', epsilon, FLOAT)];
    graph.message(1, node('BatchNormalization', [`${name}/conv`, ...parts], `${name}/norm`, normal));
    h = `${name}/relu6`;
    graph.message(1, node('Clip', [`${name}/norm`, ...limits], h));
  }
  graph.message(1, node('GlobalAveragePool', [h], 'pool'));
  graph.message(1, node('Flatten', ['pool'], 'flat'));
  graph.message(1, node('Gemm', ['flat', weight('dense', dense), weight('bias', bias)], 'logits'));
  graph.message(1, node('Softmax', ['logits'], 'probabilities'));
  const [n, height, width, channels] = image.shape;
  graph.message(11, valueInfo('image', [n, channels, height, width]));
  graph.message(12, valueInfo('probabilities', [n, bias.shape[0]]));
  return new Message().int(1, 8).message(7, graph).message(8, new Message().string(1, '').int(2, 13)).finish();
}
