import type { Decision, DenyReason } from '../domain/index.ts';
import type { Rule } from '../policy/index.ts';

export function denied(rule: Rule, reason: DenyReason, detail: string | null = null): Decision {
  return { kind: 'deny', reason, route: rule.name, scopes: [], detail };
}
