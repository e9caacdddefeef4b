import { URL } from 'node:url';

import { type ClientContext, fail, type Result, succeed } from '../../domain/index.ts';

/** Where a request goes, taken apart once. */
export interface Target {
  /** `https://idp.example.com`, without a default port. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
}

/**
 * Takes an endpoint URL apart, from settings or from metadata (META-7).
 *
 * Out: where to connect, or what is wrong with it.
 * Never: plain http without `allowHttp`, user info, or a fragment.
 */
export function readTarget(
  endpoint: string,
  { allowHttp }: Pick<ClientContext, 'allowHttp'>,
): Result<Target, string> {
  if (!URL.canParse(endpoint)) return fail('it is not a URL');
  const url = new URL(endpoint);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return fail('it is not an https URL');
  if (url.protocol === 'http:' && !allowHttp) return fail('it is plain http and `allowHttp` is not set');
  if (url.username !== '' || url.password !== '') return fail('it holds user info');
  if (endpoint.includes('#')) return fail('it holds a fragment');
  return succeed({ origin: url.origin, path: url.pathname + url.search });
}
