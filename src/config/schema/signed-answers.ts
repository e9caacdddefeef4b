import { flawOfDecryptionKey } from '../decryption-key.ts';
import { flawOfVerificationKeys } from '../verification-keys.ts';
import { optional, required } from './key.ts';
import { duration } from './quantities.ts';
import { secret, textOrReference } from './references.ts';
import { choice, group, list, oneOrMore, text, yesOrNo } from './texts.ts';
import { httpUrl } from './urls.ts';

/** What a signed answer must be like. What goes with what is checked in checks/signed-answers.ts. */
export function signedAnswers() {
  return group({
    algorithms: optional(
      list(choice(SIGNATURES)),
      'Algorithms that are accepted of signatures. HMAC only where it is named here; its key is `clientSecret`.',
      'those that go with `keys`, else those of public keys that the metadata lists, else `RS256`',
    ),
    audience: optional(list(text()), 'Names of us: `aud` must hold one of them.', '`clientId`'),
    typ: optional(
      choice(['token-introspection+jwt', 'JWT']),
      'Type in the header. `JWT` is for servers older than RFC 9701: then `JWT` and no type are accepted, too; with a warning.',
      '`token-introspection+jwt`',
    ),
    maxAge: optional(
      duration({ min: '1s', max: '1h' }),
      'How far back `iat` may lie: so long an answer can be replayed.',
      '`60s`',
    ),
    jwksUri: optional(httpUrl(), 'Where the keys of the server are read.', '`jwks_uri` of the metadata'),
    keys: optional(
      textOrReference(flawOfVerificationKeys),
      'The public keys of the server themselves, none are fetched then: a JWK set, one JWK, or PEM text. Read again when it changes.',
      'they are fetched',
    ),
    decryption: optional(
      decryption(),
      'Keys of ours that open answers which are encrypted, too.',
      'an encrypted answer is a fault',
    ),
  });
}

function decryption() {
  return group({
    keys: required(
      oneOrMore(secret(flawOfDecryptionKey), { least: 1 }),
      'Private keys, in PEM files or as JWKs; several while they are changed. Read again when they change.',
    ),
    algorithms: optional(
      list(choice(KEY_MANAGEMENT)),
      'Algorithms that are accepted of the key (`alg`).',
      'all of these that go with a key, but not RSA-OAEP, which uses SHA-1',
    ),
    encodings: optional(
      list(choice(CONTENT_ENCRYPTION)),
      'Algorithms that are accepted of the content (`enc`).',
      'all of these',
    ),
    required: optional(yesOrNo(), '`false` accepts answers that are signed and not encrypted.', '`true`'),
  });
}

const SIGNATURES = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'HS256',
  'HS384',
  'HS512',
] as const;

const KEY_MANAGEMENT = [
  'RSA-OAEP-256',
  'RSA-OAEP-384',
  'RSA-OAEP-512',
  'RSA-OAEP',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
] as const;

export const CONTENT_ENCRYPTION = [
  'A128CBC-HS256',
  'A192CBC-HS384',
  'A256CBC-HS512',
  'A128GCM',
  'A192GCM',
  'A256GCM',
] as const;
