import { extractCredential } from '../credential/index.ts';
import { type Credential, type Decision, type RequestContext, unreachable } from '../domain/index.ts';
import type { Policy, Rule } from '../policy/index.ts';
import { denied } from './denied.ts';

export type ShownToken = Extract<Credential, { kind: 'token' }>;

/** What a rule says of a request before anybody is asked: its decision, or the token on which that depends. */
export function beforeAsking(
  rule: Rule,
  context: RequestContext,
  policy: Pick<Policy, 'admit'>,
): Decision | ShownToken {
  switch (rule.mode) {
    case 'deny':
      return denied(rule, 'route_denied');
    case 'public':
      return policy.admit(rule, 'public_route', context);
    case 'optional':
    case 'required':
      return ofCredential(rule, context, policy);
    default:
      return unreachable(rule.mode);
  }
}

function ofCredential(
  rule: Rule,
  context: RequestContext,
  policy: Pick<Policy, 'admit'>,
): Decision | ShownToken {
  const credential = extractCredential(rule.credential, context);
  switch (credential.kind) {
    case 'none':
      if (rule.mode === 'optional') return policy.admit(rule, 'anonymous', context);
      return denied(rule, 'credential_missing');
    case 'refused':
      return denied(rule, credential.reason);
    case 'token':
      return credential;
    default:
      return unreachable(credential);
  }
}
