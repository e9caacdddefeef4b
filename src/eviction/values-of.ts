import { type AccessToken, type AnsweredToken, type Json, unreachable } from '../domain/index.ts';
import type { Condition } from './mark.ts';

/** Says what a token is called in marks; work that is done only where a mark names a token. */
export type FingerprintsOf = (token: AccessToken) => readonly string[];

/** What an answer has to show for a condition: any of it will do. Of an inactive one only token, issuer and tenant are known. */
export function valuesOf(
  condition: Condition,
  { introspection, client, token }: AnsweredToken,
  fingerprintsOf: FingerprintsOf,
): readonly string[] {
  const answer = introspection.kind === 'active' ? introspection : null;
  switch (condition) {
    case 'fingerprints':
      return fingerprintsOf(token);
    case 'tokenId':
      return textIn(answer?.claims['jti']);
    case 'session':
      return textIn(answer?.claims['sid']);
    case 'subject':
      return textIn(answer?.subject);
    case 'clientId':
      return textIn(answer?.clientId);
    case 'issuer':
      // An answer need not say who issued the token; then it was asked for at the issuer of the client.
      return [...textIn(answer?.issuer), ...textIn(client.issuer)];
    case 'tenant':
      return [client.name];
    default:
      return unreachable(condition);
  }
}

function textIn(value: Json | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : [];
}
