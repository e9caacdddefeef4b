import {
  type AllowDecision,
  fail,
  type HeaderField,
  type Refusal,
  type Result,
} from '../../../domain/index.ts';
import type { AllowReply } from '../profile.ts';
import { denied } from '../refusals.ts';

type Make = (returned: readonly HeaderField[]) => Result<AllowReply, Refusal>;

/**
 * For fronts that replace the client's Authorization by the answer's where their configuration names it: gives its own
 * lines back where the rule keeps it and sets none itself, so that one configuration serves every rule.
 *
 * In: what the client sent, and what makes the reply. Out: the reply with those lines in it.
 */
export function returnAuthorization(
  decision: AllowDecision,
  lines: readonly string[],
  make: Make,
): Result<AllowReply, Refusal> {
  const { set, authorization } = decision.mutations;
  const isOurs = authorization === 'strip' || set.some(({ name }) => name === 'authorization');
  const returned = isOurs ? [] : lines.map((value) => ({ name: 'authorization', value }));

  const reply = make(returned);
  if (reply.ok || returned.length === 0 || !make([]).ok) return reply;
  // Only on rules that look at no token can it be as long as that: the caller's doing, not ours.
  return fail(
    denied(
      'headers_too_large',
      'the Authorization that the rule keeps is too long for an answer',
      decision.route,
    ),
  );
}
