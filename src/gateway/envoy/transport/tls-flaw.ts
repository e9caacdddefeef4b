import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

import type { DoorTls } from '../../../domain/index.ts';

/** What is wrong with the certificate of a door, without a word of its key; `null`: it can be used. */
export function flawOfTls({ cert, key, clientCa }: DoorTls): string | null {
  const certificate = attempt(() => new X509Certificate(cert));
  if (certificate === null) return 'the certificate is not in PEM form';
  const privateKey = attempt<KeyObject>(() => createPrivateKey(key.reveal()));
  if (privateKey === null) return 'the key is not an unencrypted private key in PEM form';
  if (!certificate.checkPrivateKey(privateKey)) return 'the key does not belong to the certificate';
  // Text that is no certificate would be taken silently, and then no client would ever be accepted.
  if (clientCa !== null && attempt(() => new X509Certificate(clientCa)) === null)
    return 'clientCa is not a certificate in PEM form';

  const context = attempt(() =>
    createSecureContext({ cert, key: key.reveal(), ...(clientCa === null ? {} : { ca: clientCa }) }),
  );
  return context === null ? 'the certificate and the key cannot be used together' : null;
}

/** Why a new certificate cannot take the place of the one in force; `null`: it can. */
export function flawOfTlsChange(current: DoorTls | null, next: DoorTls): string | null {
  if (current === null) return 'this door was opened without TLS; to add it, restart';
  if ((next.clientCa !== null) !== (current.clientCa !== null))
    return 'to demand client certificates, or to stop it, restart';
  return flawOfTls(next);
}

function attempt<Value>(make: () => Value): Value | null {
  try {
    return make();
  } catch {
    return null;
  }
}
