import { atKey, atValue, type Finding } from '../finding.ts';
import { at, isGiven, mapOf, type Raw } from './raw.ts';
import { checkRedis } from './redis.ts';

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

  const [redis, module] = [at(shared, 'redis'), at(shared, 'module')];
  if (!isGiven(redis) && !isGiven(module))
    found.push(
      atKey(
        redis.path,
        'is missing; say where the shared store is, as in redis: { url: "redis://127.0.0.1:6379" }',
      ),
    );
  if (isGiven(redis) && isGiven(module))
    found.push(atKey(module.path, 'stands beside `redis`; there is one shared store: remove one of the two'));
  if (isGiven(module) && at(shared, 'coalesce').value === true)
    found.push(
      atValue(
        at(shared, 'coalesce').path,
        'needs `redis`: a store of your own has no locks; remove it, or use a Redis',
      ),
    );
  return [...found, ...checkRedis(redis)];
}
