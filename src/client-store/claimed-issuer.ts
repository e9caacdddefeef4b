import type { AccessToken } from '../domain/index.ts';

/** More than this is no payload of an access token that fits into a header. */
const PAYLOAD_LENGTH_MAX = 8_192;
/** Three parts of base64url, the first two not empty (RFC 7515 section 7.1). */
const JWS = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/;

/**
 * The issuer that a token names for itself; `null` when it has not the form of a JWT or names none.
 *
 * Nobody has verified it. It serves for nothing but to choose among servers that the settings name: whoever lies asks
 * a server of ours about a token that is not its own, and hears that it is inactive.
 * Never: an exception, whatever the token holds.
 */
export function claimedIssuer(token: AccessToken): string | null {
  const [, payload] = JWS.exec(token.reveal()) ?? [];
  if (payload === undefined || payload.length > PAYLOAD_LENGTH_MAX) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(payload, 'base64url'));
    const claims: unknown = JSON.parse(text);
    if (typeof claims !== 'object' || claims === null || !Object.hasOwn(claims, 'iss')) return null;
    const { iss } = claims as { readonly iss: unknown };
    return typeof iss === 'string' ? iss : null;
  } catch {
    return null;
  }
}
