import { openRedisStore } from '../../src/cache/redis-store.ts';
import { systemRandomness } from '../../src/index.ts';
import { eventually } from '../support/processes.ts';

/** A connection to a Redis of a test, once it stands. */
export async function openRedis(url: string) {
  const opened = openRedisStore(
    {
      place: { kind: 'single', node: { host: '127.0.0.1', port: Number(new URL(url).port) }, database: 0 },
      username: null,
      password: null,
      tls: null,
    },
    { observe: () => undefined, randomness: systemRandomness },
  );
  const isConnected = (): boolean => opened.status()['state'] === 'connected';
  await eventually('Redis to be connected', () => (isConnected() ? true : null));
  return { ...opened, isConnected };
}
