import { experimental, type ServerCredentials } from '@grpc/grpc-js';

import type { DoorTls } from '../../../domain/index.ts';

/** The certificate of a door in the form of grpc-js, which takes a new one in while connections go on. */
export interface GrpcJsCertificates {
  readonly credentials: ServerCredentials;
  /** For connections to come. Only what `readReplacement` takes: grpc-js drops every new connection after one. */
  set(tls: DoorTls): void;
}

export function createGrpcJsCertificates(tls: DoorTls): GrpcJsCertificates {
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
    set(next) {
      authorities.set({ caCertificate: Buffer.from(next.clientCa ?? '') });
      identity.set(identityOf(next));
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
