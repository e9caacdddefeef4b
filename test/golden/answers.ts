import {
  ALLOW_REASONS,
  type AllowReason,
  createAnswerFor,
  type Decision,
  DENY_REASONS,
  type DenyReason,
  FAULT_REASONS,
  type FaultReason,
  seconds,
} from '../../src/domain/index.ts';
import { createDecisionEncoder } from '../../src/gateway/envoy/encode-decision.ts';

/** One answer whose bytes are frozen. */
export interface GoldenAnswer {
  readonly about: string;
  readonly decision: Decision;
  /** Hexadecimal. */
  readonly wire: string;
}

// Retry-After is always 5 here.
const encoder = createDecisionEncoder(
  createAnswerFor({ realm: 'gatehouse', randomness: { fraction: () => 0.5 } }),
);

/** One answer for every reason of the registry, by file name. */
export function goldenAnswers(): ReadonlyMap<string, GoldenAnswer> {
  const answers = new Map<string, GoldenAnswer>();
  const add = (file: string, about: string, decision: Decision): void =>
    void answers.set(`${file}.json`, { about, decision, wire: encoder.encode(decision).toString('hex') });

  for (const reason of keysOf(ALLOW_REASONS))
    add(`allow-${reason}`, ALLOW_REASONS[reason].meaning, allowed(reason));
  for (const reason of keysOf(DENY_REASONS))
    add(`deny-${reason}`, DENY_REASONS[reason].meaning, denied(reason));
  for (const reason of keysOf(FAULT_REASONS))
    add(`fault-${reason}`, FAULT_REASONS[reason].meaning, faulted(reason));
  add('allow-with-strays', 'A look-alike of a managed header was found in the request and is removed.', {
    ...allowed('token_accepted'),
    strays: ['x_auth.subject'],
  });
  return answers;
}

function allowed(reason: AllowReason): Decision & { kind: 'allow' } {
  const isKnown = reason === 'token_accepted';
  return {
    kind: 'allow',
    reason,
    route: 'orders',
    mutations: {
      set: isKnown
        ? [
            { name: 'x-auth-subject', value: 'alice' },
            { name: 'x-auth-scopes', value: 'orders:read orders:write' },
          ]
        : [],
      remove: isKnown
        ? ['x_auth_subject', 'x.auth.subject', 'authorization']
        : ['x-auth-subject', 'x_auth_subject', 'x.auth.subject', 'x-auth-scopes'],
      authorization: isKnown ? 'strip' : 'keep',
      metadata: isKnown
        ? {
            rule: 'orders',
            reason,
            sub: 'alice',
            aud: ['https://api.example'],
            exp: 1_767_614_400,
            act: { sub: null },
          }
        : { rule: 'orders', reason },
    },
    strays: [],
  };
}

function denied(reason: DenyReason): Decision {
  const scopes = reason === 'scope_insufficient' ? ['orders:read', 'orders:write'] : [];
  const decision = { kind: 'deny', reason, route: 'orders', scopes, detail: null } as const;
  if (reason !== 'authentication_insufficient') return decision;
  return { ...decision, stepUp: { acrValues: ['urn:example:gold', 'silver'], maxAge: seconds(300) } };
}

function faulted(reason: FaultReason): Decision {
  return { kind: 'fault', reason, route: 'orders', detail: null };
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(table) as Key[];
}
