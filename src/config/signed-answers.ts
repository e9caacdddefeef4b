import {
  type AnswerKeySettings,
  type DecryptionKey,
  type DecryptionSettings,
  milliseconds,
  Secret,
  type SignedAnswerSettings,
} from '../domain/index.ts';
import { readDecryptionKey } from './decryption-key.ts';
import type { TextReference } from './reference-source.ts';
import type { SettingsInput } from './schema/settings-schema.ts';
import { CONTENT_ENCRYPTION } from './schema/signed-answers.ts';
import { readVerificationKeys } from './verification-keys.ts';

type ClientInput = NonNullable<SettingsInput['clients']>[string];
type JwtInput = NonNullable<ClientInput['introspection']['jwt']>;
type TextOf = (reference: TextReference) => string;

/** What a client of the file demands of signed answers; `null` where it asks for plain ones. */
export function signedAnswersOf(client: ClientInput, textOf: TextOf): SignedAnswerSettings | null {
  if (client.introspection.response !== 'jwt') return null;
  const jwt: JwtInput = client.introspection.jwt ?? {};
  const keys = keysOf(jwt, client.clientSecret, textOf);
  return {
    algorithms: jwt.algorithms ?? algorithmsOf(keys),
    audience: jwt.audience ?? [textOf(client.clientId)],
    takesOldType: jwt.typ === 'JWT',
    maxAge: jwt.maxAge ?? milliseconds(60_000),
    keys,
    decryption: jwt.decryption === undefined ? null : decryptionOf(jwt.decryption, textOf),
  };
}

function keysOf(
  { algorithms = [], jwksUri, keys }: JwtInput,
  secret: TextReference | undefined,
  textOf: TextOf,
): AnswerKeySettings {
  if (algorithms.some(isHmac) && secret !== undefined)
    return { kind: 'secret', secret: new Secret(textOf(secret)) };
  if (jwksUri !== undefined) return { kind: 'url', url: jwksUri };
  if (keys === undefined) return { kind: 'metadata' };
  const read = readVerificationKeys(textOf(keys));
  return { kind: 'fixed', keys: read.ok ? read.value : [] };
}

/** Keys that the operator gave may be used for all that they can do. */
function algorithmsOf(settings: AnswerKeySettings): readonly string[] | null {
  if (settings.kind !== 'fixed') return null;
  return [...new Set(settings.keys.flatMap(({ algorithms }) => algorithms))];
}

export function isHmac(algorithm: string): boolean {
  return algorithm.startsWith('HS');
}

/** Of an offline reading there are no keys. */
function decryptionOf(
  { keys, algorithms, encodings, required }: NonNullable<JwtInput['decryption']>,
  textOf: TextOf,
): DecryptionSettings {
  const read = keys.flatMap((key) => {
    const outcome = readDecryptionKey(textOf(key));
    return outcome.ok ? [outcome.value] : [];
  });
  return {
    keys: read,
    algorithms: algorithms ?? standardAlgorithms(read),
    encodings: encodings ?? CONTENT_ENCRYPTION,
    required: required ?? true,
  };
}

/** SHA-1 is not broken there, but nobody needs it any more: only where it is asked for. */
function standardAlgorithms(keys: readonly DecryptionKey[]): readonly string[] {
  const possible = new Set(keys.flatMap(({ algorithms }) => algorithms));
  const modern = [...possible].filter((algorithm) => algorithm !== 'RSA-OAEP');
  // A JWK whose `alg` says so asks for it, too.
  return modern.length > 0 ? modern : [...possible];
}
