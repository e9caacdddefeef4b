import { type ClientTls, Secret } from '../domain/index.ts';
import type { References } from './references.ts';

interface ClientTlsInput {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly minVersion: ClientTls['minVersion'];
}

/** TLS where we are the client. */
export function clientTlsOf(
  { ca, cert, key, minVersion }: ClientTlsInput,
  { pemOf }: Pick<References, 'pemOf'>,
): ClientTls {
  return {
    ca: ca === undefined ? null : pemOf(ca),
    minVersion,
    ...(cert === undefined || key === undefined
      ? {}
      : { certificate: { cert: pemOf(cert), key: new Secret(pemOf(key)) } }),
  };
}
