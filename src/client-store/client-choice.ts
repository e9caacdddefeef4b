import {
  type AccessToken,
  type ClientChoice,
  type ClientContext,
  type ClientRefusal,
  type ClientStore,
  fail,
  followedBy,
  type RequestContext,
  type Result,
  succeed,
  type WantedClients,
} from '../domain/index.ts';
import { mayBelongTo, possibleClients } from './possible-clients.ts';

/** A store, and which of its clients compete for a token. */
export interface CandidateStore extends Pick<ClientStore, 'get'> {
  /**
   * Those of these names; without names, those whose `match` fits the request equally well.
   * `null`: there can only be one, and `get` knows it.
   */
  candidates(names: readonly string[], context: RequestContext): readonly ClientContext[] | null;
}

export interface ClientChoiceSettings {
  /** The status for requests that no client goes with. */
  readonly unknownClient: 403 | 404;
}

type Found = Result<ClientContext, ClientRefusal>;

const NOBODYS: Found = fail({
  kind: 'deny',
  reason: 'token_of_no_client',
  detail:
    'the token has not what those of the client have, or nothing tells to which of the clients it belongs',
});

/**
 * Decides who is asked about a token.
 *
 * In: what the rule says, the token, the request. Out: a client; with `tryInOrder` one after the other.
 * Never: a client that the token cannot belong to, by its form or by the issuer that it claims; the claim for anything
 * but choosing among clients of ours.
 */
export function createClientChoice(
  { store }: { readonly store: CandidateStore },
  { unknownClient }: ClientChoiceSettings,
): ClientChoice {
  return {
    first(wanted, token, context) {
      const candidates = store.candidates(wanted.clients, context);
      if (candidates !== null) return firstOf(candidates, wanted, token);
      return followedBy(store.get(wanted.clients[0] ?? null, context), (found) =>
        found.ok ? ifPossible(found, found.value, token) : fail(asConfigured(found.failure)),
      );
    },

    next(after, wanted, token, context) {
      if (!wanted.tryInOrder) return null;
      const possible = possibleClients(store.candidates(wanted.clients, context) ?? [], token);
      const at = possible.findIndex(({ name }) => name === after.name);
      return at === -1 ? null : (possible[at + 1] ?? null);
    },
  };

  function firstOf(
    candidates: readonly ClientContext[],
    { tryInOrder }: WantedClients,
    token: AccessToken,
  ): Found {
    const [first, second] = possibleClients(candidates, token);
    if (first === undefined || (second !== undefined && !tryInOrder)) return NOBODYS;
    return succeed(first);
  }

  function asConfigured(refusal: ClientRefusal): ClientRefusal {
    if (refusal.kind === 'fault' || unknownClient === 403) return refusal;
    return { ...refusal, reason: 'client_unknown' };
  }
}

/** The very answer of the store in the usual case. */
function ifPossible(found: Found, client: ClientContext, token: AccessToken): Found {
  const takesAll = client.token === null && client.filter === null;
  return takesAll || mayBelongTo(client, token) ? found : NOBODYS;
}
