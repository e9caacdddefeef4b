import type { Soon } from './soon.ts';
import type { RequestContext } from './request-context.ts';
import { Secret } from './secret.ts';

/**
 * How code hands over a client secret: the secret, a promise of it, or a function that is asked for each enquiry, with
 * the request that caused it. A function may be slow or fail: the enquiry's own budget bounds it, a failure is a fault.
 */
export type SecretSource =
  | SecretValue
  | Promise<SecretValue>
  | (() => Soon<SecretValue>)
  | ((request: RequestContext | null) => Soon<SecretValue>);

export type SecretValue = string | Secret;

/** A client secret as it is kept: at hand, or asked for when an enquiry needs it. */
export type ClientSecret = Secret | SecretFunction;

/** @param request `null` when the house asks for itself, to find out whether it is ready. */
export type SecretFunction = (request: RequestContext | null) => Soon<Secret>;

/** Whatever code handed over, in the form in which it is kept. */
export function clientSecretOf(source: SecretSource): ClientSecret {
  if (source instanceof Promise) return promised(source);
  if (typeof source !== 'function') return secretOf(source);
  return (request) => {
    const value = source(request);
    return value instanceof Promise ? value.then(secretOf) : secretOf(value);
  };
}

/** @throws TypeError for what is no secret: what code hands over may be anything. */
function secretOf(value: SecretValue): Secret {
  if (value instanceof Secret) return value;
  if (typeof value !== 'string' || value === '')
    throw new TypeError('a client secret is not a text, or empty');
  return new Secret(value);
}

function promised(source: Promise<SecretValue>): SecretFunction {
  // It may fail before anybody asks; whoever asks is told.
  source.catch(() => undefined);
  return () => source.then(secretOf);
}
