/**
 * Every front that can run here, each before a door of the same house and before the same upstream.
 *
 * In: a request as its bytes. Out: what the client saw, and what of it reached the upstream.
 */
import { parse, parseAllDocuments } from 'yaml';

import { placeEnvoy } from '../../deploy/demo/envoy-settings.ts';
import { shippedText } from '../deploy/shipped.ts';
import { exchange } from '../gateway/http/ask.ts';
import { startEnvoyWith } from '../support/envoy.ts';
import { type Annotated, startIngressNginx } from '../support/ingress-nginx.ts';
import { startNginx } from '../support/nginx.ts';
import { startFront } from '../support/shipped-front.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import type { OpenedHouse } from './support-house.ts';

/** With the files of deploy/, but for `ingress-nginx`, which is the controller's template in the NGINX of this machine. */
export const FRONTS = [
  'envoy',
  'envoy over http',
  'nginx',
  'ingress-nginx',
  'caddy of Debian',
  'caddy of today',
  'haproxy',
  'traefik',
] as const;
export type Front = (typeof FRONTS)[number];

export interface Asked {
  readonly method?: string;
  /** The request target, byte for byte. */
  readonly path?: string;
  readonly host?: string;
  /** Name and value of each line; one character for each byte. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

export interface Seen {
  readonly status: number;
  /** Of the answer, by lower-case name; repeated lines joined with ` | `. */
  readonly answered: Readonly<Record<string, string>>;
  /** `null`: nothing reached the upstream. */
  readonly upstream: { readonly method: string; readonly path: string; readonly headers: Identity } | null;
  /** All header lines that reached the upstream, as text. */
  readonly upstreamText: string;
}

/** Headers that say who the client is or what it asks, in any spelling; those without a value left out. */
export type Identity = Readonly<Record<string, string>>;

export interface RunningFronts {
  readonly ask: (front: Front, asked: Asked) => Promise<Seen>;
  readonly stop: () => Promise<void>;
}

/** What deploy/ingress-nginx tells the controller. */
function annotations(): Pick<Annotated, 'responseHeaders' | 'serverSnippet'> {
  const ingress = parse(shippedText('deploy/ingress-nginx/ingress.yaml')) as Ingress;
  const [settings] = parseAllDocuments(shippedText('deploy/ingress-nginx/configmap.yaml'));
  const listed = ingress.metadata.annotations['nginx.ingress.kubernetes.io/auth-response-headers'] ?? '';
  return {
    responseHeaders: listed.split(','),
    serverSnippet: String(settings?.getIn(['data', 'server-snippet'])),
  };
}

interface Ingress {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
}

export async function startFronts(house: OpenedHouse): Promise<RunningFronts> {
  const upstream = await startUpstream();
  const at = (profile: string): number => house.port(`http:${profile}` as Parameters<OpenedHouse['port']>[0]);
  const toUpstream = (profile: string) => ({ gatehouse: at(profile), upstream: upstream.port });
  const envoyWith = (shipped: string, gatehouse: number) =>
    startEnvoyWith(
      placeEnvoy(shipped, { front: 0, admin: 0, clusters: { gatehouse, upstream: upstream.port } }),
    );
  // As the file itself tells: what `scrub` names must be shown to Gatehouse.
  const scrubbing = shippedText('deploy/envoy/envoy-http.yaml').replace(
    '- { exact: x-request-id, ignore_case: true }',
    `- { safe_regex: { regex: '(?i)x-(internal|original|rewrite)-.*' } }`,
  );

  const running: Readonly<Record<Front, { readonly port: number; readonly stop: () => Promise<void> }>> = {
    envoy: await envoyWith(shippedText('deploy/envoy/envoy.yaml'), house.port('grpc')),
    'envoy over http': await envoyWith(scrubbing, at('envoy')),
    nginx: await startNginx({ gatehouse: `127.0.0.1:${at('nginx')}`, upstreamPort: upstream.port }),
    'ingress-nginx': await startIngressNginx({ ...toUpstream('ingress-nginx'), ...annotations() }),
    'caddy of Debian': await startFront('caddy of Debian', toUpstream('caddy')),
    'caddy of today': await startFront('caddy of today', toUpstream('caddy')),
    haproxy: await startFront('haproxy', toUpstream('haproxy')),
    traefik: await startFront('traefik', toUpstream('traefik')),
  };

  return {
    ask: (front, asked) => askOne(running[front].port, upstream, asked),
    async stop() {
      await Promise.all(Object.values(running).map((front) => front.stop()));
      await upstream.close();
    },
  };
}

async function askOne(port: number, upstream: Upstream, asked: Asked): Promise<Seen> {
  const { method = 'GET', path = '/orders/1', host = 'api.example.com', headers = [], body } = asked;
  const length = body === undefined ? [] : [['Content-Length', String(body.length)]];
  const lines = [['Host', host], ...headers, ...length, ['Connection', 'close']].map(
    ([name, value]) => `${name}: ${value}`,
  );
  const before = upstream.requests.length;
  const text = await exchange(
    port,
    `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body ?? ''}`,
  );

  const [head = ''] = text.split('\r\n\r\n');
  const [statusLine = '', ...fields] = head.split('\r\n');
  const received = upstream.requests.slice(before);
  if (received.length > 1) throw new Error('one request reached the upstream twice');
  const [one] = received;
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0),
    answered: fieldsOf(fields),
    upstream:
      one === undefined ? null : { method: one.method, path: one.path, headers: identityOf(one.rawHeaders) },
    upstreamText: JSON.stringify(one?.rawHeaders ?? []),
  };
}

function fieldsOf(lines: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    const key = name.toLowerCase();
    fields[key] = key in fields ? `${fields[key]} | ${value}` : value;
  }
  return fields;
}

const TELLING =
  /^(x-auth-.*|authorization|x-internal-.*|x-remote-user|x-http-method(-override)?|x-method-override)$/;

function identityOf(rawHeaders: readonly string[]): Identity {
  const found: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    const value = rawHeaders[index + 1]!;
    if (value === '' || !TELLING.test(name.replaceAll(/[_.]/g, '-'))) continue;
    found[name] = name in found ? `${found[name]} | ${value}` : value;
  }
  return found;
}
