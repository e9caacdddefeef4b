import type { Decision, Json, Milliseconds } from '../domain/index.ts';
import { REASON_MEMBER } from './metadata.ts';

/** How long the answer behind an allow had been over, in whole seconds. */
const STALE_MEMBER = 'gatehouse_stale_seconds';

/** Says of an allow that the answer behind it was over, to logs, metrics and Envoy's metadata. A refusal stays one. */
export function markStale(decision: Decision, staleFor: Milliseconds): Decision {
  if (decision.kind !== 'allow') return decision;
  const { mutations } = decision;
  const metadata = Object.create(null) as Record<string, Json>;
  for (const [member, value] of Object.entries(mutations.metadata)) metadata[member] = value;
  metadata[REASON_MEMBER] = 'allowed_stale';
  metadata[STALE_MEMBER] = Math.ceil(staleFor / 1000);
  return { ...decision, reason: 'allowed_stale', mutations: { ...mutations, metadata } };
}
