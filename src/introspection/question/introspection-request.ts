import { Buffer } from 'node:buffer';

import {
  type AccessToken,
  type ClientContext,
  fail,
  type Fault,
  followedBy,
  type Introspection,
  type Question,
  type RequestContext,
  type Result,
  type Soon,
  succeed,
} from '../../domain/index.ts';
import { type AnswerReader, PLAIN } from '../answer/answers.ts';
import type { CallToken } from '../authentication/call-token.ts';
import type { AuthenticationChoice } from '../authentication/client-authentication.ts';
import type { Authenticator, Credentials } from '../authentication/credentials.ts';
import type { HttpAnswer, HttpRequest } from '../connection/exchange.ts';
import { formEncode } from './form-encode.ts';
import { identityOf } from './question-identity.ts';
import { wordingOf } from './question-wording.ts';
import type { SentFacts } from './request-facts.ts';
import type { Rotation } from '../authentication/rotation.ts';
import { readTarget } from '../connection/target.ts';

/** A question with all its bytes but the token's. */
export interface PreparedQuestion extends Question {
  readonly authentication: AuthenticationChoice;
  /** Where to connect. */
  readonly origin: string;
  /** The access token that our calls carry; `null`: none that is fetched. */
  readonly callToken: CallToken | null;
  /** Of what proves who we are; `null`: none is under way. */
  readonly rotation: Rotation | null;
  /** The RFC 7662 section 2.1 request for one token, made anew for each attempt; by the signal at the latest. */
  requestFor(token: AccessToken, signal: AbortSignal): Soon<Result<AuthenticatedRequest, Fault>>;
  /** The same question, caused by one request; with facts of it, where some are sent along. */
  causedBy(request: RequestContext, facts: SentFacts | null): PreparedQuestion;
  /** What the answer to such a request says; by the signal at the latest. */
  readAnswer(answer: HttpAnswer, signal: AbortSignal): Soon<Result<Introspection, Fault>>;
}

export interface AuthenticatedRequest extends HttpRequest {
  /** Told that the server refused who we say we are (401): whether another request would say it in another way. */
  renew(): boolean;
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
  answers: AnswerReader = PLAIN,
): Result<PreparedQuestion, string> {
  const target = readTarget(endpoint, client);
  if (!target.ok) return fail(target.failure);
  const { origin, path } = target.value;

  const wording = wordingOf(client);
  const fixedHeaders = wording.headers.flat();
  const beginning = `${formEncode(wording.tokenParameter)}=`;
  const rest = wording.parameters
    .map(([name, value]) => `&${formEncode(name)}=${formEncode(value)}`)
    .join('');

  const identity = identityOf(client, endpoint, wording);
  return succeed(questionOf(null, null));

  function questionOf(request: RequestContext | null, facts: SentFacts | null): PreparedQuestion {
    return {
      client,
      endpoint,
      identity: facts === null ? identity : Buffer.concat([identity, facts.identity]),
      authentication: authenticator.choice,
      callToken: authenticator.callToken,
      rotation: authenticator.rotation,
      origin,
      requestFor(token, signal) {
        answers.expect();
        return followedBy(authenticator.credentials(signal, request), (credentials) =>
          requestWith(credentials, token, facts),
        );
      },
      causedBy: questionOf,
      readAnswer: (answer, signal) => answers.read(answer, signal),
    };
  }

  function requestWith(
    credentials: Result<Credentials, Fault>,
    token: AccessToken,
    facts: SentFacts | null,
  ): Result<AuthenticatedRequest, Fault> {
    if (!credentials.ok) return credentials;
    const { headers, form, renew = () => false } = credentials.value;
    return succeed({
      method: 'POST',
      path,
      headers: [
        ...fixedHeaders,
        ...(facts?.headers ?? []),
        ...headers.flatMap(({ name, value }) => [name, value.reveal()]),
      ],
      body: `${beginning}${formEncode(token.reveal())}${rest}${facts?.form ?? ''}${form.reveal()}`,
      renew,
    });
  }
}
