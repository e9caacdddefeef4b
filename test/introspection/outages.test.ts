import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type ClientContext, FAULT_REASONS, milliseconds } from '../../src/domain/index.ts';
import { createAuthority } from '../support/certificates.ts';
import {
  type Answer,
  type FaultServer,
  html,
  huge,
  json,
  jsonText,
  raw,
  redirect,
  reset,
  silence,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { freePort } from '../support/processes.ts';
import { type ProxyServer, startProxyServer } from '../support/proxy-server.ts';
import { aClientOf, openScene, outcomeOf } from './scene.ts';

const PAGE = readFileSync(new URL('../../docs/outages.md', import.meta.url), 'utf8');
const ROWS = PAGE.split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 7 && cells[3]?.startsWith('`') === true)
  .map(([, fault = '', ends = '', reason = '', detail = '', breaker = '']) => {
    return { fault, ends, reason: reason.replaceAll('`', ''), detail, breaker };
  });

const authority = createAuthority();
let server: FaultServer;
let expired: FaultServer;
let proxy: ProxyServer;
let nobody: number;

beforeAll(async () => {
  server = await startFaultServer();
  expired = await startFaultServer({ tls: authority.issue(['IP:127.0.0.1'], { days: -1 }) });
  proxy = await startProxyServer();
  nobody = await freePort();
});
afterAll(() => Promise.all([server.stop(), expired.stop(), proxy.stop()]));

const TIMEOUT = milliseconds(400);
const ACTIVE = { active: true };
const patient = (url: string, differing: Partial<Omit<ClientContext, 'introspection'>> = {}) =>
  aClientOf(url, differing);
const through = (origin: string): Pick<ClientContext, 'proxy'> => {
  return { proxy: { kind: 'named', proxy: { origin, credentials: null, ca: null } } };
};
const answering = (answer: Answer) => () => {
  server.always(answer);
  return patient(server.url('/'));
};
const answeringLate = (answer: Answer) => () => {
  server.always(answer);
  return aClientOf(server.url('/'), { introspection: { timeout: TIMEOUT } });
};
const dnsGone = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));

/** How each fault of the page is made. */
const FAULTS: Readonly<Record<string, () => ClientContext>> = {
  'server stopped': () => patient(`http://127.0.0.1:${nobody}/`),
  'resets the connection': answering(reset()),
  'dies within the answer': answering(
    raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{'),
  ),
  'DNS gone': () => patient('http://gone.test/'),
  'address not consented to': () => patient(`http://idp.test:${server.port}/`, { allowAddresses: [] }),
  'TLS certificate expired': () =>
    patient(expired.url('/'), { tls: { ca: authority.ca, minVersion: 'TLSv1.2' } }),
  'half-open, never answers': answeringLate(silence()),
  'slower than the timeout': answeringLate(json(ACTIVE, { delayMs: 1_000 })),
  'body that trickles': answeringLate(json(ACTIVE, { trickle: { bytes: 1, everyMs: 30 } })),
  '500': answering(status(500)),
  '503 with Retry-After': answering(status(503, { headers: { 'retry-after': '5' } })),
  '429': answering(status(429)),
  redirect: answering(redirect(302, '/elsewhere')),
  '404': answering(status(404)),
  'HTML page': answering(html()),
  'garbage under a JSON type': answering(jsonText('\u0000garbage')),
  'not HTTP at all': answering(raw('220 mail.example ESMTP\r\n')),
  '16 MiB answer': answering(huge(16 * 1024 * 1024)),
  '401, our credentials refused': answering(status(401)),
  'proxy stopped': () => patient(server.url('/'), through(`http://127.0.0.1:${nobody}`)),
  'proxy wants other credentials': () => {
    proxy.answer({ kind: 'refuse', status: 407 });
    return patient(server.url('/'), through(proxy.origin));
  },
  'proxy refuses the tunnel': () => {
    proxy.answer({ kind: 'refuse', status: 403 });
    return patient(server.url('/'), through(proxy.origin));
  },
  'proxy hangs': () => {
    proxy.answer({ kind: 'hang' });
    const hasty = { ...through(proxy.origin), introspection: { timeout: TIMEOUT } };
    return aClientOf(server.url('/'), hasty);
  },
};

/** Tokens after which no further one is sent, by the last column. */
const SENT: Readonly<Record<string, number>> = {
  yes: 20,
  'waits as told': 1,
  'pauses after three tokens': 3,
  no: Number.POSITIVE_INFINITY,
};

describe('docs/outages.md', () => {
  it('has a row for each fault that is made here, and no other', () => {
    expect(ROWS.map(({ fault }) => fault)).toEqual(Object.keys(FAULTS).toSorted(byPlaceOnPage));
  });

  it.each(ROWS)('tells what $fault is answered with and what is logged', async (row) => {
    const scene = openScene({
      resolveName: async (name) => (name === 'gone.test' ? dnsGone() : [{ address: '127.0.0.1', family: 4 }]),
    });
    const result = await scene.ask(FAULTS[row.fault]!());
    expect(outcomeOf(result)).toBe(row.reason);
    expect(Object.keys(FAULT_REASONS)).toContain(row.reason);
    expect(row.ends === 'after `introspection.timeout`').toBe(row.reason === 'introspection_timeout');
    expect(scene.events.findLast(({ event }) => event === 'introspected')).toMatchObject({
      outcome: row.reason,
      detail: row.detail === '' ? null : expect.stringContaining(row.detail),
    });
    await scene.introspector.close();
  });

  it.each(ROWS)('tells whether $fault keeps later tokens away: $breaker', async ({ fault, breaker }) => {
    const scene = openScene({
      resolveName: async (name) => (name === 'gone.test' ? dnsGone() : [{ address: '127.0.0.1', family: 4 }]),
    });
    const client = FAULTS[fault]!();
    const sent = SENT[breaker]!;
    const first = Math.min(sent, 22);
    await Promise.all(Array.from({ length: first - 1 }, (_, index) => scene.ask(client, `token-${index}`)));
    expect(scene.introspector.stats()[0]?.suspendedBy ?? null).toBe(null);
    await scene.ask(client, 'the last of them');
    expect(scene.introspector.stats()[0]?.suspendedBy !== null).toBe(sent !== Number.POSITIVE_INFINITY);
    await scene.introspector.close();
  });
});

function byPlaceOnPage(one: string, other: string): number {
  const place = (fault: string): number => ROWS.findIndex((row) => row.fault === fault);
  return place(one) - place(other);
}
