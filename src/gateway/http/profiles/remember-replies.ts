import type { AllowDecision, Refusal, Result, UpstreamMutations } from '../../../domain/index.ts';
import type { AllowReply } from '../profile.ts';

type Admit = (decision: AllowDecision) => Result<AllowReply, Refusal>;

/** Makes the reply of one token on one rule once (decision 13): the mutations of both are one object. */
export function rememberReplies(make: Admit): Admit {
  const kept = new WeakMap<UpstreamMutations, Result<AllowReply, Refusal>>();
  return (decision) => {
    const known = kept.get(decision.mutations);
    if (known !== undefined) return known;
    const made = make(decision);
    kept.set(decision.mutations, made);
    return made;
  };
}
