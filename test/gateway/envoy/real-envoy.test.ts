import { afterEach, describe, expect, it } from '@jest/globals';

import { milliseconds } from '../../../src/domain/index.ts';
import { CONNECTION_LIMITS } from '../../../src/gateway/envoy/limits.ts';
import { envoyConfiguration } from '../../support/envoy-configuration.ts';
import { type EnvoyDescription, type RunningEnvoy, startEnvoyWith } from '../../support/envoy.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { anAllow, mutations } from './builders.ts';
import { openDoor, type OpenedDoor } from './caller.ts';

const leftOpen: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of leftOpen.splice(0).reverse()) await close();
});

interface Scene {
  readonly envoy: RunningEnvoy;
  readonly upstream: Upstream;
}

async function behindEnvoy(
  { door }: OpenedDoor,
  filter: Partial<EnvoyDescription> = {},
  change: (configuration: object) => object = (configuration) => configuration,
): Promise<Scene> {
  const upstream = await startUpstream();
  leftOpen.push(upstream.close, () => door.close(milliseconds(0)));
  const configuration = envoyConfiguration({
    authorization: { kind: 'grpc', port: door.address.kind === 'tcp' ? door.address.port : 0 },
    upstream,
    timeout: '5s',
    ...filter,
  });
  const envoy = await startEnvoyWith(JSON.stringify(change(configuration)));
  leftOpen.push(envoy.stop);
  return { envoy, upstream };
}

describe.each(['grpc-js', 'http2'] as const)('answers to a real Envoy over %s', (transport) => {
  it.each([
    ['headers map', false],
    ['raw headers', true],
  ])(
    'overwrite, remove and describe as meant (%s, validate_mutations on)',
    async (_form, encodeRawHeaders) => {
      const opened = await openDoor(
        () =>
          anAllow({
            mutations: mutations({
              set: [{ name: 'x-auth-subject', value: 'alice' }],
              remove: ['x-auth-client', 'authorization', 'x-not-there'],
              metadata: { rule: 'orders', sub: 'alice' },
            }),
            strays: ['x_auth.subject'],
          }),
        { transport },
      );
      const { envoy, upstream } = await behindEnvoy(opened, {
        encodeRawHeaders,
        validateMutations: true,
        metadataHeaders: { 'x-seen-sub': 'sub' },
      });
      const answer = await fetch(`${envoy.url}/orders`, {
        headers: {
          authorization: 'Bearer abc',
          'x-auth-subject': 'mallory',
          'x_auth.subject': 'mallory',
          'x-auth-client': 'mallory',
          'x-kept': 'yes',
        },
      });
      expect(answer.status).toBe(200);
      const [seen] = upstream.requests;
      expect(seen?.headers).toMatchObject({
        'x-auth-subject': 'alice',
        'x-seen-sub': 'alice',
        'x-kept': 'yes',
      });
      expect(JSON.stringify(seen?.rawHeaders)).not.toContain('mallory');
      expect(seen?.headers.authorization).toBeUndefined();
    },
  );

  it('are not lost when a connection has reached its age, if Envoy asks again what was refused', async () => {
    const young = { ...CONNECTION_LIMITS, age: milliseconds(100), ageGrace: milliseconds(50) };
    const opened = await openDoor(async () => anAllow(), { transport }, young);
    const { envoy } = await behindEnvoy(opened, {}, askAgain);
    const statuses = await besiege(envoy.url);

    expect([...statuses]).toEqual([200]);
    const stats = await envoy.stats('ext_authz|cluster.gatehouse.upstream_cx_total');
    expect(sumOf(stats, 'ext_authz.error')).toBe(0);
    expect(sumOf(stats, 'upstream_cx_total')).toBeGreaterThan(3);
  });
});

/** Sixteen requests at a time for a second and a half. Out: the statuses that came. */
async function besiege(url: string): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  const endsAt = performance.now() + 1_500;
  const ask = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      statuses.add(answer.status);
    }
  };
  await Promise.all(Array.from({ length: 16 }, ask));
  return statuses;
}

/** What deploy/envoy should say too: a refused stream was never looked at, so that asking again is safe. */
function askAgain(configuration: object): object {
  const changed = JSON.parse(JSON.stringify(configuration));
  const { listeners, clusters } = changed.static_resources;
  const [filter] = listeners[0].filter_chains[0].filters[0].typed_config.http_filters;
  filter.typed_config.grpc_service.retry_policy = { num_retries: 3, retry_on: 'refused-stream' };
  for (const cluster of clusters)
    if (cluster.name === 'gatehouse') cluster.circuit_breakers = { thresholds: [{ max_retries: 1024 }] };
  return changed as object;
}

function sumOf(stats: ReadonlyMap<string, number>, ending: string): number {
  return [...stats].filter(([name]) => name.endsWith(ending)).reduce((sum, [, value]) => sum + value, 0);
}
