import {
  type AccessToken,
  classOf,
  type ClientContext,
  type Clock,
  type Decision,
  type Introspection,
  type Observe,
  type RequestContext,
  type TrialOutcome,
} from '../domain/index.ts';
import type { Policy, Rule } from '../policy/index.ts';
import { beforeAsking } from './before-asking.ts';

/** What was learnt on the way to the decision in force. */
export interface Learnt {
  readonly token: AccessToken;
  readonly introspection: Introspection;
  readonly client: ClientContext;
}

/**
 * A rule with `enforce: false`, judged beside the one in force.
 * Never: a question of its own to a client store or an authorization server, nor any influence on the decision.
 */
export interface Trial {
  readonly learn: (learnt: Learnt) => void;
  /** Tells how the decision in force and the trial's compare. */
  readonly end: (inForce: Decision) => Decision;
}

export interface TrialParts {
  readonly policy: Policy;
  readonly clock: Pick<Clock, 'now'>;
  readonly observe: Observe;
}

export function createTrial(rule: Rule, context: RequestContext, parts: TrialParts): Trial {
  const { policy, clock, observe } = parts;
  let learnt: Learnt | null = null;

  return {
    learn(found) {
      learnt = found;
    },
    end(inForce) {
      try {
        tell(inForce);
      } catch (cause) {
        observe({ event: 'crashed', where: 'trial', cause: classOf(cause) });
      }
      return inForce;
    },
  };

  function tell(inForce: Decision): void {
    const verdict = inForce.kind === 'fault' ? null : verdictOf();
    observe({
      event: 'trial_judged',
      route: rule.name,
      inForce: inForce.route,
      outcome: outcomeOf(verdict, inForce),
      reason: verdict?.reason ?? null,
    });
  }

  /** `null`: only somebody who was not asked could tell. */
  function verdictOf(): Decision | null {
    const begun = beforeAsking(rule, context, policy);
    if (begun.kind !== 'token') return begun;
    if (learnt === null || !isJudge(learnt.client)) return null;
    // A rule that looks elsewhere may have found another one.
    if (learnt.token.reveal() !== begun.token.reveal()) return null;
    return policy.judge(rule, learnt.introspection, learnt.client, context, clock.now());
  }

  /** Whether the client that was asked is one that this rule would ask, or one as good: it names none. */
  function isJudge({ name }: ClientContext): boolean {
    return rule.clients.length === 0 || rule.clients.includes(name);
  }
}

function outcomeOf(verdict: Decision | null, inForce: Decision): TrialOutcome {
  if (verdict === null) return 'unknown';
  if (verdict.kind === inForce.kind) return 'same';
  return verdict.kind === 'allow' ? 'would_allow' : 'would_deny';
}
