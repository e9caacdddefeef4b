import { URL } from 'node:url';

/**
 * Where the metadata of an issuer may lie, in the order they are tried (META-2, META-3): RFC 8414 section 3.1, which
 * inserts before the issuer's path, then OpenID's name in the same place, then OpenID Discovery section 4, which appends.
 */
export function wellKnownPlaces(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  return [...new Set(places)];
}
