import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';

import { runGatehouse } from '../support/gatehouse.ts';
import { temporaryFolder } from '../support/processes.ts';
import { commandOf, parseDockerfile } from './dockerfile.ts';
import { shippedText, shippedYaml } from './shipped.ts';

// No cluster can run here: what holds the manifests together is read from them, and from what they are about.
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function manifestsOf(path: string): readonly Manifest[] {
  return parseAllDocuments(shippedText(path), { strict: true, uniqueKeys: true }).map((document) => {
    expect({ path, errors: document.errors }).toEqual({ path, errors: [] });
    return document.toJS() as Manifest;
  });
}

const kustomization = shippedYaml('deploy/kubernetes/kustomization.yaml') as { resources: readonly string[] };
const all = kustomization.resources.flatMap((name) => manifestsOf(`deploy/kubernetes/${name}`));

function one(kind: string, name = 'gatehouse'): unknown {
  const found = all.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  expect(found).toHaveLength(1);
  return found[0];
}

const deployment = (one('Deployment') as { spec: DeploymentSpec }).spec;
const pod = deployment.template.spec;
const container = pod.containers[0]!;
const settingsText = (one('ConfigMap', 'gatehouse-settings') as { data: Record<string, string> }).data[
  'gatehouse.yaml'
]!;
const settings = parse(settingsText) as SettingsFile;

interface DeploymentSpec {
  readonly replicas: number;
  readonly selector: { readonly matchLabels: Labels };
  readonly strategy: { readonly rollingUpdate: { readonly maxUnavailable: number } };
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints: readonly {
    readonly topologyKey: string;
    readonly labelSelector: { readonly matchLabels: Labels };
  }[];
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly secret?: { readonly secretName: string; readonly defaultMode: number };
  }[];
}
interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly resources: { readonly limits: Readonly<Record<string, string>> };
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPath?: string;
  }[];
  readonly env?: unknown;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}
type Labels = Readonly<Record<string, string>>;
interface SettingsFile {
  readonly listen: Readonly<Record<'grpc' | 'health' | 'admin', { readonly address: string }>>;
  readonly drain: string;
  readonly clients: Readonly<Record<string, { readonly clientSecret: { readonly file: string } }>>;
}

const seconds = (text: string): number => Number(/^(\d+)s$/.exec(text)?.[1]);
const portOf = (address: string): number => Number(address.split(':').at(-1));
const drain = seconds(settings.drain);
/** The first fifth of `drain`, 5 s at most: checks are still taken, while readiness says no. */
const accepting = Math.min(drain / 5, 5);

describe('deploy/kubernetes', () => {
  it('puts everything that has a namespace into its own', () => {
    for (const { kind, metadata } of all)
      if (kind !== 'Namespace')
        expect({ kind, namespace: metadata.namespace }).toEqual({ kind, namespace: 'gatehouse' });
  });

  it('selects its own pods, in the Deployment, the Services, the policy, the budget and the spread', () => {
    const { labels } = deployment.template.metadata;
    const selectors: readonly Labels[] = [
      deployment.selector.matchLabels,
      ...['gatehouse', 'gatehouse-admin'].map(
        (name) => (one('Service', name) as { spec: { selector: Labels } }).spec.selector,
      ),
      (one('NetworkPolicy') as { spec: { podSelector: { matchLabels: Labels } } }).spec.podSelector
        .matchLabels,
      (one('PodDisruptionBudget') as { spec: { selector: { matchLabels: Labels } } }).spec.selector
        .matchLabels,
      ...pod.topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
    ];
    for (const selector of selectors) expect(labels).toMatchObject(selector);
  });

  it('has settings without a problem, which name only files that are mounted', async () => {
    const folder = temporaryFolder('kubernetes');
    writeFileSync(join(folder.path, 'gatehouse.yaml'), settingsText);
    const checked = await runGatehouse(['check', '--offline'], { cwd: folder.path });
    folder.remove();
    expect({ code: checked.code, output: checked.code === 0 ? '' : checked.output }).toEqual({
      code: 0,
      output: '',
    });

    const mounted = container.volumeMounts.map(({ mountPath }) => mountPath);
    const keys = Object.keys(
      (manifestsOf('deploy/kubernetes/secret.example.yaml')[0] as Manifest & { stringData: object })
        .stringData,
    );
    const named = [...settingsText.matchAll(/\{ file: ([\w./-]+)/g)].map(([, path]) => path!);
    expect(named.length).toBeGreaterThan(0);
    for (const path of named) {
      const [, folderOf, key] = /^(.*)\/([^/]+)$/.exec(path)!;
      expect(mounted).toContain(folderOf);
      expect(keys).toContain(key);
    }
  });

  it('mounts settings and secrets as folders, which follow a change, and gives no secret to the environment', () => {
    for (const mount of container.volumeMounts) expect(mount).not.toHaveProperty('subPath');
    expect(container).not.toHaveProperty('env');
    const [, secrets] = pod.volumes;
    expect(secrets?.secret?.secretName).toBe('gatehouse-secrets');
    expect(secrets?.secret?.defaultMode).toBe(0o440);
    // Where the command of the image looks.
    const image = parseDockerfile(shippedText('deploy/Dockerfile')).at(-1)!;
    const file = commandOf(image, 'CMD').at(-1)!;
    expect(container.volumeMounts[0]?.mountPath).toBe(file.replace(/\/gatehouse\.yaml$/, ''));
    expect(container).not.toHaveProperty('command');
  });

  it('opens the ports that the settings open, and no other', () => {
    expect(Object.fromEntries(container.ports.map((port) => [port.name, port.containerPort]))).toEqual({
      grpc: portOf(settings.listen.grpc.address),
      admin: portOf(settings.listen.admin.address),
      health: portOf(settings.listen.health.address),
    });
    const [checks] = (
      one('Service') as {
        spec: { clusterIP: string; ports: readonly { port: number; targetPort: string }[] };
      }
    ).spec.ports;
    expect(checks).toMatchObject({ port: portOf(settings.listen.grpc.address), targetPort: 'grpc' });
  });

  it('lets nobody but the gateway ask, and nobody but the scraper read metrics (T-62)', () => {
    const { spec } = one('NetworkPolicy') as {
      spec: { policyTypes: readonly string[]; ingress: readonly IngressRule[] };
    };
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(spec.ingress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([['grpc'], ['admin']]);
    for (const { from } of spec.ingress) expect(from.length).toBeGreaterThan(0);
  });

  it('stays up for longer than it drains, with time for the last answers (T-70)', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 5);
  });

  it('is out of service before it stops taking checks', () => {
    const { periodSeconds, failureThreshold } = container.readinessProbe;
    expect(periodSeconds * failureThreshold).toBeLessThanOrEqual(accepting);
  });

  it('gives a start the time that a first attempt at every client takes, and a roll-out the time for that', () => {
    const { periodSeconds, failureThreshold } = container.startupProbe;
    // 5 s for the attempt, ten times that for images, nodes and bad days.
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(50);
    expect(deployment.strategy.rollingUpdate.maxUnavailable).toBe(0);
  });

  it('asks /readyz whether it may be used and /livez whether it turns, never the other way round', () => {
    expect(container.startupProbe.httpGet).toEqual({ path: '/readyz', port: 'health' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'health' });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'health' });
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe])
      expect(probe.timeoutSeconds).toBeLessThanOrEqual(probe.periodSeconds);
  });

  it('spreads over nodes and zones, and keeps most of its instances through a drain of a node', () => {
    expect(pod.topologySpreadConstraints.map(({ topologyKey }) => topologyKey).sort()).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
    const { maxUnavailable } = (one('PodDisruptionBudget') as { spec: { maxUnavailable: number } }).spec;
    expect(deployment.replicas).toBeGreaterThan(2 * maxUnavailable);
  });

  it('needs no privilege', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});

interface IngressRule {
  readonly from: readonly unknown[];
  readonly ports: readonly { readonly port: string }[];
}

// Checked against their documentation when they were written; here, against the rest of the deployment.
describe('the manifests for gateways on Kubernetes', () => {
  const FILES = [
    'deploy/istio/mesh-config.yaml',
    'deploy/istio/authorization-policy.yaml',
    'deploy/envoy-gateway/security-policy.yaml',
    'deploy/contour/http-proxy.yaml',
    'deploy/kgateway/traffic-policy.yaml',
    'deploy/ingress-nginx/ingress.yaml',
    'deploy/ingress-nginx/configmap.yaml',
  ];

  it.each(FILES)('%s is well-formed, and says how far it was checked', (path) => {
    for (const manifest of manifestsOf(path))
      expect(manifest).toMatchObject({
        apiVersion: expect.any(String),
        kind: expect.any(String),
        metadata: { name: expect.any(String) },
      });
    if (!path.endsWith('configmap.yaml'))
      expect(shippedText(path)).toMatch(/^# .*\n?#? ?.*[Cc]hecked against/m);
  });

  it.each(FILES.slice(0, 5).filter((path) => !path.endsWith('authorization-policy.yaml')))(
    '%s asks the service and port of deploy/kubernetes, closed, within a second or so',
    (path) => {
      const text = shippedText(path);
      expect(text).toMatch(/gatehouse\.gatehouse\.svc|name: gatehouse/);
      expect(text).toContain(`port: ${portOf(settings.listen.grpc.address)}`);
      expect(text).toContain('failOpen: false');
      expect(text).not.toContain('failOpen: true');
      expect(text).toMatch(/[tT]imeout: 1s|response: 1s/);
    },
  );

  it('every front is told the headers that the routes of deploy/kubernetes set, and takes Authorization off', () => {
    const routes = (settings as unknown as { routes: readonly { upstream?: { headers: Labels } }[] }).routes;
    const set = routes.flatMap(({ upstream }) => Object.keys(upstream?.headers ?? {}));
    expect(set.length).toBeGreaterThan(0);
    for (const path of [
      'deploy/ingress-nginx/ingress.yaml',
      'deploy/apisix/apisix.yaml',
      'deploy/traefik/dynamic.yaml',
    ]) {
      const text = shippedText(path).toLowerCase();
      for (const header of [...set, 'authorization'])
        expect({ path, text }).toMatchObject({ text: expect.stringContaining(header) });
    }
  });

  it('deploy/apisix/apisix.yaml fails closed and shows the client how to get in', () => {
    const { routes } = shippedYaml('deploy/apisix/apisix.yaml') as { routes: readonly ApisixRoute[] };
    expect(routes[0]?.plugins['forward-auth']).toMatchObject({
      allow_degradation: false,
      status_on_error: 503,
      request_method: 'GET',
      request_headers: expect.arrayContaining(['Authorization']),
      client_headers: expect.arrayContaining(['WWW-Authenticate', 'Retry-After']),
    });
  });
});

interface ApisixRoute {
  readonly plugins: Readonly<Record<string, object>>;
}
