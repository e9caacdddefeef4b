import { z } from 'zod';
import { kindWords, notYet, NOT_YET, optional, standard } from './key.ts';
import { duration, size, wholeNumber } from './quantities.ts';
import { flawOfCacheKey, flawOfSecret, secret } from './references.ts';
import { group, text, yesOrNo } from './texts.ts';
import { redisUrl } from './urls.ts';

export function cache() {
  return group({
    keys: optional(
      keys(),
      'Names and seals what leaves the process: 32 bytes in base64, as `openssl rand -base64 32` makes them. ' +
        'Needed with `shared`. One in this version.',
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

function keys() {
  const schema = z
    .array(secret(flawOfCacheKey))
    .min(1)
    .superRefine((given, context) => {
      for (const index of given.keys())
        if (index > 0) context.addIssue({ code: 'custom', message: NOT_YET, path: [index] });
    });
  kindWords.add(schema, { type: 'a list' });
  return schema;
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
    redis: optional(
      group({
        url: optional(
          redisUrl(),
          'Where it is: `redis://host:port` or `rediss://host:port`.',
          '**must be given**',
        ),
        username: optional(text(), 'Of an ACL user.', 'the default user'),
        password: optional(secret(flawOfSecret), 'Password of the user.', 'none'),
        sentinel: notYet('Redis behind Sentinel.'),
        cluster: notYet('Redis Cluster.'),
      }),
      'One Redis.',
      '**must be given**',
    ),
    module: notYet('A Keyv store of your own.'),
    timeout: standard(duration({ min: '1ms', max: '5s' }), '20ms', 'A store that takes longer is a miss.'),
    coalesce: notYet('One enquiry for a herd across replicas.', false),
  });
}
