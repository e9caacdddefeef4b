import { existsSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { repositoryPath, shippedText, shippedYaml } from './shipped.ts';

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
}

interface EnvoyCluster {
  readonly name: string;
  readonly load_assignment: {
    readonly endpoints: readonly [
      {
        readonly lb_endpoints: readonly [
          { readonly endpoint: { readonly address: { readonly socket_address: SocketAddress } } },
        ];
      },
    ];
  };
}

interface SocketAddress {
  readonly address: string;
  readonly port_value: number;
}

const compose = shippedYaml('deploy/compose.yaml') as Compose;
const services = Object.entries(compose.services);
const service = (name: string): Service => compose.services[name]!;

describe('deploy/compose.yaml, which cannot be run here', () => {
  it('names files and folders that exist', () => {
    const named = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]));
    expect(named.filter((path) => !existsSync(repositoryPath(`deploy/${path}`)))).toEqual([]);
    const { context, dockerfile } = service('gatehouse').build!;
    expect(existsSync(repositoryPath(`deploy/${context}/${dockerfile}`))).toBe(true);
  });

  it('takes every service from an image with a version, or builds it', () => {
    const loose = services.filter(([, { image, build }]) =>
      image === undefined ? build === undefined : !/:[v\d][\w.-]*$/.test(image),
    );
    expect(loose).toEqual([]);
  });

  it('names only services and networks that it has', () => {
    const unknown = services.flatMap(([, { depends_on = {}, networks }]) => [
      ...Object.keys(depends_on).filter((name) => !(name in compose.services)),
      ...networks.filter((name) => !(name in compose.networks)),
    ]);
    expect(unknown).toEqual([]);
    // A network that nobody uses is a leftover.
    const used = new Set(services.flatMap(([, { networks }]) => networks));
    expect(Object.keys(compose.networks).filter((name) => !used.has(name))).toEqual([]);
  });

  it('lets Envoy reach the very hosts that deploy/envoy/envoy.yaml names, at ports that Gatehouse opens', () => {
    const envoy = shippedYaml('deploy/envoy/envoy.yaml') as {
      readonly static_resources: { readonly clusters: readonly EnvoyCluster[] };
    };
    for (const { load_assignment } of envoy.static_resources.clusters) {
      const { address } = load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address;
      const shared = service(address).networks.filter((name) => service('envoy').networks.includes(name));
      expect(shared).not.toEqual([]);
    }
    const settings = shippedYaml('deploy/gatehouse.yaml') as { listen: { grpc: { address: string } } };
    const gatehouse = envoy.static_resources.clusters.find(({ name }) => name === 'gatehouse')!;
    const { port_value } =
      gatehouse.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address;
    expect(settings.listen.grpc.address).toBe(`0.0.0.0:${port_value}`);
  });

  it('keeps the check port between Envoy and Gatehouse, and Redis to Gatehouse alone', () => {
    expect(service('gatehouse').ports).toBeUndefined();
    const checks = services.filter(([, { networks }]) => networks.includes('checks')).map(([name]) => name);
    const memory = services.filter(([, { networks }]) => networks.includes('memory')).map(([name]) => name);
    expect(checks).toEqual(['envoy', 'gatehouse']);
    expect(memory).toEqual(['gatehouse', 'redis']);
    expect(compose.networks['memory']?.internal).toBe(true);
  });

  it('hands over every secret that deploy/gatehouse.yaml asks the environment for', () => {
    const asked = [...shippedText('deploy/gatehouse.yaml').matchAll(/env: (\w+)/g)].map(([, name]) => name);
    expect(asked.length).toBeGreaterThan(0);
    expect(Object.keys(service('gatehouse').environment ?? {}).sort()).toEqual([...asked].sort());
  });
});
