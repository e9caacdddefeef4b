import {
  type ClientContext,
  type ClientCredentialsGrant,
  type Clock,
  fail,
  type Fault,
  fault,
  GRANT_PARAMETERS,
  type Milliseconds,
  milliseconds,
  type Observe,
  type Randomness,
  type Result,
} from '../../domain/index.ts';
import type { Whereabouts } from './assertions.ts';
import type { CallTokenParts, GrantedToken } from './call-token.ts';
import { classOf } from '../class-of.ts';
import type { AuthenticationChoice } from './client-authentication.ts';
import type { ConnectorParts } from '../connection/connector.ts';
import { secretCredentials } from './credentials.ts';
import type { Exchange, HttpRequest } from '../connection/exchange.ts';
import { exchangeOnce } from '../connection/exchange-once.ts';
import { formEncode } from '../question/form-encode.ts';
import { settingsFault } from '../answer/introspection-fault.ts';
import { readTokenAnswer } from './read-token-answer.ts';
import { readTarget, type Target } from '../connection/target.ts';

export interface GrantParts extends ConnectorParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly randomness: Pick<Randomness, 'fraction'>;
  readonly observe: Observe;
}

/**
 * Gets access tokens for our own calls by client credentials (RFC 6749 section 4.4).
 *
 * In: the settings of the grant, and the token endpoint that they or the metadata name. Out: how to fetch a token.
 * Never: a redirect; a place that the client's settings do not consent to; an answer of more than 64 KiB; a rejection.
 */
export function createGrant(
  client: ClientContext,
  grant: ClientCredentialsGrant,
  choice: AuthenticationChoice,
  { tokenEndpoint }: Pick<Whereabouts, 'tokenEndpoint'>,
  parts: GrantParts,
): CallTokenParts {
  const { clock, randomness, observe } = parts;
  const endpoint = grant.endpoint ?? tokenEndpoint;
  // As long as an enquiry may take, so that a slow server is not asked in vain; but it may take its time.
  const timeout = milliseconds(Math.max(client.introspection.timeout, LEAST_TIMEOUT));

  return { fetch: fetchAndTell, clock, randomness };

  async function fetchAndTell(): Promise<Result<GrantedToken, Fault>> {
    const outcome = await fetchSafely();
    const words = outcome.ok
      ? { outcome: 'renewed' as const, detail: null }
      : { outcome: outcome.failure.reason, detail: outcome.failure.detail };
    observe({ event: 'call_token_renewed', client: client.name, ...words });
    return outcome;
  }

  async function fetchSafely(): Promise<Result<GrantedToken, Fault>> {
    try {
      if (endpoint === null) return refused('there is none');
      const target = readTarget(endpoint, client);
      if (!target.ok) return refused(target.failure);
      return judge(await ask(target.value, requestOf(client, grant, choice, target.value)), timeout);
    } catch (error) {
      observe({ event: 'crashed', where: 'introspection token', cause: classOf(error) });
      return fail(fault('internal'));
    }
  }

  function ask({ origin }: Target, request: HttpRequest): Promise<Exchange> {
    return exchangeOnce(origin, request, client, parts, {
      signal: AbortSignal.timeout(timeout),
      bodyLimit: () => LARGEST,
      connectTimeout: milliseconds(Math.min(timeout / 2, LEAST_TIMEOUT)),
    });
  }
}

function requestOf(
  { clientId }: ClientContext,
  { secret, encoding, scopes, params }: ClientCredentialsGrant,
  { grant: method = 'client_secret_basic' }: AuthenticationChoice,
  { path }: Target,
): HttpRequest {
  const { headers, form } = secretCredentials(clientId, secret, { method, encoding });
  const extra = [...params].filter(([name]) => !GRANT_PARAMETERS.has(name));
  const pairs = [
    ...(scopes.length === 0 ? [] : [['scope', scopes.join(' ')] as const]),
    ...extra.flatMap(([name, values]) => values.map((value) => [name, value] as const)),
  ];
  const rest = pairs.map(([name, value]) => `&${formEncode(name)}=${formEncode(value)}`).join('');
  return {
    method: 'POST',
    path,
    headers: [...HEADERS, ...headers.flatMap(({ name, value }) => [name, value.reveal()])],
    body: `grant_type=client_credentials${rest}${form.reveal()}`,
  };
}

function judge(outcome: Exchange, timeout: Milliseconds): Result<GrantedToken, Fault> {
  switch (outcome.kind) {
    case 'timeout':
      return fail(fault('call_token_unavailable', `no answer of the token endpoint within ${timeout} ms`));
    case 'failed':
      return fail(fault('call_token_unavailable', `the token endpoint: ${outcome.failure.detail}`));
    case 'answered':
      return readTokenAnswer(outcome.answer);
  }
}

function refused(complaint: string): Result<never, Fault> {
  return fail(settingsFault('call_token_unavailable', `the token endpoint is refused: ${complaint}`));
}

const LEAST_TIMEOUT = milliseconds(5_000);
const LARGEST = 65_536;
const HEADERS = [
  'accept',
  'application/json',
  'accept-encoding',
  'identity',
  'content-type',
  'application/x-www-form-urlencoded',
  'user-agent',
  'gatehouse',
];
