import type { DenyDecision, DenyReason, FaultDecision, FaultReason } from '../../domain/index.ts';

/** Refusals that the door makes itself: it knows no rule. */
export function denied(reason: DenyReason): DenyDecision {
  return { kind: 'deny', reason, route: null, scopes: [], detail: null };
}

export function faulted(reason: FaultReason): FaultDecision {
  return { kind: 'fault', reason, route: null, detail: null };
}
