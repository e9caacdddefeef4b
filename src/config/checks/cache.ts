import { atKey, type Finding } from '../finding.ts';
import { at, isGiven, mapOf, type Raw } from './raw.ts';

export function checkCache(root: Raw): readonly Finding[] {
  const shared = at(root, 'cache', 'shared');
  if (mapOf(shared) === null) return [];

  const found: Finding[] = [];
  const keys = at(root, 'cache', 'keys');
  if (!isGiven(keys))
    found.push(
      atKey(
        keys.path,
        'is missing; a shared store needs a key: 32 bytes in base64, as { env: … } or { file: … }',
      ),
    );

  const redis = at(shared, 'redis');
  if (!isGiven(redis) && !isGiven(at(shared, 'module')))
    found.push(
      atKey(
        redis.path,
        'is missing; say where the shared store is, as in redis: { url: "redis://127.0.0.1:6379" }',
      ),
    );
  const isOne = !isGiven(at(redis, 'sentinel')) && !isGiven(at(redis, 'cluster'));
  if (mapOf(redis) !== null && isOne && !isGiven(at(redis, 'url')))
    found.push(atKey(at(redis, 'url').path, 'is missing; write redis://host:6379, or rediss:// for TLS'));
  return found;
}
