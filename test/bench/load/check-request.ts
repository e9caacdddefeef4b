import type { Buffer } from 'node:buffer';
import { join } from 'node:path';

import { loadSync, type MethodDefinition } from '@grpc/proto-loader';

import { type Shape, tokenText } from './tokens.ts';

/** A CheckRequest with holes for a token and a request id, as bytes that are copied and filled in. */
export interface RequestTemplate {
  readonly bytes: Buffer;
  readonly tokenAt: number;
  readonly tokenLength: number;
  readonly requestIdAt: number;
}

const REQUEST_ID = '00000000-0000-4000-8000-000000000000';

/**
 * What Envoy asks about a browser's request: a dozen headers, 700 to 900 bytes with an opaque token of 43 characters,
 * about 2 KB with one of the length of a JWT.
 */
export function makeTemplate(shape: Shape, path: string): RequestTemplate {
  const token = tokenText(shape, 0);
  const headers: Readonly<Record<string, string>> = {
    ':authority': 'api.example.com',
    ':method': 'GET',
    ':path': path,
    ':scheme': 'https',
    accept: 'application/json',
    'accept-encoding': 'gzip, deflate, br',
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'x-envoy-internal': 'true',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    'x-request-id': REQUEST_ID,
  };
  const bytes = encodeRequest({
    attributes: {
      source: { address: { socketAddress: { address: '203.0.113.7', portValue: 51234 } } },
      destination: { address: { socketAddress: { address: '10.0.0.12', portValue: 8443 } } },
      request: {
        time: { seconds: 1_790_000_000, nanos: 120_000_000 },
        http: {
          id: '12345678901234567890',
          method: 'GET',
          headers,
          path,
          host: 'api.example.com',
          scheme: 'https',
          protocol: 'HTTP/2',
        },
      },
      metadataContext: {},
      routeMetadataContext: {},
    },
  });
  return {
    bytes,
    tokenAt: bytes.indexOf(token),
    tokenLength: token.length,
    requestIdAt: bytes.indexOf(REQUEST_ID),
  };
}

function encodeRequest(request: object): Buffer {
  const loaded = loadSync('envoy/service/auth/v3/external_auth.proto', {
    includeDirs: [join(import.meta.dirname, '../../../proto')],
  });
  const service = loaded['envoy.service.auth.v3.Authorization'] as unknown as {
    readonly Check: MethodDefinition<object, object>;
  };
  return service.Check.requestSerialize(request);
}
