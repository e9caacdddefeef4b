import { unlessAborted } from '../../bounds/index.ts';
import {
  fail,
  type Fault,
  fault,
  type RequestContext,
  type Result,
  type Secret,
  type SecretFunction,
} from '../../domain/index.ts';
import type { Authenticator, Credentials } from './credentials.ts';

export interface AskingParts {
  readonly ask: SecretFunction;
  /** Who we are with this secret. */
  readonly withSecret: (secret: Secret) => Authenticator;
}

/**
 * Says who we are with a secret that code hands over at each enquiry.
 *
 * In: code of others. Out: credentials, or the fault that there is no secret, by the signal at the latest.
 * Never: its exception, nor what it says; a wait that nobody bounds.
 */
export function createAskingAuthenticator(
  { ask, withSecret }: AskingParts,
  choice: Authenticator['choice'],
): Authenticator {
  let latest: { readonly secret: string; readonly authenticator: Authenticator } | null = null;

  return {
    choice,
    callToken: null,
    rotation: null,
    async credentials(signal, request) {
      const secret = await secretWithin(signal, request);
      return secret === null ? UNAVAILABLE : authenticatorOf(secret).credentials(signal, request);
    },
  };

  async function secretWithin(signal: AbortSignal, request: RequestContext | null): Promise<Secret | null> {
    const given = await unlessAborted(askSafely(request), signal);
    return given.ok ? given.value : null;
  }

  async function askSafely(request: RequestContext | null): Promise<Secret | null> {
    try {
      return await ask(request);
    } catch {
      return null;
    }
  }

  /** Code mostly gives the same one again. */
  function authenticatorOf(secret: Secret): Authenticator {
    const text = secret.reveal();
    if (latest?.secret === text) return latest.authenticator;
    const authenticator = withSecret(secret);
    latest = { secret: text, authenticator };
    return authenticator;
  }
}

const UNAVAILABLE: Result<Credentials, Fault> = fail(
  fault('client_secret_unavailable', 'the code that hands over the client secret failed, or took too long'),
);
