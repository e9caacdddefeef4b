import { isMap, isSeq, parseDocument, type Document } from 'yaml';

/** Where the parts of a scene on this host listen. */
export interface Places {
  /** 0: Envoy takes a free one. */
  readonly front: number;
  readonly admin: number;
  /** By the name of the cluster in the file. */
  readonly clusters: Readonly<Record<string, number>>;
}

/**
 * The shipped Envoy configuration with the addresses of this host, and nothing else changed:
 * what is shown and tested is the file that users deploy.
 *
 * @throws Error when the file does not have the places that are filled here.
 */
export function placeEnvoy(shipped: string, { front, admin, clusters }: Places): string {
  const file = parseDocument(shipped);
  place(file, ['admin', 'address'], admin);
  place(file, ['static_resources', 'listeners', 0, 'address'], front);
  for (const [name, port] of Object.entries(clusters)) {
    const path = ['load_assignment', 'endpoints', 0, 'lb_endpoints', 0, 'endpoint', 'address'];
    place(file, ['static_resources', 'clusters', clusterIndex(file, name), ...path], port);
  }
  return file.toString();
}

function place(file: Document, path: readonly (string | number)[], port: number): void {
  const address = [...path, 'socket_address'];
  if (!isMap(file.getIn(address))) throw new Error(`The Envoy configuration has no ${address.join('.')}.`);
  file.setIn([...address, 'address'], '127.0.0.1');
  file.setIn([...address, 'port_value'], port);
}

function clusterIndex(file: Document, name: string): number {
  const clusters = file.getIn(['static_resources', 'clusters']);
  const index = isSeq(clusters)
    ? clusters.items.findIndex((item) => isMap(item) && item.get('name') === name)
    : -1;
  if (index < 0) throw new Error(`The Envoy configuration has no cluster "${name}".`);
  return index;
}
