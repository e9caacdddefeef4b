import { challengeFor } from './challenge.ts';
import type { Refusal } from './decision.ts';
import type { HeaderField } from './header-field.ts';
import type { Randomness } from './ports.ts';
import { DENY_REASONS, type AnswerStatus, type BodyKey } from './reasons.ts';
import { unreachable } from './unreachable.ts';

/**
 * What a refused client sees.
 *
 * In: a denial or a fault. Out: status, headers and body, made together and nowhere else.
 * Never: status 200, RPC code 0, or anything of the request, the token or the authorization server's words.
 */
export interface Answer {
  readonly status: Exclude<AnswerStatus, 200>;
  readonly rpcCode: RefusalRpcCode;
  /** `content-type`, `cache-control`, and where they belong `www-authenticate` and `retry-after`. */
  readonly headers: readonly HeaderField[];
  readonly body: string;
}

/** `google.rpc.Code` of a refusal. */
export type RefusalRpcCode = 3 | 7 | 8 | 14 | 16;

export type AnswerFor = (refusal: Refusal) => Answer;

export interface AnswerParts {
  readonly realm: string;
  readonly randomness: Pick<Randomness, 'fraction'>;
}

const BODIES = {
  required: 'The authorization token is required',
  malformed: 'The authorization header is malformed',
  inactive: 'The provided token is inactive',
  insufficient: 'The provided token is not sufficient for this resource',
  unavailable: 'The authorization service is unavailable',
} as const satisfies Record<BodyKey, string>;

const RPC_CODES = {
  400: 3,
  401: 16,
  403: 7,
  404: 7,
  413: 3,
  429: 8,
  431: 8,
  503: 14,
} as const satisfies Record<Answer['status'], RefusalRpcCode>;

export function createAnswerFor({ realm, randomness }: AnswerParts): AnswerFor {
  return function answerFor(refusal) {
    switch (refusal.kind) {
      case 'deny': {
        const { status, challenge, body } = DENY_REASONS[refusal.reason];
        if (challenge === null) return answer(status, body, status === 429 ? [comeBack()] : []);
        // Of authorization details there is nothing to list (R10).
        const isAboutDetails = refusal.reason === 'authorization_details_insufficient';
        const { scopes, stepUp = null } = isAboutDetails ? { scopes: [] } : refusal;
        const value = challengeFor({ realm, error: challenge, scopes, stepUp });
        return answer(status, body, [{ name: 'www-authenticate', value }]);
      }
      case 'fault':
        return answer(503, 'unavailable', [comeBack()]);
      default:
        return unreachable(refusal);
    }
  };

  function comeBack(): HeaderField {
    return { name: 'retry-after', value: retryAfter(randomness.fraction()) };
  }
}

function answer(status: Answer['status'], body: BodyKey, extra: readonly HeaderField[]): Answer {
  const headers = [
    { name: 'content-type', value: 'text/plain; charset=utf-8' },
    { name: 'cache-control', value: 'no-store' },
    ...extra,
  ];
  return { status, rpcCode: RPC_CODES[status], headers, body: BODIES[body] };
}

/** Whole seconds from 2 to 8 (HTTP-7), jittered so that refused clients do not come back all at once. */
function retryAfter(fraction: number): string {
  return String(2 + Math.floor(fraction * 7));
}
