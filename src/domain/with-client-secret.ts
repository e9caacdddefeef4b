import type { ClientContext } from './client.ts';
import { clientSecretOf, type SecretSource } from './secret-source.ts';

/**
 * The same client with a secret from code.
 *
 * @throws TypeError when the client authenticates by a method that has no secret, or for what is no secret.
 */
export function withClientSecret(client: ClientContext, source: SecretSource): ClientContext {
  const { authentication } = client;
  if (!('secret' in authentication))
    throw new TypeError(
      `client "${client.name}" authenticates by ${authentication.method}, without a secret`,
    );
  const secret = clientSecretOf(source);
  return typeof secret === 'function'
    ? { ...client, secretFrom: secret }
    : { ...client, authentication: { ...authentication, secret }, secretFrom: null };
}
