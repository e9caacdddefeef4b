import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

import { experimental, type ServerCredentials } from '@grpc/grpc-js';

import { type DoorTls, fail, type Result, succeed } from '../../domain/index.ts';

/**
 * Holds the certificate of a door and takes a new one in while connections go on.
 *
 * Never: a pair that does not work. grpc-js drops every new connection after one; here it is refused, and the one
 * before stays in force.
 */
export interface Certificates {
  readonly credentials: ServerCredentials;
  /** For connections to come. A failure says what is wrong, without a word of the key. */
  update(tls: DoorTls): Result<null, string>;
}

/** @throws Error when the pair cannot be used. */
export function createCertificates(tls: DoorTls): Certificates {
  const flaw = flawOf(tls);
  if (flaw !== null) throw new Error(`tls: ${flaw}`);

  const demandsClients = tls.clientCa !== null;
  const identity = createSource(identityOf(tls));
  const authorities = createSource({ caCertificate: Buffer.from(tls.clientCa ?? '') });
  const provider: CertificateProvider = {
    addIdentityCertificateListener: identity.add,
    removeIdentityCertificateListener: identity.remove,
    addCaCertificateListener: authorities.add,
    removeCaCertificateListener: authorities.remove,
  };

  return {
    // The first parameter is the identity, whatever the library calls it; the second the authorities of clients.
    credentials: experimental.createCertificateProviderServerCredentials(
      provider,
      demandsClients ? provider : null,
      demandsClients,
    ),
    update(next) {
      if ((next.clientCa !== null) !== demandsClients)
        return fail('to demand client certificates, or to stop it, restart');
      const nextFlaw = flawOf(next);
      if (nextFlaw !== null) return fail(nextFlaw);
      authorities.set({ caCertificate: Buffer.from(next.clientCa ?? '') });
      identity.set(identityOf(next));
      return succeed(null);
    },
  };
}

type CertificateProvider = experimental.CertificateProvider;

function identityOf({ cert, key }: DoorTls): { certificate: Buffer; privateKey: Buffer } {
  return { certificate: Buffer.from(cert), privateKey: Buffer.from(key.reveal()) };
}

interface Source<Update> {
  readonly add: (listener: (update: Update) => void) => void;
  readonly remove: (listener: (update: Update) => void) => void;
  readonly set: (update: Update) => void;
}

function createSource<Update>(first: Update): Source<Update> {
  const listeners = new Set<(update: Update) => void>();
  let current = first;
  return {
    add(listener) {
      listeners.add(listener);
      // Not at once: grpc-js adds its listener before it is ready to be told.
      process.nextTick(() => {
        if (listeners.has(listener)) listener(current);
      });
    },
    remove: (listener) => void listeners.delete(listener),
    set(update) {
      current = update;
      for (const listener of listeners) listener(update);
    },
  };
}

function flawOf({ cert, key, clientCa }: DoorTls): string | null {
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

function attempt<Value>(make: () => Value): Value | null {
  try {
    return make();
  } catch {
    return null;
  }
}
