import type { AccessToken, ClientContext, TokenFilter, TokenForm } from '../domain/index.ts';
import {
  compileTokenFilter,
  compileTokenForm,
  type CompiledTokenForm,
  type PassesFilter,
} from '../matching/index.ts';
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
  if (filter !== null && !compiledFilter(filter)(token.reveal())) return false;
  return form === null || compiled(form).fits(token.reveal());
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

const filters = new WeakMap<TokenFilter, PassesFilter>();

function compiledFilter(filter: TokenFilter): PassesFilter {
  const known = filters.get(filter);
  if (known !== undefined) return known;
  const made = compileTokenFilter(filter);
  if (!made.ok) throw new TypeError(`what a client's tokens are made of ${made.failure}`);
  filters.set(filter, made.value);
  return made.value;
}

const forms = new WeakMap<TokenForm, CompiledTokenForm>();

/** Made on first use and kept as long as the settings: a form is the same object from reload to reload. */
function compiled(form: TokenForm): CompiledTokenForm {
  const known = forms.get(form);
  if (known !== undefined) return known;
  const made = compileTokenForm(form);
  if (!made.ok) throw new TypeError(`the form of a client's tokens ${made.failure}`);
  forms.set(form, made.value);
  return made.value;
}
