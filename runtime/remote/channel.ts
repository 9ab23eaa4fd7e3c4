/** The way of bytes to a server and back, as the remote session needs it. `grpc-node.ts` has it over gRPC. */

/** A call under way. */
export interface Call {
  /** Rejects with a `StatusError`. */
  readonly reply: Promise<Uint8Array>;
  cancel(): void;
}

export interface Channel {
  /** Settles once the server takes calls; rejects with a `StatusError` if it does not within the time. */
  ready(milliseconds: number): Promise<void>;
  /** Calls a method of the service. @param milliseconds after which the call fails; 0 for no limit */
  call(method: string, request: Uint8Array, milliseconds?: number): Call;
  close(): void;
}

/** What a call fails with: a status code of gRPC, which is one of TensorFlow's, and the server's text. */
export class StatusError extends Error {
  override name = 'StatusError';
  constructor(
    readonly code: number,
    readonly details: string,
  ) {
    super(details);
  }
}
