import type { URLSearchParams } from 'node:url';

import type { JsonObject, Soon } from '../domain/index.ts';

/** Whether this instance may be sent checks, and what it still waits for, in words of ours. */
export interface Readiness {
  readonly ready: boolean;
  readonly waitingFor: readonly string[];
}

/** A scrape in the Prometheus text format. */
export interface Metrics {
  readonly contentType: string;
  readonly body: string;
}

export interface Page {
  readonly status: 200 | 404 | 503;
  readonly contentType: string;
  readonly body: string;
}

/** Makes a page when it is asked for, with what follows the `?`. */
export type MakePage = (query: URLSearchParams) => Soon<Page>;

export interface ShownPage {
  readonly make: MakePage;
  /** For operators alone, where the settings say how to tell one. */
  readonly isGuarded: boolean;
}

/** By path, exactly. */
export type Pages = ReadonlyMap<string, ShownPage>;

const TEXT = 'text/plain; charset=utf-8';

/** That the loop turns: an answer is the proof. */
export const alive: MakePage = () => ({ status: 200, contentType: TEXT, body: 'alive\n' });

export function readinessPage(readiness: () => Readiness): MakePage {
  return () => {
    const { ready, waitingFor } = readiness();
    if (ready) return { status: 200, contentType: TEXT, body: 'ready\n' };
    const lines = ['not ready, waiting for:', ...waitingFor.map((what) => `- ${what}`)];
    return { status: 503, contentType: TEXT, body: `${lines.join('\n')}\n` };
  };
}

export function metricsPage(metrics: () => Promise<Metrics>): MakePage {
  return async () => {
    const { contentType, body } = await metrics();
    return { status: 200, contentType, body };
  };
}

export function statusPage(status: () => JsonObject): MakePage {
  return () => ({
    status: 200,
    contentType: 'application/json; charset=utf-8',
    body: `${JSON.stringify(status(), null, 2)}\n`,
  });
}

/** A JWK set of our own public keys: of all clients, or of the one that `?client=` names. */
export function publicKeysPage(publicKeys: (client: string | null) => JsonObject | null): MakePage {
  return (query) => {
    const set = publicKeys(query.get('client'));
    if (set === null) return { status: 404, contentType: TEXT, body: 'there is no client of this name\n' };
    return {
      status: 200,
      contentType: 'application/jwk-set+json',
      body: `${JSON.stringify(set, null, 2)}\n`,
    };
  };
}
