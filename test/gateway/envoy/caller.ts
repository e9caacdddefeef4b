import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientUnaryCall,
  credentials as callers,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { join } from 'node:path';

import { type HouseEvent, type ListenAddress, type RequestContext } from '../../../src/domain/index.ts';
import type { ConnectionLimits } from '../../../src/gateway/envoy/limits.ts';
import {
  type GrpcDoor,
  type GrpcDoorParts,
  type GrpcDoorSettings,
  openGrpcDoor,
} from '../../../src/gateway/envoy/index.ts';
import { answerFor, patiently, systemClock } from './builders.ts';
import { CODECS, type OracleResponse } from './protos.ts';

export interface OpenedDoor {
  readonly door: GrpcDoor;
  readonly events: readonly HouseEvent[];
  readonly contexts: readonly RequestContext[];
}

/** A door on a free port of 127.0.0.1, with a check that says what the test wants. */
export async function openDoor(
  check: GrpcDoorParts['check'],
  differing: Partial<GrpcDoorSettings> & {
    readonly wait?: GrpcDoorParts['wait'];
    readonly trustedHops?: number;
  } = {},
  limits?: ConnectionLimits,
): Promise<OpenedDoor> {
  const { wait = patiently, trustedHops = 0, ...settings } = differing;
  const events: HouseEvent[] = [];
  const contexts: RequestContext[] = [];
  const door = await openGrpcDoor(
    {
      check: (context) => {
        contexts.push(context);
        return check(context);
      },
      answerFor,
      clock: systemClock,
      randomness: { fraction: () => 0.5 },
      observe: (event) => void events.push(event),
      wait,
      trustedHops: () => trustedHops,
    },
    { address: { kind: 'tcp', host: '127.0.0.1', port: 0 }, tls: null, transport: 'grpc-js', ...settings },
    limits,
  );
  return { door, events, contexts };
}

export interface Caller {
  /** Asks with these bytes; rejects with a ServiceError when the call itself fails. */
  readonly ask: (bytes: Buffer, options?: CallOptions) => Promise<OracleResponse>;
  /** The call itself, to be cancelled. */
  readonly begin: (bytes: Buffer, done: (error: ServiceError | null) => void) => ClientUnaryCall;
  readonly askMethod: (path: string, bytes: Buffer) => Promise<Buffer>;
  readonly health: (service: string) => Promise<string>;
  readonly watch: (service: string) => AsyncIterable<{ readonly status: string }>;
  readonly close: () => void;
}

const asBytes = (bytes: Buffer): Buffer => bytes;
const healthMethods = (() => {
  const loaded = loadSync('grpc/health/v1/health.proto', {
    includeDirs: [join(import.meta.dirname, '../../../proto')],
    enums: String,
    defaults: true,
  });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  return loaded['grpc.health.v1.Health'] as any;
})();

/** A grpc-js client, as any gateway's is: HTTP/2 by somebody else's hand. */
export function callerOf(
  address: ListenAddress,
  credentials: ChannelCredentials = callers.createInsecure(),
): Caller {
  const target = address.kind === 'unix' ? `unix:${address.path}` : `127.0.0.1:${address.port}`;
  const client = new Client(target, credentials, {
    'grpc.max_send_message_length': -1,
    'grpc.max_receive_message_length': -1,
    'grpc.enable_retries': 0,
    // Each caller its own connection.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.ssl_target_name_override': 'localhost',
  });
  const [codec] = CODECS;
  if (codec === undefined) throw new Error('no codec');

  const askMethod = (path: string, bytes: Buffer, options: CallOptions = {}): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, asBytes, asBytes, bytes, options, (error, answer) =>
        error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(error),
      );
    });

  return {
    askMethod,
    ask: async (bytes, options) => codec.decodeResponse(await askMethod(codec.path, bytes, options)),
    begin: (bytes, done) =>
      client.makeUnaryRequest(codec.path, asBytes, asBytes, bytes, (error) => done(error)),
    health: (service) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = healthMethods.Check;
        client.makeUnaryRequest<object, { status: string }>(
          path,
          requestSerialize,
          responseDeserialize,
          { service },
          (error, answer) => (error === null ? resolve(answer?.status ?? '') : reject(error)),
        );
      }),
    watch: (service) => {
      const { path, requestSerialize, responseDeserialize } = healthMethods.Watch;
      return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
    },
    close: () => client.close(),
  };
}
