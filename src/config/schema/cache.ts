import { optional, standard } from './key.ts';
import { parsed } from './parsed.ts';
import { duration, size, wholeNumber } from './quantities.ts';
import { redis } from './redis.ts';
import { flawOfCacheKey, secret } from './references.ts';
import { flawOfText, group, list, unless, yesOrNo } from './texts.ts';

export function cache() {
  return group({
    keys: optional(
      list(secret(flawOfCacheKey)),
      'Name and seal what leaves the process: 32 bytes in base64, as `openssl rand -base64 32` makes them. Needed with ' +
        '`shared`. The newest comes first; entries under the second are still found for `active.max` after a reload or a start.',
      'random for each process',
    ),
    active: standard(
      group({
        ...partitionKeys({ max: '60s', entries: 100_000, bytes: '128MiB' }),
        jitter: standard(
          duration({ min: '0s', max: '1h' }),
          '0s',
          'Each answer is kept shorter than `max` by a random time up to this, never by more than half.',
        ),
        refreshAhead: standard(
          yesOrNo(),
          true,
          'Whether a token in steady use is asked about again in the background before its answer runs out.',
        ),
      }),
      {},
      'Answers about active tokens. A revoked token passes until its answer is `max` old, or its own `exp` has come.',
    ),
    inactive: standard(
      group({
        ...partitionKeys({ max: '5s', entries: 20_000, bytes: '16MiB' }),
        shared: standard(
          yesOrNo(),
          false,
          'Whether a token that is sent again after it was found inactive is told to the replicas, too.',
        ),
      }),
      {},
      'Answers about inactive tokens.',
    ),
    shared: optional(shared(), 'A store that replicas share. A store that fails is a miss.', 'memory alone'),
  });
}

interface PartitionDefaults {
  readonly max: string;
  readonly entries: number;
  readonly bytes: string;
}

function partitionKeys({ max, entries, bytes }: PartitionDefaults) {
  return {
    max: standard(
      duration({ min: '0s', max: '24h' }),
      max,
      'How long an answer is kept at most; `0s` turns this cache off.',
    ),
    entries: standard(wholeNumber({ min: 1, max: 100_000_000 }), entries, 'Answers in memory at most.'),
    bytes: standard(size({ min: '1KiB', max: '64GiB' }), bytes, 'Memory for them at most.'),
  };
}

function shared() {
  return group({
    redis: optional(redis(), 'A Redis of any kind.', '**must be given**, or `module`'),
    module: optional(
      modulePath(),
      'A module of your own that exports a Keyv store adapter, or a function that makes one: `./my-keyv-store.js`. ' +
        'It runs in this process; see [the cache](../cache.md#a-store-of-your-own).',
      'another of `redis` and `module`',
    ),
    timeout: standard(duration({ min: '1ms', max: '5s' }), '20ms', 'A store that takes longer is a miss.'),
    coalesce: standard(
      yesOrNo(),
      false,
      'Whether replicas agree who asks about a new token that several requests wait for. Only with `redis`.',
    ),
  });
}

/** Absolute, or seen from the folder of the settings file. */
export function modulePath() {
  return parsed({ type: 'the path of a module' }, (value) => unless(flawOfText(value), value));
}
