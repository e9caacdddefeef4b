/**
 * One request at every door of one house.
 *
 * In: a request in words. Out: for each door the verdict that was logged, what the caller saw, and what becomes of the
 * request on its way to the upstream.
 */
import { Agent } from 'node:http';

import { ask as askHttp, type Reply } from '../gateway/http/ask.ts';
import { eventually } from '../support/processes.ts';
import { aCheck, ask, type CheckWords } from './support-house-check.ts';
import type { OpenedHouse } from './support-house.ts';

/** The gRPC door is asked in both forms that Envoy has for headers. */
export const WAYS = [
  'grpc raw',
  'grpc map',
  'http:nginx',
  'http:envoy',
  'http:ingress-nginx',
  'http:traefik',
  'http:caddy',
  'http:apisix',
  'http:haproxy',
] as const;
export type Way = (typeof WAYS)[number];

export interface Seen {
  readonly decision: string;
  readonly reason: string;
  readonly route: string | null;
  readonly status: number;
  /** `null`: none. */
  readonly challenge: string | null;
  readonly hasRetryAfter: boolean;
  readonly noStore: boolean;
  readonly body: string;
  /** `null`: refused. */
  readonly upstream: Upstream | null;
}

export interface Upstream {
  readonly set: Readonly<Record<string, string>>;
  /** `null`: this front is not told. Sorted. */
  readonly remove: readonly string[] | null;
  readonly authorization: string;
}

export interface AskEveryDoor {
  /** Asks at one door and gives what was seen there. */
  (way: Way, words: CheckWords): Promise<Seen>;
  readonly close: () => void;
}

export function openAskEveryDoor(house: OpenedHouse): AskEveryDoor {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let count = 0;

  const askDoor = async (way: Way, words: CheckWords): Promise<Seen> => {
    const id = `doors-${(count += 1)}-${way.replaceAll(' ', '-')}`;
    const headers = [...(words.headers ?? []), ['x-request-id', id] as const];
    const answer = await answerAt(way, { ...words, headers });
    const line = await eventually(`the log line of ${id}`, () => lineOf(id), { within: 2_000 });
    return { ...verdictOf(line), ...answer };
  };
  return Object.assign(askDoor, { close: () => agent.destroy() });

  function lineOf(id: string): Readonly<Record<string, unknown>> | null {
    const text = house.lines.findLast((line) => line.includes(`"${id}"`));
    return text === undefined ? null : (JSON.parse(text) as Readonly<Record<string, unknown>>);
  }

  async function answerAt(way: Way, words: CheckWords): Promise<Answer> {
    const {
      method = 'GET',
      path = '/orders/1',
      host = 'api.example.com',
      scheme = 'https',
      headers = [],
    } = words;
    switch (way) {
      case 'grpc raw':
      case 'grpc map':
        return overGrpc(house, aCheck({ ...words, form: way === 'grpc raw' ? 'raw' : 'map' }));
      case 'http:nginx':
      case 'http:haproxy':
      case 'http:ingress-nginx':
      case 'http:traefik':
      case 'http:caddy':
      case 'http:apisix': {
        const carrying = carryingHeaders(way, { method, path, host, scheme });
        const asked = { path: '/_gatehouse', agent, headers: [...carrying, ...headers.flat()] };
        return fromSubrequest(await askHttp({ port: house.port(way) }, asked));
      }
      case 'http:envoy':
        return fromEnvoy(
          await askHttp(
            { port: house.port('http:envoy') },
            {
              method,
              path: `/authz${path}`,
              agent,
              headers: ['Host', host, 'X-Forwarded-Proto', scheme, ...headers.flat()],
            },
          ),
        );
    }
  }
}

type Verdict = Pick<Seen, 'decision' | 'reason' | 'route'>;
type Answer = Omit<Seen, keyof Verdict>;

function verdictOf(line: Readonly<Record<string, unknown>>): Verdict {
  const { decision, reason, route } = line as Readonly<Record<string, string>>;
  return { decision: decision ?? '', reason: reason ?? '', route: route ?? null };
}

async function overGrpc(house: OpenedHouse, check: Buffer): Promise<Answer> {
  const outcome = await ask(house, check);
  if (outcome.kind === 'deny') {
    const { status, headers, body } = outcome;
    return { status, body, upstream: null, ...traitsOf(headers) };
  }
  const { set, remove } = outcome;
  const others = [...new Set(remove)].filter((name) => name !== 'authorization').sort();
  const authorization = remove.includes('authorization') ? 'strip' : 'keep';
  return {
    status: 200,
    body: '',
    upstream: { set, remove: others, authorization },
    ...traitsOf({}),
    noStore: true,
  };
}

type Carried = Readonly<Record<'method' | 'path' | 'host' | 'scheme', string>>;

/** How each front says what its client asked. */
function carryingHeaders(
  way: Exclude<Way, 'grpc raw' | 'grpc map' | 'http:envoy'>,
  { method, path, host, scheme }: Carried,
): readonly string[] {
  const ours = ['Host', 'gatehouse'];
  const forwarded = ['X-Forwarded-Host', host, 'X-Forwarded-Proto', scheme];
  switch (way) {
    case 'http:ingress-nginx':
      return [...ours, 'X-Original-URL', `${scheme}://${host}${path}`, 'X-Original-Method', method];
    case 'http:traefik':
    case 'http:caddy':
    case 'http:apisix':
      return [...ours, 'X-Forwarded-Uri', path, 'X-Forwarded-Method', method, ...forwarded];
    case 'http:nginx':
    case 'http:haproxy':
      return [...ours, 'X-Original-URI', path, 'X-Original-Method', method, ...forwarded];
  }
}

/** An empty header stands for none; Authorization that comes back is the client's own, which is kept. */
function fromSubrequest({ status, headers, body }: Reply): Answer {
  const given = Object.entries(ownOf(headers)).filter(
    ([name, value]) => value !== '' && !['authorization', 'x-authz-authorization'].includes(name),
  );
  const authorization = headers['x-authz-authorization'] ?? '';
  const upstream = status === 200 ? { set: Object.fromEntries(given), remove: null, authorization } : null;
  return { status, body, upstream, ...traitsOf(headers) };
}

function fromEnvoy({ status, headers, body }: Reply): Answer {
  const { 'x-envoy-auth-headers-to-remove': listed = '', ...rest } = headers;
  const names = listed === '' ? [] : listed.split(',');
  const upstream: Upstream = {
    set: ownOf(rest),
    remove: names.filter((name) => name !== 'authorization').sort(),
    authorization: names.includes('authorization') ? 'strip' : 'keep',
  };
  return { status, body, upstream: status === 200 ? upstream : null, ...traitsOf(headers) };
}

function traitsOf(
  headers: Readonly<Record<string, string>>,
): Pick<Seen, 'challenge' | 'hasRetryAfter' | 'noStore'> {
  return {
    challenge: headers['www-authenticate'] ?? null,
    hasRetryAfter: 'retry-after' in headers,
    noStore: headers['cache-control'] === 'no-store',
  };
}

/** What node adds to every answer, and what is the same in each of ours. */
const OF_THE_ANSWER = ['cache-control', 'connection', 'content-length', 'date', 'keep-alive'];

function ownOf(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_ANSWER.includes(name)));
}
