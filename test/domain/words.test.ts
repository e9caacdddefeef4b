import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  AccessToken,
  formatListenAddress,
  isJsonObject,
  Secret,
  unreachable,
} from '../../src/domain/index.ts';

describe('Secret', () => {
  it.each([
    ['a secret', new Secret('canary')],
    ['an access token', new AccessToken('canary')],
  ])('hides %s from every ordinary way of printing (G20)', (_case, secret) => {
    const printed = [
      String(secret),
      secret.toString(),
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
    ];
    expect(printed.filter((text) => text.includes('canary'))).toEqual([]);
    expect(Object.keys(secret)).toEqual([]);
  });

  it('hands over its text when asked', () => {
    expect(new Secret('canary').reveal()).toBe('canary');
  });
});

describe('formatListenAddress', () => {
  it.each([
    ['an IPv4 address', { kind: 'tcp', host: '127.0.0.1', port: 9001 }, '127.0.0.1:9001'],
    ['an IPv6 address in brackets', { kind: 'tcp', host: '::1', port: 9001 }, '[::1]:9001'],
    ['a unix socket', { kind: 'unix', path: '/run/gatehouse.sock' }, 'unix:/run/gatehouse.sock'],
  ] as const)('writes %s as the settings file does', (_case, address, text) => {
    expect(formatListenAddress(address)).toBe(text);
  });
});

describe('isJsonObject', () => {
  it.each([
    [true, 'an object', {}],
    [false, 'an array', []],
    [false, 'null', null],
    [false, 'a text', 'x'],
    [false, 'nothing', undefined],
  ])('is %s for %s', (expected, _case, value) => {
    expect(isJsonObject(value)).toBe(expected);
  });
});

describe('unreachable', () => {
  it('throws without repeating the value, which may be a secret', () => {
    expect(() => unreachable('canary' as never)).toThrow(/^(?!.*canary).*string/);
  });
});
