import { isIP, type LookupFunction } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { URL } from 'node:url';

import { buildConnector } from 'undici';

import type { ClientContext, ClientTls, ConnectTo, Milliseconds, ResolveName } from '../domain/index.ts';
import { createAddressGuard, type MayConnect } from './address-guard.ts';

export interface ConnectorSettings {
  readonly tls: ClientTls;
  readonly connectTo: ConnectTo | null;
  readonly mayConnect: MayConnect;
  /** Budget of name resolution, TCP and TLS together. */
  readonly connectTimeout: Milliseconds;
}

export function connectorSettingsOf(client: ClientContext, connectTimeout: Milliseconds): ConnectorSettings {
  const { tls, connectTo } = client;
  return { tls, connectTo, mayConnect: createAddressGuard(client), connectTimeout };
}

/**
 * Opens connections for one origin of one client.
 *
 * Out: a socket to where `connectTo` or the origin says, its server authenticated.
 * Never: an address that was not shown to the guard (T-14); an unchecked certificate (INT-7, T-46), or one that is not
 * for the host of the origin, unless `connectTo.serverName` says for which.
 */
export function createConnector(
  origin: string,
  { resolveName }: { readonly resolveName: ResolveName },
  { tls, connectTo, mayConnect, connectTimeout }: ConnectorSettings,
): buildConnector.connector {
  const name = connectTo?.serverName ?? hostOf(origin);
  const connect = buildConnector({
    allowH2: false,
    timeout: connectTimeout,
    // Said, not left out: NODE_TLS_REJECT_UNAUTHORIZED=0 must not reach the authorization server.
    rejectUnauthorized: true,
    checkServerIdentity: (_connectedTo, certificate) => checkServerIdentity(name, certificate),
    minVersion: tls.minVersion,
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.certificate === undefined
      ? {}
      : { cert: tls.certificate.cert, key: tls.certificate.key.reveal() }),
    lookup: lookupWith(resolveName, mayConnect),
  });

  return (target, callback) => {
    const hostname = connectTo?.host ?? target.hostname;
    const port = connectTo?.port ?? target.port;
    const family = isIP(hostname);
    // Names are judged when they are resolved; an address never is.
    if (family !== 0 && !mayConnect({ address: hostname, family: family === 6 ? 6 : 4 })) {
      queueMicrotask(() => callback(new AddressRefused(), null));
      return;
    }
    connect({ ...target, hostname, port: String(port), servername: isIP(name) === 0 ? name : '' }, callback);
  };
}

/**
 * The port as `net.connect` asks for it. Several addresses are tried one after another (RFC 8305), each connection
 * beginning with the next one, so that all of them are used.
 */
function lookupWith(resolveName: ResolveName, mayConnect: MayConnect): LookupFunction {
  let turn = 0;
  return (hostname, { all }, callback) => {
    resolveName(hostname).then(
      (addresses) => {
        const permitted = rotated(addresses.filter(mayConnect), turn);
        turn += 1;
        const [first] = permitted;
        if (first === undefined) {
          callback(addresses.length === 0 ? new UnresolvedName() : new AddressRefused(), '');
        } else if (all === true) callback(null, permitted);
        else callback(null, first.address, first.family);
      },
      (cause: unknown) => callback(cause instanceof Error ? cause : new UnresolvedName(), ''),
    );
  };
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const first = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

function hostOf(origin: string): string {
  return new URL(origin).hostname.replace(/^\[|\]$/g, '');
}

class UnresolvedName extends Error {
  readonly code = 'ENOTFOUND';
}

class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
}
