import { atKey, atValue, type Finding } from '../finding.ts';
import { at, isGiven, mapOf, type Raw, textOf } from './raw.ts';

const PLACES = ['url', 'sentinel', 'cluster'];

/** What no key of a `redis` map can tell alone. */
export function checkRedis(redis: Raw): readonly Finding[] {
  if (mapOf(redis) === null) return [];
  const [first, ...others] = PLACES.map((key) => at(redis, key)).filter(isGiven);
  if (first === undefined)
    return [
      atKey(
        at(redis, 'url').path,
        'is missing; write redis://host:6379, or rediss:// for TLS; or say `sentinel` or `cluster`',
      ),
    ];
  return [
    ...others.map(({ path }) =>
      atKey(
        path,
        `stands beside \`${String(first.path.at(-1))}\`; a store has one place: remove all but one`,
      ),
    ),
    ...checkTls(redis),
  ];
}

function checkTls(redis: Raw): readonly Finding[] {
  const tls = at(redis, 'tls');
  const url = textOf(at(redis, 'url'));
  const [cert, key] = [at(tls, 'cert'), at(tls, 'key')];
  const found: Finding[] = [];
  if (mapOf(tls) !== null && url?.startsWith('redis:') === true)
    found.push(atKey(tls.path, 'needs a URL that begins with rediss://; this one is in clear'));
  if (isGiven(cert) && !isGiven(key)) found.push(atKey(key.path, 'is missing; `cert` needs its private key'));
  if (isGiven(key) && !isGiven(cert)) found.push(atValue(key.path, 'has no `cert` beside it'));
  return found;
}
