/**
 * An authorization server that knows the tokens a test gives it, and can be told to fail.
 *
 * In: tokens and what is to be said of them. Out: which tokens it was asked about.
 */
import { type Clock, systemClock } from '../../src/index.ts';
import type { Certificate } from '../support/certificates.ts';
import {
  type Answer,
  type FaultServer,
  json,
  type RecordedRequest,
  startFaultServer,
} from '../support/fault-server.ts';

export interface Idp extends FaultServer {
  readonly endpoint: string;
  /** What is said of each token beside `active: true`; any other token is inactive. */
  readonly tokens: Map<string, Readonly<Record<string, unknown>>>;
  /** Tokens it was asked about since the start, or since `forget`, in order. */
  readonly asked: () => readonly string[];
  /** Answers by `tokens` again, after `always`. */
  readonly behave: () => void;
}

/** Never asked of by a test itself: what the house asks with to warm its connections. */
export const PATH = '/introspect';

/** @param tls left out: plain http. */
export async function startIdp(tls?: Certificate): Promise<Idp> {
  const server = await startFaultServer(tls === undefined ? {} : { tls });
  const tokens = new Map<string, Readonly<Record<string, unknown>>>();
  const honest: Answer = (request) => {
    const claims = tokens.get(tokenOf(request));
    return json(claims === undefined ? { active: false } : { active: true, ...claims });
  };
  server.always(honest);
  return {
    ...server,
    endpoint: server.url(PATH),
    tokens,
    asked: () => server.requests.filter(({ method }) => method === 'POST').map(tokenOf),
    behave: () => server.always(honest),
  };
}

export function tokenOf({ body }: RecordedRequest): string {
  return new URLSearchParams(body).get('token') ?? '';
}

/** One client of the settings file, in flow form: asks at a fixed endpoint over plain http. */
export function clientAt(endpoint: string, more = ''): string {
  return `{ clientId: gateway, clientSecret: { env: CLIENT_SECRET }, allowHttp: true, introspection: { endpoint: "${endpoint}"${more} } }`;
}

/** A moment in whole seconds, as claims have it. */
export const inSeconds = (fromNow: number, clock: Pick<Clock, 'now'> = systemClock): number =>
  Math.floor(clock.now() / 1000) + fromNow;
