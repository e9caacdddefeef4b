import { Buffer } from 'node:buffer';
import { join } from 'node:path';

import { loadSync, type MethodDefinition } from '@grpc/proto-loader';

/** As large as an allow of ours: OK with six headers set and four removed. */
export const CONSTANT_ANSWER = {
  status: { code: 0 },
  okResponse: {
    headers: ['subject', 'client', 'scope', 'issuer', 'tenant', 'groups'].map((name) => ({
      header: { key: `x-auth-${name}`, rawValue: Buffer.from(`value-of-${name}`) },
      append: { value: false },
    })),
    headersToRemove: ['authorization', 'x-auth-email', 'x_auth_email', 'x.auth.email'],
  },
};

/** The method as proto-loader defines it. */
export function checkMethod(): MethodDefinition<object, object> {
  const loaded = loadSync('envoy/service/auth/v3/external_auth.proto', {
    includeDirs: [join(import.meta.dirname, '../../../proto')],
  });
  const service = loaded['envoy.service.auth.v3.Authorization'] as unknown as {
    readonly Check: MethodDefinition<object, object>;
  };
  return service.Check;
}

export function constantBytes(): Buffer {
  return checkMethod().responseSerialize(CONSTANT_ANSWER);
}
