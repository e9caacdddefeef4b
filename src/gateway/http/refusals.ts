import type { DenyDecision, DenyReason, FaultDecision, FaultReason } from '../../domain/index.ts';

/** A denial by the door itself, before or after the rooms had their say. */
export function denied(reason: DenyReason, detail: string | null, route: string | null = null): DenyDecision {
  return { kind: 'deny', reason, route, scopes: [], detail };
}

/** A fault of the door itself. */
export function faulted(
  reason: FaultReason,
  detail: string | null,
  route: string | null = null,
): FaultDecision {
  return { kind: 'fault', reason, route, detail };
}
