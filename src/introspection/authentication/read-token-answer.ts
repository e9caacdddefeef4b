import {
  fail,
  fault,
  isJsonObject,
  type Json,
  type Milliseconds,
  milliseconds,
  type Result,
  Secret,
  succeed,
} from '../../domain/index.ts';
import type { GrantedToken } from './call-token.ts';
import type { AnswerBody, HttpAnswer } from '../connection/exchange.ts';
import { faultWithRetry, type IntrospectionFault, settingsFault } from '../answer/introspection-fault.ts';
import { isCompressed, isJson } from '../answer/media-type.ts';
import { JSON_LIMITS, parseStrictJson } from '../answer/parse-strict-json.ts';

/**
 * Reads the HTTP answer of a token endpoint (RFC 6749 sections 5.1 and 5.2).
 *
 * Out: a bearer token that can be sent, and how long it is good for; or the typed fault of why there is none.
 * Never: a token from anything but a whole, plain, JSON body under status 200; a text of the body in the complaint.
 */
export function readTokenAnswer(answer: HttpAnswer): Result<GrantedToken, IntrospectionFault> {
  return answer.status === 200 ? readGranted(answer) : fail(statusFault(answer));
}

function readGranted({ headers, body }: HttpAnswer): Result<GrantedToken, IntrospectionFault> {
  if (isCompressed(headers)) return unreadable('it is compressed although identity was asked for');
  if (!isJson(headers)) return unreadable('it is not JSON by its content type');
  if (body.kind === 'cut') return unreadable(CUT[body.cause]);
  const members = parseStrictJson(body.bytes, JSON_LIMITS);
  if (!members.ok) return unreadable(`it is not strict JSON: ${members.failure}`);
  if (!isJsonObject(members.value)) return unreadable('it is not a JSON object');

  const { access_token: token, token_type: type, expires_in: life } = members.value;
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    return unreadable('"token_type" is not Bearer');
  if (typeof token !== 'string' || token.length > TOKEN_MAX || !B64TOKEN.test(token))
    return unreadable('"access_token" is not a bearer token of at most 8 KiB');
  const lifeTime = lifeOf(life);
  if (lifeTime === null) return unreadable('"expires_in" is not a number of seconds above zero');
  return succeed({ token: new Secret(token), life: lifeTime });
}

/** RFC 6750 section 2.1. */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const TOKEN_MAX = 8_192;

/** Where the server does not say, a short one: a refusal discards the token in any case. */
function lifeOf(seconds: Json | undefined): Milliseconds | null {
  if (seconds === undefined) return UNSAID;
  if (typeof seconds !== 'number' || seconds <= 0) return null;
  return milliseconds(Math.min(seconds * 1_000, LONGEST));
}

const UNSAID = milliseconds(5 * 60_000);
const LONGEST = milliseconds(24 * 3_600_000);

const CUT = {
  too_large: 'it is over 64 KiB',
  timeout: 'it did not come to its end in time',
  lost: 'the connection was lost within it',
} as const satisfies Record<Extract<AnswerBody, { kind: 'cut' }>['cause'], string>;

function unreadable(complaint: string): Result<never, IntrospectionFault> {
  return fail(
    fault('call_token_unavailable', `the answer of the token endpoint cannot be used: ${complaint}`),
  );
}

function statusFault({ status, headers, body }: HttpAnswer): IntrospectionFault {
  const error = errorOf(body);
  const said = error === null ? '' : ` and ${error}`;
  const detail = `the token endpoint answered with status ${status}${said}`;
  if (error === 'invalid_client' || status === 401)
    return { ...fault('credentials_refused', detail), isOurClientNamed: error === 'invalid_client' };
  if (status === 429 || (status >= 500 && status < 600))
    return faultWithRetry('call_token_unavailable', detail, headers);
  return settingsFault('call_token_unavailable', detail);
}

/** One of the words of RFC 6749 section 5.2 and RFC 8707 section 2, so that nothing else of the body is repeated. */
function errorOf(body: AnswerBody): string | null {
  if (body.kind === 'cut') return null;
  const members = parseStrictJson(body.bytes, JSON_LIMITS);
  const error = members.ok && isJsonObject(members.value) ? members.value['error'] : null;
  return typeof error === 'string' && ERRORS.has(error) ? error : null;
}

const ERRORS = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
]);
