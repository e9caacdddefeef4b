import { describe, expect, it } from '@jest/globals';
import {
  ALLOW_REASONS,
  type Answer,
  createAnswerFor,
  DENY_REASONS,
  type DenyReason,
  FAULT_REASONS,
  type FaultReason,
  type Refusal,
  seconds,
} from '../../src/domain/index.ts';

const NO_TOKEN = 'The authorization token is required';
const MALFORMED = 'The authorization header is malformed';
const INACTIVE = 'The provided token is inactive';
const INSUFFICIENT = 'The provided token is not sufficient for this resource';
const UNAVAILABLE = 'The authorization service is unavailable';

const PLAIN = 'Bearer realm="gatehouse"';
const INVALID_REQUEST = `${PLAIN}, error="invalid_request", error_description="The request does not carry exactly one well-formed access token"`;
const INVALID_TOKEN = `${PLAIN}, error="invalid_token", error_description="The access token is not valid"`;
const INSUFFICIENT_SCOPE = `${PLAIN}, error="insufficient_scope", error_description="The access token does not have the required scope", scope="orders:read orders:write"`;

const INSUFFICIENT_DETAILS = `${PLAIN}, error="insufficient_scope", error_description="The access token does not have the required scope"`;
const STEP_UP = `${PLAIN}, error="insufficient_user_authentication", error_description="The user must be authenticated again, or in a stronger way", scope="orders:read orders:write", acr_values="gold", max_age="60"`;

type Expected = readonly [
  status: number,
  rpcCode: number,
  challenge: string | null,
  body: string,
  row: string,
];

const DENIALS: Readonly<Record<DenyReason, Expected>> = {
  request_malformed: [400, 3, null, MALFORMED, 'T-11'],
  method_denied: [403, 7, null, INSUFFICIENT, 'HTTP-12'],
  host_malformed: [400, 3, null, MALFORMED, 'T-8'],
  path_malformed: [400, 3, null, MALFORMED, 'T-7'],
  path_ambiguous: [400, 3, null, MALFORMED, 'T-7'],
  headers_too_large: [431, 8, null, MALFORMED, 'R19'],
  message_too_large: [413, 3, null, MALFORMED, 'R19'],
  peer_untrusted: [403, 7, null, INSUFFICIENT, 'NGX-5'],
  original_request_unknown: [403, 7, null, INSUFFICIENT, 'NGX-5'],
  header_unremovable: [403, 7, null, INSUFFICIENT, 'T-1'],
  no_route: [403, 7, null, INSUFFICIENT, 'R21'],
  route_guarded: [403, 7, null, INSUFFICIENT, 'R21'],
  route_denied: [403, 7, null, INSUFFICIENT, 'R21'],
  no_client: [403, 7, null, INSUFFICIENT, 'R21'],
  enquiries_limited: [429, 8, null, UNAVAILABLE, 'T-33'],
  client_unknown: [404, 7, null, INSUFFICIENT, 'R21'],
  credential_missing: [401, 16, PLAIN, NO_TOKEN, 'R1'],
  scheme_unsupported: [401, 16, PLAIN, NO_TOKEN, 'R2'],
  credential_ambiguous: [400, 3, INVALID_REQUEST, MALFORMED, 'R3'],
  credential_empty: [400, 3, INVALID_REQUEST, MALFORMED, 'R4'],
  credential_malformed: [400, 3, INVALID_REQUEST, MALFORMED, 'R5b'],
  credential_too_long: [400, 3, INVALID_REQUEST, MALFORMED, 'R19'],
  origin_refused: [403, 7, null, INSUFFICIENT, 'BEAR-17'],
  token_malformed: [401, 16, INVALID_TOKEN, INACTIVE, 'R5a'],
  token_of_no_client: [401, 16, INVALID_TOKEN, INACTIVE, 'G6'],
  token_inactive: [401, 16, INVALID_TOKEN, INACTIVE, 'R6, G1'],
  token_expired: [401, 16, INVALID_TOKEN, INACTIVE, 'R7, G4'],
  token_not_yet_valid: [401, 16, INVALID_TOKEN, INACTIVE, 'R7, G4'],
  token_issuer_unexpected: [401, 16, INVALID_TOKEN, INACTIVE, 'R7'],
  token_type_unsupported: [401, 16, INVALID_TOKEN, INACTIVE, 'R7, R13'],
  not_an_access_token: [401, 16, INVALID_TOKEN, INACTIVE, 'R7, INT-20'],
  token_bound: [401, 16, INVALID_TOKEN, INACTIVE, 'R12, R13'],
  token_client_unexpected: [401, 16, INVALID_TOKEN, INACTIVE, 'R7, G2'],
  token_audience_unexpected: [401, 16, INVALID_TOKEN, INACTIVE, 'R8'],
  authentication_insufficient: [401, 16, STEP_UP, INSUFFICIENT, 'R11, STEP-2'],
  client_refused: [403, 7, null, INSUFFICIENT, 'R21'],
  subject_refused: [403, 7, null, INSUFFICIENT, 'R21'],
  token_refused: [403, 7, null, INSUFFICIENT, 'R21'],
  claim_refused: [403, 7, null, INSUFFICIENT, 'R21'],
  scope_insufficient: [403, 7, INSUFFICIENT_SCOPE, INSUFFICIENT, 'R9'],
  authorization_details_insufficient: [403, 7, INSUFFICIENT_DETAILS, INSUFFICIENT, 'R10, RAR-8'],
  expression_unmet: [403, 7, null, INSUFFICIENT, 'R21'],
  expression_failed: [403, 7, null, INSUFFICIENT, 'R21'],
};

const FAULTS: Readonly<Record<FaultReason, 'local' | 'remote'>> = {
  internal: 'local',
  draining: 'local',
  wait_exceeded: 'local',
  enquiries_exhausted: 'local',
  enquiry_budget_spent: 'local',
  answer_unsendable: 'local',
  client_secret_unavailable: 'local',
  client_store_failed: 'local',
  metadata_unavailable: 'remote',
  metadata_invalid: 'remote',
  introspection_unreachable: 'remote',
  introspection_timeout: 'remote',
  introspection_suspended: 'remote',
  introspection_throttled: 'remote',
  introspection_server_error: 'remote',
  introspection_redirected: 'remote',
  introspection_status: 'remote',
  introspection_content_type: 'remote',
  introspection_compressed: 'remote',
  introspection_too_large: 'remote',
  introspection_unreadable: 'remote',
  call_token_unavailable: 'remote',
  introspection_unsigned: 'remote',
  introspection_signed: 'remote',
  signed_answer_header: 'remote',
  signed_answer_algorithm: 'remote',
  signed_answer_key: 'remote',
  signed_answer_signature: 'remote',
  signed_answer_type: 'remote',
  signed_answer_issuer: 'remote',
  signed_answer_audience: 'remote',
  signed_answer_time: 'remote',
  signed_answer_undecryptable: 'remote',
  signed_answer_unencrypted: 'remote',
  signing_keys_unavailable: 'remote',
  signing_keys_invalid: 'remote',
  credentials_refused: 'remote',
};

const LISTS_SCOPES: ReadonlySet<string> = new Set(['scope_insufficient', 'authentication_insufficient']);

const answerFor = createAnswerFor({ realm: 'gatehouse', randomness: { fraction: () => 0.5 } });

const denials = Object.entries(DENIALS) as readonly (readonly [DenyReason, Expected])[];
const faults = Object.keys(FAULTS) as readonly FaultReason[];
const everyRefusal: readonly Refusal[] = [
  ...denials.map(([reason]) => aDenial(reason)),
  ...faults.map((reason) => aFault(reason)),
];

describe('answerFor', () => {
  it.each(denials.map(([reason, expected]) => [reason, expected[4], expected] as const))(
    'answers %s as in the matrix (%s)',
    (reason, _row, [status, rpcCode, challenge, body]) => {
      const answer = answerFor(aDenial(reason));
      expect({ ...answer, headers: Object.fromEntries(headersOf(answer)) }).toEqual({
        status,
        rpcCode,
        body,
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': 'no-store',
          ...(challenge === null ? {} : { 'www-authenticate': challenge }),
          ...(status === 429 ? { 'retry-after': '5' } : {}),
        },
      });
    },
  );

  it.each(faults)('answers the fault %s with 503, Retry-After and no challenge (R17, R18, R22)', (reason) => {
    const answer = answerFor(aFault(reason));
    expect({ ...answer, headers: Object.fromEntries(headersOf(answer)) }).toEqual({
      status: 503,
      rpcCode: 14,
      body: UNAVAILABLE,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store',
        'retry-after': '5',
      },
    });
  });

  it('has an expected answer here for every reason of the registry', () => {
    expect(denials.map(([reason]) => reason).sort()).toEqual(Object.keys(DENY_REASONS).sort());
    expect([...faults].sort()).toEqual(Object.keys(FAULT_REASONS).sort());
  });

  it('never answers a refusal with status 200 or code 0 (ENV-1, T-12)', () => {
    for (const refusal of everyRefusal) {
      const { status, rpcCode } = answerFor(refusal);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(rpcCode).toBeGreaterThan(0);
    }
  });

  it('gives every 401 a challenge and every header once (HTTP-7)', () => {
    for (const refusal of everyRefusal) {
      const answer = answerFor(refusal);
      const names = headersOf(answer).map(([name]) => name);
      expect(new Set(names).size).toBe(names.length);
      if (answer.status === 401) expect(names).toContain('www-authenticate');
    }
  });

  it('shows nothing of a detail, a rule or scopes that were not insufficient (G19, BEAR-13)', () => {
    for (const refusal of everyRefusal) {
      const shown = JSON.stringify(answerFor({ ...refusal, route: 'canary', detail: 'canary' }));
      expect(shown).not.toContain('canary');
      if (!LISTS_SCOPES.has(refusal.reason)) expect(shown).not.toContain('orders:read');
      if (refusal.reason !== 'authentication_insufficient') expect(shown).not.toContain('gold');
    }
  });

  it.each([
    [0, '2'],
    [0.142, '2'],
    [0.143, '3'],
    [0.999_999, '8'],
  ])('asks to come back in whole seconds from 2 to 8: fraction %d is %s (HTTP-7)', (fraction, seconds) => {
    const jittered = createAnswerFor({ realm: 'gatehouse', randomness: { fraction: () => fraction } });
    expect(headersOf(jittered(aFault('internal')))).toContainEqual(['retry-after', seconds]);
  });
});

describe('the reason registry', () => {
  it.each(faults)('says on which side the fault %s lies', (reason) => {
    expect(FAULT_REASONS[reason].side).toBe(FAULTS[reason]);
  });

  it('uses every word once and spells it in lower_snake, for it is a metric label', () => {
    const reasons = [ALLOW_REASONS, DENY_REASONS, FAULT_REASONS].flatMap((table) => Object.keys(table));
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(reasons.filter((reason) => !/^[a-z]+(?:_[a-z]+)*$/.test(reason))).toEqual([]);
  });
});

function aDenial(reason: DenyReason): Refusal {
  return {
    kind: 'deny',
    reason,
    route: 'orders',
    scopes: ['orders:read', 'orders:write'],
    stepUp: { acrValues: ['gold'], maxAge: seconds(60) },
    detail: null,
  };
}

function aFault(reason: FaultReason): Refusal {
  return { kind: 'fault', reason, route: 'orders', detail: null };
}

function headersOf(answer: Answer): readonly (readonly [string, string])[] {
  return answer.headers.map(({ name, value }) => [name, value] as const);
}
