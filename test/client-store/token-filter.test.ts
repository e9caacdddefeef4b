import { describe, expect, it } from '@jest/globals';
import { type CandidateStore, createClientChoice } from '../../src/client-store/index.ts';
import { AccessToken, type ClientContext, fail, succeed, type TokenFilter } from '../../src/domain/index.ts';
import { aClient, aRequest } from '../support/builders.ts';

const FILTER: TokenFilter = { minLength: 1, maxLength: 8_192, characters: null, checksum: null };

function choose(client: ClientContext, others: readonly ClientContext[] = []) {
  const store: CandidateStore = {
    get: () => succeed(client),
    candidates: () => (others.length === 0 ? null : [client, ...others]),
  };
  const choice = createClientChoice({ store }, { unknownClient: 403 });
  return (token: string) =>
    choice.first({ clients: [], tryInOrder: false }, new AccessToken(token), aRequest());
}

const NOBODY = fail({ kind: 'deny', reason: 'token_of_no_client', detail: expect.any(String) });

describe('the filter of a client (T-33)', () => {
  it.each<[string, Partial<TokenFilter>, string, string]>([
    ['length', { minLength: 20 }, 'a'.repeat(20), 'a'.repeat(19)],
    ['longest length', { maxLength: 5 }, 'abcde', 'abcdef'],
    ['characters', { characters: 'a-f0-9' }, 'deadbeef', 'deadbeeg'],
    [
      'checksum',
      { checksum: { kind: 'crc32-base62', prefixes: ['ghp_'] } },
      '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',
      'ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18',
    ],
  ])(
    'by %s lets one token through to its server, and nobody is asked about another',
    (_by, differing, good, bad) => {
      const client = aClient({ filter: { ...FILTER, ...differing } });
      const chosen = choose(client);
      expect(chosen(good)).toEqual(succeed(client));
      expect(chosen(bad)).toEqual(NOBODY);
    },
  );

  it('holds beside the form', () => {
    const chosen = choose(
      aClient({
        token: { kind: 'prefixes', prefixes: ['at_'] },
        filter: { ...FILTER, minLength: 10 },
      }),
    );
    expect(chosen('at_1234567')).toMatchObject({ ok: true });
    expect(['at_123456', 'xx_1234567'].map(chosen)).toEqual([NOBODY, NOBODY]);
  });

  it('tells clients apart, too', () => {
    const [long, short] = [
      aClient({ name: 'long', filter: { ...FILTER, minLength: 10 } }),
      aClient({ name: 'short', filter: { ...FILTER, maxLength: 9 } }),
    ];
    const chosen = choose(long, [short]);
    expect(chosen('a'.repeat(10))).toEqual(succeed(long));
    expect(chosen('a'.repeat(9))).toEqual(succeed(short));
  });
});
