import { isList, isMap, type Path, type Plain } from './yaml/plain.ts';

/**
 * How a value of the file may appear in a message.
 *
 * In: a value and where it stands. Out: a few words.
 * Never: a secret, nor what looks like one in the wrong place; the line number leads there (G20, T-51).
 */
export function shown(value: Plain | undefined, path: Path): string {
  if (isSecretBearing(path)) return 'the value (not shown)';
  if (value === undefined || value === null) return 'nothing';
  if (isList(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isMap(value)) return 'a map';
  if (typeof value !== 'string') return String(value);
  return looksSecret(value) ? 'the text (not shown)' : quoted(value);
}

/** A key of the user's own choice or invention. */
export function quoted(text: string): string {
  const visible = text
    .replace(/["\\]/g, '\\$&')
    .replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return `"${visible.length > LENGTH_MAX ? `${visible.slice(0, LENGTH_MAX)}…` : visible}"`;
}

/** `clients.orders.auth`, `routes[1].match.paths[0]`, `clients["a b"].issuer`. */
export function formatKeyPath(path: Path): string {
  return withoutSecrets(path).reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[${segment}]`;
    if (!/^[A-Za-z0-9_-]+$/.test(segment)) return `${text}[${quoted(segment)}]`;
    return text === '' ? segment : `${text}.${segment}`;
  }, '');
}

/** Whether a secret may stand at this place or anywhere below it. */
export function isSecretBearing(path: Path): boolean {
  // Nothing but its own keys stands below; a text in place of the map may be the secret.
  if (path.at(-1) === 'clientCredentials') return true;
  return path.some((segment, index) => isSecretKey(segment, path[index - 1]));
}

const LENGTH_MAX = 80;
const SECRET_KEYS = new Set<string | number>([
  'clientSecret',
  'previousSecret',
  'password',
  'secretHeader',
  'bearer',
]);

/** Anything else below `auth` is a secret, or may be one in the wrong place. */
const PLAIN_IN_AUTH = new Set<string | number>([
  'method',
  'encoding',
  'kid',
  'alg',
  'audience',
  'typ',
  'lifetime',
  'sendClientId',
  'clientCredentials',
]);

/** The same below `auth.clientCredentials`. */
const PLAIN_IN_GRANT = new Set<string | number>(['endpoint', 'method', 'encoding', 'scopes', 'params']);

const SECRETS_IN_AUTH = new Set<string | number>(['key', 'token', 'bearer']);

function isSecretKey(segment: string | number, parent: string | number | undefined): boolean {
  if (segment === 'headers' && (parent === 'introspection' || parent === 'http')) return true;
  if (parent === 'auth') return !PLAIN_IN_AUTH.has(segment);
  if (parent === 'clientCredentials') return !PLAIN_IN_GRANT.has(segment);
  return SECRET_KEYS.has(segment) || (segment === 'keys' && (parent === 'cache' || parent === 'keyv'));
}

// Keys below a secret-bearing one are shown when they are ours: `{ hunter2: }` may be a secret and a slip.
const KEYS_OF_OURS = new Set<string | number>(['env', 'file', 'name', 'value']);

function withoutSecrets(path: Path): Path {
  const start = path.findIndex((segment, index) => isSecretKey(segment, path[index - 1]));
  if (start === -1) return path;
  const [parent, key = ''] = [path[start - 1], path[start]];
  if (parent === 'clientCredentials' || (parent === 'auth' && !SECRETS_IN_AUTH.has(key)))
    return path.slice(0, start);
  const below = path.slice(start + 1);
  const stranger = below.findIndex((segment) => typeof segment === 'string' && !KEYS_OF_OURS.has(segment));
  return stranger === -1 ? path : path.slice(0, start + 1 + stranger);
}

/** PEM text, several lines, a password before a host, or one among the parameters of a URL. */
export function looksSecret(text: string): boolean {
  return /[\r\n]|-----BEGIN|:\S*@|[?&][^=&]*(?:pass|secret|token|key)[^=&]*=/i.test(text);
}
