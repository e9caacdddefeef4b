import { describe, expect, it } from '@jest/globals';

import { successorOf } from '../../src/client-store/successor.ts';
import {
  type ClientAuthentication,
  type ClientContext,
  milliseconds,
  monotonicMilliseconds,
  Secret,
} from '../../src/domain/index.ts';
import { aClient } from '../support/builders.ts';

const MINUTE = 60_000;
const basic = (secret: string): ClientAuthentication => ({
  method: 'client_secret_basic',
  secret: new Secret(secret),
});
const client = (secret: string, differing: Partial<ClientContext> = {}): ClientContext =>
  aClient({ authentication: basic(secret), secretGrace: milliseconds(10 * MINUTE), ...differing });
const at = (ms: number) => monotonicMilliseconds(ms);

/** What is kept beside the secret in force, and until when. */
function keptIn({ previous }: ClientContext): readonly [string, number | null] | null {
  if (previous === undefined || previous === null) return null;
  const { authentication, until } = previous;
  return ['secret' in authentication ? authentication.secret.reveal() : authentication.method, until];
}

describe('successorOf', () => {
  it('is the one in force when nothing changed, with what it keeps', () => {
    const first = client('a');
    expect(successorOf(first, client('a'), at(0))).toBe(first);
    const second = successorOf(first, client('b'), at(0));
    expect(successorOf(second, client('b'), at(MINUTE))).toBe(second);
  });

  it('keeps the secret before for the time of `secretGrace`', () => {
    const next = successorOf(client('a'), client('b'), at(MINUTE));
    expect(keptIn(next)).toEqual(['a', 11 * MINUTE]);
    expect(next).toMatchObject({ authentication: { method: 'client_secret_basic' } });
    const shorter = client('b', { secretGrace: milliseconds(3 * MINUTE) });
    expect(keptIn(successorOf(client('a'), shorter, at(MINUTE)))).toEqual(['a', 4 * MINUTE]);
  });

  it('keeps only the last of several', () => {
    const second = successorOf(client('a'), client('b'), at(0));
    expect(keptIn(successorOf(second, client('c'), at(MINUTE)))).toEqual(['b', 11 * MINUTE]);
  });

  it('keeps it through a change of other settings, until its time is over', () => {
    const second = successorOf(client('a'), client('b'), at(0));
    const other = client('b', { allowHttp: true });
    const third = successorOf(second, other, at(MINUTE));
    expect([third.allowHttp, keptIn(third)]).toEqual([true, ['a', 10 * MINUTE]]);
    expect(keptIn(successorOf(second, other, at(10 * MINUTE)))).toBeNull();
  });

  it('keeps what was in force when a change is taken back', () => {
    const second = successorOf(client('a'), client('b'), at(0));
    expect(keptIn(successorOf(second, client('a'), at(MINUTE)))).toEqual(['b', 11 * MINUTE]);
  });

  it.each<[string, Partial<ClientContext>]>([
    ['another client id', { clientId: 'other' }],
    ['another issuer', { issuer: 'https://other.example' }],
    ['another method', { authentication: { method: 'client_secret_post', secret: new Secret('b') } }],
    ['no grace', { secretGrace: milliseconds(0) }],
  ])('keeps nothing for a client with %s', (_what, differing) => {
    expect(keptIn(successorOf(client('a'), client('b', differing), at(0)))).toBeNull();
  });

  it('keeps what the settings name, and nothing else', () => {
    const named = { previous: { authentication: basic('named'), until: null } };
    expect(keptIn(successorOf(client('a'), client('b', named), at(0)))).toEqual(['named', null]);
    const first = client('a', named);
    expect(successorOf(first, client('a', named), at(0))).toBe(first);
    expect(keptIn(successorOf(first, client('a'), at(0)))).toBeNull();
  });
});
