import type { Settings } from '../config/index.ts';
import { extractCredential } from '../credential/index.ts';
import type { AccessToken, CredentialSettings, RequestContext } from '../domain/index.ts';

interface Parts {
  readonly settings: () => Pick<Settings, 'routes'>;
  readonly fingerprintOf: (token: AccessToken) => string;
}

/**
 * Says what log lines call the token of a request: looked for where its rule looks, and only when a line is written.
 * `null`: there is none that could be used.
 */
export function createTokenNames({ settings, fingerprintOf }: Parts) {
  const places = new WeakMap<Settings['routes'], ReadonlyMap<string, CredentialSettings>>();

  return function nameOf(context: RequestContext, route: string | null): string | null {
    const credential = extractCredential(placesOf(settings().routes).get(route ?? '') ?? null, context);
    return credential.kind === 'token' ? fingerprintOf(credential.token) : null;
  };

  /** Of the few rules that look elsewhere than in `Authorization`. */
  function placesOf(routes: Settings['routes']): ReadonlyMap<string, CredentialSettings> {
    const known = places.get(routes);
    if (known !== undefined) return known;
    const found = new Map(
      routes.flatMap(({ name, credential }) => (credential === null ? [] : [[name, credential] as const])),
    );
    places.set(routes, found);
    return found;
  }
}
