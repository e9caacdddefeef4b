import { describe, expect, it } from '@jest/globals';
import { type AllowDecision, epochMilliseconds, milliseconds } from '../../src/domain/index.ts';
import { markStale } from '../../src/policy/index.ts';
import { aClient, anActiveIntrospection, aRequest, NOON } from '../support/builders.ts';
import { aPolicy, theRule } from './builders.ts';

describe('markStale', () => {
  it('says of an allow in its reason and in the metadata that the answer was over, and for how long', () => {
    const policy = aPolicy([{ sets: { 'x-auth-subject': ['sub'] } }]);
    const context = aRequest();
    const rule = theRule(policy, context);
    const now = epochMilliseconds(NOON * 1000);
    const allow = policy.judge(rule, anActiveIntrospection(), aClient(), context, now) as AllowDecision;
    const marked = markStale(allow, milliseconds(1_001));
    expect(marked).toMatchObject({
      kind: 'allow',
      reason: 'allowed_stale',
      mutations: {
        set: allow.mutations.set,
        metadata: { sub: 'alice', gatehouse_reason: 'allowed_stale', gatehouse_stale_seconds: 2 },
      },
    });
    expect(allow.mutations.metadata).not.toHaveProperty('gatehouse_stale_seconds');
  });

  it('leaves a refusal as it is', () => {
    const denial = { kind: 'deny', reason: 'token_expired', route: 'a', scopes: [], detail: null } as const;
    expect(markStale(denial, milliseconds(1))).toBe(denial);
  });
});
