/**
 * Sessions on servers where there can be none: in bundles for browsers this stands in for `remote-runner.ts`, by the field
 * `browser` of package.json.
 */
import { RuntimeError } from '../../src/util/errors.ts';

/** Throws `RuntimeError`: browsers do not have what calls of servers are made with. */
export class RemoteRunner {
  constructor() {
    throw noServers();
  }
  static reset(): Promise<never> {
    return Promise.reject(noServers());
  }
}

function noServers(): RuntimeError {
  return new RuntimeError(
    'Sessions on servers need gRPC, which browsers do not have: run the program in Node, after npm install @grpc/grpc-js.',
  );
}
