import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { URL } from 'node:url';

import { buildConnector } from 'undici';

import type {
  ClientContext,
  ClientTls,
  ConnectionEnd,
  ConnectTo,
  Milliseconds,
  OutboundProxy,
  ProxyFor,
  ResolveName,
} from '../../domain/index.ts';
import { AddressRefused, createAddressGuard, type MayConnect } from './address-guard.ts';
import { lookupWith } from './lookup.ts';
import { openTunnel } from './tunnel.ts';

export interface ConnectorParts {
  readonly resolveName: ResolveName;
  /** What the environment says. Left out: nothing. */
  readonly proxyFor?: ProxyFor;
}

export interface ConnectorSettings {
  readonly tls: ClientTls;
  readonly connectTo: ConnectTo | null;
  /** Left out: as the environment says. */
  readonly proxy?: ClientContext['proxy'];
  readonly mayConnect: MayConnect;
  /** Budget of name resolution, TCP and TLS together; through a proxy, of the tunnel and of TLS within it each. */
  readonly connectTimeout: Milliseconds;
}

export function connectorSettingsOf(client: ClientContext, connectTimeout: Milliseconds): ConnectorSettings {
  const { tls, connectTo, proxy } = client;
  const way = proxy === undefined ? {} : { proxy };
  return { tls, connectTo, ...way, mayConnect: createAddressGuard(client), connectTimeout };
}

/** Where the connections for an origin end, and the proxy that they go through; `null`: straight there. */
export function wayTo(
  origin: string,
  { connectTo, proxy }: Pick<ConnectorSettings, 'connectTo' | 'proxy'>,
  proxyFor: ProxyFor = () => null,
): { readonly end: ConnectionEnd; readonly through: OutboundProxy | null } {
  const url = new URL(origin);
  const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
  const standardPort = protocol === 'http:' ? 80 : 443;
  const host = connectTo?.host ?? hostOf(origin);
  const port = connectTo?.port ?? (url.port === '' ? standardPort : Number(url.port));
  const end = { protocol, host, port } as const;
  if (proxy === undefined) return { end, through: proxyFor(end) };
  return { end, through: proxy.kind === 'named' ? proxy.proxy : null };
}

/** Whom the server's certificate must name. */
export function serverNameFor(origin: string, connectTo: ConnectTo | null): string {
  return connectTo?.serverName ?? hostOf(origin);
}

function hostOf(origin: string): string {
  return new URL(origin).hostname.replace(/^\[|\]$/g, '');
}

/** Whom we trust there, and what we show. */
export function tlsOptionsOf({ minVersion, ca, certificate }: ClientTls) {
  return {
    minVersion,
    ...(ca === null ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key.reveal() }),
  };
}

/**
 * Opens connections for one origin of one client.
 *
 * Out: a socket to where `connectTo` or the origin says, straight or through a proxy, its server authenticated.
 * Never: an address that was not shown to the guard (T-14), but for what a proxy resolves; an unchecked certificate
 * (INT-7, T-46), or one that is not for the host of the origin, unless `connectTo.serverName` says for which.
 */
export function createConnector(
  origin: string,
  { resolveName, proxyFor }: ConnectorParts,
  settings: ConnectorSettings,
): buildConnector.connector {
  const { tls, connectTo, mayConnect, connectTimeout } = settings;
  const name = serverNameFor(origin, connectTo);
  const { end, through } = wayTo(origin, settings, proxyFor);
  const connect = buildConnector({
    allowH2: false,
    timeout: connectTimeout,
    // Said, not left out: NODE_TLS_REJECT_UNAUTHORIZED=0 must not reach the authorization server.
    rejectUnauthorized: true,
    checkServerIdentity: (_connectedTo, certificate) => checkServerIdentity(name, certificate),
    ...tlsOptionsOf(tls),
    lookup: lookupWith(resolveName, mayConnect),
  });

  return (target, callback) => {
    if (!mayBeNamed(end.host, mayConnect, through !== null)) {
      queueMicrotask(() => callback(new AddressRefused(), null));
      return;
    }
    const servername = isIP(name) === 0 ? name : '';
    const there = { ...target, hostname: end.host, port: String(end.port), servername };
    if (through === null) connect(there, callback);
    else void connectThrough(through, there, callback);
  };

  /** TLS with the server goes through the tunnel from end to end: the proxy sees neither tokens nor secrets. */
  async function connectThrough(
    proxy: OutboundProxy,
    there: buildConnector.Options,
    callback: buildConnector.Callback,
  ): Promise<void> {
    const tunnel = await openTunnel(proxy, end, { resolveName, timeout: connectTimeout });
    if (!tunnel.ok) callback(tunnel.failure, null);
    else if (end.protocol === 'https:') connect({ ...there, httpSocket: tunnel.value }, callback);
    else callback(null, tunnel.value);
  }
}

/**
 * Names are judged when they are resolved; an address never is. A proxy resolves for itself, where we cannot see it:
 * there `localhost`, too, is judged as it is written.
 */
export function mayBeNamed(host: string, mayConnect: MayConnect, isResolvedElsewhere: boolean): boolean {
  const family = isIP(host);
  if (family !== 0) return mayConnect({ address: host, family: family === 6 ? 6 : 4 });
  const isThisHost = /(?:^|\.)localhost\.?$/i.test(host);
  return !isResolvedElsewhere || !isThisHost || mayConnect({ address: '127.0.0.1', family: 4 });
}
