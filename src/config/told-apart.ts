import type { ClientContext, TokenForm } from '../domain/index.ts';
import { compileTokenForm, formsOverlap } from '../matching/index.ts';

/** What of a client tells its tokens from those of others. */
export type Tokens = Pick<ClientContext, 'token' | 'issuer' | 'acceptIssuers'>;

/**
 * What tells to which of two clients a token belongs: the form of all tokens, or the issuer that a JWT claims, so that
 * any other token belongs to neither. `null`: nothing.
 */
export function toldApartBy(one: Tokens, other: Tokens): 'form' | 'issuer' | null {
  if (haveOtherForms(one.token, other.token)) return 'form';
  return haveOtherIssuers(issuersOf(one), issuersOf(other)) ? 'issuer' : null;
}

/** Two forms that no token has both of; or one alone, for it then takes what fits it and leaves the rest. */
function haveOtherForms(one: TokenForm | null, other: TokenForm | null): boolean {
  if (one === null || other === null) return one !== other;
  const [first, second] = [compileTokenForm(one), compileTokenForm(other)];
  // What is wrong with a form is told of by itself.
  return !first.ok || !second.ok || !formsOverlap(first.value, second.value);
}

function haveOtherIssuers(ones: readonly string[], others: readonly string[]): boolean {
  return ones.length > 0 && others.length > 0 && ones.every((issuer) => !others.includes(issuer));
}

function issuersOf({ issuer, acceptIssuers }: Tokens): readonly string[] {
  return issuer === null ? acceptIssuers : [issuer, ...acceptIssuers];
}
