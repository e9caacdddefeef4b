import { join } from 'node:path';

import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** The services of the gRPC door, read from `proto/`. */
export interface ServiceDefinitions {
  /** Its messages are passed as bytes both ways: the codec is ours. */
  readonly authorization: { readonly Check: MethodDefinition<Buffer, Buffer> };
  readonly health: ServiceDefinition;
}

// The same from src/gateway/envoy, where Node runs the sources, and from dist/gateway/envoy.
const PROTO_FOLDER = join(import.meta.dirname, '../../../proto');

/** @throws Error when `proto/` is missing or not what this version was built with. */
export function loadServiceDefinitions(): ServiceDefinitions {
  const loaded = loadSync(['envoy/service/auth/v3/external_auth.proto', 'grpc/health/v1/health.proto'], {
    includeDirs: [PROTO_FOLDER],
    enums: String,
    defaults: true,
  });
  const { Check: check } = serviceIn(loaded, 'envoy.service.auth.v3.Authorization');
  if (check === undefined) throw new Error('proto/: the method Authorization.Check is missing');

  const asBytes = (bytes: Buffer): Buffer => bytes;
  return {
    authorization: {
      Check: {
        path: check.path,
        requestStream: check.requestStream,
        responseStream: check.responseStream,
        requestSerialize: asBytes,
        requestDeserialize: asBytes,
        responseSerialize: asBytes,
        responseDeserialize: asBytes,
      },
    },
    health: serviceIn(loaded, 'grpc.health.v1.Health'),
  };
}

function serviceIn(loaded: PackageDefinition, name: string): ServiceDefinition {
  const definition = loaded[name];
  // Definitions of messages and enumerations have a format, those of services their methods.
  if (definition === undefined || 'format' in definition)
    throw new Error(`proto/: the service ${name} is missing`);
  return definition;
}
