import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { extractBearer } from '../../src/credential/index.ts';
import { headersOf } from '../support/builders.ts';

describe('extractBearer', () => {
  it.each([
    ['BEAR-1: the scheme as RFC 6750 writes it', 'Bearer tok', 'tok'],
    ['G18, BEAR-1, T-5: the scheme in lower case', 'bearer tok', 'tok'],
    ['BEAR-1, T-5: the scheme in upper case', 'BEARER tok', 'tok'],
    ['BEAR-1, T-5: the scheme in mixed case', 'bEaReR tok', 'tok'],
    ['BEAR-2: two spaces behind the scheme', 'Bearer  tok', 'tok'],
    ['BEAR-2: many spaces behind the scheme', `Bearer${' '.repeat(9_000)}tok`, 'tok'],
    ['BEAR-2: blanks around the field value', ' \t Bearer tok\t ', 'tok'],
    ['BEAR-2: every character of b64token', 'Bearer aZ09-._~+/==', 'aZ09-._~+/=='],
    ['R19: a token of exactly 8 KiB', `Bearer ${'a'.repeat(8_192)}`, 'a'.repeat(8_192)],
  ])('finds the token with %s', (_case, value, token) => {
    const credential = extractBearer(headersOf([['authorization', value]]));
    expect(credential.kind === 'token' ? credential.token.reveal() : credential).toBe(token);
  });

  it('finds none when there is no Authorization header (R1)', () => {
    expect(extractBearer(headersOf([['x-authorization', 'Bearer tok']]))).toEqual({ kind: 'none' });
  });

  it('finds none when a token stands in the query, a cookie or another header only (R23, R24, BEAR-6, BEAR-17)', () => {
    const headers = headersOf([
      [':path', '/?access_token=tok'],
      ['cookie', 'access_token=tok'],
      ['proxy-authorization', 'Bearer tok'],
    ]);
    expect(extractBearer(headers)).toEqual({ kind: 'none' });
  });

  it.each([
    ['scheme_unsupported', 'R2: Basic', ['Basic dXNlcjpwYXNz']],
    ['scheme_unsupported', 'R2, T-5: DPoP', ['DPoP tok']],
    ['scheme_unsupported', 'R2: Negotiate without more', ['Negotiate']],
    [
      'scheme_unsupported',
      'R2: Digest, whose parameters hold commas',
      ['Digest username="a", realm="b", nonce="c"'],
    ],
    ['scheme_unsupported', 'R2: a token without a scheme', ['eyJhbGciOiJub25lIn0.e30.']],
    ['credential_ambiguous', 'R3, G17, T-4: two lines', ['Bearer a', 'Bearer b']],
    ['credential_ambiguous', 'R3, T-4: two equal lines', ['Bearer a', 'Bearer a']],
    ['credential_ambiguous', 'R3, T-4: an empty line beside a good one', ['', 'Bearer a']],
    ['credential_ambiguous', 'R3, G17, ENV-5: two joined', ['Bearer a,Bearer b']],
    ['credential_ambiguous', 'R3: two joined with a space', ['Bearer a, Bearer b']],
    ['credential_ambiguous', 'R3: Basic joined before ours', ['Basic abc,Bearer b']],
    ['credential_ambiguous', 'R3: Basic joined behind ours', ['Bearer b,Basic abc']],
    ['credential_ambiguous', 'R3: Digest joined before ours', ['Digest a="b",c="d",Bearer e']],
    ['credential_ambiguous', 'R3: an empty line joined before ours', [',Bearer a']],
    ['credential_ambiguous', 'R3: an empty line joined behind ours', ['Bearer a,']],
    ['credential_ambiguous', 'R3: two words of an unknown scheme', ['Basic abc,def']],
    ['credential_ambiguous', 'R3: scheme alone joined with a credential', ['Bearer,Bearer a']],
    ['credential_ambiguous', 'R3: scheme alone joined behind a credential', ['Bearer a,bearer']],
    ['credential_empty', 'R4: the scheme alone', ['Bearer']],
    ['credential_empty', 'R4: the scheme and spaces', ['Bearer   ']],
    ['credential_empty', 'R4: the scheme and a tab', ['bearer\t']],
    ['credential_empty', 'R4: an empty header', ['']],
    ['credential_empty', 'R4: a header of blanks', [' \t ']],
    ['token_malformed', 'R5a, BEAR-3: = in the middle', ['Bearer a=b']],
    ['token_malformed', 'R5a, BEAR-3: = at the start', ['Bearer =a']],
    ['token_malformed', 'R5a: = alone', ['Bearer =']],
    ['token_malformed', 'R5a, BEAR-3: quotes', ['Bearer "tok"']],
    ['token_malformed', 'R5a, BEAR-3: a percent escape', ['Bearer %41']],
    ['token_malformed', 'R5a, BEAR-3: a control byte', ['Bearer to\x01k']],
    ['token_malformed', 'R5a, BEAR-3: NUL', ['Bearer to\0k']],
    ['token_malformed', 'R5a: a line break', ['Bearer tok\r\nx-admin:1']],
    ['token_malformed', 'R5a, BEAR-3, HTTP-4: obs-text', ['Bearer t\xe9k']],
    ['token_malformed', 'R5a: a no-break space, which is no blank', ['Bearer tok\xa0']],
    ['token_malformed', 'R5a, BEAR-3: full-width letters as UTF-8', ['Bearer \xef\xbd\x81\xef\xbd\x82']],
    ['token_malformed', 'R5a, BEAR-3: a zero-width space as UTF-8', ['Bearer to\xe2\x80\x8bk']],
    ['token_malformed', 'R5a: what Envoy makes of bytes that are not UTF-8', ['Bearer to!k']],
    ['credential_malformed', 'R5b, BEAR-3: two words', ['Bearer tok extra']],
    ['credential_malformed', 'R5b: two words and a tab', ['Bearer tok\textra']],
    ['credential_malformed', 'R5b: a comma', ['Bearer a,b']],
    ['credential_malformed', 'R5b: parameters', ['Bearer a=b,c=d']],
    ['credential_malformed', 'R5b, BEAR-2, T-5: a tab behind the scheme', ['Bearer\ttok']],
    ['credential_malformed', 'R5b, BEAR-2: a tab among the spaces', ['Bearer \t tok']],
    ['credential_malformed', 'R5b, BEAR-3: a colon behind the scheme', ['Bearer:tok']],
    ['credential_malformed', 'R5b, BEAR-3: nothing behind the scheme', ['Bearertok']],
    ['credential_malformed', 'R5b: the whole value quoted', ['"Bearer tok"']],
    ['credential_malformed', 'R5b: a scheme in full-width letters', ['\xef\xbc\xa2earer tok']],
    ['credential_too_long', 'R19: one byte over 8 KiB', [`Bearer ${'a'.repeat(8_193)}`]],
    ['credential_too_long', 'R19: too long and malformed', [`Bearer ${'é,'.repeat(9_000)}`]],
    ['credential_too_long', 'R19: a scheme that never ends', ['a'.repeat(100_000)]],
  ])('refuses with %s: %s', (reason, _case, values) => {
    const headers = headersOf(values.map((value) => ['authorization', value]));
    expect(extractBearer(headers)).toEqual({ kind: 'refused', reason });
  });

  it('hands over nothing but b64token, whatever the bytes (BEAR-3)', () => {
    const bytes = fc.string({
      unit: fc.oneof(
        fc.constantFrom(' ', '\t', ',', '=', ':', '"', 'B', 'e'),
        fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      ),
    });
    const value = fc.oneof(
      bytes,
      bytes.map((rest) => `Bearer ${rest}`),
    );
    fc.assert(
      fc.property(value, (text) => {
        const credential = extractBearer(headersOf([['authorization', text]]));
        if (credential.kind !== 'token') return credential.kind === 'refused';
        const token = credential.token.reveal();
        return /^[A-Za-z0-9._~+/-]+=*$/.test(token) && text.trim().endsWith(token) && !text.includes(',');
      }),
      { numRuns: 5_000 },
    );
  });

  it('shows neither token nor header when its result is printed (G19)', () => {
    const found = extractBearer(headersOf([['authorization', 'Bearer canary']]));
    const refused = extractBearer(headersOf([['authorization', 'Bearer canary canary']]));
    expect(JSON.stringify([found, refused])).not.toContain('canary');
  });
});
