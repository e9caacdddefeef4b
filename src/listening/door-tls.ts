import { X509Certificate } from 'node:crypto';
import type { Server as TlsServer } from 'node:https';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

import { codeOf, type DoorTls, fail, type Result, succeed } from '../domain/index.ts';

/** What node:tls is told, or why it would refuse it. Nothing is in force yet. */
export function readTls(tls: DoorTls): Result<SecureContextOptions, string> {
  const options: SecureContextOptions = {
    cert: tls.cert,
    key: tls.key.reveal(),
    ...(tls.clientCa === null ? {} : { ca: tls.clientCa }),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    return fail(`the certificate and the key cannot be used together: ${codeOf(cause)}`);
  }
  if (tls.clientCa === null) return succeed(options);
  try {
    // Text that is no certificate would be taken silently, and then no client would ever be accepted.
    new X509Certificate(tls.clientCa);
  } catch (cause) {
    return fail(`clientCa is not a certificate in PEM form: ${codeOf(cause)}`);
  }
  return succeed(options);
}

/**
 * Replaces the certificate of a door for connections to come. What is refused leaves the one before in force.
 * Whether client certificates are demanded is fixed when the door opens.
 */
export function replaceTls(server: TlsServer, before: DoorTls, next: DoorTls): Result<null, string> {
  if ((before.clientCa === null) !== (next.clientCa === null))
    return fail('to demand client certificates, or to stop it, restart');
  const options = readTls(next);
  if (!options.ok) return options;
  server.setSecureContext(options.value);
  return succeed(null);
}
