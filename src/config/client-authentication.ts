import {
  type AssertionSettings,
  type ClientAuthentication,
  type ClientCredentialsGrant,
  milliseconds,
  Secret,
  unreachable,
} from '../domain/index.ts';
import type { TextReference } from './reference-source.ts';
import type { SettingsInput } from './schema/settings-schema.ts';
import { readSigningKey } from './signing-key.ts';

type ClientInput = NonNullable<SettingsInput['clients']>[string];
type LongInput = Exclude<NonNullable<ClientInput['auth']>, string>;

/** How a client of the file authenticates. checks/ has seen that everything it needs is there. */
export function authenticationOf(
  { auth, clientSecret, tls }: ClientInput,
  textOf: (reference: TextReference) => string,
): ClientAuthentication {
  const long: LongInput = typeof auth === 'object' ? auth : {};
  const method = typeof auth === 'string' ? auth : (long.method ?? (long.key === undefined ? null : KEYED));
  const secret = (): Secret => secretOf(clientSecret);

  switch (method) {
    case null:
      return clientSecret === undefined && tls.cert !== undefined
        ? { method: 'automatic_tls' }
        : { method: 'automatic', secret: secret() };
    case 'client_secret_basic':
      return { method, secret: secret(), encoding: long.encoding ?? 'form' };
    case 'client_secret_post':
      return { method, secret: secret() };
    case 'client_secret_jwt': {
      const algorithms = hmacsFor(secret().reveal());
      return { method, secret: secret(), assertion: assertionOf(long, algorithms) };
    }
    case 'private_key_jwt':
      return privateKeyOf(long, secretOf(long.key).reveal());
    case 'bearer':
      return long.clientCredentials === undefined
        ? { method, token: secretOf(long.token) }
        : { method, grant: grantOf(long.clientCredentials, secret()) };
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
    case 'none':
      return { method };
    default:
      return unreachable(method);
  }

  function secretOf(reference: TextReference | undefined): Secret {
    if (reference === undefined) throw new TypeError('a secret is missing that was checked before');
    return new Secret(textOf(reference));
  }
}

const KEYED = 'private_key_jwt';

/** Of an offline reading the key is empty, and so is what is made of it. */
function privateKeyOf(long: LongInput, text: string): ClientAuthentication {
  const read = readSigningKey(text);
  const { pem, id, algorithms } = read.ok ? read.value : { pem: '', id: null, algorithms: [] };
  return {
    method: KEYED,
    key: { pem: new Secret(pem), id: long.kid ?? id },
    assertion: assertionOf(long, algorithms),
  };
}

function grantOf(
  { endpoint, method, encoding, scopes, params }: NonNullable<LongInput['clientCredentials']>,
  secret: Secret,
): ClientCredentialsGrant {
  return {
    endpoint: endpoint ?? null,
    secret,
    method: method ?? null,
    encoding,
    scopes,
    params: new Map(Object.entries(params)),
  };
}

function assertionOf(long: LongInput, algorithms: readonly string[]): AssertionSettings {
  const { alg, audience = 'issuer', typ = 'client-authentication+jwt', lifetime, sendClientId } = long;
  return {
    algorithms: alg === undefined ? algorithms : [alg],
    audience,
    type: typ === 'none' ? null : typ,
    lifetime: lifetime ?? milliseconds(60_000),
    sendClientId: sendClientId ?? false,
  };
}

/** A key for HMAC must be as long as the hash (RFC 7518 section 3.2). */
export function hmacsFor(secret: string): readonly string[] {
  const bits = Buffer.byteLength(secret) * 8;
  return HMACS.filter(([, least]) => bits >= least).map(([algorithm]) => algorithm);
}

const HMACS = [
  ['HS256', 256],
  ['HS384', 384],
  ['HS512', 512],
] as const;
