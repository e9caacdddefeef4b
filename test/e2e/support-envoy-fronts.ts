/**
 * One real Envoy with several listeners, each made of the files in deploy/envoy.
 *
 * In: what each listener changes in the shipped filter chain. Out: a running Envoy with a port for each of them.
 * Never: a setting of the filter that a user of the shipped file would not have, but for those a test names.
 */
import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { startEnvoyWith, type RunningEnvoy } from '../support/envoy.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** `deploy/envoy/envoy.yaml`, or `deploy/envoy/envoy-http.yaml`. */
export type Service = 'grpc' | 'http';

export interface Front {
  /** Of the listener; its statistics carry it too. */
  readonly name: string;
  readonly service: Service;
  /** The instances it asks; more than one only where none else is meant. */
  readonly instances: readonly Instance[];
  /** Merged over the ext_authz filter; `null` takes a member away. */
  readonly filter?: JsonObject;
  /** Merged over the connection manager. */
  readonly manager?: JsonObject;
  /** Merged over the cluster of Gatehouse. */
  readonly cluster?: JsonObject;
  /** Per-route settings of ext_authz for hosts and paths; everything else has none. */
  readonly extensions?: readonly ContextOfPlace[];
}

export interface Instance {
  readonly port: number;
  /** Where its health is asked; left out: at the same port. */
  readonly healthPort?: number;
}

export interface ContextOfPlace {
  readonly host: string;
  /** Left out: the whole host. */
  readonly prefix?: string;
  readonly contextExtensions: Readonly<Record<string, string>>;
}

export interface RunningFronts {
  readonly envoy: RunningEnvoy;
  readonly port: (front: string) => number;
  /** What the ext_authz filter of a front counted since the start. */
  readonly counts: (front: string) => Promise<FilterCounts>;
  /** How many instances Envoy holds for healthy. */
  readonly healthy: (front: string) => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** `error` counts failed checks, `invalid` answers that Envoy could not use. */
export type FilterCounts = Readonly<
  Record<'ok' | 'denied' | 'error' | 'invalid' | 'failure_mode_allowed', number>
>;

/**
 * The shipped connection manager tidies up what a client sends. Without that, nobody but Gatehouse protects the
 * upstream, and nobody changes a path between the two.
 */
export const NOTHING_TIDIED: JsonObject = {
  normalize_path: false,
  merge_slashes: false,
  path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
  common_http_protocol_options: { headers_with_underscores_action: 'ALLOW', max_headers_count: 1_000 },
};

/** Members of the dynamic metadata, shown to the client as response headers. */
export const SHOWN_METADATA = ['gatehouse_rule', 'gatehouse_reason', 'sub', 'client_id', 'scope'] as const;

export async function startFronts(
  fronts: readonly Front[],
  upstream: { readonly port: number },
): Promise<RunningFronts> {
  const envoy = await startEnvoyWith(
    JSON.stringify({
      admin: { address: loopback(0) },
      static_resources: {
        listeners: fronts.map(listenerOf),
        clusters: [...fronts.map(clusterOf), upstreamCluster(upstream.port)],
      },
    }),
  );
  const ports = await listenerPorts(envoy.adminUrl);
  const port = (front: string): number => {
    const found = ports.get(front);
    if (found === undefined) throw new Error(`no front is called ${front}`);
    return found;
  };
  return { envoy, port, counts, healthy, stop: envoy.stop };

  async function counts(front: string): Promise<FilterCounts> {
    const prefix = `http.${front}.ext_authz.`;
    const stats = await envoy.stats(`^${prefix.replaceAll('.', '\\.')}`);
    const count = (name: string): number => stats.get(prefix + name) ?? 0;
    return {
      ok: count('ok'),
      denied: count('denied'),
      error: count('error'),
      invalid: count('invalid'),
      failure_mode_allowed: count('failure_mode_allowed'),
    };
  }

  async function healthy(front: string): Promise<number> {
    const stats = await envoy.stats(`^cluster\\.${clusterName(front)}\\.membership_healthy$`);
    return stats.get(`cluster.${clusterName(front)}.membership_healthy`) ?? 0;
  }
}

const FILES = { grpc: 'envoy.yaml', http: 'envoy-http.yaml' } as const;
const FILTER = 'envoy.filters.http.ext_authz';
const PER_ROUTE = 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute';

/** The parts of a shipped file that are changed here. */
interface Shipped {
  readonly static_resources: {
    readonly listeners: readonly [
      {
        readonly filter_chains: readonly [
          {
            readonly filters: readonly [
              {
                readonly name: string;
                readonly typed_config: JsonObject & { readonly http_filters: Filters };
              },
            ];
          },
        ];
      },
    ];
    readonly clusters: readonly (JsonObject & { readonly name: string })[];
  };
}
type Filters = readonly [{ readonly name: string; readonly typed_config: JsonObject }, JsonObject];

function shippedFile(service: Service): Shipped {
  const file = new URL(`../../deploy/envoy/${FILES[service]}`, import.meta.url);
  return parse(readFileSync(file, 'utf8')) as Shipped;
}

function listenerOf(front: Front): JsonObject {
  const [shipped] = shippedFile(front.service).static_resources.listeners[0].filter_chains[0].filters;
  const [extAuthz, router] = shipped.typed_config.http_filters;
  const filter = merged(merged(extAuthz.typed_config, serviceIn(front)), front.filter ?? {});
  const manager = merged(
    {
      ...shipped.typed_config,
      stat_prefix: front.name,
      http_filters: [{ name: extAuthz.name, typed_config: filter }, router],
      route_config: { virtual_hosts: virtualHosts(front) },
    },
    front.manager ?? {},
  );
  return {
    name: front.name,
    address: loopback(0),
    filter_chains: [{ filters: [{ name: shipped.name, typed_config: manager }] }],
  };
}

function serviceIn({ name, service }: Front): JsonObject {
  const cluster = clusterName(name);
  return service === 'grpc'
    ? { grpc_service: { envoy_grpc: { cluster_name: cluster } } }
    : { http_service: { server_uri: { cluster } } };
}

function virtualHosts({ extensions = [] }: Front): readonly Json[] {
  const hosts = [...new Set(extensions.map(({ host }) => host))];
  const named = hosts.map((host) => ({
    name: host,
    domains: [host],
    routes: [
      ...extensions.filter((place) => place.host === host && place.prefix !== undefined),
      { host, contextExtensions: undefined, prefix: undefined },
    ].map((place) => routeTo(place.prefix ?? '/', place.contextExtensions)),
    ...perFilter(extensions.find((place) => place.host === host && place.prefix === undefined)),
    response_headers_to_add: shownMetadata(),
  }));
  return [
    ...named,
    {
      name: 'everything',
      domains: ['*'],
      routes: [routeTo('/')],
      response_headers_to_add: shownMetadata(),
    },
  ];
}

function routeTo(prefix: string, contextExtensions?: Readonly<Record<string, string>>): JsonObject {
  return {
    match: { prefix },
    route: { cluster: 'upstream', timeout: '0s' },
    ...perFilter(contextExtensions === undefined ? undefined : { contextExtensions }),
  };
}

function perFilter(place: Pick<ContextOfPlace, 'contextExtensions'> | undefined): JsonObject {
  if (place === undefined) return {};
  const { contextExtensions } = place;
  const perRoute = { '@type': PER_ROUTE, check_settings: { context_extensions: contextExtensions } };
  return { typed_per_filter_config: { [FILTER]: perRoute } };
}

function shownMetadata(): readonly Json[] {
  return SHOWN_METADATA.map((member) => ({
    header: {
      key: `x-shown-${member.replaceAll('_', '-')}`,
      value: `%DYNAMIC_METADATA(${FILTER}:${member})%`,
    },
    append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
  }));
}

function clusterOf({ name, service, instances, cluster = {} }: Front): JsonObject {
  const shipped = shippedFile(service).static_resources.clusters.find((one) => one.name === 'gatehouse');
  if (shipped === undefined) throw new Error(`deploy/envoy/${FILES[service]} has no cluster "gatehouse"`);
  const endpoints = instances.map(({ port, healthPort }) => ({
    endpoint: {
      address: loopback(port),
      ...(healthPort === undefined ? {} : { health_check_config: { port_value: healthPort } }),
    },
  }));
  return merged(
    {
      ...shipped,
      name: clusterName(name),
      type: 'STATIC',
      load_assignment: { cluster_name: clusterName(name), endpoints: [{ lb_endpoints: endpoints }] },
    },
    cluster,
  );
}

const clusterName = (front: string): string => `gatehouse-${front}`;

function upstreamCluster(port: number): JsonObject {
  return {
    name: 'upstream',
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: 'upstream',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }],
    },
  };
}

function loopback(port: number): JsonObject {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

/** Members of `change` take the place of those in `base`, objects member by member; `null` takes one away. */
function merged(base: JsonObject, change: JsonObject): JsonObject {
  const result = new Map<string, Json>(Object.entries(base));
  for (const [name, value] of Object.entries(change)) {
    const before = result.get(name);
    if (value === null) result.delete(name);
    else result.set(name, isObject(before) && isObject(value) ? merged(before, value) : value);
  }
  return Object.fromEntries(result);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Listeners {
  readonly listener_statuses: readonly {
    readonly name: string;
    readonly local_address: { readonly socket_address: { readonly port_value: number } };
  }[];
}

async function listenerPorts(adminUrl: string): Promise<ReadonlyMap<string, number>> {
  const { listener_statuses: found } = (await (
    await fetch(`${adminUrl}/listeners?format=json`)
  ).json()) as Listeners;
  return new Map(
    found.map(({ name, local_address: { socket_address } }) => [name, socket_address.port_value]),
  );
}
