import type { AnswerFor, Decision, Refusal, RequestContext } from '../../domain/index.ts';
import { denied } from './refusals.ts';
import type { Profile, RefusalReply, Reply } from './profile.ts';

/** A decision in the words of one front. */
export interface Expression {
  /** The reply, and the decision it tells: a front that could not carry out an allow is given a refusal. */
  readonly express: (decision: Decision, context: RequestContext | null) => readonly [Decision, Reply];
  readonly expressRefusal: (refusal: Refusal) => RefusalReply;
}

export function createExpression(profile: Profile, answerFor: AnswerFor): Expression {
  const expressRefusal = (refusal: Refusal): RefusalReply => profile.refuse(refusal, answerFor(refusal));

  return {
    expressRefusal,
    express(decision, context) {
      if (decision.kind !== 'allow') return [decision, expressRefusal(decision)];
      // Settings with HTTP doors have no such rule; no front of ours could carry it out.
      if (decision.spent !== undefined) return refused(unremovable(decision));
      const admitted = profile.admit(decision, context?.headers.values('authorization') ?? []);
      return admitted.ok ? [decision, admitted.value] : [admitted.failure, expressRefusal(admitted.failure)];
    },
  };

  function refused(refusal: Refusal): readonly [Decision, Reply] {
    return [refusal, expressRefusal(refusal)];
  }
}

function unremovable({ route }: Decision): Refusal {
  return denied('header_unremovable', 'the front cannot take the token from where it was', route);
}
