import type { ClientContext } from './client.ts';
import type { ClientRefusal } from './ports.ts';
import type { RequestContext } from './request-context.ts';
import type { Result } from './result.ts';
import type { AccessToken } from './secret.ts';
import type { Soon } from './soon.ts';

/** What a rule says about who judges its tokens. */
export interface WantedClients {
  /** Names; none: the client store decides. */
  readonly clients: readonly string[];
  /** Whether a token of which nothing tells to whom it belongs is shown to one after the other. */
  readonly tryInOrder: boolean;
}

/** Decides which client is asked about a token. */
export interface ClientChoice {
  /** Who is asked. Of several, only one that the token can belong to. */
  first(
    wanted: WantedClients,
    token: AccessToken,
    context: RequestContext,
  ): Soon<Result<ClientContext, ClientRefusal>>;
  /** Who is asked when `after` called the token inactive; `null`: nobody else. Needs `tryInOrder`. */
  next(
    after: ClientContext,
    wanted: WantedClients,
    token: AccessToken,
    context: RequestContext,
  ): ClientContext | null;
}
