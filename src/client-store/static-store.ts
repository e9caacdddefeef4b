import {
  type ClientContext,
  type ClientMatches,
  type ClientRefusal,
  type ClientStore,
  type Clock,
  fail,
  type RequestContext,
  type Result,
  succeed,
} from '../domain/index.ts';
import type { CandidateStore } from './client-choice.ts';
import { createSelectClient, type SelectClient } from './select-client.ts';
import { successorOf } from './successor.ts';

/**
 * The client store of the settings file.
 *
 * In: the name a rule gives, or none. Out: that client; without a name the one whose `match` fits, and where no client
 * has a match, the only one there is.
 * Never: a guess. Where nothing of this says which, the request is denied (`no_client`).
 */
export interface StaticStore extends ClientStore, CandidateStore {
  /** Puts the clients of newly read settings in force. Those that did not change keep their identity. */
  replace(clients: readonly ClientContext[], matches: ClientMatches): void;
  inForce(): readonly ClientContext[];
}

export function createStaticStore(
  clients: readonly ClientContext[],
  matches: ClientMatches,
  { clock }: { readonly clock: Pick<Clock, 'monotonic'> },
): StaticStore {
  const listeners = new Set<(clients: readonly ClientContext[]) => void>();
  let answers = answersFor(clients, matches);

  return {
    get(client, context) {
      if (client === null) return answers.unnamed(context);
      return answers.named.get(client) ?? refuse(`no client is called "${client}"`);
    },
    candidates(names, context) {
      if (names.length > 1) return known(names);
      if (answers.rivals === null || names.length === 1) return null;
      const several = answers.rivals(context);
      return several.length > 1 ? known(several) : null;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    replace(next, nextMatches) {
      answers = answersFor(next.map(inPlaceOfKnown), nextMatches);
      for (const listener of listeners) listener(answers.contexts);
    },
    inForce: () => answers.contexts,
  };

  function inPlaceOfKnown(client: ClientContext): ClientContext {
    const before = answers.named.get(client.name);
    return before?.ok === true ? successorOf(before.value, client, clock.monotonic()) : client;
  }

  function known(names: readonly string[]): readonly ClientContext[] {
    return names.flatMap((name) => {
      const answer = answers.named.get(name);
      return answer?.ok === true ? [answer.value] : [];
    });
  }
}

type ClientAnswer = Result<ClientContext, ClientRefusal>;

interface Answers {
  readonly contexts: readonly ClientContext[];
  /** Made once, so that a hot request allocates nothing here. */
  readonly named: ReadonlyMap<string, ClientAnswer>;
  readonly unnamed: (context: RequestContext) => ClientAnswer;
  /** Names of the clients whose match fits equally well; `null`: there are no such. */
  readonly rivals: SelectClient['all'];
}

function answersFor(contexts: readonly ClientContext[], matches: ClientMatches): Answers {
  const named = new Map(contexts.map((client) => [client.name, succeed(client)]));
  const select = matches.size > 0 ? createSelectClient(matches) : null;
  return {
    contexts,
    named,
    unnamed: select === null ? theOnly(named) : byMatch(named, select),
    rivals: select?.all ?? null,
  };
}

function byMatch(named: Answers['named'], select: SelectClient): Answers['unnamed'] {
  const none = refuse('the rule names no client and the match of none fits the request');
  return (context) => named.get(select.one(context) ?? '') ?? none;
}

function theOnly(named: Answers['named']): Answers['unnamed'] {
  const [only, second] = named.values();
  const answer =
    only !== undefined && second === undefined
      ? only
      : refuse(
          `the rule names no client and there are ${named.size}; name one in the rule, or give them a match`,
        );
  return () => answer;
}

function refuse(detail: string): ClientAnswer {
  return fail({ kind: 'deny', reason: 'no_client', detail });
}
