import { Buffer } from 'node:buffer';

import {
  type AccessToken,
  type ClientContext,
  fail,
  type Fault,
  type Introspection,
  type Question,
  type Result,
  type Soon,
  succeed,
} from '../domain/index.ts';
import type { AuthenticationChoice } from './client-authentication.ts';
import type { Authenticator, Credentials } from './credentials.ts';
import type { HttpAnswer, HttpRequest } from './exchange.ts';
import { formEncode } from './form-encode.ts';
import { readAnswer } from './read-answer.ts';
import { readTarget } from './target.ts';

/** A question with all its bytes but the token's. */
export interface PreparedQuestion extends Question {
  readonly authentication: AuthenticationChoice;
  /** Where to connect. */
  readonly origin: string;
  /** The RFC 7662 section 2.1 request for one token, made anew for each attempt. */
  requestFor(token: AccessToken): Soon<Result<HttpRequest, Fault>>;
  /** What the answer to such a request says. */
  readAnswer(answer: HttpAnswer): Soon<Result<Introspection, Fault>>;
}

/**
 * Settles everything about a client's question but the token.
 *
 * In: the client, where it asks and how it says who it is. Out: the question with its identity, or why it cannot be put.
 * Never: bytes on the wire, our own authentication apart, that are not in the identity; a secret in the identity.
 */
export function prepareQuestion(
  client: ClientContext,
  endpoint: string,
  authenticator: Authenticator,
): Result<PreparedQuestion, string> {
  const target = readTarget(endpoint, client);
  if (!target.ok) return fail(target.failure);
  const { origin, path } = target.value;

  const parameters = parametersOf(client);
  const rest = parameters.map(([name, value]) => `&${formEncode(name)}=${formEncode(value)}`).join('');

  return succeed({
    client,
    endpoint,
    identity: identityOf(client, endpoint, parameters),
    authentication: authenticator.choice,
    origin,
    requestFor(token) {
      const credentials = authenticator.credentials();
      return credentials instanceof Promise
        ? credentials.then((made) => requestWith(made, token))
        : requestWith(credentials, token);
    },
    readAnswer,
  });

  function requestWith(
    credentials: Result<Credentials, Fault>,
    token: AccessToken,
  ): Result<HttpRequest, Fault> {
    if (!credentials.ok) return credentials;
    const { headers, form } = credentials.value;
    return succeed({
      method: 'POST',
      path,
      headers: [...HEADERS.flat(), ...headers.flatMap(({ name, value }) => [name, value.reveal()])],
      body: `token=${formEncode(token.reveal())}${rest}${form.reveal()}`,
    });
  }
}

type Pair = readonly [name: string, value: string];

const HEADERS: readonly Pair[] = [
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['user-agent', 'gatehouse'],
];

function parametersOf({ introspection: { tokenTypeHint, params } }: ClientContext): readonly Pair[] {
  const hint: readonly Pair[] = tokenTypeHint === null ? [] : [['token_type_hint', tokenTypeHint]];
  return [...hint, ...params].filter(([name], index) => index < hint.length || !OURS.has(name));
}

/** Written by this file alone: a second one from `params` could change whom or what we ask for (INT-1, INT-6). */
const OURS: ReadonlySet<string> = new Set([
  'token',
  'token_type_hint',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]);

/** The parts of design decision 3, each with its length before it, lists with their count: no two readings. */
function identityOf(client: ClientContext, endpoint: string, parameters: readonly Pair[]): Buffer {
  return encodeParts([
    'introspection',
    client.name,
    client.issuer,
    endpoint,
    client.clientId,
    'json',
    String(HEADERS.length),
    ...HEADERS.flat(),
    String(parameters.length),
    ...parameters.flat(),
  ]);
}

/** `null` is told from every text by a length that no text has. */
function encodeParts(parts: readonly (string | null)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const text = Buffer.from(part ?? '', 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part === null ? 0xffffffff : text.length);
      return [length, text];
    }),
  );
}
