import { connect, type ClientSessionOptions } from 'node:http2';

import type { Scene } from './support-envoy-scene.ts';
import type { UpstreamRequest } from '../support/upstream.ts';

export interface SeenOverHttp2 {
  readonly status: number;
  readonly challenge: string | null;
  readonly upstream: UpstreamRequest | null;
}

/** Two Authorization lines are what is to be sent. The types do not know this option of node:http2 for clients. */
const UNCHECKED: ClientSessionOptions & { readonly strictSingleValueFields: boolean } = {
  strictSingleValueFields: false,
};

/** GET over a connection of its own, with exactly these fields (name, value, name, value …) behind the pseudo headers. */
export async function askOverHttp2(
  { fronts, upstream }: Pick<Scene, 'fronts' | 'upstream'>,
  front: string,
  pseudo: { readonly path: string; readonly authority: string },
  fields: readonly string[],
): Promise<SeenOverHttp2> {
  const before = upstream.requests.length;
  const session = connect(`http://127.0.0.1:${fronts.port(front)}`, UNCHECKED);
  try {
    const { status, challenge } = await new Promise<Omit<SeenOverHttp2, 'upstream'>>((resolve, reject) => {
      session.once('error', reject);
      const asked = session.request([
        ...[':method', 'GET', ':scheme', 'http', ':path', pseudo.path, ':authority', pseudo.authority],
        ...fields,
      ]);
      asked.once('error', reject);
      asked.once('response', (headers) => {
        asked.resume();
        asked.once('end', () =>
          resolve({ status: headers[':status'] ?? 0, challenge: headers['www-authenticate'] ?? null }),
        );
      });
    });
    return { status, challenge, upstream: upstream.requests[before] ?? null };
  } finally {
    session.close();
  }
}
