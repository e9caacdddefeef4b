import { atKey, atValue, type Finding } from '../finding.ts';
import { hmacsFor } from '../client-authentication.ts';
import type { TextReference } from '../reference-source.ts';
import { readSigningKey } from '../signing-key.ts';
import { checkBearer } from './bearer.ts';
import { at, entriesOf, isGiven, mapOf, type Raw, textOf } from './raw.ts';

/** The method by name, `null`: left out; `undefined`: what is there says none. */
function methodOf(client: Raw): string | null | undefined {
  const auth = at(client, 'auth');
  if (!isGiven(auth)) return null;
  if (mapOf(auth) === null) return textOf(auth) ?? undefined;
  const method = at(auth, 'method');
  if (isGiven(method)) return textOf(method) ?? undefined;
  return isGiven(at(auth, 'key')) ? 'private_key_jwt' : undefined;
}

/** Whether everything that a method needs is there, and nothing that it does not use. */
export function checkAuthentication(client: Raw): readonly Finding[] {
  const auth = at(client, 'auth');
  const method = methodOf(client);
  if (method === undefined)
    return mapOf(auth) === null || isGiven(at(auth, 'method'))
      ? []
      : [atKey(auth.path, 'has no `method`, which must say how we authenticate')];
  return [
    ...checkSecret(client, method),
    ...checkPreviousSecret(client),
    ...checkCertificate(client, method),
    ...checkKeys(auth, method),
    ...checkAudience(client, method),
    ...(method === 'bearer' ? checkBearer(client) : []),
  ];
}

const WITH_SECRET = new Set(['client_secret_basic', 'client_secret_post', 'client_secret_jwt']);
const WITH_ASSERTION = ['client_secret_jwt', 'private_key_jwt'];

/** Which keys of the long form go with which methods. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  encoding: ['client_secret_basic'],
  key: ['private_key_jwt'],
  kid: ['private_key_jwt'],
  alg: WITH_ASSERTION,
  audience: WITH_ASSERTION,
  typ: WITH_ASSERTION,
  lifetime: WITH_ASSERTION,
  sendClientId: WITH_ASSERTION,
  token: ['bearer'],
  clientCredentials: ['bearer'],
};

function checkSecret(client: Raw, method: string | null): readonly Finding[] {
  const secret = at(client, 'clientSecret');
  const hasCertificate = isGiven(at(client, 'tls', 'cert'));
  if (method === null && hasCertificate) return [];
  const hasGrant = method === 'bearer' && isGiven(at(client, 'auth', 'clientCredentials'));
  const needsSecret = method === null || WITH_SECRET.has(method) || hasGrant;
  if (needsSecret === isGiven(secret)) return [];
  if (needsSecret) return [atKey(secret.path, 'is missing; write { env: NAME } or { file: PATH }')];
  return KNOWN.has(method) ? [atKey(secret.path, `is not used with ${method}; remove it`)] : [];
}

function checkPreviousSecret(client: Raw): readonly Finding[] {
  const previous = at(client, 'previousSecret');
  if (!isGiven(previous) || isGiven(at(client, 'clientSecret'))) return [];
  return [atKey(previous.path, 'stands without `clientSecret`; it is tried where that one is refused')];
}

const WITH_CERTIFICATE = new Set(['tls_client_auth', 'self_signed_tls_client_auth']);
const KNOWN = new Set([...WITH_CERTIFICATE, 'private_key_jwt', 'bearer', 'none']);

function checkCertificate(client: Raw, method: string | null): readonly Finding[] {
  const tls = at(client, 'tls');
  const cert = at(tls, 'cert');
  if (isGiven(cert) || isGiven(at(tls, 'key'))) return checkPair(tls);
  return method !== null && WITH_CERTIFICATE.has(method)
    ? [atKey(cert.path, `is missing, which ${method} needs, and \`key\` beside it`)]
    : [];
}

/** Of a certificate and its key, both or neither. */
export function checkPair(tls: Raw): readonly Finding[] {
  const [cert, key] = [at(tls, 'cert'), at(tls, 'key')];
  if (isGiven(cert) === isGiven(key)) return [];
  return isGiven(cert)
    ? [atKey(key.path, 'is missing; name the PEM file with the key of `cert`')]
    : [atKey(cert.path, 'is missing; name the PEM file with the certificate of `key`')];
}

function checkKeys(auth: Raw, method: string | null): readonly Finding[] {
  const idle = entriesOf(auth).filter(({ key }) => KEYS[key] !== undefined && !belongs(key, method));
  const key = at(auth, 'key');
  return [
    ...idle.map(({ path }) => atKey(path, `has no meaning with ${method ?? 'no method'}; remove it`)),
    ...(method === 'private_key_jwt' && !isGiven(key)
      ? [atKey(key.path, 'is missing; write { file: PATH } of a PEM or JWK file')]
      : []),
  ];
}

function belongs(key: string, method: string | null): boolean {
  return method !== null && (KEYS[key] ?? []).includes(method);
}

function checkAudience(client: Raw, method: string | null): readonly Finding[] {
  if (method === null || !WITH_ASSERTION.includes(method) || isGiven(at(client, 'issuer'))) return [];
  if (textOf(at(client, 'auth', 'audience')) === 'introspection_endpoint') return [];
  const message = 'needs `issuer`, which assertions are for; or set `audience: introspection_endpoint` in it';
  return [atKey([...client.path, 'auth'], message)];
}

/** What only the texts that the file leads to can tell: whether a key or a secret goes with its algorithm. */
export function checkAlgorithms(
  root: Raw,
  contentOf: (reference: TextReference) => string,
): readonly Finding[] {
  return entriesOf(at(root, 'clients')).flatMap((client) => {
    const method = methodOf(client);
    if (method === 'client_secret_jwt')
      return ['clientSecret', 'previousSecret'].flatMap((key) =>
        checkHmac(client, key, contentAt(at(client, key), contentOf)),
      );
    if (method === 'private_key_jwt')
      return checkKeyAlgorithm(client, contentAt(at(client, 'auth', 'key'), contentOf));
    return [];
  });
}

function checkHmac(client: Raw, key: string, secret: string): readonly Finding[] {
  const { path } = at(client, key);
  const possible = hmacsFor(secret);
  if (secret === '') return [];
  if (possible.length === 0) return [atValue(path, 'is under 32 bytes, too short for client_secret_jwt')];
  return checkAlgorithm(client, possible, 'a secret of this length');
}

function checkKeyAlgorithm(client: Raw, text: string): readonly Finding[] {
  const key = readSigningKey(text);
  return key.ok ? checkAlgorithm(client, key.value.algorithms, 'this key') : [];
}

function checkAlgorithm(client: Raw, possible: readonly string[], what: string): readonly Finding[] {
  const alg = at(client, 'auth', 'alg');
  const wanted = textOf(alg);
  if (wanted === null || possible.includes(wanted)) return [];
  return [atValue(alg.path, `does not go with ${what}; possible: ${possible.join(', ')}`)];
}

/** Empty where nothing was read. */
export function contentAt({ value }: Raw, contentOf: (reference: TextReference) => string): string {
  const isReference =
    typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value));
  return isReference ? contentOf(value as TextReference) : '';
}
