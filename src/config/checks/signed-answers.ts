import { hmacsFor } from '../client-authentication.ts';
import { readDecryptionKey } from '../decryption-key.ts';
import { atKey, atValue, type Finding } from '../finding.ts';
import type { TextReference } from '../reference-source.ts';
import { isHmac } from '../signed-answers.ts';
import { readVerificationKeys } from '../verification-keys.ts';
import { contentAt } from './authentication.ts';
import { at, entriesOf, isGiven, itemsOf, type Raw, textOf } from './raw.ts';

/** Whether everything that a signed answer is checked with is there, and nothing that is not used. */
export function checkSignedAnswers(client: Raw): readonly Finding[] {
  const response = at(client, 'introspection', 'response');
  const jwt = at(client, 'introspection', 'jwt');
  if (textOf(response) !== 'jwt')
    return isGiven(jwt) ? [atKey(jwt.path, 'is only for `response: jwt`; set that, or remove it')] : [];
  return [
    ...(isGiven(at(client, 'issuer'))
      ? []
      : [atValue(response.path, 'needs `issuer`, which signed answers are compared with')]),
    ...checkKeySources(client, jwt),
  ];
}

function checkKeySources(client: Raw, jwt: Raw): readonly Finding[] {
  const [algorithms, jwksUri, keys] = [at(jwt, 'algorithms'), at(jwt, 'jwksUri'), at(jwt, 'keys')];
  const hmacs = itemsOf(algorithms).filter((item) => isHmac(textOf(item) ?? ''));
  if (hmacs.length === 0)
    return isGiven(jwksUri) && isGiven(keys)
      ? [atKey(keys.path, 'cannot stand beside `jwksUri`; keep the one that holds')]
      : [];
  const others = itemsOf(algorithms).length > hmacs.length;
  return [
    ...(others ? [atValue(algorithms.path, 'mixes HMAC with public keys; keep one kind')] : []),
    ...(isGiven(at(client, 'clientSecret'))
      ? []
      : [atValue(algorithms.path, 'needs `clientSecret`, which is the key of HMAC')]),
    ...[jwksUri, keys]
      .filter(isGiven)
      .map(({ path }) => atKey(path, 'has no meaning with HMAC, whose key is `clientSecret`; remove it')),
  ];
}

/** What only the texts that the file leads to can tell: whether keys go with algorithms. */
export function checkAnswerAlgorithms(
  root: Raw,
  contentOf: (reference: TextReference) => string,
): readonly Finding[] {
  return entriesOf(at(root, 'clients'))
    .filter((client) => textOf(at(client, 'introspection', 'response')) === 'jwt')
    .flatMap((client) => {
      const jwt = at(client, 'introspection', 'jwt');
      return [
        ...checkHmacs(at(jwt, 'algorithms'), contentAt(at(client, 'clientSecret'), contentOf)),
        ...checkFixedKeys(jwt, contentAt(at(jwt, 'keys'), contentOf)),
        ...checkDecryption(at(jwt, 'decryption'), contentOf),
      ];
    });
}

function checkHmacs(algorithms: Raw, secret: string): readonly Finding[] {
  const possible = hmacsFor(secret);
  return itemsOf(algorithms)
    .filter((item) => secret !== '' && isHmac(textOf(item) ?? '') && !possible.includes(textOf(item) ?? ''))
    .map(({ path }) => atValue(path, 'needs a longer `clientSecret`, as long as its hash'));
}

function checkFixedKeys(jwt: Raw, text: string): readonly Finding[] {
  const keys = readVerificationKeys(text);
  const algorithms = at(jwt, 'algorithms');
  const wanted = itemsOf(algorithms).map((item) => textOf(item) ?? '');
  if (
    !isGiven(algorithms) ||
    !keys.ok ||
    keys.value.some((key) => wanted.some((algorithm) => key.algorithms.includes(algorithm)))
  )
    return [];
  return [atValue(at(jwt, 'keys').path, 'holds no key that goes with `algorithms` beside it')];
}

function checkDecryption(
  decryption: Raw,
  contentOf: (reference: TextReference) => string,
): readonly Finding[] {
  const algorithms = at(decryption, 'algorithms');
  if (!isGiven(algorithms)) return [];
  const wanted = itemsOf(algorithms).map((item) => textOf(item) ?? '');
  return itemsOf(at(decryption, 'keys')).flatMap((item) => {
    const key = readDecryptionKey(contentAt(item, contentOf));
    if (!key.ok || key.value.algorithms.some((algorithm) => wanted.includes(algorithm))) return [];
    return [atValue(item.path, 'goes with none of `algorithms` beside it')];
  });
}
