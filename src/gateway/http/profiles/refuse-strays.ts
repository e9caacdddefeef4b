import { type AllowDecision, fail, type Refusal, type Result } from '../../../domain/index.ts';
import { denied } from '../refusals.ts';

/**
 * For a front that cannot be told to remove a header which its configuration does not name: the refusal of an allow
 * with which something would reach the upstream that must not; `null`: nothing would.
 */
export function refuseStrays({ strays, route }: AllowDecision, front: string): Result<never, Refusal> | null {
  if (strays.length === 0) return null;
  return fail(denied('header_unremovable', `${front} cannot remove what the request carries`, route));
}
