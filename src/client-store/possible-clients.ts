import type { AccessToken, ClientContext, Result } from '../domain/index.ts';
import { compileTokenFilter, compileTokenForm } from '../matching/index.ts';
import { claimedIssuer } from './claimed-issuer.ts';

/**
 * Those that a token can belong to, in order.
 *
 * A client whose `token` the token does not fit is out. Where the token claims an issuer, so is one that names others.
 * Then those that know the form of their tokens go before those that know nothing.
 */
export function possibleClients(
  candidates: readonly ClientContext[],
  token: AccessToken,
): readonly ClientContext[] {
  const fitting = candidates.filter((client) => mayBelongTo(client, token));
  const claimed = fitting.some(namesIssuer) ? claimedIssuer(token) : null;
  const claiming = claimed === null ? fitting : byIssuer(fitting, claimed);
  const formed = claiming.filter((client) => client.token !== null);
  return formed.length > 0 ? formed : claiming;
}

/** Whether the token has what the client's tokens have; a client that does not say takes all. */
export function mayBelongTo({ token: form, filter }: ClientContext, token: AccessToken): boolean {
  if (filter !== null && !usable(compileTokenFilter(filter))(token.reveal())) return false;
  return form === null || usable(compileTokenForm(form)).fits(token.reveal());
}

/** A client that names no issuer may be meant where no other is. */
function byIssuer(clients: readonly ClientContext[], claimed: string): readonly ClientContext[] {
  const meant = clients.filter(
    ({ issuer, acceptIssuers }) => issuer === claimed || acceptIssuers.includes(claimed),
  );
  return meant.length > 0 ? meant : clients.filter((client) => !namesIssuer(client));
}

function namesIssuer({ issuer, acceptIssuers }: ClientContext): boolean {
  return issuer !== null || acceptIssuers.length > 0;
}

function usable<Compiled>(compiled: Result<Compiled, string>): Compiled {
  if (compiled.ok) return compiled.value;
  throw new TypeError(`what the tokens of a client are like, which was checked before, ${compiled.failure}`);
}
