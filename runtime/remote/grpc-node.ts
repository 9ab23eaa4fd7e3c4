/**
 * Channels over gRPC, in Node: loads `@grpc/grpc-js`, which programs install that use servers. What is said on a channel is
 * `master.ts`'s business.
 */
import type { ChannelCredentials, Client } from '@grpc/grpc-js';
import { RuntimeError, UNAVAILABLE, UNKNOWN } from '../../src/util/errors.ts';
import { type Call, type Channel, StatusError } from './channel.ts';

type Grpc = typeof import('@grpc/grpc-js');

/** Not written into the import: tools that gather a program's files would look for a package that may not be there. */
const PACKAGE = '@grpc/grpc-js';
const SERVICE = '/tensorflow.MasterService/';

const OPTIONS = {
  // Servers have no limit either, below the 2 GB of a message.
  'grpc.max_send_message_length': -1,
  'grpc.max_receive_message_length': -1,
  // With the window of 64 kB that there is else, an answer of 64 MB stops a thousand times on its way.
  'grpc-node.flow_control_window': 8 << 20,
  // A server that comes back is found soon.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // Sessions have a connection each, so that large messages of one do not hold up another.
  'grpc.use_local_subchannel_pool': 1,
  // Finds machines that vanish. Servers take it amiss when they are asked more than once in five minutes.
  'grpc.keepalive_time_ms': 330_000,
};

async function load(): Promise<Grpc> {
  try {
    const module = (await import(PACKAGE)) as Grpc & { readonly default?: Grpc };
    return module.default ?? module;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new RuntimeError(`Sessions on servers need gRPC, which is not installed: npm install ${PACKAGE}`);
  }
}

/** A channel to the address, in the clear without credentials. Nothing is sent yet. */
export async function openChannel(address: string, credentials: object | null): Promise<Channel> {
  const grpc = await load();
  const secrets = (credentials as ChannelCredentials | null) ?? grpc.credentials.createInsecure();
  return new GrpcChannel(grpc, new grpc.Client(address, secrets, OPTIONS), address);
}

class GrpcChannel implements Channel {
  constructor(
    private readonly grpc: Grpc,
    private readonly client: Client,
    private readonly address: string,
  ) {}

  ready(milliseconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.waitForReady(Date.now() + milliseconds, (error) => {
        if (!error) return resolve();
        const text = `failed to connect to ${this.address} within ${milliseconds} ms: no server answers there`;
        reject(new StatusError(UNAVAILABLE, text));
      });
    });
  }

  call(method: string, request: Uint8Array, milliseconds = 0): Call {
    let cancel = (): void => {};
    const reply = new Promise<Uint8Array>((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        SERVICE + method,
        asBuffer,
        // Parts of a `Buffer` would be such again, which other arrays of bytes are not equal to.
        (bytes: Buffer) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        request,
        new this.grpc.Metadata(),
        milliseconds > 0 ? { deadline: Date.now() + milliseconds } : {},
        (error, value) => {
          if (error) reject(new StatusError(codeOf(error.code, error.details), error.details));
          else resolve(value as Uint8Array);
        },
      );
      cancel = () => call.cancel();
    });
    return { reply, cancel };
  }

  close(): void {
    this.client.close();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A connection that breaks off comes as an internal error at times. */
function codeOf(code: number | undefined, details: string): number {
  return /ECONNRESET|RST_STREAM|EPIPE|socket/.test(details) ? UNAVAILABLE : (code ?? UNKNOWN);
}
