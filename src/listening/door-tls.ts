import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type Server as TlsServer, type TlsOptions } from 'node:tls';

import { type DoorTls, fail, type Result, succeed } from '../domain/index.ts';

/** What node:tls is told, or why it would refuse it, without a word of the key. Nothing is in force yet. */
export function readTls({ cert, key, clientCa }: DoorTls): Result<TlsOptions, string> {
  const certificate = attempt(() => new X509Certificate(cert));
  if (certificate === null) return fail('the certificate is not in PEM form');
  const privateKey = attempt(() => createPrivateKey(key.reveal()));
  if (privateKey === null) return fail('the key is not an unencrypted private key in PEM form');
  if (!certificate.checkPrivateKey(privateKey)) return fail('the key does not belong to the certificate');
  // Text that is no certificate would be taken silently, and then no client would ever be accepted.
  if (clientCa !== null && attempt(() => new X509Certificate(clientCa)) === null)
    return fail('clientCa is not a certificate in PEM form');

  const context = { cert, key: key.reveal(), ...(clientCa === null ? {} : { ca: clientCa }) };
  if (attempt(() => createSecureContext(context)) === null)
    return fail('the certificate and the key cannot be used together');
  const demandsClients = clientCa !== null;
  return succeed({ ...context, requestCert: demandsClients, rejectUnauthorized: demandsClients });
}

/**
 * As `readTls`, for what takes the place of what a door was opened with: whether client certificates are demanded is
 * fixed then.
 *
 * @param before `null`: in clear.
 */
export function readReplacement(before: DoorTls | null, next: DoorTls): Result<TlsOptions, string> {
  if (before === null) return fail('this door was opened without TLS; to add it, restart');
  if ((before.clientCa === null) !== (next.clientCa === null))
    return fail('to demand client certificates, or to stop it, restart');
  return readTls(next);
}

/** Replaces the certificate of a door for connections to come. What is refused leaves the one before in force. */
export function replaceTls(
  server: Pick<TlsServer, 'setSecureContext'> | null,
  before: DoorTls | null,
  next: DoorTls,
): Result<null, string> {
  const options = readReplacement(before, next);
  if (!options.ok) return options;
  server?.setSecureContext(options.value);
  return succeed(null);
}

function attempt<Value>(make: () => Value): Value | null {
  try {
    return make();
  } catch {
    return null;
  }
}
