import {
  type AllowDecision,
  createAnswerFor,
  type DenyDecision,
  type DenyReason,
  epochMilliseconds,
  type FaultDecision,
  type FaultReason,
  milliseconds,
  monotonicMilliseconds,
  type UpstreamMutations,
} from '../../../src/domain/index.ts';

/** Always 5 seconds of Retry-After. */
export const answerFor = createAnswerFor({ realm: 'gatehouse', randomness: { fraction: () => 0.5 } });

export const systemClock = {
  now: () => epochMilliseconds(Date.now()),
  monotonic: () => monotonicMilliseconds(performance.now()),
};

export const patiently = () => ({ max: milliseconds(5_000), margin: milliseconds(25) });

export function anAllow(differing: Partial<AllowDecision> = {}): AllowDecision {
  return {
    kind: 'allow',
    reason: 'token_accepted',
    route: 'orders',
    mutations: mutations(),
    strays: [],
    ...differing,
  };
}

export function mutations(differing: Partial<UpstreamMutations> = {}): UpstreamMutations {
  return {
    set: [{ name: 'x-auth-subject', value: 'alice' }],
    remove: ['x-auth-client', 'x_auth_subject'],
    authorization: 'strip',
    metadata: { rule: 'orders' },
    ...differing,
  };
}

export function aDenial(reason: DenyReason, scopes: readonly string[] = []): DenyDecision {
  return { kind: 'deny', reason, route: 'orders', scopes, detail: null };
}

export function aFault(reason: FaultReason): FaultDecision {
  return { kind: 'fault', reason, route: 'orders', detail: null };
}
