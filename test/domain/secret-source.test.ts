import { describe, expect, it } from '@jest/globals';
import { type ClientSecret, clientSecretOf, Secret, type SecretSource } from '../../src/domain/index.ts';
import { aRequest } from '../support/builders.ts';

const request = aRequest({ host: 'orders.example.com' });

describe('a client secret from code', () => {
  it.each<[string, SecretSource, string]>([
    ['a text', 's3cret', 's3cret'],
    ['a secret', new Secret('s3cret'), 's3cret'],
    ['a promise', Promise.resolve('s3cret'), 's3cret'],
    ['a promise of a secret', Promise.resolve(new Secret('s3cret')), 's3cret'],
    ['a function', () => 's3cret', 's3cret'],
    ['a function that takes its time', async () => 's3cret', 's3cret'],
    ['a function of the request', (asked) => `of ${asked?.host}`, 'of orders.example.com'],
    [
      'a function of the request that takes its time',
      async (asked) => `of ${asked?.host}`,
      'of orders.example.com',
    ],
  ])('can be %s', async (_what, source, expected) => {
    expect((await secretOf(clientSecretOf(source))).reveal()).toBe(expected);
  });

  it('that is at hand stays at hand', () => {
    expect(clientSecretOf('s3cret')).toBeInstanceOf(Secret);
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['an empty text', () => ''],
    ['a number', () => 7],
  ])('that turns out to be %s is an error, not a secret', async (_what, source) => {
    const kept = clientSecretOf(source as () => string);
    await expect(async () => secretOf(kept)).rejects.toThrow(TypeError);
  });

  it('is asked for each time, and does not show itself', async () => {
    let asked = 0;
    const kept = clientSecretOf(() => `secret ${(asked += 1)}`);
    expect([(await secretOf(kept)).reveal(), (await secretOf(kept)).reveal()]).toEqual([
      'secret 1',
      'secret 2',
    ]);
    expect(String(await secretOf(kept))).toBe('[secret]');
  });
});

async function secretOf(kept: ClientSecret): Promise<Secret> {
  return typeof kept === 'function' ? kept(request) : kept;
}
