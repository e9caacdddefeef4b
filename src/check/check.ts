import {
  classOf,
  type AccessToken,
  type Check,
  type ClientChoice,
  type ClientContext,
  type ClientRefusal,
  type Clock,
  type Decision,
  type Fault,
  followedBy,
  type KnownAnswer,
  type Observe,
  type RequestContext,
  type Resolve,
  type Resolved,
  type Soon,
  type SpentCredential,
  UnusableRequestError,
} from '../domain/index.ts';
import { type Found, markStale, type Policy, type Rule } from '../policy/index.ts';
import { beforeAsking, type ShownToken } from './before-asking.ts';
import { denied } from './denied.ts';
import { createTrial, type Trial } from './trial.ts';

export interface CheckParts {
  readonly policy: Policy;
  readonly clients: ClientChoice;
  readonly resolve: Resolve;
  readonly clock: Pick<Clock, 'now'>;
  readonly observe: Observe;
}

/**
 * The corridor: leads one request through the rooms in order. Read this first.
 *
 * In: a request. Out: a decision, at once when the token is known.
 * Never: an allow that `policy` did not make; an exception or a rejection (both end as the fault `internal`).
 */
export function createCheck({ policy, clients, resolve, clock, observe }: CheckParts): Check {
  return function check(context) {
    try {
      const decision = walk(context);
      return decision instanceof Promise ? decision.catch(crashed) : decision;
    } catch (cause) {
      return crashed(cause);
    }
  };

  function walk(context: RequestContext): Soon<Decision> {
    const found = policy.find(context);
    if (found.trial === undefined) return decide(found, context, null);
    const trial = createTrial(found.trial, context, { policy, clock, observe });
    return followedBy(decide(found, context, trial), (decision) => trial.end(decision));
  }

  function decide(found: Found, context: RequestContext, trial: Trial | null): Soon<Decision> {
    if (found.kind === 'refused') return found.decision;

    const { rule } = found;
    const begun = beforeAsking(rule, context, policy);
    return begun.kind === 'token' ? judgeShown(rule, begun, context, trial) : begun;
  }

  function judgeShown(
    rule: Rule,
    { token, spent }: ShownToken,
    context: RequestContext,
    trial: Trial | null,
  ): Soon<Decision> {
    return followedBy(clients.first(rule, token, context), (client) =>
      client.ok
        ? withoutCredential(judgeToken(rule, client.value, token, context, trial), spent)
        : refused(rule, client.failure),
    );
  }

  function judgeToken(
    rule: Rule,
    client: ClientContext,
    token: AccessToken,
    context: RequestContext,
    trial: Trial | null,
  ): Soon<Decision> {
    return followedBy(resolve(client, token, context, rule.age), (answer: Resolved) => {
      if (!answer.ok) return faulted(rule, answer.failure);
      // Only this goes on to the next: whoever knows the token has the last word, and a fault is nobody's word.
      const isUnknownHere = rule.tryInOrder && answer.value.kind === 'inactive';
      const next = isUnknownHere ? clients.next(client, rule, token, context) : null;
      if (next !== null) return judgeToken(rule, next, token, context, trial);
      trial?.learn({ token, introspection: answer.value, client });
      return judged(rule, answer, client, context);
    });
  }

  function judged(
    rule: Rule,
    { value, staleFor }: KnownAnswer,
    client: ClientContext,
    context: RequestContext,
  ): Decision {
    const decision = policy.judge(rule, value, client, context, clock.now());
    return staleFor === undefined ? decision : markStale(decision, staleFor);
  }

  function crashed(cause: unknown): Decision {
    if (cause instanceof UnusableRequestError)
      return { kind: 'deny', reason: 'request_malformed', route: null, scopes: [], detail: cause.message };
    observe({ event: 'crashed', where: 'check', cause: classOf(cause) });
    return { kind: 'fault', reason: 'internal', route: null, detail: null };
  }
}

/** An allow takes the token away from where it was. */
function withoutCredential(decision: Soon<Decision>, spent: SpentCredential | undefined): Soon<Decision> {
  if (spent === undefined) return decision;
  return followedBy(decision, (made) => (made.kind === 'allow' ? { ...made, spent } : made));
}

function refused(rule: Rule, refusal: ClientRefusal): Decision {
  if (refusal.kind === 'fault') return faulted(rule, refusal.fault);
  return denied(rule, refusal.reason, refusal.detail);
}

function faulted(rule: Rule, { reason, detail, deniedAs }: Fault): Decision {
  if (deniedAs !== undefined) return denied(rule, deniedAs, detail);
  return { kind: 'fault', reason, route: rule.name, detail };
}
