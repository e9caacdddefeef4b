import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { URL } from 'node:url';

import { type ClientContext, fail, milliseconds, type Result, succeed } from '../../domain/index.ts';
import { AddressRefused, createAddressGuard } from '../connection/address-guard.ts';
import { type ConnectionFailure, describeFailure } from '../connection/connection-failure.ts';
import {
  type ConnectorParts,
  mayBeNamed,
  serverNameFor,
  tlsOptionsOf,
  wayTo,
} from '../connection/connector.ts';
import { lookupWith } from '../connection/lookup.ts';
import { openTunnel } from '../connection/tunnel.ts';

/** What can be seen of a server before anything is sent to it. */
export type Sight =
  | { readonly kind: 'plain' }
  | {
      readonly kind: 'tls';
      /** `TLSv1.3` */
      readonly protocol: string;
      readonly subject: string;
      readonly issuer: string;
      /** Names it is for: `DNS:idp.example.com`. */
      readonly names: readonly string[];
      readonly validUntil: Date;
      /** Code of OpenSSL for why its chain is not accepted; `null`: it is. */
      readonly distrust: string | null;
      /** The name it should be for. */
      readonly name: string;
      readonly isForName: boolean;
    };

/**
 * Connects as an enquiry would, and looks at the certificate.
 *
 * Never: a byte of ours sent within the connection, for it takes any certificate.
 */
export async function lookAtConnection(
  origin: string,
  client: ClientContext,
  parts: ConnectorParts,
): Promise<Result<Sight, ConnectionFailure>> {
  try {
    const socket = await open(origin, client, parts);
    const name = serverNameFor(origin, client.connectTo);
    if (new URL(origin).protocol === 'http:') {
      socket.destroy();
      return succeed({ kind: 'plain' });
    }
    return succeed(await lookAtTls(socket, name, client));
  } catch (error) {
    return fail(describeFailure(error));
  }
}

async function open(origin: string, client: ClientContext, parts: ConnectorParts): Promise<Socket> {
  const { resolveName, proxyFor } = parts;
  const mayConnect = createAddressGuard(client);
  const { end, through } = wayTo(origin, client, proxyFor);
  if (!mayBeNamed(end.host, mayConnect, through !== null)) throw new AddressRefused();
  if (through !== null) {
    const tunnel = await openTunnel(through, end, { resolveName, timeout: TIMEOUT });
    if (!tunnel.ok) throw tunnel.failure;
    return tunnel.value;
  }
  const { host, port } = end;
  const socket = connectPlain({ host, port, lookup: lookupWith(resolveName, mayConnect) });
  await happens(socket, 'connect');
  return socket;
}

async function lookAtTls(socket: Socket, name: string, { tls }: ClientContext): Promise<Sight> {
  const secure = connectTls({
    socket,
    // To see what is wrong with it; nothing is sent, and the connection is closed at once.
    rejectUnauthorized: false,
    // Whose it is and what it is for are two questions.
    checkServerIdentity: () => undefined,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...tlsOptionsOf(tls),
  });
  try {
    await happens(secure, 'secureConnect');
    return sightOf(secure, name);
  } finally {
    secure.destroy();
    socket.destroy();
  }
}

function sightOf(secure: TLSSocket, name: string): Sight {
  const certificate: PeerCertificate = secure.getPeerCertificate();
  return {
    kind: 'tls',
    protocol: secure.getProtocol() ?? 'TLS',
    subject: nameIn(certificate.subject),
    issuer: nameIn(certificate.issuer),
    names: (certificate.subjectaltname ?? '').split(', ').filter((text) => text !== ''),
    validUntil: new Date(certificate.valid_to),
    distrust: secure.authorized ? null : codeOf(secure.authorizationError),
    name,
    isForName: checkServerIdentity(name, certificate) === undefined,
  };
}

function nameIn(party: PeerCertificate['subject']): string {
  const [name] = [party.CN, party.O].flat().filter((text) => typeof text === 'string');
  return name ?? 'nobody';
}

/** Node types it as an error, and sets a text. */
function codeOf(error: unknown): string {
  if (typeof error === 'string') return error;
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

/** Rejects with the socket's own error, or when it takes too long. */
function happens(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new TooSlow()), TIMEOUT);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    socket.once(event, () => settle(resolve));
    socket.on('error', (error) => settle(() => reject(error)));
    socket.once('close', () => settle(() => reject(new Lost())));
  });
}

class TooSlow extends Error {
  readonly code = 'ETIMEDOUT';
}

class Lost extends Error {
  readonly code = 'ECONNRESET';
}

const TIMEOUT = milliseconds(3_000);
