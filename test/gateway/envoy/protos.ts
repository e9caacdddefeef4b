import { join } from 'node:path';

import type { MethodDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';

/** A codec of somebody else for the messages that we read and write by hand. */
export interface Codec {
  readonly name: string;
  readonly path: string;
  readonly encodeRequest: (request: object) => Buffer;
  readonly decodeRequest: (bytes: Buffer) => OracleRequest;
  readonly decodeResponse: (bytes: Buffer) => OracleResponse;
}

export interface OracleRequest {
  readonly attributes: {
    readonly request: { readonly http: OracleHttp | null } | null;
    readonly contextExtensions: Readonly<Record<string, string>>;
    readonly source: {
      readonly address: { readonly socketAddress?: { readonly address: string } | null } | null;
      readonly principal: string;
    } | null;
    readonly tlsSession: { readonly sni: string } | null;
    readonly metadataContext: OracleMetadata | null;
    readonly routeMetadataContext: OracleMetadata | null;
  } | null;
}

export interface OracleMetadata {
  readonly filterMetadata: Readonly<Record<string, OracleStruct>>;
}

export interface OracleHttp {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly headerMap: {
    readonly headers: readonly { readonly key: string; readonly value: string; readonly rawValue: Buffer }[];
  } | null;
}

export interface OracleResponse {
  readonly status: { readonly code: number; readonly message: string } | null;
  readonly httpResponse?: 'deniedResponse' | 'okResponse' | 'errorResponse';
  readonly deniedResponse?: {
    readonly status: { readonly code: string };
    readonly headers: readonly OracleHeaderOption[];
    readonly body: string;
  } | null;
  readonly okResponse?: {
    readonly headers: readonly OracleHeaderOption[];
    readonly headersToRemove: readonly string[];
    readonly dynamicMetadata: null;
    readonly responseHeadersToAdd: readonly unknown[];
    readonly queryParametersToSet: readonly unknown[];
    readonly queryParametersToRemove: readonly unknown[];
  } | null;
  readonly dynamicMetadata: OracleStruct | null;
}

export interface OracleHeaderOption {
  readonly header: { readonly key: string; readonly value: string; readonly rawValue: Buffer };
  readonly append: { readonly value: boolean } | null;
  readonly appendAction: string;
  readonly keepEmptyValue: boolean;
}

export interface OracleStruct {
  readonly fields: Readonly<Record<string, OracleValue>>;
}

export interface OracleValue {
  readonly kind: string;
  readonly [member: string]: unknown;
}

const ROOT = join(import.meta.dirname, '../../..');
const XDS = join(ROOT, 'node_modules/@grpc/grpc-js-xds/deps');

/** The trimmed definitions of proto/, and the complete ones of another project. */
export const CODECS: readonly Codec[] = [
  codecOf('the definitions in proto/', [join(ROOT, 'proto')]),
  codecOf(
    'the definitions of @grpc/grpc-js-xds',
    ['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate'].map((folder) => join(XDS, folder)),
  ),
];

function codecOf(name: string, includeDirs: string[]): Codec {
  const loaded = loadSync('envoy/service/auth/v3/external_auth.proto', {
    includeDirs,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const service = loaded['envoy.service.auth.v3.Authorization'] as unknown as {
    Check: MethodDefinition<object, object>;
  };
  const { path, requestSerialize, requestDeserialize, responseDeserialize } = service.Check;
  return {
    name,
    path,
    encodeRequest: requestSerialize,
    decodeRequest: (bytes) => requestDeserialize(bytes) as OracleRequest,
    decodeResponse: (bytes) => responseDeserialize(bytes) as OracleResponse,
  };
}
