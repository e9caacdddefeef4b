import * as redis from '@redis/client';
import { describe, expect, it } from '@jest/globals';
import { storeFailureOf } from '../../src/cache/store-failure.ts';

describe('storeFailureOf', () => {
  // By class, so that a release of the client that renames one is noticed.
  it.each([
    redis.ClientClosedError,
    redis.ClientOfflineError,
    redis.ConnectionTimeoutError,
    redis.DisconnectsClientError,
    redis.RootNodesUnavailableError,
    redis.SocketClosedUnexpectedlyError,
  ])('says unavailable for %p of the client of Redis', (ConnectionError) => {
    expect(storeFailureOf(new ConnectionError())).toBe('unavailable');
  });

  it('says unavailable for silence on a socket, and for an error of the system', () => {
    expect(storeFailureOf(new redis.SocketTimeoutError(1_500))).toBe('unavailable');
    expect(storeFailureOf(Object.assign(new Error('connect'), { syscall: 'connect' }))).toBe('unavailable');
  });

  it.each([
    ['OOM command not allowed', 'full'],
    ["READONLY You can't write against a read only replica.", 'read_only'],
    ['LOADING Redis is loading the dataset in memory', 'unavailable'],
    ['NOPERM this user has no permissions', 'error'],
  ])('says what a refusal means: %s is %s', (message, expected) => {
    expect(storeFailureOf(new redis.ErrorReply(message))).toBe(expected);
    expect(storeFailureOf(new redis.SimpleError(message))).toBe(expected);
  });

  it.each([[new Error('OOM of somebody else')], ['OOM '], [null], [Object.create(null)]])(
    'says error for anything else',
    (cause) => {
      expect(storeFailureOf(cause)).toBe('error');
    },
  );
});
