import { Buffer } from 'node:buffer';
import { isIP, Socket } from 'node:net';
import { URL } from 'node:url';

import { buildConnector, Client } from 'undici';

import {
  type ConnectionEnd,
  fail,
  type Milliseconds,
  type OutboundProxy,
  type ResolveName,
  type Result,
  succeed,
} from '../../domain/index.ts';
import { type ConnectionFailure, describeFailure, TunnelFailure } from './connection-failure.ts';
import { lookupWith } from './lookup.ts';

export interface TunnelParts {
  readonly resolveName: ResolveName;
  /** Budget of the whole way until the tunnel is open. */
  readonly timeout: Milliseconds;
}

/**
 * Has a proxy open a tunnel (CONNECT, RFC 9110 section 9.3.6).
 *
 * Out: a socket whose bytes the proxy hands on both ways, or why there is none.
 * Never: a request other than CONNECT; a wait beyond the timeout; a straight way instead.
 */
export async function openTunnel(
  proxy: OutboundProxy,
  { host, port }: Pick<ConnectionEnd, 'host' | 'port'>,
  { resolveName, timeout }: TunnelParts,
): Promise<Result<Socket, TunnelFailure>> {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const client = new Client(proxy.origin, {
    connect: connectorTo(proxy, { resolveName, timeout }),
    ...NO_LIMITS,
  });
  const expiry = new AbortController();
  const timer = setTimeout(() => expiry.abort(), timeout);
  try {
    const { statusCode, socket } = await client.connect({
      path: authority,
      headers: { host: authority, 'user-agent': 'gatehouse', ...credentialsFor(proxy) },
      signal: expiry.signal,
    });
    socket.on('error', ignore);
    // It is one in truth; the library's types promise less.
    if (socket instanceof Socket && statusCode >= 200 && statusCode < 300) return succeed(socket);
    socket.destroy();
    return fail(new TunnelFailure(refusal(statusCode)));
  } catch (error) {
    return fail(new TunnelFailure(expiry.signal.aborted ? SLOW : unreachable(error)));
  } finally {
    clearTimeout(timer);
    // The tunnel is no longer the client's; what is left of it goes.
    void client.destroy().catch(ignore);
  }
}

/** The operator named the proxy, which is consent to wherever it is. */
function connectorTo(
  { origin, ca }: OutboundProxy,
  { resolveName, timeout }: TunnelParts,
): buildConnector.connector {
  const host = new URL(origin).hostname;
  const connect = buildConnector({
    allowH2: false,
    timeout,
    rejectUnauthorized: true,
    ...(ca === null ? {} : { ca }),
    lookup: lookupWith(resolveName, () => true),
  });
  // The library would take the name from the Host header, where the far end stands.
  return (target, callback) => connect({ ...target, servername: isHostName(host) ? host : '' }, callback);
}

function isHostName(host: string): boolean {
  return !host.startsWith('[') && isIP(host) === 0;
}

/** The budget is ours to keep. */
const NO_LIMITS = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 16_384 };

function credentialsFor({ credentials }: OutboundProxy): Readonly<Record<string, string>> {
  if (credentials === null) return {};
  const pair = `${credentials.username}:${credentials.password.reveal()}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function refusal(status: number): ConnectionFailure {
  if (status === 407)
    return { kind: 'proxy_refused', detail: 'the proxy does not accept our credentials (407); see `proxy`' };
  const detail = `the proxy did not open a tunnel: it answered with status ${status}`;
  // Of 5xx it is the far end that the proxy cannot reach.
  return { kind: status >= 500 ? 'proxy' : 'proxy_refused', detail };
}

const SLOW: ConnectionFailure = { kind: 'proxy', detail: 'the proxy opened no tunnel in time' };

function unreachable(error: unknown): ConnectionFailure {
  const { kind, detail } = describeFailure(error);
  if (kind === 'certificate')
    return { kind: 'proxy_refused', detail: 'the certificate of the proxy is not accepted; see `proxy.ca`' };
  return { kind: 'proxy', detail: `the proxy cannot be used: ${detail}` };
}

function ignore(): void {
  // Whoever uses the stream hears of its end.
}
