import type { AnswerFor, Decision, Refusal, RequestContext } from '../../domain/index.ts';
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
      const admitted = profile.admit(decision, context?.headers.values('authorization') ?? []);
      return admitted.ok ? [decision, admitted.value] : [admitted.failure, expressRefusal(admitted.failure)];
    },
  };
}
